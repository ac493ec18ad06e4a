"""Commands in the files of the systems, for any path."""

import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from homepress.desktop.entries import (
    desktop_exec,
    split_desktop_exec,
    systemd_assignment,
    systemd_exec,
    windows_command,
)

ODD = '/home/it\'s "odd"/100 % of $HOME/back\\slash `x`/homepress'
words = st.text(st.characters(min_codepoint=32, exclude_characters="\x7f", codec="utf-8"), min_size=1)


@given(st.lists(words, min_size=1, max_size=4))
@example([ODD, "run", "--login"])
def test_a_desktop_entry_gives_back_the_command_it_was_given(command: list[str]) -> None:
    assert split_desktop_exec(desktop_exec(command)) == command


def test_an_exec_line_reads_as_the_specification_has_it() -> None:
    assert desktop_exec(["/usr/bin/homepress", "run"]) == "/usr/bin/homepress run"
    assert desktop_exec(["/a b/homepress", "%F"]) == '"/a b/homepress" %F'
    assert desktop_exec(["/a%b"]) == "/a%%b"
    # Twice escaped: once as a quoted argument, once as a string of the file.
    assert desktop_exec(["/a$b"]) == r'"/a\\$b"'
    assert desktop_exec(["/a\\b"]) == r'"/a\\\\b"'
    assert desktop_exec(['/a"b']) == r'"/a\\"b"'


def test_a_unit_reads_as_the_manual_has_it() -> None:
    assert systemd_exec(["/usr/bin/homepress", "run"]) == "/usr/bin/homepress run"
    assert systemd_exec(["/a b/homepress", "50%"]) == '"/a b/homepress" 50%%'
    assert systemd_exec(["/a$b/x", "y$z"]) == "/usr/bin/env /a$$b/x y$$z"
    assert systemd_assignment("HOMEPRESS_HOME", '/a "b" $c %d') == r'"HOMEPRESS_HOME=/a \"b\" $c %%d"'


@pytest.mark.parametrize("quote", [desktop_exec, systemd_exec])
def test_a_line_break_in_a_path_is_refused(quote) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="control character"):
        quote(["/a\nb"])


def test_a_windows_command_has_its_program_in_quotes() -> None:
    assert windows_command(["C:\\Program Files\\x\\homepressw.exe", "run", "--login"]) == (
        '"C:\\Program Files\\x\\homepressw.exe" run --login'
    )
    assert windows_command(["C:\\x.exe"]) == '"C:\\x.exe"'
    assert subprocess.list2cmdline(["a b"]) in windows_command(["C:\\x.exe", "a b"])
