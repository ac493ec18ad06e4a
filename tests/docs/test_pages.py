"""Links lead somewhere, shown settings are valid, and every page can be found from the README."""

import re
from pathlib import Path

import pytest

from docs import pages
from homepress.settings import parse
from support import REPOSITORY


def name_of(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


@pytest.mark.parametrize("page", pages.PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in pages.links(page):
        if link.startswith(("https:", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{link} leads nowhere"
        assert not anchor or anchor in pages.anchors(target), f"{link} leads to no heading"


@pytest.mark.parametrize("page", pages.PAGES, ids=name_of)
def test_settings_that_are_shown_are_valid(page: Path, tmp_path: Path) -> None:
    for block in pages.blocks(page):
        if block.language == "toml" and "[[folder]]" in block.text:
            parse(block.text, tmp_path / f"line {block.line}")


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [REPOSITORY / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        for link in pages.links(page):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.exists() and target not in reached:
                waiting.append(target)
    assert set(pages.PAGES) <= reached


@pytest.mark.parametrize("page", pages.PAGES, ids=name_of)
def test_every_row_of_a_table_has_the_cells_of_its_head(page: Path) -> None:
    """A line break or a bare | within a cell breaks the table for whoever reads the page."""
    width, fenced = 0, False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        fenced ^= line.startswith("```")
        if fenced or not line.startswith("|"):
            width = 0
            continue
        cells = len(re.findall(r"(?<!\\)\|", re.sub(r"`[^`]*`", "", line))) - 1
        width = width or cells
        assert cells == width, f"line {number}"
        assert line.endswith("|"), f"line {number}"
