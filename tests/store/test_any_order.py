"""Anything in any order: what a person and the store do to a few names, against a simple model of both."""

import os
import shutil
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from homepress.store.model import OriginalsSelection, Refusal, Role, UndoSelection
from homepress.store.store import Store
from store.kit import Bench, digest, picture, replacement, smaller

NAMES = st.sampled_from(["a.jpg", "b.jpg", "trip/a.jpg"])
SEEDS = st.integers(0, 5)
LIKE_OTHERS = [picture(1, 2000), smaller(picture(1, 2000)), smaller(picture(2, 2000)), b"1"]
"""Results that equal another picture, its result, or nothing in particular: the store never looks inside."""


class AnyOrder(RuleBasedStateMachine):
    """The model: which content is under each name; which originals are kept for which names and results."""

    base: Path

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench.at(Path(tempfile.mkdtemp(dir=self.base)))
        (self.bench.watched / "trip").mkdir()
        self.here: dict[str, bytes] = {}
        self.kept: list[tuple[str, bytes, bytes]] = []
        self.accepted: set[bytes] = set()
        self._open()

    def _open(self) -> None:
        self.opened: AbstractContextManager[Store] = self.bench.store()
        self.store = self.opened.__enter__()
        assert [str(n) for n in self.store.recover()] == []

    def teardown(self) -> None:
        self.opened.__exit__(None, None, None)
        shutil.rmtree(self.bench.base)

    def path(self, name: str) -> Path:
        return self.bench.watched / name

    # What a person does

    @rule(name=NAMES, seed=SEEDS)
    def save(self, name: str, seed: int) -> None:
        other = self.path(name).with_name("saving")
        other.write_bytes(picture(seed, 2000))
        os.replace(other, self.path(name))
        self.here[name] = picture(seed, 2000)

    @precondition(lambda self: self.here)
    @rule(data=st.data())
    def edit_in_place(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.here)))
        content = self.here[name] + b"edited"
        self.path(name).write_bytes(content)
        self.here[name] = content

    @precondition(lambda self: self.here)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.here)))
        self.path(name).unlink()
        del self.here[name]

    @precondition(lambda self: self.here)
    @rule(data=st.data(), to=NAMES)
    def rename(self, data: st.DataObject, to: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.here)))
        os.replace(self.path(name), self.path(to))
        self.here[to] = self.here.pop(name)

    # What the store does

    @precondition(lambda self: self.here)
    @rule(data=st.data(), result=st.none() | st.sampled_from(LIKE_OTHERS))
    def compress(self, data: st.DataObject, result: bytes | None) -> None:
        name = data.draw(st.sampled_from(sorted(self.here)))
        source = self.store.read(self.path(name))
        assert source.data == self.here[name]
        if self.store.why_left_alone(source.sha256, "balanced") is not None:
            return
        result = smaller(source.data) if result is None else result
        if result == source.data:
            with pytest.raises(Refusal, match="the same file"):
                self.store.replace(source, replacement(result))
            return
        self.store.replace(source, replacement(result))
        self.kept.append((name, source.data, result))
        self.here[name] = result
        assert self.store.why_left_alone(digest(self.here[name]), "any") is Role.RESULT

    @precondition(lambda self: self.kept)
    @rule()
    def undo_last(self) -> None:
        name, original, result = self.kept.pop()
        (undone,) = self.store.undo(UndoSelection(last=1), roots=self.bench.roots)
        assert undone.path == str(self.path(name))
        taken = self.here.get(name) not in (None, original, result)
        assert undone.outcome == ("beside" if taken else "restored")
        restored = Path(undone.restored_to)
        assert restored.read_bytes() == original
        self.here[str(restored.relative_to(self.bench.watched))] = original
        assert self.store.why_left_alone(digest(original), "any") is Role.KEPT

    @precondition(lambda self: self.kept)
    @rule()
    def accept_the_oldest(self) -> None:
        name, original, _ = self.kept.pop(0)
        with_it = [n for n, _, _ in self.kept]
        entries = [
            e
            for (e,) in self.store._context.ledger.query(
                "SELECT min(id) FROM history WHERE original = 'kept'"
            )
        ]
        (looked,) = self.store.accept(OriginalsSelection(entries=tuple(entries)))
        assert (looked.outcome, looked.path) == ("accepted", str(self.path(name)))
        assert looked.bytes == len(original)
        assert [n for n, _, _ in self.kept] == with_it

    @rule()
    def maintain(self) -> None:
        assert self.store.maintain() == []

    @rule()
    def restart(self) -> None:
        self.opened.__exit__(None, None, None)
        self._open()

    @rule()
    def lose_the_ledger(self) -> None:
        self.opened.__exit__(None, None, None)
        for file in self.bench.ledger.parent.glob("ledger*"):
            file.unlink()
        self.opened = self.bench.store()
        self.store = self.opened.__enter__()
        self.store.recover()
        # Entered again in another order, and what only the ledger knew is gone.
        order = self.store._context.ledger.query(
            "SELECT path, before_sha256, after_sha256 FROM history ORDER BY id"
        )
        known = {(self.path(n), digest(d), digest(r)): (n, d, r) for n, d, r in self.kept}
        assert len(order) == len(self.kept)
        self.kept = [known[Path(os.fsdecode(path)), before, after] for path, before, after in order]

    @invariant()
    def everything_is_where_it_should_be(self) -> None:
        files = {
            str(p.relative_to(self.bench.watched)): p.read_bytes()
            for p in self.bench.watched.rglob("*")
            if p.is_file()
        }
        assert files == self.here
        assert sorted(self.bench.kept()) == sorted(original for _, original, _ in self.kept)


@pytest.mark.slow
def test_any_order(quick_disk: Path) -> None:
    AnyOrder.base = quick_disk
    quick = settings(
        max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(AnyOrder, settings=quick)
