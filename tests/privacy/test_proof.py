"""The proof's verdict: it holds only where everything speaks for it."""

import dataclasses
import os
import subprocess
import sys
from typing import Any

import msgspec
import pytest

from homepress import privacy
from homepress.base.results import Gap, ProbeAttempt
from homepress.privacy import (
    Check,
    Comparison,
    HeldSocket,
    Party,
    ProcessReport,
    Proof,
    Sample,
    linux,
    macos,
    windows,
)

OPEN = ProbeAttempt("TCP", True, "allowed")
REFUSED = ProbeAttempt("TCP", False, "EACCES: Permission denied")
LOCAL = ProbeAttempt("a local socket", True, "allowed", local=True, kind="local")
SEEN = ProcessReport(7, "python", filtered=True, filters=1, no_new_privileges=True, sockets=())
DAEMON = Party("daemon", 7, privacy.WORKER.may, attempts=(REFUSED,), seen=SEEN)
WINDOW = Party("window", 8, privacy.CLIENT.may, attempts=(REFUSED, LOCAL), seen=SEEN)
PROOF = Proof(
    comparison=Comparison(True, "connected", (OPEN,)),
    parties=(DAEMON, WINDOW),
    sample=Sample(100, 50, 0.1),
    checks=(),
    seconds=1.0,
)


def with_daemon(**changes: Any) -> Proof:
    return dataclasses.replace(PROOF, parties=(dataclasses.replace(DAEMON, **changes), WINDOW))


def test_a_gap_that_not_every_process_has_says_whose_it_is() -> None:
    files, devices = Gap("files are open. So they are", "close them", files_open=True), Gap("devices are", "")
    told = privacy.gaps_by_process({"the daemon": (files, devices), "this command": (devices,)})
    assert [gap.process for gap in told] == ["the daemon", ""]
    assert told[0].sentence == "The daemon alone: files are open. So they are. To close it: close them"
    assert told[0].files_open and told[1].sentence == "Devices are. There is nothing to do about it yet"


def test_it_holds_when_all_is_refused() -> None:
    assert PROOF.holds
    assert PROOF.problems() == []


@pytest.mark.parametrize(
    ("proof", "problem"),
    [
        (with_daemon(attempts=(OPEN,)), "daemon (process 7) was not refused TCP: allowed"),
        (with_daemon(attempts=(REFUSED, LOCAL)), "daemon (process 7) was not refused a local socket"),
        (with_daemon(attempts=()), "daemon (process 7) did not say"),
        (with_daemon(seen=None), "sockets of daemon (process 7) could not be seen"),
        (with_daemon(seen=dataclasses.replace(SEEN, sockets=None)), "could not be seen"),
        (with_daemon(seen=dataclasses.replace(SEEN, filtered=False)), "names no filter on daemon"),
        (with_daemon(seen=dataclasses.replace(SEEN, no_new_privileges=False)), "names no filter"),
        (
            with_daemon(seen=dataclasses.replace(SEEN, sockets=(HeldSocket(3, "tcp", "1.2.3.4:443"),))),
            "daemon (process 7) holds a tcp socket: 1.2.3.4:443",
        ),
        (
            with_daemon(seen=dataclasses.replace(SEEN, sockets=(HeldSocket(3, "unknown", "socket:[9]"),))),
            "holds a unknown socket",
        ),
        (dataclasses.replace(PROOF, parties=()), "no process of Homepress was asked"),
        (
            dataclasses.replace(PROOF, comparison=Comparison(False, "no", (REFUSED, LOCAL))),
            "an ordinary process was refused too",
        ),
        (
            dataclasses.replace(PROOF, sample=Sample(100, 100, 0.1, "the compressor crashed")),
            "the sample picture was not compressed: the compressor crashed",
        ),
    ],
)
def test_one_thing_against_it_is_enough(proof: Proof, problem: str) -> None:
    assert not proof.holds
    assert [found for found in proof.problems() if problem in found]


def test_named_local_sockets_do_not_speak_against_it() -> None:
    held = (HeldSocket(3, "unix", "/run/user/1000/homepress/socket"),)
    assert with_daemon(seen=dataclasses.replace(SEEN, sockets=held)).holds


def test_it_can_be_told_in_json() -> None:
    told = msgspec.json.decode(msgspec.json.encode(PROOF))
    assert told["parties"][0]["attempts"][0]["answer"] == "EACCES: Permission denied"
    assert msgspec.json.decode(msgspec.json.encode(PROOF), type=Proof) == PROOF


def test_an_ordinary_process_is_let_through_here() -> None:
    comparison = privacy.compare()
    assert comparison.conclusive
    assert comparison.connected or "unreachable" in comparison.answer


@pytest.mark.skipif(sys.platform != "linux", reason="the lock of Linux")
def test_a_real_process_before_and_after_its_lock() -> None:
    code = """
import msgspec, os
from homepress import privacy
from homepress.privacy import Party, Proof
before = privacy.compare()
privacy.lock_daemon()
me = Party("daemon", os.getpid(), privacy.DAEMON.may, privacy.probe(), privacy.report(os.getpid()))
after = privacy.compare()
proofs = [Proof(comparison, (me,), None, (), 0.0) for comparison in (before, after)]
print(msgspec.json.encode([[proof.holds, proof.comparison.connected] for proof in proofs]).decode())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, text=True)
    (before, after) = msgspec.json.decode(done.stdout)
    assert before[0], done.stderr
    assert after == [False, False], "compared with a locked process it would prove nothing"


@pytest.mark.parametrize("system", [linux, macos, windows], ids=lambda system: system.__name__)
def test_every_check_names_the_processes(system: privacy.types.PrivacySystem) -> None:
    checks = system.checks([111, 222])
    assert len(checks) >= 4
    assert any("111" in check.command and "222" in check.command for check in checks)
    assert all(check.shows for check in checks)
    assert all(isinstance(check, Check) for check in checks)


@pytest.mark.skipif(sys.platform != "linux", reason="commands of Linux")
def test_a_printed_check_works_as_printed() -> None:
    (status,) = [check for check in linux.checks([os.getpid()]) if "NoNewPrivs" in check.command]
    done = subprocess.run(["sh", "-c", status.command], capture_output=True, check=True, text=True)
    assert "Seccomp:" in done.stdout and "NoNewPrivs:" in done.stdout
