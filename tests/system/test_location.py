"""Pictures that tell where they were taken: counted by `folder check`, cleaned by `metadata = "share"`."""

from pathlib import Path

import pytest
from PIL import Image

from homepress.compress.metadata import has_location
from support import wait_for
from system.pictures import jpeg, write
from system.program import Program


def located(path: Path, seed: int) -> Path:
    """A photograph with coordinates in it."""
    write(path, jpeg(seed))
    with Image.open(path) as image:
        exif = image.getexif()
        exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 0.0), 3: "E", 4: (13.0, 24.0, 0.0)})
        image.save(path, quality=95, exif=exif)
    assert has_location(path.read_bytes())
    return path


@pytest.mark.slow
def test_folder_check_counts_them(program: Program, inbox: Path) -> None:
    located(inbox / "a.jpg", 1)
    located(inbox / "b.jpg", 2)
    write(inbox / "c.jpg", jpeg(3))
    report = program.json("folder", "check", str(inbox))
    assert (report["images"], report["with_location"]) == (3, 2)


@pytest.mark.slow
def test_share_takes_the_place_out(program: Program, inbox: Path) -> None:
    program.watch(inbox, metadata="share")
    program.start()
    picture = located(inbox / "a.jpg", 1)
    wait_for(lambda: not has_location(picture.read_bytes()), within=60, what="the place to be gone")
    with Image.open(picture) as image:
        image.load()


@pytest.mark.slow
@pytest.mark.parametrize("action", ["under-500-kb", "without-location"])
def test_the_copies_of_file_managers_are_beside_and_tell_no_place(
    program: Program, inbox: Path, action: str
) -> None:
    picture = located(inbox / "a.jpg", 1)
    before = picture.read_bytes()
    program.run("file-manager", "run", action, "--", str(picture))
    copy = inbox / "a.min.jpg"
    assert not has_location(copy.read_bytes())
    assert copy.stat().st_size < 500_000
    assert sorted(Image.open(copy).size) == sorted(Image.open(picture).size)
    assert picture.read_bytes() == before
