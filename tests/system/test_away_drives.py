"""Drives that come and go: nothing is written beneath a bare mount point, and all goes on by itself."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import THIS_MACHINE_CANNOT, wait_for
from system.pictures import jpeg, write
from system.program import Program

pytestmark = pytest.mark.root

SMALL = (400, 300)
MAKE = {"ext4": ("mkfs.ext4", "-q"), "exfat": ("mkfs.exfat",)}


def run(*command: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, capture_output=True, check=False)


class Drive:
    """A file system in a file, which is mounted and unmounted at will."""

    def __init__(self, image: Path, kind: str = "ext4") -> None:
        self.kind = kind
        if shutil.which(MAKE[kind][0]) is None:
            pytest.skip(f"{MAKE[kind][0]} is not installed")
        with image.open("wb") as file:
            file.truncate(40_000_000)
        loop = run("losetup", "--find", "--show", image)
        if loop.returncode:
            pytest.skip(f"{THIS_MACHINE_CANNOT} make loop devices")
        self.device = loop.stdout.decode().strip()
        self.format()

    def format(self) -> None:
        # It is in use for a moment longer where a process just left has seen it mounted.
        wait_for(
            lambda: run(*MAKE[self.kind], self.device).returncode == 0,
            within=60,
            what="the drive to be formatted",
        )

    def mount(self, at: Path) -> None:
        how = ["mount.exfat-fuse"] if self.kind == "exfat" else ["mount", "-t", self.kind]
        if shutil.which(how[0]) is None:
            pytest.skip(f"{how[0]} is not installed")
        wait_for(
            lambda: run(*how, self.device, at).returncode == 0, within=30, what="the drive to be mounted"
        )

    def close(self) -> None:
        run("losetup", "-d", self.device)


@pytest.fixture
def point(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "point"
    folder.mkdir()
    yield folder
    # Asked of the system: a bind mount on the same disk is none to `os.path.ismount`.
    while run("umount", "-l", folder).returncode == 0:
        pass


@pytest.fixture
def drive(tmp_path: Path, point: Path) -> Iterator[Drive]:
    made = Drive(tmp_path / "drive.img")
    yield made
    run("umount", "-l", point)
    made.close()


def unmount(point: Path) -> None:
    wait_for(lambda: run("umount", point).returncode == 0, within=30, what="the drive to be unmounted")


def files(folder: Path) -> list[str]:
    """Everything beneath a folder but our own folder of originals and what the file system made."""
    found = (str(path.relative_to(folder)) for path in folder.rglob("*"))
    return sorted(name for name in found if not name.startswith((".homepress", "lost+found")))


def state(program: Program) -> str:
    (folder,) = program.status()["folders"]
    return str(folder["state"])


def wait_away(program: Program) -> str:
    """Wait until the folder is away; what is said of it."""
    wait_for(lambda: state(program) == "away", within=60, what="the folder to be away")
    status = program.status()
    assert (status["state"], status["problems"]) == ("idle", [])
    return str(status["folders"][0]["warning"])


def wait_watching(program: Program) -> None:
    wait_for(lambda: state(program) == "watching", within=60, what="the folder to be watched")


def wait_files(folder: Path, names: list[str]) -> None:
    wait_for(lambda: files(folder) == names, within=60, what=f"{names}, not {files(folder)}")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ext4", "exfat"])
def test_results_wait_for_the_drive_of_the_output_folder(
    program: Program, inbox: Path, point: Path, tmp_path: Path, kind: str
) -> None:
    drive = Drive(tmp_path / f"{kind}.img", kind)
    try:
        drive.mount(point)
        program.watch(inbox, mode="output", output=str(point / "out"))
        program.start()
        write(inbox / "a.jpg", jpeg(1, size=SMALL))
        wait_files(point, ["out", "out/a.jpg"])
        unmount(point)
        said = wait_away(program)
        assert str(point) in said
        assert "is not connected" in said
        assert "away" in program.run("folder", "list")
        write(inbox / "b.jpg", jpeg(2, size=SMALL))
        wait_for(lambda: program.status()["waiting"] == 1, within=30, what="the picture to wait")
        assert files(point) == []
        drive.mount(point)
        wait_files(point, ["out", "out/a.jpg", "out/b.jpg"])
        wait_watching(program)
        assert program.status()["problems"] == []
    finally:
        run("umount", "-l", point)
        drive.close()


@pytest.mark.slow
def test_a_watched_drive_is_away_and_undo_writes_nothing_beneath_it(
    program: Program, drive: Drive, point: Path
) -> None:
    drive.mount(point)
    (point / "DCIM").mkdir()
    program.watch(point / "DCIM")
    program.start()
    path = write(point / "DCIM" / "a.jpg", jpeg(1, size=SMALL))
    before = path.read_bytes()
    wait_for(lambda: path.stat().st_size < len(before), within=60, what="the result")
    program.wait_idle()
    unmount(point)
    wait_away(program)
    for more in ([], ["--to", str(point / "restored")]):
        assert "is not connected" in program.run("undo", str(path), *more, code=1)
    program.run(
        "compress", str(write(program.home / "c.jpg", jpeg(3))), "--output", str(point / "out"), code=1
    )
    assert files(point) == []
    (point / "DCIM").mkdir()  # the same folder beneath the mount point, with something in it
    write(point / "DCIM" / "b.jpg", jpeg(2, size=SMALL))
    program.run("undo", str(path), code=1)
    assert state(program) == "away"
    assert files(point) == ["DCIM", "DCIM/b.jpg"]
    drive.mount(point)
    wait_watching(program)
    program.run("undo", str(path))
    assert path.read_bytes() == before


@pytest.mark.slow
def test_a_drive_in_place_of_another_is_told_and_taken_when_the_user_says_so(
    program: Program, inbox: Path, drive: Drive, point: Path
) -> None:
    drive.mount(point)
    output = point / "out"
    program.watch(inbox, mode="output", output=str(output))
    program.start()
    write(inbox / "a.jpg", jpeg(1, size=SMALL))
    wait_files(point, ["out", "out/a.jpg"])
    unmount(point)
    drive.format()
    drive.mount(point)
    said = wait_away(program)
    assert "another drive is mounted" in said
    assert f"homepress folder remove {inbox}" in said
    write(inbox / "b.jpg", jpeg(2, size=SMALL))
    wait_for(lambda: program.status()["waiting"] == 1, within=30, what="the picture to wait")
    assert files(point) == []
    program.run("folder", "remove", str(inbox))
    program.run("folder", "add", str(inbox), "--output", str(output), "--existing", "compress")
    wait_for(lambda: "out/b.jpg" in files(point), within=60, what="the result on the new drive")
    wait_watching(program)


@pytest.mark.slow
def test_a_folder_beneath_a_bare_mount_point_is_not_added(
    program: Program, inbox: Path, drive: Drive, point: Path
) -> None:
    drive.mount(point)
    program.watch(inbox, mode="output", output=str(point / "out"))
    program.start()
    write(inbox / "a.jpg", jpeg(1, size=SMALL))
    wait_files(point, ["out", "out/a.jpg"])
    program.run("folder", "remove", str(inbox))
    unmount(point)
    program.run("folder", "add", str(inbox), "--output", str(point / "out"), code=4)
    program.run("folder", "add", str(point), code=4)
    assert files(point) == []
    write(point / "note.txt", b"an ordinary folder from now on")
    program.run("folder", "add", str(point))


@pytest.mark.slow
def test_a_drive_mounted_in_a_watched_folder_is_noticed_and_its_files_stay_known(
    program: Program, inbox: Path, drive: Drive
) -> None:
    nested = inbox / "card"
    nested.mkdir()
    program.watch(inbox)
    program.start()
    drive.mount(nested)
    try:
        path = write(nested / "a.jpg", jpeg(1, size=SMALL))
        before = path.stat().st_size
        wait_for(lambda: path.stat().st_size < before, within=30, what="the result on the drive")
        program.wait_idle()
        unmount(nested)
        wait_for(lambda: "is not connected" in program.status()["folders"][0]["warning"], what="the words")
        other = write(inbox / "b.jpg", jpeg(2, size=SMALL))
        size = other.stat().st_size
        wait_for(lambda: other.stat().st_size < size, within=30, what="the other pictures to go on")
        drive.mount(nested)
        wait_for(lambda: not program.status()["folders"][0]["warning"], what="all to be well")
        program.wait_idle()
        assert sum(entry["outcome"] == "compressed" for entry in program.lines("history")) == 2
    finally:
        run("umount", "-l", nested)


@pytest.mark.slow
def test_originals_that_go_away_are_told_and_replacing_goes_on_when_they_are_back(
    program: Program, inbox: Path
) -> None:
    program.watch(inbox)
    program.start()
    first = write(inbox / "a.jpg", jpeg(1, size=SMALL))
    before = first.read_bytes()
    wait_for(lambda: first.stat().st_size < len(before), within=60, what="the first result")
    program.wait_idle()
    originals = program.home / "originals"
    away = originals.with_name("elsewhere")
    originals.rename(away)
    second = write(inbox / "b.jpg", jpeg(2, size=SMALL))
    size = second.stat().st_size
    wait_for(
        lambda: any("folder of originals is away" in text for text in program.status()["problems"]),
        within=30,
        what="the problem to be told",
    )
    assert "error in Homepress" not in program.errors()
    assert second.stat().st_size == size
    assert not originals.exists()
    away.rename(originals)
    wait_for(lambda: second.stat().st_size < size, within=30, what="the second result")
    wait_for(lambda: program.status()["problems"] == [], within=30, what="the problem to be over")
    program.run("undo", str(first))
    assert first.read_bytes() == before


@pytest.mark.slow
def test_originals_on_a_drive_that_is_away_at_the_start(program: Program, inbox: Path, drive: Drive) -> None:
    originals = program.home / "originals"
    originals.mkdir(mode=0o700)
    drive.mount(originals)
    try:
        originals.chmod(0o700)
        program.watch(inbox)
        program.start()
        first = write(inbox / "a.jpg", jpeg(1, size=SMALL))
        before = first.read_bytes()
        wait_for(lambda: first.stat().st_size < len(before), within=60, what="the first result")
        program.wait_idle()
        program.stop()
        unmount(originals)
        second = write(inbox / "b.jpg", jpeg(2, size=SMALL))
        size = second.stat().st_size
        program.start()
        wait_for(
            lambda: any("folder of originals is away" in text for text in program.status()["problems"]),
            within=30,
            what="the problem to be told",
        )
        assert os.listdir(originals) == []
        assert second.stat().st_size == size
        drive.mount(originals)
        wait_for(lambda: second.stat().st_size < size, within=30, what="the second result")
        program.run("undo", str(first))
        assert first.read_bytes() == before
        program.stop()
    finally:
        run("umount", "-l", originals)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bind", "tmpfs"])
def test_mounts_without_a_disk_of_their_own(
    program: Program, inbox: Path, point: Path, tmp_path: Path, kind: str
) -> None:
    """A bind mount is on the very disk that is beneath it; tmpfs has no name that lasts."""
    source = tmp_path / "source"
    source.mkdir()
    command = ("mount", "--bind", source) if kind == "bind" else ("mount", "-t", "tmpfs", "tmpfs")
    if run(*command, point).returncode:
        pytest.skip(f"{THIS_MACHINE_CANNOT} mount")
    program.watch(inbox, mode="output", output=str(point / "out"))
    program.start()
    write(inbox / "a.jpg", jpeg(1, size=SMALL))
    wait_files(point, ["out", "out/a.jpg"])
    unmount(point)
    wait_away(program)
    write(inbox / "b.jpg", jpeg(2, size=SMALL))
    wait_for(lambda: program.status()["waiting"] == 1, within=30, what="the picture to wait")
    assert files(point) == []
    assert run(*command, point).returncode == 0
    wait_for(lambda: "out/b.jpg" in files(point), within=60, what="the result")
    program.stop()


@pytest.mark.slow
def test_a_drive_that_is_away_at_the_start_is_known(
    program: Program, inbox: Path, drive: Drive, point: Path
) -> None:
    drive.mount(point)
    program.watch(inbox, mode="output", output=str(point / "out"))
    program.start()
    write(inbox / "a.jpg", jpeg(1, size=SMALL))
    wait_files(point, ["out", "out/a.jpg"])
    program.stop()
    unmount(point)
    write(inbox / "b.jpg", jpeg(2, size=SMALL))
    program.start()
    wait_away(program)
    program.run("compress", str(inbox / "b.jpg"), "--output", str(point / "x"), code=1)
    assert files(point) == []
    drive.mount(point)
    wait_files(point, ["out", "out/a.jpg", "out/b.jpg"])


@pytest.mark.slow
def test_a_drive_that_was_never_seen_is_away_where_drives_come_and_go(
    program: Program, inbox: Path, drive: Drive
) -> None:
    place = Path("/media") / f"homepress-test-{os.getpid()}"
    stick, missing = place / "STICK", inbox.parent / "missing"
    try:
        program.watch(stick / "DCIM", missing)
        program.start()
        wanted = {str(stick / "DCIM"): "away", str(missing): "problem"}
        wait_for(lambda: states(program) == wanted, what="one to be away, the other missing")
        status = program.status()
        assert len(status["problems"]) == 1 and str(missing) in status["problems"][0]
        stick.mkdir(parents=True)
        drive.mount(stick)
        (stick / "DCIM").mkdir()
        wait_for(lambda: states(program)[str(stick / "DCIM")] == "watching", what="the drive to be watched")
        unmount(stick)
        stick.rmdir()
        wait_for(lambda: states(program)[str(stick / "DCIM")] == "away", what="it to be away again")
    finally:
        run("umount", "-l", stick)
        shutil.rmtree(place, ignore_errors=True)


def states(program: Program) -> dict[str, str]:
    return {folder["path"]: folder["state"] for folder in program.status()["folders"]}
