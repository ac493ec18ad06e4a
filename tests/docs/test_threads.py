"""The page about threads names every thread and every lock of the rooms that decide."""

import re

import pytest

from support import REPOSITORY

PAGE = (REPOSITORY / "docs" / "threads.md").read_text(encoding="utf-8")
PACKAGE = REPOSITORY / "daemon" / "homepress"
SOURCES = {
    path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8")
    for room in ("daemon", "base", "watch")
    for path in (PACKAGE / room).rglob("*.py")
}
LOCK = re.compile(r"threading\.(?:R?Lock|Condition|(?:Bounded)?Semaphore)\(")
NAME = re.compile(r"""name=f?"([a-z -]+)""")


def test_every_lock_of_the_rooms_that_decide_has_its_reason_on_the_page() -> None:
    locked = {name for name, text in SOURCES.items() if name.startswith("daemon/") and LOCK.search(text)}
    assert locked == set(re.findall(r"`(daemon/[\w/]+\.py)`", PAGE))


def test_the_number_of_locks_is_that_of_the_page_about_the_architecture() -> None:
    locks = sum(len(LOCK.findall(path.read_text(encoding="utf-8"))) for path in PACKAGE.rglob("*.py"))
    page = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert re.findall(r"and (\d+) locks\.", page) == [str(locks)]


@pytest.mark.parametrize(
    "name",
    sorted({name for text in SOURCES.values() if "threading.Thread(" in text for name in NAME.findall(text)}),
)
def test_every_thread_of_the_daemon_is_on_the_page(name: str) -> None:
    assert name.strip(" -") in PAGE, "its row is missing"
