"""The table of system calls in docs/privacy.md is that of the code, and says what a reader can check."""

import importlib.util
import re
from types import ModuleType

import pytest

from homepress.privacy.calls import NUMBERS
from homepress.privacy.filters import client_policy, daemon_policy, tool_policy, worker_policy
from support import REPOSITORY

PAGE = (REPOSITORY / "docs" / "privacy.md").read_text(encoding="utf-8")
ROWS = [
    line.strip("| ").split(" | ") for line in PAGE.splitlines() if re.match(r"\| \*\*[a-z' ]+\*\*: ", line)
]


@pytest.fixture
def table() -> ModuleType:
    spec = importlib.util.spec_from_file_location("call_table", REPOSITORY / "packaging" / "call_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_not_behind_the_code(table: ModuleType) -> None:
    assert table.with_table(PAGE) == PAGE, "make it again: make generate"


def test_every_call_stands_in_it_once() -> None:
    named = [call for row in ROWS for call in re.findall(r"`(\w+)`", row[0].partition(": ")[2])]
    # Reasons may name a call too.
    assert NUMBERS.keys() <= set(named)
    assert len(named) <= len(NUMBERS) + 1


def test_a_rule_that_a_filter_has_stands_in_its_column() -> None:
    for column, policy in enumerate((worker_policy(1), tool_policy(1), daemon_policy(), client_policy()), 1):
        cells = " ".join(row[column] for row in ROWS)
        for call, rule in policy.calls.items():
            assert not rule.words or f"`{call}`" in cells, call


def test_a_page_without_marks_is_refused(table: ModuleType) -> None:
    with pytest.raises(ValueError, match="marks"):
        table.with_table("no table")
