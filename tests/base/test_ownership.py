"""Folders that are the user's alone: as Windows keeps them, over stand-ins. POSIX is in `test_paths`."""

from pathlib import Path

import pytest

from homepress.base.ownership import make_private, windows


class Api:
    """The calls of Windows, recorded."""

    def __init__(self, refusal: str = "", *, lists: bool = True) -> None:
        self.closed: list[tuple[str, str]] = []
        self._refusal, self._lists = refusal, lists

    def set_access_list(self, folder: str, text: str) -> str:
        self.closed.append((folder, text))
        return self._refusal

    def keeps_access_lists(self, path: str) -> bool:
        return self._lists


def test_windows_gets_a_list_that_inherits_nothing_and_has_nobody_else(tmp_path: Path) -> None:
    api = Api()
    windows.close_to_others(tmp_path, api)
    ((folder, text),) = api.closed
    assert folder == str(tmp_path)
    assert text.startswith("D:P(") and not {"WD", "BU", "AU"} & set(text.replace(")", ";").split(";"))


def test_a_folder_that_stays_open_to_others_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(PermissionError, match="Access is denied") as refused:
        windows.close_to_others(tmp_path, Api("Access is denied"))
    assert refused.value.filename == str(tmp_path)
    assert "HOMEPRESS_HOME" in str(refused.value)


def test_a_drive_without_access_lists_stays_as_it_is(tmp_path: Path) -> None:
    windows.close_to_others(tmp_path, Api("Incorrect function", lists=False))


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(PermissionError, match="not a plain folder"):
        make_private(tmp_path / "file")
