"""What would be said to the Windows firewall, and what is made of its answers."""

import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

import pytest

from homepress.desktop.firewall import Firewall, FirewallError, FirewallRule, own_programs

PROGRAM = Path("C:/Program Files/Homepress & Söhne/homepress.exe")


class Netsh:
    """A firewall that keeps the rules that it is given."""

    def __init__(self, *, refuses: str = "", forgets: bool = False) -> None:
        self.asked: list[tuple[str, ...]] = []
        self._rules: set[str] = set()
        self._refuses, self._forgets = refuses, forgets

    def __call__(self, command: Sequence[str]) -> tuple[int, str]:
        assert command[:3] == ("netsh", "advfirewall", "firewall")
        verb, name = command[3], command[5].removeprefix("name=")
        if verb == "show":
            there = name in self._rules
            return (0, f"Rule Name:   {name}\r\nEnabled: Yes") if there else (1, "No rules match.")
        self.asked.append(tuple(command[3:]))
        if self._refuses:
            return 1, self._refuses
        if verb == "add" and not self._forgets:
            self._rules.add(name)
        self._rules -= {name} if verb == "delete" else set()
        return 0, "Ok."


def test_a_rule_blocks_both_directions_for_the_very_file_and_goes_again() -> None:
    netsh = Netsh()
    firewall = Firewall([PROGRAM], netsh)
    assert firewall.rules() == [FirewallRule(PROGRAM, False)]
    firewall.add()
    firewall.add()
    assert firewall.rules() == [FirewallRule(PROGRAM, True)]
    name = f"name={FirewallRule(PROGRAM, True).name}"
    assert netsh.asked == [
        ("add", "rule", name, f"dir={way}", "action=block", f"program={PROGRAM}", "enable=yes", "profile=any")
        for way in ("out", "in")
    ]
    firewall.remove()
    firewall.remove()
    assert netsh.asked[2:] == [("delete", "rule", name)]
    assert firewall.rules() == [FirewallRule(PROGRAM, False)]


def test_names_fit_every_code_page_and_no_two_programs_share_one() -> None:
    one, other = (FirewallRule(Path(f"C:/日本/{name}.exe"), False).name for name in ("a", "b"))
    assert one.isascii() and other.isascii() and one != other and " " not in one


def test_what_windows_says_is_handed_on() -> None:
    words = "The requested operation requires elevation\r\n(Run as administrator)."
    with pytest.raises(FirewallError, match=r"requires elevation \(Run as administrator\)"):
        Firewall([PROGRAM], Netsh(refuses=words)).add()


def test_a_rule_that_is_taken_and_not_shown_is_none() -> None:
    with pytest.raises(FirewallError, match="does not show it"):
        Firewall([PROGRAM], Netsh(forgets=True)).add()


def test_a_program_that_answers_yes_to_everything_is_not_believed() -> None:
    """Such as the netsh of Wine."""
    assert Firewall([PROGRAM], lambda _: (0, "")).rules() == [FirewallRule(PROGRAM, False)]


def test_of_a_bundle_every_program_is_taken_off_the_network(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The daemon is whichever started it, with a console or without; gifsicle lies among the libraries."""
    scripts = tmp_path / "_internal" / "Scripts"
    scripts.mkdir(parents=True)
    wanted = [tmp_path / "homepress.exe", tmp_path / "homepressw.exe", scripts / "gifsicle.exe"]
    for program in (*wanted, tmp_path / "uninstall.exe"):
        program.touch()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "homepressw.exe"))
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(scripts))
    assert own_programs() == wanted
