"""Builds the Debian package: the bundle under /opt, a link in /usr/bin, manual page and completions."""

import gzip
import hashlib
import os
import platform
import shutil
import subprocess
from pathlib import Path

import homepress
from homepress.desktop.toolkit import DEBIAN_LIBRARIES
from homepress.ui.cli.manual import FILES

ROOT = Path(__file__).resolve().parent.parent

_SHARE = Path("usr", "share")
_COMPLETIONS = {
    "bash": _SHARE / "bash-completion" / "completions" / "homepress",
    "zsh": _SHARE / "zsh" / "vendor-completions" / "_homepress",
    "fish": _SHARE / "fish" / "vendor_completions.d" / "homepress.fish",
}
_KILOBYTE = 1024

# Fields: Debian Policy Manual, chapter 5.3.
_CONTROL = """\
Package: homepress
Version: {version}
Architecture: {architecture}
Maintainer: {maintainer}
Installed-Size: {kilobytes}
Depends: libc6 (>= {libc})
Recommends: {libraries}, dbus-user-session | dbus-x11
Section: graphics
Priority: optional
Description: makes each new image in your folders smaller
 Homepress watches folders and makes each new image smaller, on this computer
 only. It locks itself out of the network, keeps every original for 30 days,
 and brings it back with one command.
 .
 Before you remove this package, each user runs "homepress uninstall".
"""


def build_deb(bundle: Path, target: Path, work: Path) -> Path:
    """Build the package.

    Args:
        bundle: the folder that `build_bundle` made.
        target: the folder for the package.
        work: for the tree of what is in it.

    Returns:
        The package.
    """
    tree = work / "deb"
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(bundle, tree / "opt" / "homepress", symlinks=True)
    link = tree / "usr" / "bin" / "homepress"
    link.parent.mkdir(parents=True)
    link.symlink_to("/opt/homepress/homepress")
    _add_documents(tree)
    _tidy(tree)
    _add_control(tree)
    architecture = _architecture()
    package = target / f"homepress_{homepress.__version__}_{architecture}.deb"
    # xz is read by every dpkg; its higher levels take minutes for a few percent.
    command = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z1", "--build", str(tree), str(package)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return package


def _add_documents(tree: Path) -> None:
    """Manual page, completions, licence and changes, where Debian has them."""
    service_files = ROOT / "service-files"
    _zip(service_files / "man" / "homepress.1", tree / _SHARE / "man" / "man1" / "homepress.1.gz")
    for shell, place in _COMPLETIONS.items():
        _copy(service_files / "completions" / FILES[shell], tree / place)
    documents = tree / _SHARE / "doc" / "homepress"
    _copy(ROOT / "LICENSE", documents / "copyright")
    _zip(ROOT / "CHANGELOG.md", documents / "changelog.gz")


def _add_control(tree: Path) -> None:
    files = sorted(path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    sums = "".join(f"{hashlib.md5(f.read_bytes()).hexdigest()}  {f.relative_to(tree)}\n" for f in files)
    size = sum(path.stat().st_size for path in files)
    control = tree / "DEBIAN"
    control.mkdir(mode=0o755)
    (control / "md5sums").write_text(sums, encoding="utf-8")
    (control / "control").write_text(
        _CONTROL.format(
            version=homepress.__version__,
            maintainer=_maintainer(),
            architecture=_architecture(),
            kilobytes=size // _KILOBYTE,
            # What the bundle was linked against. What else comes from the system, window and tray want.
            libc=platform.libc_ver()[1],
            libraries=", ".join(DEBIAN_LIBRARIES.split()),
        ),
        encoding="utf-8",
    )


def _tidy(tree: Path) -> None:
    """Readable by all, written by root alone, whatever the umask was here."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def _maintainer() -> str:
    """Whoever builds the package answers for it, and says so in Debian's own variables (debchange(1))."""
    name = os.environ.get("DEBFULLNAME") or "Whoever built this package"
    return f"{name} <{os.environ.get('DEBEMAIL') or 'root@localhost'}>"


def _architecture() -> str:
    told = subprocess.run(["dpkg", "--print-architecture"], check=True, capture_output=True, text=True)
    return told.stdout.strip()


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _zip(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # No time and no name in it: the same content gives the same file.
    target.write_bytes(gzip.compress(source.read_bytes(), 9, mtime=0))
