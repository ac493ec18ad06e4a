"""A disk that hangs: everybody else is answered and worked for, and it goes on by itself when it answers."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import THIS_MACHINE_CANNOT, wait_for
from system.pictures import jpeg, write
from system.program import Program

pytestmark = pytest.mark.root

SMALL = (400, 300)

PATIENT = 25.0
"""Seconds for an answer: far below the minute and more that a hung disk would cost, and enough on a computer
that is busy with other tests."""


class HangingDisk:
    """A FUSE file system whose server can be stopped: then nothing on it answers."""

    def __init__(self, base: Path, name: str = "mount") -> None:
        self.behind, self.mount = base / "behind", base / name
        self.behind.mkdir(parents=True)
        self.mount.mkdir()
        # In the foreground, so that its process is known.
        self._server = subprocess.Popen(["bindfs", "-f", self.behind, self.mount])
        end = time.monotonic() + 20
        while not os.path.ismount(self.mount) and self._server.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        self.works = self._server.poll() is None and os.path.ismount(self.mount)

    def folder(self, name: str) -> Path:
        """A folder on it, seen through the mount; to be made before it hangs."""
        (self.behind / name).mkdir()
        return self.mount / name

    def hang(self) -> None:
        """Answer nobody any more."""
        self._server.send_signal(signal.SIGSTOP)
        status = Path(f"/proc/{self._server.pid}/stat")
        wait_for(lambda: status.read_text().rpartition(")")[2].split()[0] == "T", what="it to be stopped")

    def answer(self) -> None:
        """Go on."""
        self._server.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """Leave nothing hanging behind."""
        if self._server.poll() is None:
            self.answer()
        for _ in range(50):
            if subprocess.run(["umount", self.mount], capture_output=True, check=False).returncode == 0:
                break
            if not os.path.ismount(self.mount):
                break
            time.sleep(0.1)
        else:
            subprocess.run(["umount", "-l", self.mount], capture_output=True, check=False)
        try:
            self._server.wait(10)
        except subprocess.TimeoutExpired:  # somebody still has a file of it open
            self._server.kill()
            self._server.wait(60)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[HangingDisk]:
    if shutil.which("bindfs") is None:
        pytest.skip("bindfs is not installed")
    made = HangingDisk(tmp_path / "disk")
    try:
        if not made.works:
            pytest.skip(f"{THIS_MACHINE_CANNOT} mount with FUSE")
        yield made
    finally:
        made.end()


def watch(program: Program, *tables: dict[str, object]) -> None:
    """Settings with these folders, each with its own keys."""
    lines: list[str] = ["[daemon]", "workers = 1"]
    for table in tables:
        lines += ["[[folder]]", "settle_seconds = 0.3", 'min_size = "0"']
        lines += [f"{key} = {json.dumps(str(value))}" for key, value in table.items()]
    (program.home / "settings.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def start(program: Program) -> None:
    """Start the daemon and wait for its first answer; not for all folders, as `Program.start` does."""
    program.daemon = subprocess.Popen(
        program.command("run", "--no-tray"),
        env=program.environment,
        stdout=subprocess.DEVNULL,
        stderr=(program.home / "stderr.txt").open("ab"),
    )
    wait_for(program.answer, what="the daemon to answer")


def compressed(program: Program) -> set[str]:
    return {path for path, entry in program.outcomes().items() if entry["outcome"] == "compressed"}


def state_words(program: Program) -> dict[str, str]:
    return {folder["path"]: folder["state"] for folder in program.status()["folders"]}


def problems(program: Program) -> dict[str, str]:
    """What is told of each folder; a server that does not answer is away, which is no problem."""
    return {
        folder["path"]: folder["warning"] if folder["state"] == "away" else folder["problem"]
        for folder in program.status()["folders"]
    }


def asked_of_all(program: Program, hung: Path, other: Path) -> dict[str, float]:
    """Ask all that people ask; how many seconds each answer took."""
    other.mkdir()
    questions: dict[str, tuple[tuple[str, ...], set[int]]] = {
        "status": (("status", "--json"), {0}),
        "folder list": (("folder", "list", "--json"), {0}),
        "history": (("history", "--json"), {0}),
        "pause": (("pause",), {0}),
        "resume": (("resume",), {0}),
        "folder add": (("folder", "add", str(other), "--json"), {0}),
        "folder remove": (("folder", "remove", str(other)), {0}),
        "doctor": (("doctor", "--json"), {0, 1}),
        "remove the hung one": (("folder", "remove", str(hung)), {0}),
    }
    took = {}
    for name, (question, codes) in questions.items():
        begin = time.monotonic()
        done = subprocess.run(
            program.command(*question),
            env=program.environment,
            capture_output=True,
            timeout=PATIENT + 60 * (name == "doctor"),
            check=False,
        )
        took[name] = time.monotonic() - begin
        assert done.returncode in codes, (name, done.stdout, done.stderr)
        if name == "doctor":
            told = [line for line in done.stdout.splitlines() if b"has not answered since" in line]
            assert len(told) == 1, told
    return took


@pytest.mark.slow
def test_everybody_is_answered_and_worked_for_while_a_disk_hangs(
    program: Program, inbox: Path, tmp_path: Path, disk: HangingDisk
) -> None:
    hung = disk.folder("photos")
    watch(program, {"path": inbox}, {"path": hung})
    start(program)
    wait_for(lambda: [*state_words(program).values()] == ["watching"] * 2, what="both to be watched")
    disk.hang()
    picture = write(inbox / "a.jpg", jpeg(1, SMALL))
    wait_for(lambda: str(picture) in compressed(program), what="the other folder's picture")
    wait_for(
        lambda: "has not answered since" in problems(program)[str(hung)], what="the hung folder to be told"
    )
    assert not problems(program)[str(inbox)]
    assert state_words(program)[str(hung)] == "away"
    assert program.status()["problems"] == []
    print(asked_of_all(program, hung, tmp_path / "other"))
    picture = write(inbox / "b.jpg", jpeg(2, SMALL))
    wait_for(lambda: str(picture) in compressed(program), what="the other folder's next picture")
    program.run("stop", timeout=PATIENT + 30)
    assert program.daemon is not None
    assert program.daemon.wait(PATIENT) == 0


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_a_folder_on_a_disk_that_hangs_is_added_and_watched_when_it_answers(
    program: Program, inbox: Path, disk: HangingDisk, arguments: tuple[str, ...]
) -> None:
    hung = disk.folder("photos")
    write(disk.behind / "photos" / "before.jpg", jpeg(3, SMALL))
    watch(program, {"path": inbox})
    start(program)
    disk.hang()
    done = program.run("folder", "add", str(hung), *arguments, timeout=PATIENT)
    assert "does not answer yet" in done
    assert "It is watched as soon as it does" in done
    assert "no pictures in it" not in done
    wait_for(
        lambda: "has not answered since" in problems(program).get(str(hung), ""), what="the folder to be told"
    )
    disk.answer()
    wait_for(lambda: state_words(program)[str(hung)] == "watching", what="the folder to be watched")
    late = write(hung / "late.jpg", jpeg(4, SMALL))
    wait_for(lambda: str(late) in compressed(program), within=180, what="a picture that came afterwards")
    assert str(hung / "before.jpg") not in program.outcomes()
    program.stop()


@pytest.mark.slow
def test_a_disk_that_hangs_at_the_start_is_watched_when_it_answers(
    program: Program, inbox: Path, disk: HangingDisk
) -> None:
    hung = disk.folder("photos")
    write(disk.behind / "photos" / "before.jpg", jpeg(3, SMALL))
    disk.hang()
    watch(program, {"path": hung}, {"path": inbox})
    start(program)
    wait_for(
        lambda: state_words(program).get(str(inbox)) == "watching", what="the other folder to be watched"
    )
    picture = write(inbox / "a.jpg", jpeg(1, SMALL))
    wait_for(lambda: str(picture) in compressed(program), what="the other folder's picture")
    wait_for(
        lambda: "has not answered since" in problems(program)[str(hung)], what="the hung folder to be told"
    )
    disk.answer()
    wait_for(lambda: not problems(program)[str(hung)], what="the folder to be watched")
    late = write(hung / "late.jpg", jpeg(4, SMALL))
    wait_for(lambda: str(late) in compressed(program), within=180, what="a picture that came afterwards")
    assert str(hung / "before.jpg") not in program.outcomes()
    program.stop()


@pytest.mark.slow
def test_the_end_comes_though_a_disk_hangs_with_a_picture_half_way(
    program: Program, inbox: Path, disk: HangingDisk
) -> None:
    output = disk.folder("small")
    watch(program, {"path": inbox, "mode": "output", "output": output})
    start(program)
    wait_for(lambda: state_words(program).get(str(inbox)) == "watching", what="watching")
    first = write(inbox / "a.jpg", jpeg(1, SMALL))
    wait_for(lambda: str(first) in compressed(program), what="the first picture")
    disk.hang()
    write(inbox / "b.jpg", jpeg(2, SMALL))
    wait_for(lambda: "has not answered since" in problems(program)[str(inbox)], what="the output to be told")
    assert str(output) in problems(program)[str(inbox)]
    program.run("stop", timeout=PATIENT + 30)
    assert program.daemon is not None
    assert program.daemon.wait(PATIENT) == 0


@pytest.mark.slow
def test_an_output_that_hangs_takes_no_worker_from_the_other_folders(
    program: Program, inbox: Path, tmp_path: Path, disk: HangingDisk
) -> None:
    """There is one worker, and a thread of it hangs."""
    output, other = disk.folder("small"), tmp_path / "other"
    other.mkdir()
    watch(program, {"path": inbox, "mode": "output", "output": output}, {"path": other})
    start(program)
    wait_for(lambda: [*state_words(program).values()] == ["watching"] * 2, what="both to be watched")
    disk.hang()
    pictures = [write(inbox / f"{number}.jpg", jpeg(number, SMALL)) for number in range(3)]
    wait_for(lambda: str(output) in problems(program)[str(inbox)], what="the output to be told")
    theirs = write(other / "a.jpg", jpeg(7, SMALL))
    wait_for(lambda: str(theirs) in compressed(program), what="the other folder's picture")
    assert not problems(program)[str(other)]
    disk.answer()
    wait_for(lambda: {*map(str, pictures)} <= compressed(program), what="what waited for the output")
    wait_for(lambda: not problems(program)[str(inbox)], what="all to be well")
    assert sorted(path.name for path in output.iterdir()) == ["0.jpg", "1.jpg", "2.jpg"]
    program.stop()


@pytest.mark.slow
def test_originals_that_hang_at_the_start_are_named(program: Program, inbox: Path) -> None:
    if shutil.which("bindfs") is None:
        pytest.skip("bindfs is not installed")
    originals = HangingDisk(program.home, "originals")
    try:
        if not originals.works:
            pytest.skip(f"{THIS_MACHINE_CANNOT} mount with FUSE")
        originals.mount.chmod(0o700)
        originals.hang()
        watch(program, {"path": inbox})
        program.launch()
        named = f"{originals.mount} has not answered since"
        wait_for(lambda: named in json.dumps(program.status()["problems"]), what="the folder to be named")
        originals.answer()
        wait_for(lambda: program.status()["state"] == "idle", what="it to go on", within=120)
    finally:
        originals.end()
