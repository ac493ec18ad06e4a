"""Pictures that were in a folder before it was added stay as they are, whatever carries them."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import THIS_MACHINE_CANNOT, wait_for
from system.pictures import jpeg, png, write
from system.program import Program
from system.test_safety_disks import run


def digests(folder: Path) -> dict[str, str]:
    """Of each file beneath a folder, by its path in it."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def compressed(program: Program) -> list[str]:
    """Sources of all results."""
    return [entry["path"] for entry in program.lines("history") if entry["outcome"] == "compressed"]


def fill(folder: Path) -> dict[str, str]:
    """Some pictures of several formats, as they would be found there."""
    for number in range(3):
        write(folder / f"old{number}.jpg", jpeg(number))
    write(folder / "trip" / "deep" / "old3.jpg", jpeg(3))
    write(folder / "old4.png", png(4))
    return digests(folder)


def wait_fingerprinted(program: Program) -> None:
    def done() -> bool:
        folders = program.status()["folders"]
        return all(folder["state"] == "watching" and not folder["fingerprinting"] for folder in folders)

    wait_for(done, within=60, what="the fingerprints")
    wait_for(lambda: " fingerprinted in " in program.errors(), within=60, what="the log to tell of it")


def shows_that_it_works(program: Program, folder: Path, seed: int = 99) -> None:
    """A new picture is compressed, and nothing else waits: whatever was to be looked at was."""
    before = len(compressed(program))
    new = write(folder / f"new{seed}.jpg", jpeg(seed))
    size = new.stat().st_size
    wait_for(lambda: new.stat().st_size < size, within=60, what="the new picture")
    program.wait_idle()
    assert compressed(program)[0] == str(new)
    assert len(compressed(program)) == before + 1
    new.unlink()


def copied(program: Program, inbox: Path) -> None:
    """To a new disk and back to the old name: `cp -a`, while nothing watches."""
    del program
    other = inbox.with_name("other")
    subprocess.run(["cp", "-a", inbox, other], check=True)
    shutil.rmtree(inbox)
    other.rename(inbox)


def synced(program: Program, inbox: Path) -> None:
    """A backup that is restored with `rsync -a`."""
    del program
    other = inbox.with_name("backup")
    subprocess.run(["rsync", "-a", f"{inbox}/", f"{other}/"], check=True)
    shutil.rmtree(inbox)
    inbox.mkdir()
    subprocess.run(["rsync", "-a", f"{other}/", f"{inbox}/"], check=True)


def without_times(program: Program, inbox: Path) -> None:
    """Copied by a program that keeps no times, under another name in the folder."""
    del program
    shutil.copytree(inbox / "trip", inbox / "journey", copy_function=shutil.copyfile)
    shutil.rmtree(inbox / "trip")


def touched(program: Program, inbox: Path) -> None:
    del program
    for path in inbox.rglob("*.*"):
        os.utime(path)


@pytest.mark.slow
@pytest.mark.parametrize("change", [copied, synced, without_times, touched])
@pytest.mark.parametrize("running", [False, True], ids=["stopped", "running"])
def test_what_was_there_stays_as_it_is(
    program: Program, inbox: Path, change: Callable[[Program, Path], None], running: bool
) -> None:
    if change is synced and shutil.which("rsync") is None:
        pytest.skip("rsync is not installed")
    before = fill(inbox)
    program.watch(inbox)
    program.start()
    wait_fingerprinted(program)
    if not running:
        program.stop()
    change(program, inbox)
    if not running:
        program.start()
    wait_for(lambda: program.status()["folders"][0]["state"] == "watching", within=60, what="the folder")
    shows_that_it_works(program, inbox)
    after = digests(inbox)
    assert sorted(after.values()) == sorted(before.values())
    program.stop()
    program.start()
    shows_that_it_works(program, inbox, 98)
    assert digests(inbox) == after


@pytest.mark.slow
def test_before_its_fingerprint_is_made_a_copy_is_known_by_name_size_and_time(
    program: Program, inbox: Path
) -> None:
    """The folder is added, and copied to a new disk, before the program runs for the first time."""
    before = fill(inbox)
    program.run("folder", "add", str(inbox))
    copied(program, inbox)
    program.start()
    shows_that_it_works(program, inbox)
    assert digests(inbox) == before


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_a_rating_or_a_keyword_makes_no_new_picture_of_it(program: Program, inbox: Path) -> None:
    fill(inbox)
    program.watch(inbox)
    program.start()
    wait_fingerprinted(program)
    write(inbox / "fresh.jpg", jpeg(50))
    wait_for(lambda: len(compressed(program)) == 1, within=60, what="the fresh one")
    program.wait_idle()
    size = (inbox / "fresh.jpg").stat().st_size
    tags = ["-Rating=5", "-Keywords=holiday", "-XMP:Description=by the sea"]
    subprocess.run(["exiftool", "-q", "-overwrite_original", "-r", *tags, inbox], check=True)
    tagged = digests(inbox)
    shows_that_it_works(program, inbox)
    assert digests(inbox) == tagged
    assert (inbox / "fresh.jpg").stat().st_size > size, "our own result was tagged as well"
    # A picture that was edited is a new one.
    write(inbox / "old0.jpg", jpeg(60))
    wait_for(lambda: str(inbox / "old0.jpg") in compressed(program), within=60, what="the edited one")


