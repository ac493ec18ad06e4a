"""`compress --output` while another command has the ledger: it goes on at once, and nothing is lost by it."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from homepress.control.instance import InstanceLock
from support import THIS_MACHINE_CANNOT, wait_for
from system.pictures import jpeg, write
from system.program import Program


@contextmanager
def busy(program: Program, work: str = "homepress compress") -> Iterator[None]:
    """Another command is at work."""
    with InstanceLock(program.home / "state" / "daemon.lock", work):
        yield


def begun(program: Program, *arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        program.command("compress", *map(str, arguments)),
        env=program.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> str:
    """What a command said on its error output; it must have gone well."""
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    return errors


def results(folder: Path) -> list[str]:
    return sorted(os.listdir(folder)) if folder.exists() else []


def told(program: Program) -> set[str]:
    """Names of the pictures that the history has results of."""
    return {Path(entry["path"]).name for entry in program.lines("history", "--outcome=compressed")}


def leftovers(program: Program) -> list[Path]:
    return list((program.home / "state").glob("apart/*"))


@pytest.fixture
def pictures(program: Program, tmp_path: Path) -> list[Path]:
    """Some pictures in a folder that nobody watches, and a home that was used before."""
    first = write(tmp_path / "first.jpg", jpeg(99))
    program.run("compress", str(first))
    return [write(tmp_path / "pictures" / f"{n}.jpg", jpeg(n)) for n in range(8)]


@pytest.mark.slow
def test_it_finishes_while_a_long_compress_is_at_work(
    program: Program, tmp_path: Path, pictures: list[Path]
) -> None:
    before = [path.read_bytes() for path in pictures]
    many = {write(tmp_path / "many" / f"m{n}.jpg", data := jpeg(100 + n)): data for n in range(12)}
    first = next(iter(many))
    long = begun(program, "--in-place", first.parent)
    try:
        assert long.stdout is not None
        assert long.stdout.readline()
        os.kill(long.pid, signal.SIGSTOP)  # in the middle of its work, for as long as we like
        aside = ended(begun(program, "--output", tmp_path / "out", pictures[0].parent))
        assert f"homepress compress (process {long.pid})" in aside
        assert results(tmp_path / "out") == sorted(path.name for path in pictures)
        assert any(path.read_bytes() == data for path, data in many.items())
        # The same once more: these are our own results, which make way.
        assert "Homepress did not make" not in ended(
            begun(program, "--output", tmp_path / "out", pictures[0].parent)
        )
    finally:
        os.kill(long.pid, signal.SIGCONT)
        ended(long)
    assert leftovers(program) == []
    assert [path.read_bytes() for path in pictures] == before
    assert told(program) >= {path.name for path in [*pictures, *many]}
    program.run("undo", str(pictures[0]))
    assert not (tmp_path / "out" / "0.jpg").exists()
    assert pictures[0].read_bytes() == before[0]


@pytest.mark.slow
@pytest.mark.parametrize("start", ["command", "daemon", "apart"])
def test_killed_in_the_middle_it_is_cleaned_up_by_the_next_start(
    program: Program, tmp_path: Path, pictures: list[Path], start: str
) -> None:
    before = [path.read_bytes() for path in pictures]
    output = tmp_path / "out"
    with busy(program):
        cut_off = begun(program, "--output", output, pictures[0].parent)
        wait_for(lambda: results(output), what="the first result")
        cut_off.kill()
        cut_off.communicate()
        assert len(leftovers(program)) == 1
        if start == "apart":
            ended(begun(program, "--output", output, pictures[0].parent))
            assert len(leftovers(program)) == 1
    if start == "daemon":
        program.start()
    else:
        program.run("undo", "--last", "1", "--wait", "60")
    assert leftovers(program) == []
    assert not [name for name in results(output) if name.startswith(".")]
    assert [path.read_bytes() for path in pictures] == before
    there = set(results(output))
    assert there <= told(program)
    if start == "apart":
        assert len(there) == len(pictures) - 1


@pytest.mark.slow
def test_several_at_once_all_come_into_the_history(
    program: Program, tmp_path: Path, pictures: list[Path]
) -> None:
    with busy(program):
        runs = [begun(program, "--output", tmp_path / "out", *pictures[n : n + 2]) for n in (0, 2, 4, 6)]
        said = [ended(run) for run in runs]
    assert all("come into the history when homepress compress" in each for each in said)
    assert results(tmp_path / "out") == sorted(path.name for path in pictures)
    program.run("undo", "--last", "1")
    assert leftovers(program) == []
    assert told(program) >= {path.name for path in pictures}
    assert len(results(tmp_path / "out")) == len(pictures) - 1


@pytest.mark.slow
def test_when_the_ledger_is_free_at_its_end_they_come_at_once(
    program: Program, tmp_path: Path, pictures: list[Path]
) -> None:
    with busy(program):
        run = begun(program, "--output", tmp_path / "out", *pictures)
        wait_for(lambda: leftovers(program), what="the ledger apart")
        wait_for(lambda: results(tmp_path / "out"), what="the first result")
    assert "history" not in ended(run)
    assert leftovers(program) == []
    assert told(program) >= {path.name for path in pictures}


@pytest.mark.slow
@pytest.mark.parametrize("where", ["watched", "output", "above"])
def test_into_a_watched_folder_it_waits(
    program: Program, tmp_path: Path, inbox: Path, pictures: list[Path], where: str
) -> None:
    """There a result that the ledger does not know yet would be taken for a new picture."""
    other = tmp_path / "watched output"
    program.watch(inbox, mode="output", output=str(other))
    output = {"watched": inbox / "in", "output": other, "above": inbox.parent}[where]
    with busy(program):
        run = begun(program, "--wait", "0.5", "--output", output, pictures[0])
        _, errors = run.communicate(timeout=120)
    assert run.returncode == 1
    assert "is at work" in errors
    assert not (output / "0.jpg").exists()


@pytest.mark.slow
@pytest.mark.parametrize("others", [("--in-place",), ()])
def test_whoever_changes_more_waits(program: Program, pictures: list[Path], others: tuple[str, ...]) -> None:
    before = pictures[0].read_bytes()
    with busy(program):
        run = begun(program, "--wait", "0.5", *others, pictures[0])
        _, errors = run.communicate(timeout=120)
    assert run.returncode == 1
    assert "is at work" in errors
    assert pictures[0].read_bytes() == before
    assert results(pictures[0].parent) == sorted(path.name for path in pictures)
    assert leftovers(program) == []


@pytest.mark.slow
def test_a_dry_run_waits_for_nobody(program: Program, pictures: list[Path]) -> None:
    with busy(program):
        assert "would be saved" in program.run("compress", "--dry-run", "--in-place", str(pictures[0]))
        assert "would be saved" in program.run("folder", "check", str(pictures[0].parent))


@pytest.mark.slow
def test_whoever_removes_everything_is_waited_for(
    program: Program, tmp_path: Path, pictures: list[Path]
) -> None:
    with busy(program, ""):
        run = begun(program, "--wait", "0.5", "--output", tmp_path / "out", pictures[0])
        run.communicate(timeout=120)
    assert (run.returncode, leftovers(program)) == (1, [])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for one result or two."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip(f"{THIS_MACHINE_CANNOT} mount")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


@pytest.mark.slow
@pytest.mark.root
def test_on_a_full_disk_it_says_so_and_leaves_nothing(
    program: Program, small_disk: Path, pictures: list[Path]
) -> None:
    before = [path.read_bytes() for path in pictures]
    with busy(program):
        run = begun(program, "--output", small_disk, *pictures)
        said, errors = run.communicate(timeout=240)
    assert run.returncode == 1, errors
    assert "full" in said
    program.run("undo", "--last", "1", code=None)
    assert leftovers(program) == []
    assert not [name for name in results(small_disk) if name.startswith(".")]
    assert [path.read_bytes() for path in pictures] == before


@pytest.mark.slow
@pytest.mark.root
def test_without_room_for_a_ledger_apart_it_waits(
    program: Program, tmp_path: Path, small_disk: Path, pictures: list[Path]
) -> None:
    """Its folder is on a disk of its own that is full."""
    (program.home / "state" / "apart").symlink_to(small_disk)
    (small_disk / "filled").write_bytes(b"x" * 60_000)
    with busy(program):
        run = begun(program, "--wait", "2", "--output", tmp_path / "out", pictures[0])
        _, errors = run.communicate(timeout=120)
    assert run.returncode == 1
    assert "is at work" in errors
    assert sorted(os.listdir(small_disk)) == ["filled"]
    assert results(tmp_path / "out") == []
