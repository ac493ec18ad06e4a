"""Pictures and pages that are made from the code are not behind it."""

import importlib.util
import sys
from types import ModuleType

import pytest

from support import REPOSITORY


@pytest.fixture
def rooms(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    file = REPOSITORY / "packaging" / "rooms.py"
    spec = importlib.util.spec_from_file_location("rooms", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "rooms", module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_picture_of_the_rooms_shows_who_imports_whom(rooms: ModuleType) -> None:
    drawn = (REPOSITORY / "docs" / "images" / "rooms.svg").read_text(encoding="utf-8")
    assert drawn == rooms.drawing(rooms.imports_between_rooms()), "draw it again: make generate"


@pytest.mark.slow
def test_the_picture_is_of_something(rooms: ModuleType) -> None:
    imports = rooms.imports_between_rooms()
    assert imports["workers"] == {"compress", "privacy"}
    assert not imports["compress"]