@pytest.mark.slow
def test_brought_into_another_watched_folder_it_is_new_there(
    program: Program, inbox: Path, tmp_path: Path
) -> None:
    fill(inbox)
    share = tmp_path / "share"
    share.mkdir()
    program.watch(inbox, share)
    program.start()
    wait_fingerprinted(program)
    shutil.copy2(inbox / "old0.jpg", share)
    wait_for(lambda: compressed(program) == [str(share / "old0.jpg")], within=60, what="the copy")


@pytest.mark.slow
def test_when_the_folder_wants_them_after_all_moved_ones_are_compressed_too(
    program: Program, inbox: Path
) -> None:
    path = write(inbox / "old.jpg", jpeg(1))
    size = path.stat().st_size
    program.watch(inbox)
    program.start()
    wait_fingerprinted(program)
    os.utime(path)
    moved = path.rename(inbox / "moved.jpg")
    shows_that_it_works(program, inbox)
    assert moved.stat().st_size == size
    program.watch(inbox, existing="compress")
    wait_for(lambda: moved.stat().st_size < size, within=60, what="the old one, wanted after all")


@pytest.mark.slow
def test_a_crash_while_a_folder_is_added_makes_nothing_new(program: Program, inbox: Path) -> None:
    """The folder stands in the settings, the daemon died before it had seen it."""
    before = fill(inbox)
    program.start()
    program.kill()
    program.watch(inbox)
    program.start()
    shows_that_it_works(program, inbox)
    assert digests(inbox) == before


@pytest.fixture
def exfat_disk(tmp_path: Path) -> Iterator[Path]:
    """The image of an exFAT disk that nobody has mounted."""
    if shutil.which("mkfs.exfat") is None or shutil.which("mount.exfat-fuse") is None:
        pytest.skip("mkfs.exfat or mount.exfat-fuse is not installed")
    image = tmp_path / "disk.img"
    with image.open("wb") as file:
        file.truncate(40_000_000)
    loop = run("losetup", "--find", "--show", image)
    if loop.returncode:
        pytest.skip(f"{THIS_MACHINE_CANNOT} make loop devices")
    device = Path(loop.stdout.decode().strip())
    try:
        if run("mkfs.exfat", device).returncode:
            pytest.skip(f"{THIS_MACHINE_CANNOT} make an exFAT disk")
        yield device
    finally:
        run("losetup", "-d", device)


@pytest.mark.slow
@pytest.mark.root
def test_a_disk_that_makes_its_inodes_up_is_known_after_each_mount(
    program: Program, exfat_disk: Path, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()

    def mount() -> None:
        wait_for(lambda: run("mount.exfat-fuse", exfat_disk, disk).returncode == 0, what="the disk")

    def unmount() -> None:
        wait_for(lambda: run("umount", disk).returncode == 0, within=30, what="the disk to be let go")

    mount()
    try:
        inbox = disk / "DCIM"
        fill(inbox)
        program.watch(inbox)
        program.start()
        wait_fingerprinted(program)
        for number in range(2):
            write(inbox / f"fresh{number}.jpg", jpeg(50 + number))
        wait_for(lambda: len(compressed(program)) == 2, within=60, what="the fresh ones")
        program.wait_idle()
        sources, results = digests(inbox), digests(disk / "DCIM (smaller)")
        inodes = {path.name: path.stat().st_ino for path in inbox.iterdir()}
        for number in range(2):
            program.stop()
            unmount()
            mount()
            # Another order of looking is another order of numbers.
            for path in sorted(inbox.iterdir(), reverse=True):
                facts = path.stat()
                if number and path.is_file():  # FAT keeps local time: in summer all files are an hour older
                    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns - 3_600_000_000_000))
            program.start()
            program.wait_idle()
            fresh = write(inbox / f"later{number}.jpg", jpeg(70 + number))
            wait_for(lambda: str(fresh) in compressed(program), within=60, what="the one that came later")  # noqa: B023
            program.wait_idle()
            assert len(compressed(program)) == 3 + number
        assert {path.name: path.stat().st_ino for path in inbox.iterdir() if path.name in inodes} != inodes
        assert sources.items() <= digests(inbox).items()
        assert results.items() <= digests(disk / "DCIM (smaller)").items()
        assert program.json("stats")["total"]["images"] == 4
    finally:
        program.close()
        run("umount", "-l", disk)
