"""The table of system errors: complete, and every row fit to be read by a person."""

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from homepress.base import system_errors
from homepress.base.system_errors import (
    DEFAULT,
    UNRELATED,
    Explanation,
    Retry,
    Scope,
    explain,
    explain_as,
    explained,
    in_log,
    in_words,
    is_away,
    of_originals,
    of_output,
    printable,
    quoted,
    with_name,
)

ROWS = list(system_errors._BY_NAME.values())


FILES = sorted(number for number in errno.errorcode if number < 10_000)
"""From 10,000 on they are Winsock's, of sockets alone."""


@pytest.mark.parametrize("number", FILES)
def test_every_error_of_this_system_has_a_row_or_is_listed_as_unrelated_to_files(number: int) -> None:
    name = errno.errorcode[number]
    row = explain(OSError(number, os.strerror(number)))
    same = {other for other in dir(errno) if getattr(errno, other) == number}
    assert (row is DEFAULT) == (not same & set(system_errors._BY_NAME))
    assert row is not DEFAULT or name in UNRELATED, f"{name} is neither in the table nor listed as unrelated"


@pytest.mark.parametrize(("system", "said"), [("darwin", True), ("linux", False)])
def test_a_mac_names_the_consent_that_may_be_missing(system: str, said: bool) -> None:
    """What a program may not see for want of consent is refused with EPERM, as what is immutable is."""
    script = (
        "import errno, sys; sys.platform = sys.argv[1]; from homepress.base.system_errors import explain;"
        "print(explain(PermissionError(errno.EPERM, 'x')))"
    )
    done = subprocess.run((sys.executable, "-c", script, system), capture_output=True, text=True, check=True)
    assert ("Privacy & Security" in done.stdout) is said
    assert len(done.stdout) < 200


def test_no_name_is_both_in_the_table_and_unrelated() -> None:
    assert not UNRELATED & set(system_errors._BY_NAME)


@pytest.mark.parametrize("number", [None, 0, 512, 99_999])
def test_a_number_that_no_list_knows_is_the_computers_trouble(number: int | None) -> None:
    error = OSError("odd") if number is None else OSError(number, "odd")
    assert explain(error) is DEFAULT
    assert DEFAULT.scope is Scope.COMPUTER
    assert "odd" in in_words(error)


@pytest.mark.parametrize("row", [*ROWS, DEFAULT], ids=lambda row: row.name)
def test_a_row_reads_well_after_the_name_of_a_file(row: Explanation) -> None:
    for part in (row.words, *filter(None, [row.cure])):
        assert part[0].islower() or part.startswith("Homepress")
        assert not part.endswith((".", ";", " "))
    assert len(str(row)) < 200
    assert row.scope is not Scope.PROGRAM, "what the system refuses is never a fault of ours"
    assert row.cure or row.scope is not Scope.DISK or row.name == "EUSERS", "a disk's trouble has a cure"


@pytest.mark.parametrize(
    ("name", "scope", "retry"),
    [
        ("ENOSPC", Scope.DISK, Retry.LATER),
        ("ENOTCONN", Scope.DISK, Retry.LATER),
        ("ENODEV", Scope.DISK, Retry.LATER),
        ("ENXIO", Scope.DISK, Retry.LATER),
        ("EIO", Scope.DISK, Retry.LATER),
        ("ETIMEDOUT", Scope.DISK, Retry.LATER),
        ("EHOSTDOWN", Scope.DISK, Retry.LATER),
        ("ESTALE", Scope.DISK, Retry.LATER),
        ("EINVAL", Scope.FILE, Retry.CHANGED),
        ("EILSEQ", Scope.FILE, Retry.CHANGED),
        ("ENAMETOOLONG", Scope.FILE, Retry.CHANGED),
        ("EFBIG", Scope.FILE, Retry.CHANGED),
        ("ELOOP", Scope.FILE, Retry.CHANGED),
        ("EBUSY", Scope.FILE, Retry.SOON),
        ("ETXTBSY", Scope.FILE, Retry.SOON),
        ("EMFILE", Scope.COMPUTER, Retry.SOON),
        ("ENFILE", Scope.COMPUTER, Retry.SOON),
        ("ENOMEM", Scope.COMPUTER, Retry.SOON),
        ("ENOLCK", Scope.COMPUTER, Retry.SOON),
    ],
)
def test_whose_trouble_it_is(name: str, scope: Scope, retry: Retry) -> None:
    row = explained(name)
    assert (row.scope, row.retry) == (scope, retry)
    if hasattr(errno, name):
        assert explain(OSError(getattr(errno, name), "")) == row


