"""`homepress folder set`: which folder is meant, and what is said and asked before pictures are let in."""

import io

import pytest

from control.fake_service import FakeService
from homepress.base.paths import Paths
from homepress.control.service import CheckReport, FolderRequest
from homepress.settings import edit
from homepress.ui.text import let_in_lines
from support import full_path
from ui.cli.running import Run

FOLDER, WAY = full_path("/p"), full_path("/mnt/way")
CHANGED = ("changed", FOLDER, {"existing": "compress"})
TRIED = ("tried before it is changed", FOLDER, {"existing": "compress"})
LET_IN = "The pictures in it that were left alone until now will be compressed like those that come.\n"


@pytest.fixture
def watched(paths: Paths, daemon: FakeService) -> FakeService:
    """A daemon that watches `FOLDER`, whose pictures are left alone."""
    edit.add_folder(paths.config_file, FOLDER)
    daemon.folders[FOLDER] = FolderRequest(path=FOLDER)
    return daemon


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What somebody at a terminal types."""
    typed = io.StringIO()
    monkeypatch.setattr("homepress.ui.cli.output.on_terminal_for_people", lambda: True)
    monkeypatch.setattr("sys.stdin", typed)
    return typed


def type_in(answer: io.StringIO, text: str) -> None:
    answer.write(text)
    answer.seek(0)


@pytest.mark.parametrize(("typed", "changed"), [("n", False), ("y", True)])
def test_what_was_left_alone_is_compressed_after_a_question(
    run: Run, watched: FakeService, answer: io.StringIO, typed: str, changed: bool
) -> None:
    type_in(answer, f"{typed}\n")
    ran = run("folder", "set", FOLDER, "existing=compress", "quality=small")
    assert ran.code == 0
    assert ran.out.startswith(
        "Left alone in it until now: 100 pictures (400 MB), to be compressed like those that come.\n"
        "That will save about 220 MB (55 %), tried on 12 of them.\n"
    )
    assert "Compress them?" in ran.err
    values = {"existing": "compress", "quality": "small"}
    assert ("tried before it is changed", FOLDER, values) in watched.asked, "tried as it will be"
    assert (("changed", FOLDER, values) in watched.asked) is changed
    assert ("Nothing was changed." in ran.out) is not changed


@pytest.mark.parametrize(("typed", "changed"), [("n", False), ("y", True)])
def test_a_folder_that_is_away_is_changed_after_a_question_without_figures(
    run: Run, watched: FakeService, answer: io.StringIO, typed: str, changed: bool
) -> None:
    watched.folders_away.add(FOLDER)
    type_in(answer, f"{typed}\n")
    ran = run("folder", "set", FOLDER, "existing=compress")
    assert ran.code == 0, ran.err
    assert ran.out.startswith(f"What is in it cannot be looked at now: {FOLDER}: its drive is away\n{LET_IN}")
    assert "Compress what was left alone in it?" in ran.err
    assert (CHANGED in watched.asked) is changed


def test_nothing_is_looked_at_for_a_person_who_is_sure(
    run: Run, watched: FakeService, answer: io.StringIO
) -> None:
    ran = run("folder", "set", FOLDER, "existing=compress", "--yes")
    assert (ran.code, ran.out) == (0, f"{LET_IN}existing is now leave.\n")
    assert TRIED not in watched.asked and CHANGED in watched.asked


def test_nothing_is_looked_at_for_a_script(run: Run, watched: FakeService) -> None:
    watched.folders_away.add(FOLDER)
    ran = run("folder", "set", FOLDER, "existing=compress")
    assert (ran.code, ran.out) == (0, f"{LET_IN}existing is now leave.\n")
    assert TRIED not in watched.asked and CHANGED in watched.asked


def test_the_daemon_says_which_folder_is_meant(
    run: Run, paths: Paths, watched: FakeService, answer: io.StringIO
) -> None:
    """A way there that this process cannot follow: the question comes all the same."""
    watched.folders[WAY] = FolderRequest(path=FOLDER)
    type_in(answer, "n\n")
    ran = run("folder", "set", WAY, "existing=compress")
    assert (ran.code, "Nothing was changed." in ran.out) == (0, True)
    assert run("folder", "set", WAY, "quality=small").code == 0
    assert watched.asked[-1] == ("changed", FOLDER, {"quality": "small"})


def test_a_folder_that_is_taken_out_just_after_its_change(
    run: Run, paths: Paths, watched: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change_folder(path: str, values: dict[str, str | None]) -> None:
        edit.remove_folder(paths.config_file, path)

    monkeypatch.setattr(watched, "change_folder", change_folder)
    ran = run("folder", "set", FOLDER, "quality=small")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == f"{FOLDER} was changed, and has been taken out of the settings since.\n"


def test_where_nothing_was_left_alone_nothing_is_asked(
    run: Run, watched: FakeService, answer: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = CheckReport(path=FOLDER, files=3, images=0, tried=0, before_bytes=0, after_bytes=0)
    monkeypatch.setattr(watched, "check_folder", lambda *_: iter([none]))
    ran = run("folder", "set", FOLDER, "existing=compress")
    assert ran.code == 0
    assert ran.out.startswith("None of the pictures in it was left alone, so none is compressed now")
    assert "?" not in ran.err
    assert let_in_lines(none) == ran.out.splitlines()[:1]
