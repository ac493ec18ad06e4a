"""Fixtures for all tests."""

import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from support import THIS_MACHINE_CANNOT, corpus

# How long an example takes says how busy the computer is, and nothing about the code.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")

# A background job of a script ignores Ctrl-C, one under nohup a terminal that closes, and so would every
# program that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what this machine cannot run, each with its reason; `tests/run.py` counts them."""
    lacks = {
        "corpus": None if corpus() else "the image corpus is not at hand",
        "posix": None if os.name == "posix" else "needs POSIX",
        "root": None if hasattr(os, "geteuid") and os.geteuid() == 0 else "needs root",
    }
    for item in items:
        for mark, reason in lacks.items():
            if reason and mark in item.keywords:
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """List what did not run, and why.

    In CI that is a failure. Only the corpus may be missing, and what no installing could bring.
    """
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    skipped = Counter(str(report.longrepr[-1]) for report in reporter.stats.get("skipped", ()))
    if skipped:
        reporter.write_line("")
    for reason, count in sorted(skipped.items()):
        reporter.write_line(f"not run: {count}, {reason.removeprefix('Skipped: ')}")
    excused = ("corpus", THIS_MACHINE_CANNOT)
    unexpected = [reason for reason in skipped if not any(excuse in reason for excuse in excused)]
    if unexpected and os.environ.get("CI") == "true" and exitstatus == 0:
        reporter.write_line("In CI a test that did not run is a failure.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


collect_ignore = (
    []
    if os.name == "posix"
    else [
        "control/test_transport.py",
        "privacy/test_domain.py",
        "privacy/test_landlock.py",
        "privacy/test_locks.py",
        "privacy/test_other_systems.py",
        "privacy/test_proof.py",
        "store/test_other_systems.py",
        "store/test_read_source.py",
        "watch/test_fallback.py",
        "watch/test_observer.py",
        "watch/test_other_systems.py",
        "watch/test_remote.py",
        "watch/test_root_events.py",
        "watch/test_slow_writers.py",
        "workers/test_deaths.py",
        "workers/test_lifetime.py",
        "workers/test_misbehaviour.py",
        "workers/test_other_systems.py",
    ]
)
"""What cannot even be imported without POSIX: users, file locks, limits, sockets that are files."""


@pytest.fixture(autouse=True)
def state_stays_on_its_thread() -> Iterator[None]:
    """Nothing that belongs to the state thread may have been touched on another one."""
    yield
    if (state := sys.modules.get("homepress.daemon.state")) is not None:
        misuses, state.misuses[:] = list(state.misuses), []
        assert not misuses


@pytest.fixture
def corpus_dir() -> Path:
    """The image corpus; use together with `@pytest.mark.corpus`."""
    folder = corpus()
    assert folder is not None
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh HOMEPRESS_HOME, so that no test sees or touches the user's."""
    folder = tmp_path / "homepress-home"
    monkeypatch.setenv("HOMEPRESS_HOME", str(folder))
    return folder