def test_windows_codes_say_more_than_the_errno_that_python_makes_of_them() -> None:
    shared, full, odd = OSError(errno.EACCES, "x"), OSError(errno.EINVAL, "x"), OSError(errno.ENOSPC, "x")
    for error, code in ((shared, 32), (full, 112), (odd, 77_777)):
        error.winerror = code  # type: ignore[attr-defined]
    assert (explain(shared).name, explain(full).name, explain(odd).name) == ("EBUSY", "ENOSPC", "ENOSPC")


def test_every_windows_code_leads_to_a_row() -> None:
    assert set(system_errors._WINDOWS.values()) <= set(system_errors._BY_NAME)


def test_an_error_may_bring_its_own_explanation_and_stays_what_it_is() -> None:
    own = Explanation("LOCKED", Scope.COMPUTER, "another program has it locked", "wait", Retry.SOON)
    error = explain_as(OSError(errno.EAGAIN, "database is locked", "x"), own, "/state/ledger")
    assert isinstance(error, BlockingIOError)
    assert explain(error) is own
    assert with_name(error) == "/state/ledger: another program has it locked; wait (database is locked)"


def test_what_concerns_the_originals_stands_against_every_picture_and_is_waited_for() -> None:
    gone = of_originals(OSError(errno.ENOENT, "No such file or directory", "part"), "/home/a/originals")
    assert isinstance(gone, FileNotFoundError)
    assert (explain(gone).scope, explain(gone).retry) == (Scope.ORIGINALS, Retry.LATER)
    assert with_name(gone).startswith("/home/a/originals: it is not there any more; connect it again")
    assert with_name(of_originals(gone, "/elsewhere")).startswith("/home/a/originals: ")


def test_what_concerns_the_output_folder_does_not_blame_the_picture() -> None:
    gone = of_output(OSError(errno.ENOENT, "No such file or directory", "o"), "/nowhere/o")
    assert (explain(gone).scope, explain(gone).retry) == (Scope.FOLDER, Retry.LATER)
    assert with_name(gone).startswith("/nowhere/o: results cannot be written to this folder; choose another")
    full = of_output(OSError(errno.ENOSPC, "No space left on device", "o"), "/nowhere/o")
    assert explain(full).scope is Scope.DISK


def test_a_sentence_names_the_file_and_survives_any_name() -> None:
    error = OSError(errno.ENOSPC, "No space left on device", b"/a/\xff.jpg")
    assert with_name(error).startswith("/a/\\xff.jpg: its disk")
    assert with_name(OSError(errno.EIO, "x")).startswith("this computer: ")
    assert with_name(error, "Photo") == f"Photo: {in_words(error)}"
    assert (printable("a\udcff"), printable("a\ud800")) == ("a\\xff", "a\\ud800")


def test_a_path_can_be_copied_out_of_the_log_and_no_name_begins_a_line_there() -> None:
    windows = "C:\\Users\\ann\\Bilder für später\\a.jpg"
    assert quoted(windows) == f"'{windows}'"
    error = OSError(errno.EACCES, "Permission denied", windows, None, windows + "2")
    _, said = in_log(error).split("] ")  # after the number, which Windows gives otherwise
    assert said == f"Permission denied: '{windows}' -> '{windows}2'"
    assert in_log(ValueError("x")) == "x"
    assert quoted("/a\n2026-01-01 \x1b.jpg") == "'/a\\n2026-01-01 \\x1b.jpg'"
    assert quoted(b"/a/\xff.jpg") == quoted("/a/\udcff.jpg") == "'/a/\\xff.jpg'"


def test_no_command_in_a_message_quotes_a_path_by_itself() -> None:
    """A command that a person copies has its words as the shell of this system takes them."""
    commands = r"(add|remove|undo|history|in-place) \{(?!shell_word|in_command)"
    quotes = re.compile(rf"""(homepress|chmod)[^"\n]*(\x27\{{|{commands})|shell_word\(where\(""")
    package = Path(system_errors.__file__).parents[1]
    found = [
        f"{path.name}: {line.strip()}"
        for path in sorted(package.rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if quotes.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("name", ["ENOTCONN", "ESTALE", "EHOSTDOWN", "ENODEV", "ENETUNREACH"])
def test_what_is_not_within_reach_is_away(name: str) -> None:
    assert is_away(OSError(getattr(errno, name), ""))


@pytest.mark.parametrize("name", ["ENOENT", "EACCES", "EIO", "ENOSPC", "EROFS"])
def test_what_is_wrong_here_is_not(name: str) -> None:
    assert not is_away(OSError(getattr(errno, name), ""))


def test_a_drive_that_is_not_ready_on_windows_is_away() -> None:
    error = OSError(errno.EACCES, "")
    error.winerror = 21  # type: ignore[attr-defined,unused-ignore]
    assert is_away(error)
