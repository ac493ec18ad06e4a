"""`make check-pythons`: the wheel, in an empty environment of every Python here, started and used.

Looks at pyenv's versions and at `python3.N` on the PATH, from 3.11 on.
"""

import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from packages import distributions

_OLDEST, _NEWEST = 11, 30


def main() -> int:
    """Try every Python; 0 when it worked with each of them."""
    pythons = _pythons()
    failed = not pythons
    with tempfile.TemporaryDirectory(prefix="homepress-pythons-") as made:
        folder = Path(made)
        wheel, _ = distributions.build(folder / "built")
        print(f"{wheel.name}\n\n{'Python':<10} {'result':<8} {'seconds':>7}  {'bytes before and after':>22}")
        for version, python in sorted(pythons.items()):
            begin = time.monotonic()
            name = ".".join(map(str, version))
            try:
                programs = distributions.install(python, wheel, folder / name)
                distributions.run([str(programs / "homepress"), "--version"])
                before, after = distributions.compress_a_picture(
                    [str(programs / "homepress")], folder / f"use-{name}"
                )
            except AssertionError as error:
                failed = True
                print(f"{name:<10} FAILED   {time.monotonic() - begin:7.1f}\n{error}", flush=True)
                continue
            print(
                f"{name:<10} ok       {time.monotonic() - begin:7.1f}  {before:>10,} {after:>11,}", flush=True
            )
    return int(failed)


def _pythons() -> dict[tuple[int, ...], Path]:
    """Each Python that is new enough, by its version; for one version the first that is found."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [*sorted(root.glob("versions/*/bin/python")), distributions.own_python()]
    for minor in range(_OLDEST, _NEWEST):
        if (found := shutil.which(f"python3.{minor}")) is not None:
            candidates.append(Path(found))
    pythons: dict[tuple[int, ...], Path] = {}
    for candidate in candidates:
        version = _version(candidate)
        if version >= (3, _OLDEST):
            pythons.setdefault(version, candidate)
    return pythons


def _version(python: Path) -> tuple[int, ...]:
    """Its version; (0,) for what does not start, as a shim of pyenv without its Python."""
    try:
        told = distributions.run([str(python), "-c", "import sys, venv, ensurepip; print(sys.version)"])
    except (AssertionError, OSError):
        return (0,)
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", told)
    return tuple(map(int, found.groups())) if found else (0,)


if __name__ == "__main__":
    raise SystemExit(main())
