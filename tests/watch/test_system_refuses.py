"""What the system refuses says nothing about the file: it is waited for, and not held against the picture."""

import errno
import os
from pathlib import Path

import pytest

from homepress.base.files import FileId
from homepress.watch import completeness
from homepress.watch import pending as examining
from homepress.watch.filters import Selection
from homepress.watch.model import Openness, Waiting, this_system
from homepress.watch.observer import RootFolder, RootStatus
from homepress.watch.pending import ExamOutcome, examine
from homepress.watch.scanner import list_folder
from support import wait_for
from watch.harness import JPEG, Altered, Memory, watched, watching

TRANSIENT = [
    "EIO",
    "ENOTCONN",
    "ENODEV",
    "ENXIO",
    "ETIMEDOUT",
    "EHOSTDOWN",
    "ESTALE",
    "EMFILE",
    "ENOMEM",
    "EINVAL",
]


@pytest.mark.parametrize("name", TRANSIENT)
@pytest.mark.parametrize("step", ["open", "read"])
def test_trouble_of_a_disk_is_no_verdict_on_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, step: str
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(JPEG)
    number = getattr(errno, name)

    def refuse(*_: object, **__: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(*((os, "open") if step == "open" else (examining, "judge")), refuse)
    seen = examine(os.fsencode(path), FileId.of(path.lstat()), this_system())
    monkeypatch.undo()
    assert seen.outcome is ExamOutcome.UNREAD
    assert os.strerror(number) in seen.refusal


@pytest.mark.parametrize(("held", "outcome"), [(True, ExamOutcome.DONE), (False, ExamOutcome.SKIPPED)])
def test_what_a_program_shares_with_nobody_is_busy_and_no_question_of_permissions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: bool, outcome: ExamOutcome
) -> None:
    """Windows: Python says EACCES of both."""
    path = tmp_path / "a.jpg"
    path.write_bytes(JPEG)

    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "open", refuse)
    seen = examine(os.fsencode(path), FileId.of(path.lstat()), Altered(refuses_sharing=lambda path: held))
    monkeypatch.undo()
    assert seen.outcome is outcome
    assert (seen.openness is Openness.BUSY) is held


@pytest.mark.slow
def test_a_picture_on_a_disk_that_answers_again_is_handed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As often as it failed, nothing about it was put into the history."""
    failing = [True]
    judge = completeness.judge

    def sometimes(fd: int, size: int) -> object:
        if failing[0]:
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")
        return judge(fd, size)

    monkeypatch.setattr(examining, "judge", sometimes)
    with watching(watched(tmp_path)) as run:
        (tmp_path / "a.jpg").write_bytes(JPEG)
        wait_for(lambda: [file.reason for file in run.watch.waiting()] == [Waiting.UNREAD])
        assert "network drive is not connected" in run.watch.waiting()[0].detail
        failing[0] = False
        run.watch.hint(tmp_path / "a.jpg")
        run.wait_arrivals(1)
    assert run.sink.skips == []


def test_a_root_on_a_server_that_is_silent_is_away_and_told_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = RootFolder(tmp_path, this_system(), lambda _: "")

    def silent(*_: object, **__: object) -> os.stat_result:
        raise OSError(errno.EHOSTDOWN, os.strerror(errno.EHOSTDOWN))

    monkeypatch.setattr(os, "stat", silent)
    look = root.look()
    monkeypatch.undo()
    assert look.status is RootStatus.AWAY
    assert look.problem.startswith(f"{tmp_path}: its server does not answer; see whether its server")
    assert root.look().status is RootStatus.READY


@pytest.mark.posix("a limit of paths that the system names")
def test_a_path_longer_than_the_system_takes_is_named_as_that(tmp_path: Path) -> None:
    deep = os.fsencode(tmp_path) + b"/" + b"/".join([b"n" * 250] * 20)
    listing = list_folder(deep, Selection(watched(tmp_path), os.fsencode(tmp_path)), Memory(), this_system())
    assert (listing.readable, listing.too_long) == (False, 1)
