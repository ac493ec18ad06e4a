"""`make dist`: wheel, sdist, bundle and Debian package into `dist/`, each started and used.

Needs no network. The Debian package is left out where there is no dpkg-deb.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
from bundle import build_bundle
from deb import build_deb
from tryout import try_out

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
WORK = ROOT / "build"

_MEGABYTE = 1_000_000
_Made = TypeVar("_Made")


def main() -> int:
    """Make and try everything; raises at the first thing that fails."""
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    _step("wheel and sdist", _build_wheel)
    bundle = _step("bundle", lambda: build_bundle(DIST, WORK))
    _step("the bundle, tried", lambda: try_out(bundle / "homepress"))
    if shutil.which("dpkg-deb") is None:
        click.echo("no dpkg-deb here, so no Debian package")
    else:
        package = _step("Debian package", lambda: build_deb(bundle, DIST, WORK))
        _step("the package, unpacked and tried", lambda: _try_package(package))
    _step("an archive of the bundle", lambda: _archive(bundle))
    for made in sorted(DIST.iterdir()):
        if made.is_file():
            click.echo(f"{made.stat().st_size / _MEGABYTE:8.1f} MB  {made.relative_to(ROOT)}")
    return 0


def _step(name: str, work: Callable[[], _Made]) -> _Made:
    click.echo(f"== {name}")
    begin = time.monotonic()
    made = work()
    click.echo(f"   {time.monotonic() - begin:.1f} s")
    return made


def _build_wheel() -> None:
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(DIST), str(ROOT)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    made = [str(file) for file in DIST.iterdir()]
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *made], check=True)


def _try_package(package: Path) -> None:
    """As after its installation, but in a folder, which needs no rights and leaves the computer as it is."""
    with tempfile.TemporaryDirectory(prefix="homepress-deb-") as folder:
        subprocess.run(["dpkg-deb", "--extract", str(package), folder], check=True)
        link = Path(folder, "usr", "bin", "homepress")
        assert str(link.readlink()) == "/opt/homepress/homepress"
        try_out(Path(folder, "opt", "homepress", "homepress"))


def _archive(bundle: Path) -> None:
    name = DIST / f"homepress-bundle-{sys.platform}"
    shutil.make_archive(str(name), "gztar", bundle.parent, bundle.name)


if __name__ == "__main__":
    raise SystemExit(main())
