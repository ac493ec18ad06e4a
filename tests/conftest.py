"""Fixtures for all tests."""

import os
from pathlib import Path

import pytest

from support import corpus


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what this machine cannot run, each with its reason; `tests/run.py` counts them."""
    lacks = {
        "corpus": None if corpus() else "the image corpus is not at hand",
        "root": None if hasattr(os, "geteuid") and os.geteuid() == 0 else "needs root",
    }
    for item in items:
        for mark, reason in lacks.items():
            if reason and mark in item.keywords:
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In CI a test that did not run is a failure; only the corpus may be missing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or os.environ.get("CI") != "true" or exitstatus != 0:
        return
    skipped = {str(report.longrepr[-1]) for report in reporter.stats.get("skipped", ())}
    if unexpected := sorted(reason for reason in skipped if "corpus" not in reason):
        reporter.write_line(f"not run, which is a failure in CI: {'; '.join(unexpected)}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


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
