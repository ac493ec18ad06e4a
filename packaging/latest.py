"""`make latest`: every test with the newest versions that pyproject.toml admits, whatever the locks say.

Works in an environment of its own, build/latest, and writes to docs/dependencies.md what it found: the day,
the Python, each package's locked and newest version, newer ones that a bound keeps out, and the result.
"""

import json
import platform
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / "build" / "latest"
PAGE = ROOT / "docs" / "dependencies.md"
LOCK = ROOT / "packaging" / "locks" / "development.txt"

_BEGIN, _END = "<!-- latest: made by `make latest` -->\n", "<!-- /latest -->\n"


def main() -> int:
    """Install, test, write the result; 0 when no test failed. What could not run, the run itself names."""
    python = _install()
    newest = _versions(python, "list")
    result = subprocess.run([str(python), str(ROOT / "tests" / "run.py"), "--latest"], cwd=ROOT, check=False)
    passed = result.returncode == 0
    _write(_section(newest, _versions(python, "list", "--outdated"), passed))
    print(f"{'passed' if passed else 'FAILED'}; written to {PAGE.relative_to(ROOT)}")
    return min(result.returncode, 1)


def _install() -> Path:
    """A new environment with the newest of everything; its Python."""
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
    python = ENVIRONMENT / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # Dependency groups (PEP 735) are known to pip from 25.1 on.
    subprocess.run([*pip, "--upgrade", "pip>=25.1"], check=True)
    subprocess.run([*pip, "--editable", ".", "--group", "dev"], cwd=ROOT, check=True)
    return python


def _versions(python: Path, *what: str) -> dict[str, str]:
    """What pip lists: normalised name to version; with `--outdated`, to the newest version there is."""
    command = [str(python), "-m", "pip", *what, "--format=json", "--disable-pip-version-check"]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {normalised(row["name"]): row.get("latest_version", row["version"]) for row in told}


def _section(newest: dict[str, str], beyond: dict[str, str], passed: bool) -> str:
    """The part of the page: only packages that pyproject.toml names or that differ from the lock."""
    locked = locked_versions(LOCK.read_text(encoding="utf-8"))
    rows = []
    for name, version in sorted(newest.items()):
        if name not in locked:
            continue
        held = f"{beyond[name]} is out" if name in beyond else ""
        rows.append(f"| {name} | {', '.join(locked[name])} | {version} | {held} |")
    day, result = datetime.now(UTC).date().isoformat(), "no test failed" if passed else "tests FAILED"
    where = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return "\n".join(
        [
            f"{day}, {where}: {result}.",
            "",
            "| package | locked | newest within the bounds, tested | kept out by a bound |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def locked_versions(text: str) -> dict[str, list[str]]:
    """The versions of each package in a lock: several where Pythons need different ones."""
    found: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE):
        found.setdefault(normalised(name), []).append(version)
    return found


def normalised(name: str) -> str:
    """A package's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _write(section: str) -> None:
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    PAGE.write_text(before + _BEGIN + section + _END + rest.partition(_END)[2], encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
