"""The log forgets names, in every one of its files, while the daemon has it open."""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from homepress.base.paths import Paths
from homepress.base.system_errors import quoted
from homepress.daemon.logs import forget, write_log
from support import full_path


@pytest.fixture
def paths(home: Path) -> Iterator[Paths]:
    found = Paths.from_environment()
    found.ensure()
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    logging.getLogger().handlers = []
    yield found
    for handler in logging.getLogger().handlers:
        handler.close()
    logging.getLogger().handlers = handlers
    logging.getLogger().setLevel(level)


def test_lines_with_the_name_go_and_later_ones_still_arrive(paths: Paths) -> None:
    write_log(paths, terminal=False)
    logging.info("%r: compressed", str(Path("/home/me/private/a.jpg")))
    logging.info("idle")
    forget(paths.log, Path("/home/me/private"), None)
    logging.info("later")
    text = paths.log.read_text()
    assert "private" not in text
    assert [line.rsplit(" ", 1)[1] for line in text.splitlines()] == ["idle", "later"]
    assert "\0" not in text


def test_what_python_adds_to_a_line_goes_with_it(paths: Paths) -> None:
    write_log(paths, terminal=False)
    try:
        raise OSError(5, "broken", str(Path("/home/me/private/a.jpg")))
    except OSError:
        logging.exception("%s failed", Path("/home/me/private/a.jpg"))
    logging.info("stays")
    forget(paths.log, Path("/home/me/private"), None)
    assert paths.log.read_text().splitlines()[-1].endswith("stays")
    assert len(paths.log.read_text().splitlines()) == 1


def test_old_files_forget_too(paths: Paths) -> None:
    old = paths.log.with_name(f"{paths.log.name}.2")
    named = repr(str(Path("/p/a.jpg")))
    old.write_text(f"2026-01-01 10:00:00,000 INFO {named}: compressed\n2026-01-01 10:00:01,000 INFO idle\n")
    write_log(paths, terminal=False)
    forget(paths.log, Path("/p/a.jpg"), None)
    assert old.read_text() == "2026-01-01 10:00:01,000 INFO idle\n"


def test_before_a_time_all_goes(paths: Paths) -> None:
    old = paths.log.with_name(f"{paths.log.name}.1")
    old.write_text("2026-01-01 10:00:00,000 INFO '/p/a.jpg': compressed\nTraceback\n")
    write_log(paths, terminal=False)
    logging.info("new")
    forget(paths.log, None, time.time() - 3600)
    assert old.read_text() == ""
    assert "new" in paths.log.read_text()


@pytest.mark.parametrize("written", [quoted, repr, ascii])
def test_a_name_with_accents_goes_however_it_was_written(paths: Paths, written: Callable[[str], str]) -> None:
    """Earlier versions escaped what is not ASCII, and on Windows doubled the backslashes."""
    picture = full_path("/home/me/Bilder für später/a.jpg")
    paths.log.write_text(f"2026-01-01 10:00:00,000 INFO {written(picture)}: compressed\n", "utf-8")
    forget(paths.log, Path(full_path("/home/me/Bilder für später")), None)
    assert paths.log.read_text("utf-8") == ""


def test_bytes_that_are_no_utf8_stay_as_they_are(paths: Paths) -> None:
    paths.log.write_bytes(b"2026-01-01 10:00:00,000 INFO \xff\r\n2026-01-01 10:00:00,000 INFO p.a\n")
    forget(paths.log, Path("p.a"), None)
    assert paths.log.read_bytes() == b"2026-01-01 10:00:00,000 INFO \xff\r\n"


@pytest.mark.posix("modes")
def test_nobody_else_can_read_it_whatever_it_was_before(paths: Paths) -> None:
    old = paths.log.with_name(f"{paths.log.name}.1")
    before = os.umask(0)
    try:
        for file in (old, paths.log):
            file.touch(0o666)
        write_log(paths, terminal=False)
    finally:
        os.umask(before)
    assert {file.stat().st_mode & 0o777 for file in (old, paths.log)} == {0o600}


_COMMAND = """
import logging, sys
from homepress.base.paths import Paths
from homepress.daemon.commands.connect import ConnectOptions, connect_or_local

with connect_or_local(Paths.from_environment(), ConnectOptions(writes=sys.argv[1] == "writes")):
    logging.getLogger("homepress.any").warning("what only a log is for")
"""


@pytest.mark.parametrize("kind", ["writes", "tries"])
def test_a_command_without_a_daemon_prints_no_line_of_the_log(paths: Paths, kind: str) -> None:
    """One that has the lock writes it where the daemon does; one that only tries, nowhere."""
    command = [sys.executable, "-c", _COMMAND, kind]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert (done.stdout, done.stderr) == ("", "")
    written = paths.log.read_text("utf-8") if paths.log.exists() else ""
    assert ("what only a log is for" in written) is (kind == "writes")
