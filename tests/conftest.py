"""Fixtures for all tests."""

import ast
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
hypothesis.settings.register_profile("few", hypothesis.settings.get_profile("unhurried"), max_examples=15)
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
            if reason and (found := item.get_closest_marker(mark)):
                item.add_marker(pytest.mark.skip(reason=": ".join((reason, *found.args))))


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


NOT_FOR_WINDOWS = {
    "control/test_transport.py": "needs POSIX: sockets that are files",
    "privacy/test_domain.py": "needs POSIX: Landlock, and other users",
    "privacy/test_landlock.py": "needs POSIX: Landlock",
    "privacy/test_locks.py": "needs POSIX: the locks of Linux, and other users",
    "privacy/test_other_systems.py": "needs POSIX: limits of resources",
    "privacy/test_proof.py": "needs POSIX: the lock of Linux",
    "store/test_other_systems.py": "needs POSIX: stand-ins that rename as POSIX does",
    "store/test_read_source.py": "needs POSIX: leases, sockets and pipes that are files",
    "watch/test_fallback.py": "needs POSIX: inotify",
    "watch/test_observer.py": "needs POSIX: inotify",
    "watch/test_other_systems.py": "needs POSIX: stand-ins for fcntl",
    "watch/test_remote.py": "needs POSIX: mounts",
    "watch/test_root_events.py": "needs POSIX: inotify and mounts",
    "watch/test_slow_writers.py": "needs POSIX: leases",
    "workers/test_deaths.py": "needs POSIX: signals",
    "workers/test_launcher.py": "needs POSIX: signals, and descriptors that are passed on",
    "workers/test_lifetime.py": "needs POSIX: other users",
    "workers/test_misbehaviour.py": "needs POSIX: the locks of Linux, and other users",
    "workers/test_other_systems.py": "needs POSIX: stand-ins for its calls",
}
"""What cannot even be imported on Windows, each with the reason."""


class _OtherSystems(pytest.File):
    """A file that this system cannot import; its tests are skipped one by one, so that they are counted."""

    def collect(self) -> Iterator[pytest.Item]:
        for node in ast.walk(ast.parse(self.path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield _OfOtherSystem.from_parent(self, name=node.name)


class _OfOtherSystem(pytest.Item):
    def setup(self) -> None:
        pytest.skip(NOT_FOR_WINDOWS[_name(self.path)])

    def runtest(self) -> None:
        raise AssertionError("this system cannot import it")


def _name(path: Path) -> str:
    return path.relative_to(Path(__file__).parent).as_posix()


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """In the place of a module that cannot be imported, one that says so."""
    if os.name == "posix" or _name(module_path) not in NOT_FOR_WINDOWS:
        return None
    return _OtherSystems.from_parent(parent, path=module_path)


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
