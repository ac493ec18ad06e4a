"""The report in a real browser: nothing is loaded, the slider moves, everything has a name."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from system.browser import PROGRAM, Page
from system.pictures import jpeg, write
from system.program import Program

_RIGHT = 39
"""The key, in the numbers of Windows that the protocol speaks."""
_NAMED = {"heading", "image", "slider", "RootWebArea", "figure", "columnheader", "rowheader", "region"}


@pytest.fixture
def report(program: Program, inbox: Path, tmp_path: Path) -> Path:
    """A report on one picture whose name is a trap."""
    write(inbox / '"><script>alert(1)<script>.jpg'.replace("/", ""), jpeg(1))
    program.watch(inbox, existing="compress")
    program.run("run", "--once", "--no-tray")
    file = tmp_path / "report.html"
    program.run("report", "--no-open", "--pictures", "3", "--output", str(file))
    return file


@pytest.fixture
def page(report: Path, tmp_path: Path) -> Iterator[Page]:
    """The report in a browser."""
    made = Page(report, tmp_path / "browser")
    yield made
    made.close()


@pytest.mark.slow
def test_nothing_in_it_comes_from_elsewhere(report: Path) -> None:
    text = report.read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]
    assert re.findall(r"https?://|src=\"(?!data:)|<link|@import|url\(", text) == []
    assert "<script>alert" not in text
    assert report.stat().st_mode & 0o077 == 0, "pictures are in it"


@pytest.mark.slow
@pytest.mark.skipif(not PROGRAM, reason="needs chromium")
def test_in_a_browser(page: Page, report: Path) -> None:
    # The policy lets the page's own script and style work: the divider follows the keyboard.
    where = "getComputedStyle(document.querySelector('.pair')).getPropertyValue('--at')"
    assert page.value(where) == "50%"
    page.value("document.querySelector('input[type=range]').focus()")
    for _ in range(5):
        page.press("ArrowRight", _RIGHT)
    assert page.value(where) == "55%"
    # Both pictures are there, and nothing but them was asked for, not even from this computer.
    assert page.value("[...document.images].map(image => image.naturalWidth > 0)") == [True, True]
    outside = [url for url in page.requests if not url.startswith("data:image/") and url != report.as_uri()]
    assert outside == []
    # A screen reader is told the name of each heading, picture, table cell and control.
    tree = page.tree()
    assert {"heading", "image", "slider", "rowheader"} <= {role for role, _ in tree}
    assert [(role, name) for role, name in tree if role in _NAMED and not name.strip()] == []
    [divider] = [name for role, name in tree if role == "slider"]
    assert "before left of it, after right of it" in divider
    assert sum("after" in name for role, name in tree if role == "image") == 1
