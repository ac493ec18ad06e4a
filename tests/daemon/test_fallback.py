"""Where results go when nothing can be replaced safely."""

from pathlib import Path

import pytest

from homepress.compress.model import Recipe
from homepress.daemon import fallback
from homepress.daemon.fallback import Fallbacks
from homepress.daemon.pipeline.job import Destination, Plan
from homepress.store.health import Abilities

FAT = Abilities(exchange=False, link=False, lease=False)


def plan(root: Path, destination: Destination = Destination.REPLACE) -> Plan:
    return Plan(Recipe(), "balanced", destination, root=root)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders whose file system was asked; all of them answer as FAT does."""
    looked: list[Path] = []

    def answer(path: Path) -> Abilities:
        looked.append(path)
        return FAT

    monkeypatch.setattr(fallback, "abilities", answer)
    return looked


def test_results_go_beside_the_folder_and_the_disk_is_asked_once(tmp_path: Path, asked: list[Path]) -> None:
    root = tmp_path / "DCIM"
    root.mkdir()
    fallbacks = Fallbacks()
    for _ in range(3):
        changed = fallbacks.plan(root, plan(root))
        assert changed.destination is Destination.OUTPUT
        assert changed.output == tmp_path / "DCIM (smaller)"
    assert asked == [root]
    assert not (tmp_path / "DCIM (smaller)").exists()


def test_where_something_else_has_that_name_the_folder_says_what_to_do(
    tmp_path: Path, asked: list[Path]
) -> None:
    root = tmp_path / "DCIM"
    root.mkdir()
    (tmp_path / "DCIM (smaller)").write_bytes(b"a file")
    found = Fallbacks().of(root)
    assert found is not None
    assert found.output is None
    assert "--output DIR" in found.why
    assert Fallbacks().plan(root, plan(root)) == plan(root)


def test_other_folders_are_not_even_asked(tmp_path: Path, asked: list[Path]) -> None:
    output = plan(tmp_path, Destination.OUTPUT)
    assert Fallbacks().plan(tmp_path, output) is output
    assert Fallbacks().of(tmp_path / "away") is None
    assert asked == []


def test_where_pictures_can_be_replaced_nothing_is_different(tmp_path: Path) -> None:
    assert Fallbacks().of(tmp_path.resolve()) is None
    assert list(tmp_path.iterdir()) == []
