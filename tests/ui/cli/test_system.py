"""What is chosen in a file manager: there is no terminal, so everything is told in a notice."""

from collections.abc import Sequence

import pytest

from control.fake_service import FakeService
from homepress.base.results import FileOutcome, PictureOutcome, UndoOutcome
from homepress.ui.cli.commands import system
from ui.cli.running import Run


@pytest.fixture
def notices(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = []

    def show_notice(title: str, body: str = "") -> None:
        told.append((title, body))

    monkeypatch.setattr("homepress.ui.tray.notices.show_notice", show_notice)
    return told


@pytest.fixture
def spawned(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    started: list[Sequence[str]] = []
    monkeypatch.setattr(system, "spawn", started.append)
    return started


def outcome(word: PictureOutcome, name: str, reason: str = "") -> FileOutcome:
    return FileOutcome(
        path=f"/p/{name}",
        outcome=word,
        reason=reason,
        before_bytes=1_000_000,
        after_bytes=400_000,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("outcomes", "title", "body", "code"),
    [
        ([outcome("compressed", "a"), outcome("compressed", "b")], "2 pictures, 1.2 MB saved", "", 0),
        ([outcome("unchanged", "a", "too small")], "1 picture left as it was", "a: too small", 0),
        (
            [outcome("compressed", "a"), *(outcome("unchanged", f"{n}", "x") for n in range(4))],
            "1 picture, 600 KB saved, 4 pictures left as they were",
            "0: x\n1: x\n2: x\nand 1 more",
            0,
        ),
        ([outcome("failed", "a", "damaged")], "1 failed", "a: damaged", 1),
        ([], "There is no picture in it", "", 0),
    ],
)
def test_compress_says_what_came_of_it(
    run: Run,
    daemon: FakeService,
    notices: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    outcomes: list[FileOutcome],
    title: str,
    body: str,
    code: int,
) -> None:
    monkeypatch.setattr(daemon, "compress", lambda _: iter(outcomes))
    assert run("file-manager", "run", "compress", "--", "/p/a").code == code
    assert notices == [(title, body)]


def test_copies_say_how_large_they_are_and_what_is_not_as_asked(
    run: Run, daemon: FakeService, notices: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = [
        FileOutcome("/p/a.jpg", "compressed", "", 900_000, 400_000, output="/p/a.min.jpg"),
        FileOutcome("/p/b.jpg", "unchanged", "cannot be made that small", missed=True),
        FileOutcome("/p/c.jpg", "unchanged", "Homepress made it"),
    ]
    monkeypatch.setattr(daemon, "compress", lambda _: iter(outcomes))
    assert run("file-manager", "run", "under-500-kb", "--", "/p").code == 1
    ((title, body),) = notices
    assert title == "1 copy made, 1 picture could not be made as you asked"
    assert body.splitlines() == [
        "b.jpg: cannot be made that small",
        "a.min.jpg, 400 KB",
        "c.jpg is as it should be: Homepress made it",
    ]


def test_restore_says_what_came_of_it(
    run: Run, daemon: FakeService, notices: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = [
        UndoOutcome(id=1, path="/p/a", outcome="restored"),
        UndoOutcome(id=2, path="/p/b", outcome="beside", restored_to="/p/b (original)"),
        UndoOutcome(id=3, path="/p/c", outcome="failed", reason="no room"),
    ]
    monkeypatch.setattr(daemon, "undo", lambda _: iter(outcomes))
    assert run("file-manager", "run", "restore", "--", "/p").code == 1
    ((title, body),) = notices
    assert title == "2 originals brought back, 1 could not be"
    assert body == "c: no room\nb is now something else; its original: /p/b (original)"


def test_a_picture_that_is_not_known_is_said_to_be_so(
    run: Run, notices: list[tuple[str, str]], spawned: list[Sequence[str]]
) -> None:
    for action in ("show", "open"):
        assert run("file-manager", "run", action, "--", "/p/strange.jpg").code == 1
    assert spawned == []
    assert notices == [("There is nothing to compare", "strange.jpg was not compressed by Homepress.")] * 2


def test_the_launcher_alone_opens_the_program(run: Run, spawned: list[Sequence[str]]) -> None:
    assert run("file-manager", "run", "open").code == 0
    ((*_, last),) = spawned
    assert last == "homepress"
