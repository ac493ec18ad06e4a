"""docs/dependencies.md and pyproject.toml name the same packages."""

import re
import tomllib

from support import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
PAGE = (REPOSITORY / "docs" / "dependencies.md").read_text(encoding="utf-8")


def wanted(requirements: list[str]) -> set[str]:
    """Names of packages, the way the index spells them."""
    return {re.split(r"[^\w.-]", requirement)[0].lower() for requirement in requirements}


def documented(heading: str) -> dict[str, list[str]]:
    """The rows of the table under a heading: the cells by the package's name."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if "|" in line
    ]
    return {row[0].partition(" (")[0].lower(): row for row in rows[2:]}


def test_what_is_installed_with_homepress() -> None:
    assert documented("At run time").keys() == wanted(PROJECT["project"]["dependencies"])


def test_what_the_window_needs() -> None:
    assert documented("For the window").keys() == wanted(
        PROJECT["project"]["optional-dependencies"]["window"]
    )


def test_what_developers_need() -> None:
    groups = PROJECT["dependency-groups"].values()
    needed = {name for group in groups for name in wanted(group)} | wanted(
        PROJECT["build-system"]["requires"]
    )
    assert documented("For development").keys() == needed


def test_every_line_has_purpose_licence_wheels_and_what_would_be_without_it() -> None:
    for heading in ("At run time", "For the window", "For development"):
        for name, cells in documented(heading).items():
            assert len(cells) == 5, name
            assert all(cells), name
