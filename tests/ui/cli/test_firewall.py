"""`homepress firewall`: what it says and prints, with a firewall that keeps what it is given."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from homepress.desktop import firewall
from homepress.desktop.firewall import Firewall
from ui.cli.running import Run

PROGRAM = Path("/Programs/homepress")


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of the rules that are there."""
    rules: set[str] = set()

    def netsh(command: Sequence[str]) -> tuple[int, str]:
        verb, name = command[3], command[5].removeprefix("name=")
        if verb == "show":
            return (0, name) if name in rules else (1, "No rules match.")
        (rules.add if verb == "add" else rules.discard)(name)
        return 0, "Ok."

    monkeypatch.setattr(firewall, "firewall", lambda: Firewall([PROGRAM], netsh))
    return rules


@pytest.mark.usefixtures("windows")
def test_in_json_each_command_prints_how_the_rules_are_afterwards(run: Run) -> None:
    for arguments, there in (
        (["status"], False),
        (["add", "--python"], True),
        (["status"], True),
        (["remove"], False),
    ):
        (rule,) = run("firewall", *arguments, "--json").json
        assert (rule["program"], rule["there"]) == (str(PROGRAM), there), arguments


def test_a_python_is_shut_out_only_when_that_is_said(run: Run, windows: set[str]) -> None:
    refused = run("firewall", "add")
    assert refused.code == 2 and str(PROGRAM) in refused.err and not windows
    assert run("firewall", "add", "--python").out == "Added. See: homepress firewall status\n"
    assert len(windows) == 1
    assert run("firewall", "remove").out == "Removed.\n" and not windows


@pytest.mark.parametrize("arguments", [["add", "--python"], ["remove"]])
def test_other_systems_need_none(run: Run, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    monkeypatch.setattr(firewall, "firewall", lambda: None)
    ran = run("firewall", *arguments, "--json")
    assert ran.code == 2 and "only Windows needs a rule" in ran.err
