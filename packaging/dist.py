"""`make dist`: what people install, into `dist/`, each started and used.

Wheels, sdist, bundle and Debian package need no network; the last is left out where there is no dpkg-deb.
Installer and zip for Windows need Wine, mingw and NSIS, which root gets from Debian, and the network for the
packages of Windows; where they cannot be made that is said.
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
from manifests import write_manifests
from tryout import try_out
from wheels import build_wheels
from windows_installer import build_for_windows, why_not
from windows_tryout import try_installer

import homepress
from windows.rig import Rig

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
WORK = ROOT / "build"

_MEGABYTE = 1_000_000
_Made = TypeVar("_Made")


def main() -> int:
    """Make and try everything; raises at the first thing that fails."""
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    _step("sdist and wheels", _build_wheels)
    bundle = _step("bundle", lambda: build_bundle(DIST, WORK))
    _step("the bundle, tried", lambda: try_out(bundle / "homepress"))
    if shutil.which("dpkg-deb") is None:
        click.echo("no dpkg-deb here, so no Debian package")
    else:
        package = _step("Debian package", lambda: build_deb(bundle, DIST, WORK))
        _step("the package, unpacked and tried", lambda: _try_package(package))
    _step("an archive of the bundle", lambda: _archive(bundle))
    setup, portable = _make_for_windows()
    sdist = DIST / f"homepress-{homepress.__version__}.tar.gz"
    manifests = write_manifests(DIST, setup=setup, portable=portable, sdist=sdist)
    for made in sorted({*DIST.iterdir(), *manifests}):
        if made.is_file():
            click.echo(f"{made.stat().st_size / _MEGABYTE:8.1f} MB  {made.relative_to(ROOT)}")
    return 0


def _step(name: str, work: Callable[[], _Made]) -> _Made:
    click.echo(f"== {name}")
    begin = time.monotonic()
    made = work()
    click.echo(f"   {time.monotonic() - begin:.1f} s")
    return made


def _build_wheels() -> None:
    made = [str(file) for file in build_wheels(DIST, ROOT)]
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *made], check=True)
    # One test of them needs Zig, which is here and not where `make test` runs.
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/packages/test_wheels.py"], cwd=ROOT, check=True
    )


def _try_package(package: Path) -> None:
    """As after its installation, but in a folder, which needs no rights and leaves the computer as it is."""
    with tempfile.TemporaryDirectory(prefix="homepress-deb-") as folder:
        subprocess.run(["dpkg-deb", "--extract", str(package), folder], check=True)
        link = Path(folder, "usr", "bin", "homepress")
        assert str(link.readlink()) == "/opt/homepress/homepress"
        try_out(Path(folder, "opt", "homepress", "homepress"))


def _make_for_windows() -> tuple[Path | None, Path | None]:
    """Installer and zip, tried; None and None where they are not made."""
    if reason := why_not():
        click.echo(f"not made here: installer and zip for Windows, files for winget and scoop: {reason}")
        return None, None
    rig = Rig.usual()
    made = _step("installer and zip for Windows", lambda: build_for_windows(DIST, WORK, rig))
    _step("both, tried in a fresh Windows", lambda: try_installer(made.setup, made.portable, rig))
    return made.setup, made.portable


def _archive(bundle: Path) -> None:
    name = DIST / f"homepress-bundle-{sys.platform}"
    shutil.make_archive(str(name), "gztar", bundle.parent, bundle.name)


if __name__ == "__main__":
    raise SystemExit(main())
