"""What goes to the terminal, and what does not."""

import io
import json
import os
import sys

import msgspec
import pytest

from homepress.base.results import FileOutcome
from homepress.ui.cli import output
from homepress.ui.cli.commands.pictures import _line
from homepress.ui.cli.output import ProgressBar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def look(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Put a terminal in place of both streams; inside a test, since pytest sets them before each."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


def test_colour_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = look(monkeypatch)
    output.say(output.bad("failed"))
    assert terminal.getvalue() == "\x1b[31mfailed\x1b[0m\n"
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stdout", pipe)
    output.say(output.bad("failed"))
    assert pipe.getvalue() == "failed\n"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colour_when_asked(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    terminal = look(monkeypatch)
    monkeypatch.setenv(name, value)
    output.say(output.good("fine"))
    assert terminal.getvalue() == "fine\n"


def test_columns_are_aligned_whatever_the_style() -> None:
    lines = output.columns([("a", output.bad("failed"), "1"), ("long", "good", "100")], right=(2,))
    assert lines == ["a     \x1b[31mfailed\x1b[0m    1", "long  good    100"]
    assert output.columns([]) == []


@pytest.mark.posix("names that are no UTF-8")
def test_json_is_one_ascii_line_that_keeps_every_name(capsys: pytest.CaptureFixture[str]) -> None:
    name = os.fsdecode(b"/p/\xff\n\xc3\xa4.jpg")
    output.print_json(FileOutcome(path=name, outcome="failed", reason="gone"))
    text = capsys.readouterr().out
    assert text.isascii()
    assert text.count("\n") == 1
    assert json.loads(text)["path"] == name


def test_symbols_fall_back_where_they_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="latin-1"))
    assert output.symbol("→", "->") == "->"
    assert output.bar(0.5) == "#" * 12
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    assert output.symbol("→", "->") == "→"
    assert output.bar(0) == ""


def test_without_a_console_output_goes_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    output.prepare_streams()
    output.say("hello")
    output.fault("hello")
    with ProgressBar("picture", 3) as progress:
        progress.step()
    sys.stdout.close()
    sys.stderr.close()


def test_a_bar_on_a_terminal_goes_away_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = look(monkeypatch)
    with ProgressBar("picture", 4) as progress:
        progress.step()
        progress.say("a.jpg")
        assert "1 of 4 pictures" in terminal.getvalue()
    assert "a.jpg\n" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_a_bar_of_unknown_length_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = look(monkeypatch)
    with ProgressBar("original") as progress:
        progress.step()
        progress.step()
    assert "2 originals done" in terminal.getvalue()


def test_more_steps_than_were_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = look(monkeypatch)
    with ProgressBar("picture", 1) as progress:
        progress.step()
        progress.step()
    assert "2 of 2 pictures" in terminal.getvalue()


def test_no_bar_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar("picture", 4) as progress:
        progress.step()
        progress.say("a.jpg")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("a.jpg\n", "")


def test_a_line_says_that_what_stayed_as_it_is_was_copied() -> None:
    kept = FileOutcome("/p/a.heic", "unchanged", "cannot be converted", 2_000_000, 2_000_000)
    copied = msgspec.structs.replace(kept, output="/out/a.heic")
    assert "copied" not in _line(kept)
    assert _line(copied).endswith("cannot be converted; copied as it is to the output folder")
