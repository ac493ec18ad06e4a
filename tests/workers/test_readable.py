"""What stays readable behind the lock."""

import sys
from pathlib import Path

import pytest

import homepress
from homepress.workers.command import SYSTEM_LIBRARIES, readable


def test_our_code_python_and_the_systems_libraries_are(tmp_path: Path) -> None:
    folders = readable(tmp_path)
    assert Path(homepress.__file__).parent in folders
    assert set(SYSTEM_LIBRARIES) <= set(folders)
    assert any(Path(sys.modules["json"].__file__ or "").is_relative_to(folder) for folder in folders)


@pytest.mark.parametrize("entry", ["home", "home/..", ""])
def test_a_module_path_that_holds_the_home_is_not(
    entry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with PYTHONPATH=$HOME in the user's profile."""
    home = tmp_path / "home"
    home.mkdir()
    too_wide = Path("/") if not entry else (tmp_path / entry).resolve()
    monkeypatch.setattr("sys.path", [*sys.path, str(too_wide), "relative", ""])
    folders = readable(home)
    assert too_wide not in folders
    assert not any(home.is_relative_to(folder) for folder in folders)
    assert all(folder.is_absolute() for folder in folders)


def test_a_module_path_beneath_the_home_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", [*sys.path, str(tmp_path / "venv" / "lib")])
    assert tmp_path / "venv" / "lib" in readable(tmp_path)
