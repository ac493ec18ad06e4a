"""What programs that compress in place do to everything but the pixels: Homepress beside two peers.

Peers are found on PATH (`pip install optimize-images picopt` in an environment of their own); those that are
not there are left out.
"""

import io
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageCms

from benchmarks.torture.places import on_disk
from benchmarks.torture.trial import Outcome

_XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'
_TIME = 1_500_000_000_123_456_789
_SAFE = ("kept", "left alone", "none")
_KILLS = 20


@dataclass(frozen=True)
class _Program:
    """A program and how it is told to compress a folder in place."""

    name: str
    command: tuple[str, ...]
    undo: tuple[str, ...] = ()

    def start(self, folder: Path) -> subprocess.Popen[bytes]:
        """Begin; its home is beside the folder, so that no run sees another's."""
        environment = os.environ | {"HOMEPRESS_HOME": str(folder.parent / "home"), "HOME": str(folder.parent)}
        return subprocess.Popen(
            [*self.command, str(folder)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def take_back(self, folder: Path) -> None:
        """Undo what was done, where the program can."""
        if self.undo:
            environment = os.environ | {"HOMEPRESS_HOME": str(folder.parent / "home")}
            subprocess.run(self.undo, env=environment, capture_output=True, check=False)


def _programs() -> list[_Program]:
    found = []
    for name, arguments, undo in (
        ("homepress", ("compress", "--in-place", "--quality", "lossless"), ("undo", "--last", "1000")),
        ("optimize-images", (), ()),
        ("picopt", ("-r",), ()),
    ):
        path = shutil.which(
            name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        )
        if path:
            found.append(_Program(name, (path, *arguments), (path, *undo) if undo else ()))
    return found


def trials() -> Iterator[Outcome]:
    """One line a program; the table follows."""
    programs = _programs()
    table: dict[str, dict[str, str]] = {trait: {} for trait in _TRAITS}
    for program in programs:
        outcome = Outcome(f"fidelity: {program.name}", peer=program.name != "homepress")
        for trait, test in _TRAITS.items():
            with on_disk() as base:
                folder = base / "pictures"
                folder.mkdir()
                word = test(program, folder)
            table[trait][program.name] = word
            outcome.cases += 1
            if word not in _SAFE:
                outcome.violations.append(f"{trait}: {word}")
        yield outcome
    for missing in {"optimize-images", "picopt"} - {program.name for program in programs}:
        yield Outcome(f"fidelity: {missing}", skipped="it is not installed")
    _print(table, [program.name for program in programs])


def _print(table: dict[str, dict[str, str]], names: list[str]) -> None:
    print("\n| |", " | ".join(names), "|")
    print("|---|", "|".join("---" for _ in names), "|", sep="")
    for trait, words in table.items():
        print(f"| {trait} |", " | ".join(words[name] for name in names), "|")
    print()


def _picture(seed: int = 1, size: tuple[int, int] = (640, 480)) -> bytes:
    """A JPEG with EXIF, colour profile and XMP that every program can make smaller."""
    chance = random.Random(seed)
    image = Image.new("RGB", size)
    small = Image.frombytes("RGB", (40, 30), chance.randbytes(40 * 30 * 3))
    image.paste(small.resize(size, Image.Resampling.BICUBIC))
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif[0x9286] = "a comment"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    file = io.BytesIO()
    image.save(file, "JPEG", quality=96, exif=exif, icc_profile=profile, xmp=_XMP)
    return file.getvalue()


def _put(folder: Path, name: str = "a.jpg", data: bytes | None = None) -> Path:
    path = folder / name
    path.write_bytes(_picture() if data is None else data)
    return path


def _run(program: _Program, folder: Path) -> None:
    program.start(folder).wait(timeout=300)


def _compared(program: _Program, path: Path, read: Callable[[Path], object]) -> str:
    before, content = read(path), path.read_bytes()
    _run(program, path.parent)
    if path.read_bytes() == content:
        return "left alone"
    return "kept" if read(path) == before else "lost"


def _mode(program: _Program, folder: Path) -> str:
    path = _put(folder)
    path.chmod(0o640)
    return _compared(program, path, lambda p: p.stat().st_mode)


def _times(program: _Program, folder: Path) -> str:
    path = _put(folder)
    os.utime(path, ns=(_TIME, _TIME))
    return _compared(program, path, lambda p: p.stat().st_mtime_ns)


def _attribute(program: _Program, folder: Path) -> str:
    path = _put(folder)
    os.setxattr(path, "user.tag", b"holiday")
    return _compared(program, path, lambda p: {name: os.getxattr(p, name) for name in os.listxattr(p)})


def _acl(program: _Program, folder: Path) -> str:
    path = _put(folder)
    subprocess.run(["setfacl", "-m", "u:12:rw", path], check=True)
    return _compared(program, path, lambda p: {name: os.getxattr(p, name) for name in os.listxattr(p)})


def _owner(program: _Program, folder: Path) -> str:
    path = _put(folder)
    if os.geteuid() != 0:
        return "not tried: needs root"
    os.chown(path, 12, 34)
    return _compared(program, path, lambda p: (p.stat().st_uid, p.stat().st_gid))


def _links(program: _Program, folder: Path) -> str:
    path = _put(folder)
    other = folder.parent / "other name.jpg"
    os.link(path, other)
    content = path.read_bytes()
    _run(program, folder)
    if not path.samefile(other):
        return "parted: two files now"
    return "left alone" if path.read_bytes() == content else "kept"


def _read_only(program: _Program, folder: Path) -> str:
    path = _put(folder)
    path.chmod(0o444)
    content = path.read_bytes()
    _run(program, folder)
    return "left alone" if path.read_bytes() == content else "rewritten"


def _link_out(program: _Program, folder: Path) -> str:
    outside = _put(folder.parent, "outside.jpg")
    content = outside.read_bytes()
    (folder / "a.jpg").symlink_to(outside)
    _run(program, folder)
    if outside.read_bytes() != content:
        return "the file outside is rewritten"
    return "left alone" if (folder / "a.jpg").is_symlink() else "the link became a file"


def _metadata(program: _Program, folder: Path) -> str:
    path = _put(folder)

    def carried(picture: Path) -> object:
        with Image.open(picture) as image:
            return image.info.get("exif"), image.info.get("icc_profile"), image.info.get("xmp")

    return _compared(program, path, carried)


def _writer(program: _Program, folder: Path) -> str:
    path = _put(folder)
    content = path.read_bytes()
    with path.open("r+b"):
        _run(program, folder)
    return "left alone" if path.read_bytes() == content else "rewritten under the writer"


def _saved_over(program: _Program, folder: Path) -> str:
    """A save in the middle of the work, at several moments: how many of them are gone afterwards."""
    lost = tried = 0
    data = _picture(2, (4000, 3000))
    for moment in (0.3, 0.5, 0.8, 1.1, 1.5, 2.0, 2.5, 3.0):
        path = _put(folder, data=data)
        edit = _picture(3, (200, 100))
        running = program.start(folder)
        time.sleep(moment)
        if running.poll() is not None or path.read_bytes() != data:
            running.wait(timeout=300)
            continue
        (folder.parent / "edit").write_bytes(edit)
        os.replace(folder.parent / "edit", path)
        running.wait(timeout=300)
        tried += 1
        with Image.open(path) as image:
            lost += image.size != (200, 100)
    return "kept" if not lost else f"lost, {lost} of {tried} times"


def _back(program: _Program, folder: Path) -> str:
    path = _put(folder)
    content = path.read_bytes()
    _run(program, folder)
    program.take_back(folder)
    return "kept" if path.read_bytes() == content else "lost"


def _killed(program: _Program, folder: Path) -> str:
    chance = random.Random(program.name)
    broken = left = 0
    for _ in range(_KILLS):
        names = {_put(folder, f"{n}.jpg", _picture(n, (1600, 1200))).name for n in range(8)}
        running = program.start(folder)
        time.sleep(chance.uniform(0.3, 2.5))
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        if program.undo:
            program.take_back(folder)  # the next start mends what was cut off
        broken += sum(not _whole(folder / name) for name in names)
        left += len({path.name for path in folder.iterdir()} - names)
        for path in folder.iterdir():
            path.unlink()
    return "none" if not broken + left else f"{broken} broken pictures, {left} stray files"


def _whole(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            image.load()
    except OSError:
        return False
    return True


_TRAITS: dict[str, Callable[[_Program, Path], str]] = {
    "mode 0640": _mode,
    "time of change, to the nanosecond": _times,
    "extended attribute": _attribute,
    "ACL": _acl,
    "owner and group (as root)": _owner,
    "EXIF, colour profile, XMP": _metadata,
    "a file with two names": _links,
    "a read-only file": _read_only,
    "a link to a picture outside": _link_out,
    "a file that another program writes to": _writer,
    "what the user saves meanwhile": _saved_over,
    "the original, afterwards": _back,
    f"damage of {_KILLS} times kill -9": _killed,
}
