"""Conversions: the result under a new name first, then the source leaves its own."""

import os
from pathlib import Path

import pytest

from homepress.store.model import Changed, Role
from store.kit import Bench, Probe, digest, facts, picture, replacement, smaller


def convert(store, path: Path, suffix: str = ".jpg"):
    source = store.read(path)
    return store.replace(source, replacement(smaller(source.data), suffix=suffix))


def test_the_result_gets_the_new_suffix_and_the_attributes(bench: Bench) -> None:
    path = bench.drop("a.heic")
    before = facts(path)
    with bench.store() as store:
        receipt = convert(store, path)
        target = bench.watched / "a.jpg"
        assert receipt.path == target
        assert not path.exists()
        assert (target.read_bytes(), facts(target)) == (smaller(picture()), before)
        assert store.why_left_alone(digest(smaller(picture())), "") is Role.RESULT
        assert set(store.known(os.fsencode(bench.watched))) == {b"a.jpg"}
    assert bench.kept() == [picture()]
    assert bench.temps() == []


def test_a_taken_name_is_not_overwritten(bench: Bench) -> None:
    (bench.watched / "a.jpg").write_bytes(b"another picture")
    (bench.watched / "b.jpg").write_bytes(b"a third one")
    (bench.watched / "b.heic.jpg").mkdir()
    with bench.store() as store:
        assert convert(store, bench.drop("a.heic", picture(1))).path.name == "a.heic.jpg"
        assert convert(store, bench.drop("b.heic", picture(2))).path.name == "b.heic-2.jpg"
    assert (bench.watched / "a.jpg").read_bytes() == b"another picture"
    assert (bench.watched / "b.jpg").read_bytes() == b"a third one"


@pytest.mark.posix("links")
def test_a_link_to_nothing_is_not_overwritten(bench: Bench) -> None:
    (bench.watched / "a.jpg").symlink_to("nowhere")
    with bench.store() as store:
        assert convert(store, bench.drop("a.heic")).path.name == "a.heic.jpg"
    assert (bench.watched / "a.jpg").is_symlink()


def test_a_name_taken_in_the_last_instant_is_not_overwritten(bench: Bench) -> None:
    path = bench.drop("a.heic")
    target = bench.watched / "a.jpg"

    def take(number: int, name: str) -> None:
        if not target.exists():
            target.write_bytes(b"another picture")

    probe = Probe(before=take, steps=frozenset({"move"}))
    with bench.store(probe.fs()) as store, pytest.raises(Changed):
        convert(store, path)
    assert (path.read_bytes(), target.read_bytes()) == (picture(), b"another picture")
    assert (bench.temps(), bench.kept()) == ([], [])


@pytest.mark.posix("a file that is replaced while it is open")
def test_a_source_saved_over_while_it_leaves_gets_its_name_back(bench: Bench) -> None:
    path = bench.drop("a.heic")
    target = bench.watched / "a.jpg"

    def save(number: int, name: str) -> None:
        if target.exists() and path.exists() and path.read_bytes() == picture():
            other = bench.watched / "saved"
            other.write_bytes(b"the user's new picture")
            os.replace(other, path)

    probe = Probe(before=save, steps=frozenset({"move"}))
    with bench.store(probe.fs()) as store, pytest.raises(Changed):
        convert(store, path)
    assert path.read_bytes() == b"the user's new picture"
    assert bench.temps() == []


def test_long_names_are_cut_so_that_the_new_suffix_fits(bench: Bench) -> None:
    name = "é" * 125 + ".tif"
    with bench.store() as store:
        target = convert(store, bench.drop(name), ".webp").path
    assert target.name.endswith(".webp")
    assert len(os.fsencode(target.name)) <= 255
    assert target.name.removesuffix(".webp") in name
