"""The table of system calls in docs/privacy.md is that of the code, and says what a reader can check."""

import importlib.util
import re
from types import ModuleType

import pytest

from homepress.privacy.calls import GROUPS, NUMBERS
from homepress.privacy.filters import client_policy, daemon_policy, tool_policy, worker_policy
from homepress.privacy.seccomp import ALLOW
from support import REPOSITORY

PAGE = (REPOSITORY / "docs" / "privacy.md").read_text(encoding="utf-8")
ROWS = [
    line.strip("| ").split(" | ") for line in PAGE.splitlines() if re.match(r"\| \*\*[a-z0-9' ]+\*\*: ", line)
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


def test_the_number_of_calls_that_a_worker_has_is_right() -> None:
    policy = worker_policy(1)
    known = {
        call: group.name for group in GROUPS for call, (x86, _) in group.calls.items() if x86 is not None
    }
    allowed = {call for call, name in known.items() if name in policy.allowed}
    for call, rule in policy.calls.items():
        (allowed.add if rule.decision.action == ALLOW else allowed.discard)(call)
    assert f"a worker has {len(allowed)} calls of {len(known)}" in PAGE


def test_a_rule_that_a_filter_has_stands_in_its_column() -> None:
    for column, policy in enumerate((worker_policy(1), tool_policy(1), daemon_policy(), client_policy()), 1):
        cells = " ".join(row[column] for row in ROWS)
        for call, rule in policy.calls.items():
            assert not rule.words or f"`{call}`" in cells, call


def test_a_page_without_marks_is_refused(table: ModuleType) -> None:
    with pytest.raises(ValueError, match="marks"):
        table.with_table("no table")
