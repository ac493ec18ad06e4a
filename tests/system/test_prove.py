"""`homepress prove`, with and without a daemon."""

import sys
from pathlib import Path

import pytest

from system.program import Program

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the system's refusals are measured on Linux")


def test_the_proof_holds_for_a_running_daemon_and_its_workers(program: Program, inbox: Path) -> None:
    program.watch(inbox)
    program.start()
    proof = program.json("prove")
    assert proof["holds"], proof["problems"]
    names = [party["name"] for party in proof["parties"]]
    assert names[:2] == ["daemon", "worker 1"]
    assert proof["comparison"]["connected"]
    for party in proof["parties"]:
        leaves = [attempt for attempt in party["attempts"] if not attempt["local"]]
        assert leaves
        assert not [attempt for attempt in leaves if attempt["allowed"]]
    assert proof["sample"]["after_bytes"] < proof["sample"]["before_bytes"]


def test_the_proof_in_words_names_what_to_type(program: Program) -> None:
    words = program.run("prove")
    assert "Nothing can be sent" in words
    assert "Do not believe it" in words
