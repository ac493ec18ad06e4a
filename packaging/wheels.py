"""The sdist, and every wheel made of it: one for each of `core_build.TARGETS`, and one without the core.

    python packaging/wheels.py FOLDER

Those with the core are compiled by Zig, whatever this system is; the one without is for all others, where
numpy does the core's work. Each is looked at: its tag, its core, and which C library that asks for.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from core_build import PLACE, SWITCH, TARGETS, WISH

ROOT = Path(__file__).resolve().parent.parent

_NEWEST_GLIBC = (2, 17)
# First bytes of a library, by the ending of its name: ELF, PE, Mach-O of 64 bits in little-endian order.
_BEGINNINGS = {".so": b"\x7fELF", ".dll": b"MZ", ".dylib": b"\xcf\xfa\xed\xfe"}


def build_wheels(folder: Path, source: Path) -> list[Path]:
    """Build them all.

    Args:
        folder: where they are put.
        source: the checkout.

    Returns:
        The sdist, the wheel without the core, and the others in the order of `TARGETS`.
    """
    with tempfile.TemporaryDirectory(prefix="homepress-wheels-") as made:
        _build(source, Path(made, "first"), core="none")
        (sdist,), (plain,) = (list(Path(made, "first").glob(kind)) for kind in ("*.tar.gz", "*.whl"))
        with tarfile.open(sdist) as archive:
            archive.extractall(made, filter="data")
        unpacked = Path(made, sdist.name.removesuffix(".tar.gz"))
        files = [sdist, plain]
        for name in TARGETS:
            _build(unpacked, Path(made, name), "--wheel", core="needed", target=name)
            files += Path(made, name).glob("*.whl")
        for file in files[1:]:
            look_at(file)
        return [Path(shutil.copy(file, folder)) for file in files]


def look_at(wheel: Path) -> None:
    """See that a wheel is for the system that its name says, with that system's core and no other.

    Raises:
        SystemExit: it is not; with the reason.
    """
    tag = wheel.name.removesuffix(".whl").partition("-py3-none-")[2]
    with zipfile.ZipFile(wheel) as archive:
        cores = [name for name in archive.namelist() if re.search(r"\.(so|dll|dylib)$", name)]
        wanted = [f"{PLACE}/{target.library}" for target in TARGETS.values() if target.tag == tag]
        if cores != wanted or not (wanted or tag == "any"):
            raise SystemExit(f"{wheel.name} has {cores or 'no core'} in it, and should have {wanted}")
        for name in cores:
            content = archive.read(name)
            if not content.startswith(_BEGINNINGS[Path(name).suffix]):
                raise SystemExit(f"{name} in {wheel.name} is no library of that system")
            if (newest := newest_glibc(content)) > _NEWEST_GLIBC:
                raise SystemExit(f"{name} in {wheel.name} asks for glibc {newest[0]}.{newest[1]}")


def newest_glibc(library: bytes) -> tuple[int, int]:
    """The newest version of glibc that a library asks for; (0, 0) where it asks for none."""
    found = re.findall(rb"\0GLIBC_(\d+)\.(\d+)", library)
    return max(((int(major), int(minor)) for major, minor in found), default=(0, 0))


def _build(source: Path, folder: Path, *options: str, core: str, target: str = "") -> None:
    command = [
        sys.executable,
        "-m",
        "build",
        "--no-isolation",
        *options,
        "--outdir",
        str(folder),
        str(source),
    ]
    environment = {name: value for name, value in os.environ.items() if name != "CC"}
    environment |= {SWITCH: core, WISH: target}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{target or 'the sdist and the plain wheel'}:\n{done.stdout}\n{done.stderr}")


if __name__ == "__main__":
    print(*build_wheels(Path(sys.argv[1]), ROOT), sep="\n")
