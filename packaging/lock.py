"""`make lock`: the exact version and the hashes of every package that is installed, for one command each.

Written to packaging/locks/: one file for every Python and system together, told apart by markers (PEP 508),
in the format of pip's requirements files with hashes. No address of an index is in them. Needs the group
`lock` and the network.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "packaging" / "locks"

OLDEST = "3.11"
"""The oldest Python that pyproject.toml admits."""

# Later ones are held to the versions of the ones before, so that they can share an environment.
WINDOW = "--extra=window"
LOCKED = {
    "development": ("--group=dev", WINDOW),
    "runtime": (),
    "window": (WINDOW,),
    "packaging": ("--group=dist", WINDOW),
    "fuzzing": ("--group=fuzz",),
}
"""Lock by lock, what is in it beside the run-time dependencies: options of uv."""

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = (
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "x86_64-pc-windows-msvc",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
)

_HEADER = "# Made by `make lock` from pyproject.toml; do not edit. Every Python from {} on, every system.\n"


def main() -> int:
    """Write every lock, then look which Python and system it can be installed on from wheels alone."""
    LOCKS.mkdir(exist_ok=True)
    held: list[Path] = []
    for name, more in LOCKED.items():
        file = LOCKS / f"{name}.txt"
        _write(file, more, held)
        held.append(file)
        print(f"{file.relative_to(ROOT)}: {_count(file)} packages")
    print(f"\nruntime, from wheels alone:\n{'':<28}" + "".join(f"{version:>8}" for version in PYTHONS))
    for system in SYSTEMS:
        found = ["yes" if _installable(version, system) else "no" for version in PYTHONS]
        print(f"{system:<28}" + "".join(f"{word:>8}" for word in found))
    return 0


def _write(file: Path, more: tuple[str, ...], held: list[Path]) -> None:
    command = [*_uv("compile"), "pyproject.toml", "--universal", f"--python-version={OLDEST}", "--upgrade"]
    command += ["--generate-hashes", "--no-header", "--no-emit-index-url", "--no-emit-find-links"]
    command += more
    command += [f"--constraint={lock.relative_to(ROOT)}" for lock in held]
    # Not to the file itself: what is in it already would be preferred to what is new.
    made = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    file.write_text(_HEADER.format(OLDEST) + made, encoding="utf-8")


def _installable(python: str, system: str) -> bool:
    """Whether each package of the run-time lock has a wheel for a Python on a system."""
    command = [*_uv("compile"), str(LOCKS / "runtime.txt"), "--only-binary=:all:", "--no-header"]
    command += [f"--python-version={python}", f"--python-platform={system}"]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True).returncode == 0


def _uv(command: str) -> list[str]:
    return [str(Path(sys.executable).with_name("uv")), "pip", command, "--quiet", "--no-config"]


def _count(file: Path) -> int:
    return len({line.partition("==")[0] for line in file.read_text("utf-8").splitlines() if "==" in line})


if __name__ == "__main__":
    raise SystemExit(main())
