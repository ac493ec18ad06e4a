"""Pictures that are in no file, through real workers."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from homepress.base.paths import Paths
from homepress.control.service import CompressRequest, ServiceError
from homepress.daemon.commands.in_memory import InMemoryCompressor
from homepress.store.reader import Reader
from homepress.store.store import Store
from homepress.workers import Death, DeathKind, Slot, WorkerDied
from system.pictures import jpeg


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setenv("HOMEPRESS_HOME", str(tmp_path / "home"))
    made = Paths.from_environment()
    made.ensure()
    return made


@pytest.fixture
def compressor(paths: Paths) -> Iterator[InMemoryCompressor]:
    made = InMemoryCompressor(paths)
    yield made
    made.close()


def asked(**words: object) -> CompressRequest:
    return CompressRequest(paths=["a picture"], **words)  # type: ignore[arg-type]


def test_a_picture_gets_smaller_and_is_said_to_be_what_it_was_called(compressor: InMemoryCompressor) -> None:
    source = jpeg(1)
    outcome, result = compressor.compress(source, asked(metadata="strip"))
    assert (outcome.path, outcome.outcome, outcome.missed) == ("a picture", "compressed", False)
    assert (outcome.before_bytes, outcome.after_bytes) == (len(source), len(result))
    assert len(result) < len(source)


def test_a_worker_that_did_not_start_costs_no_picture(
    compressor: InMemoryCompressor, monkeypatch: pytest.MonkeyPatch
) -> None:
    compress, deaths = Slot.compress, [Death(DeathKind.REFUSED_TO_START)]

    def unlucky(slot: Slot, *arguments: Any, **more: Any) -> Any:
        if deaths:
            raise WorkerDied(deaths.pop())
        return compress(slot, *arguments, **more)

    monkeypatch.setattr(Slot, "compress", unlucky)
    assert compressor.compress(jpeg(1), asked())[0].outcome == "compressed"
    deaths += [Death(DeathKind.REFUSED_TO_START)] * 2
    outcome, result = compressor.compress(jpeg(2), asked())
    assert (outcome.outcome, outcome.missed, result) == ("failed", True, b"")
    assert not deaths
    deaths.append(Death(DeathKind.CRASHED))
    assert compressor.compress(jpeg(3), asked())[0].outcome == "failed", "that may be the picture"


@pytest.mark.parametrize("source", [b"", b"no picture", jpeg(1)[:2000]])
def test_what_cannot_be_read_gives_nothing_and_is_missed(
    compressor: InMemoryCompressor, source: bytes
) -> None:
    outcome, result = compressor.compress(source, asked())
    assert result == b""
    assert outcome.outcome == "unchanged"
    assert outcome.missed
    assert outcome.reason


def test_a_word_that_is_not_understood_is_wrong_usage(compressor: InMemoryCompressor) -> None:
    with pytest.raises(ServiceError, match="no preset") as caught:
        compressor.compress(jpeg(1), asked(preset="emial"))
    assert caught.value.exit_code == 2


def test_what_homepress_made_is_not_made_again(paths: Paths, compressor: InMemoryCompressor) -> None:
    source = jpeg(1)
    _, result = compressor.compress(source, asked())
    assert not Reader(paths.ledger).is_result(["0" * 64])
    store = Store.open(paths.ledger, paths.originals)
    store.learn_results([hashlib.sha256(result).hexdigest()])
    store.close()
    outcome, again = compressor.compress(result, asked())
    assert (outcome.outcome, outcome.missed, again) == ("unchanged", False, b"")
    assert "second lossy generation" in outcome.reason
    outcome, again = compressor.compress(result, asked(max_edge=100))
    assert outcome.outcome == "compressed"
    assert again
