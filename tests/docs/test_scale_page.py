"""The page about watching at scale is made of the figures beside it, and of nothing else."""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from support import REPOSITORY

FOLDER = REPOSITORY / "docs" / "benchmarks"


@pytest.fixture(scope="module")
def report() -> ModuleType:
    # Where its command is started from.
    sys.path.append(str(REPOSITORY))
    return importlib.import_module("benchmarks.watching.report")


def test_the_page_and_its_plot_are_made_of_the_figures(report: ModuleType) -> None:
    rows = report.read(FOLDER / "scale.json")
    again = "write it again: python benchmarks/scale.py --page --json docs/benchmarks/scale.json --report …"
    assert (FOLDER / "scale.md").read_text(encoding="utf-8") == report.page(rows, "scale.svg"), again
    assert (FOLDER / "scale.svg").read_text(encoding="utf-8") == report.plot(rows), again


def test_every_result_says_on_what_and_beside_what_it_was_measured(report: ModuleType) -> None:
    rows = report.read(FOLDER / "scale.json")
    assert rows
    assert all(row.machine and row.beside for row in rows.values())
    page = report.page(rows, "scale.svg")
    assert all(row.machine in page and row.beside in page for row in rows.values())


def test_rows_are_read_as_they_were_written(report: ModuleType, tmp_path: Path) -> None:
    rows = report.read(FOLDER / "scale.json")
    report.write(tmp_path / "rows.json", rows)
    assert report.read(tmp_path / "rows.json") == rows
    assert json.loads((tmp_path / "rows.json").read_text(encoding="utf-8")).keys() == rows.keys()
    assert report.read(tmp_path / "nothing.json") == {}
