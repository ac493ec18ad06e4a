"""Disks that are full, read-only, away, or can too little: seen, said, and over by itself."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support import THIS_MACHINE_CANNOT, wait_for
from system.pictures import jpeg, write
from system.program import Program

pytestmark = pytest.mark.root

SMALL = (400, 300)


def run(*command: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, capture_output=True, check=False)


@contextmanager
def mounted(base: Path, size: int, make: list[str], mount: list[str]) -> Iterator[Path]:
    """A file system in a file, mounted; the test is left out where that cannot be had."""
    if shutil.which(make[0]) is None or shutil.which(mount[0]) is None:
        pytest.skip(f"{make[0]} or {mount[0]} is not installed")
    image, folder = base / "disk.img", base / "disk"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(size)
    loop = run("losetup", "--find", "--show", image)
    if loop.returncode:
        pytest.skip(f"{THIS_MACHINE_CANNOT} make loop devices")
    device = loop.stdout.decode().strip()
    try:
        if run(*make, device).returncode or run(*mount, device, folder).returncode:
            pytest.skip(f"{THIS_MACHINE_CANNOT} mount what {make[0]} makes")
        yield folder
        run("umount", "-l", folder)
    finally:
        run("losetup", "-d", device)


@pytest.fixture
def six_megabytes(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    if run("mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", folder).returncode:
        pytest.skip(f"{THIS_MACHINE_CANNOT} mount")
    yield folder
    run("umount", "-l", folder)


@pytest.fixture
def exfat(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path, 40_000_000, ["mkfs.exfat"], ["mount.exfat-fuse"]) as folder:
        yield folder


@pytest.fixture
def ntfs(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path, 40_000_000, ["mkfs.ntfs", "-q", "-F", "-f"], ["ntfs-3g"]) as folder:
        yield folder


@pytest.fixture
def ext4(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path, 32_000_000, ["mkfs.ext4", "-q"], ["mount", "-t", "ext4"]) as folder:
        yield folder


@pytest.fixture
def btrfs(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path, 200_000_000, ["mkfs.btrfs", "-q"], ["mount", "-t", "btrfs"]) as folder:
        yield folder


def compressed(program: Program) -> int:
    return sum(entry["outcome"] == "compressed" for entry in program.lines("history"))


def wait_compressed(program: Program, count: int) -> None:
    wait_for(lambda: compressed(program) == count, within=60, what=f"{count} results")


def wait_problem(program: Program) -> str:
    """Wait until the folder has a problem; its text."""
    wait_for(lambda: program.status()["state"] == "problem", within=60, what="the problem to be shown")
    (folder,) = program.status()["folders"]
    assert folder["state"] == "problem"
    assert folder["path"] in " ".join(program.status()["problems"])
    return str(folder["problem"])


def hidden(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if name.startswith(".")]


@pytest.mark.slow
def test_a_full_disk_is_shown_and_leaves_every_picture_as_it_was(
    program: Program, six_megabytes: Path
) -> None:
    program.watch(six_megabytes, settle_seconds=2.0)
    program.start()
    path = write(six_megabytes / "a.jpg", jpeg(1, size=(1600, 1200), quality=98))
    before = path.read_bytes()
    filler = six_megabytes / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(six_megabytes).free))
    assert "make room" in wait_problem(program)
    assert path.read_bytes() == before
    assert [name for name in hidden(six_megabytes) if not name.startswith(".homepress-0")] == []
    filler.unlink()
    program.run("resume")
    wait_for(lambda: "full" not in "".join(program.status()["problems"]), what="the problem to be over")


@pytest.mark.slow
def test_five_megabytes_of_pictures_on_six_end_in_a_problem_and_every_original_can_be_had(
    program: Program, six_megabytes: Path
) -> None:
    inbox = six_megabytes / "inbox"
    inbox.mkdir()
    program.watch(inbox)
    program.start()
    before: dict[Path, bytes] = {}
    while sum(map(len, before.values())) < 5_000_000:
        path = inbox / f"{len(before)}.jpg"
        before[path] = jpeg(len(before), size=(1000, 750), quality=98)
        write(path, before[path])
    assert "originals accept" in wait_problem(program)  # a tenth of the disk is less than it takes
    assert compressed(program) > 0
    program.stop()
    program.run("undo", "--last", "100")
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.slow
def test_where_nothing_can_be_replaced_safely_results_go_beside_the_folder(
    program: Program, exfat: Path
) -> None:
    inbox = exfat / "DCIM"
    inbox.mkdir()
    program.watch(inbox)
    program.start()
    beside = exfat / "DCIM (smaller)"
    (folder,) = program.status()["folders"]
    assert (folder["mode"], folder["output"]) == ("output", str(beside))
    assert "neither exchange two files nor link one" in folder["warning"]
    assert str(beside) in program.run("folder", "list")
    path = write(inbox / "a.jpg", jpeg(1, size=SMALL))
    before = path.read_bytes()
    wait_compressed(program, 1)
    assert path.read_bytes() == before
    assert 0 < (beside / "a.jpg").stat().st_size < len(before)
    assert sorted(os.listdir(exfat)) == ["DCIM", "DCIM (smaller)"]


@pytest.mark.slow
def test_a_whole_disk_where_nothing_can_be_replaced_says_what_to_do(program: Program, exfat: Path) -> None:
    program.watch(exfat)
    program.start()
    assert "--output DIR" in wait_problem(program)
    path = write(exfat / "a.jpg", jpeg(1, size=SMALL))
    before = path.read_bytes()
    wait_for(lambda: program.status()["waiting"] == 1, within=30, what="the picture to wait")
    assert path.read_bytes() == before
    assert hidden(exfat) == []
    program.run("folder", "remove", str(exfat))
    program.run("folder", "add", str(exfat), "--existing", "compress", "--output", str(exfat.parent / "out"))
    wait_compressed(program, 1)
    assert program.status()["state"] == "idle"


@pytest.mark.slow
def test_names_that_exfat_cannot_hold_or_takes_for_one_all_arrive(program: Program, exfat: Path) -> None:
    inbox, out = exfat.parent / "inbox", exfat / "out"
    (inbox / "Rome: day 1").mkdir(parents=True)
    program.watch(inbox, mode="output", output=str(out))
    program.start()
    names = ["A.JPG", "a.jpg", "1:1?.jpg", "Rome: day 1/a.jpg"]
    for number, name in enumerate(names):
        write(inbox / name, jpeg(number, size=SMALL))
    wait_compressed(program, len(names))
    program.wait_idle()
    made = [str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()]
    assert len(made) == len(names)
    assert sum(path.casefold() in ("a.jpg", "a-2.jpg") for path in made) == 2
    assert "1_1_~73e0cb.jpg" in made
    assert sum(path.startswith("Rome_ day 1~") and path.endswith("/a.jpg") for path in made) == 1
    assert hidden(out) == []
    program.run("undo", "--last", "4")
    assert [path for path in out.rglob("*") if path.is_file()] == []


@pytest.mark.slow
def test_pictures_on_ntfs_are_replaced_and_come_back(program: Program, ntfs: Path) -> None:
    inbox = ntfs / "inbox"
    inbox.mkdir()
    program.watch(inbox)
    program.start()
    path = write(inbox / "a.jpg", jpeg(1, size=SMALL))
    before = path.read_bytes()
    wait_compressed(program, 1)
    program.wait_idle()
    assert 0 < path.stat().st_size < len(before)
    # The original is held open for some seconds, and its driver keeps open files as `.fuse_hidden…`.
    wait_for(lambda: os.listdir(inbox) == ["a.jpg"], within=120, what="the original to be let go")
    program.run("undo", str(path))
    assert path.read_bytes() == before
    wait_for(lambda: os.listdir(inbox) == ["a.jpg"], within=120, what="the result to be let go")


@pytest.mark.slow
def test_a_read_only_disk_is_shown_and_work_goes_on_when_it_is_over(program: Program, ext4: Path) -> None:
    inbox = ext4 / "inbox"
    inbox.mkdir()
    program.watch(inbox, settle_seconds=2.0)
    program.start()
    path = write(inbox / "a.jpg", jpeg(1, size=SMALL))
    before = path.read_bytes()
    assert run("mount", "-o", "remount,ro", ext4).returncode == 0
    assert "writable again" in wait_problem(program)
    assert (path.read_bytes(), hidden(inbox)) == (before, [])
    assert run("mount", "-o", "remount,rw", ext4).returncode == 0
    program.run("resume")  # it would go on by itself within a minute
    wait_compressed(program, 1)
    program.wait_idle()
    assert (program.status()["state"], hidden(inbox)) == ("idle", [])
    program.run("undo", str(path))
    assert path.read_bytes() == before


@pytest.mark.slow
def test_a_disk_that_is_taken_away_in_the_middle_loses_nothing(program: Program, ext4: Path) -> None:
    inbox = ext4 / "inbox"
    inbox.mkdir()
    program.watch(inbox)
    program.start()
    before = {}
    for number in range(6):
        path = write(inbox / f"{number}.jpg", jpeg(number))
        before[path] = path.read_bytes()
    wait_for(lambda: compressed(program) > 0, within=60, what="the first result")
    device = run("findmnt", "-n", "-o", "SOURCE", ext4).stdout.decode().strip()
    assert run("umount", "-l", ext4).returncode == 0
    wait_for(lambda: program.status()["folders"][0]["state"] == "away", within=60, what="the disk to be away")

    def back() -> bool:  # until nobody has it open any more, the disk cannot be mounted again
        return run("mount", "-t", "ext4", device, ext4).returncode == 0

    wait_for(back, within=30, what="the disk to come back")
    wait_compressed(program, len(before))
    program.wait_idle()
    assert (program.status()["state"], hidden(inbox)) == ("idle", [])
    assert all(entry["outcome"] == "good" for entry in program.lines("originals", "verify"))
    program.run("undo", "--last", "100")
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.slow
def test_a_used_up_quota_is_shown_and_leaves_every_picture_as_it_was(program: Program, btrfs: Path) -> None:
    volume = btrfs / "volume"
    for command in (
        ["btrfs", "quota", "enable", str(btrfs)],
        ["btrfs", "subvolume", "create", str(volume)],
        ["btrfs", "qgroup", "limit", "3M", str(volume)],
    ):
        assert run(*command).returncode == 0, command
    inbox = volume / "inbox"
    inbox.mkdir()
    program.watch(inbox, settle_seconds=2.0)
    program.start()
    path = write(inbox / "a.jpg", jpeg(1))
    before = path.read_bytes()
    filler = volume / "filler"
    with pytest.raises(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(os.urandom(50_000))
            os.fsync(file.fileno())
    assert "quota" in wait_problem(program)
    assert (path.read_bytes(), hidden(inbox)) == (before, [])
    filler.unlink()
    assert run("btrfs", "filesystem", "sync", btrfs).returncode == 0
    program.run("resume")
    wait_compressed(program, 1)


@pytest.mark.slow
def test_without_the_right_to_write_the_folder_says_so_and_goes_on_afterwards(
    program: Program, inbox: Path
) -> None:
    """Root without its powers: as an ordinary user whose folder was made read-only."""
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    program.prefix = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--"]
    program.watch(inbox, settle_seconds=2.0)
    program.start()
    path = write(inbox / "a.jpg", jpeg(1, size=SMALL))
    before = path.read_bytes()
    inbox.chmod(0o500)
    assert "chmod u+rwX" in wait_problem(program)
    assert path.read_bytes() == before
    inbox.chmod(0o700)
    program.run("resume")
    wait_compressed(program, 1)
    assert program.status()["state"] == "idle"


@pytest.mark.slow
def test_a_full_originals_store_stops_replacing_until_there_is_room(program: Program, inbox: Path) -> None:
    program.watch(inbox)
    file = program.home / "settings.toml"
    file.write_text('[daemon]\noriginals_max = "60 KB"\n' + file.read_text())
    program.start()
    paths = [write(inbox / f"{number}.jpg", jpeg(number, size=SMALL)) for number in range(4)]
    sizes = {path: path.stat().st_size for path in paths}
    problem = wait_problem(program)
    assert "homepress originals accept" in problem
    assert "originals_max" in problem
    assert compressed(program) == 2
    assert sum(path.stat().st_size == sizes[path] for path in paths) == 2
    program.run("originals", "accept", "--all", "--yes")
    wait_compressed(program, 4)
    wait_for(lambda: program.status()["state"] == "idle", what="the problem to be over")
    write(inbox / "more.jpg", jpeg(9, size=SMALL))
    wait_problem(program)
    file.write_text(file.read_text().replace("60 KB", "1 GB"))
    wait_compressed(program, 5)
    wait_for(lambda: program.status()["state"] == "idle", what="the problem to be over")
    assert json.loads(program.run("status", "--json"))["folders"][0]["problem"] == ""
