"""A worker that gives back something else than the picture, and an honest process beside it that looks."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from PIL import Image

from compress import phones
from compress.images import jpeg, photo
from homepress.base.formats import ImageType
from homepress.compress import Extra, MetadataPolicy, Recipe
from homepress.daemon.health import FolderHealth
from homepress.daemon.pipeline.carry import Carrier
from homepress.daemon.pipeline.job import Destination, Job, JobResult, Plan
from homepress.daemon.pipeline.worker_loop import Pipeline
from homepress.daemon.state import StateThread
from homepress.store.store import Store
from homepress.workers import Checker, DeathKind, Limits, Slot, WorkerDied
from support import wait_for
from workers.lying_worker import ABOUT_ATTACHED, GARBAGE

LYING = Path(__file__).parents[2] / "workers" / "lying_worker.py"


def saved(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(photo(300, 220)).save(out, kind, **options)
    return out.getvalue()


PICTURES = {"a.jpg": jpeg(photo(300, 220), 97), "b.png": saved("PNG"), "c.webp": saved("WEBP", quality=100)}


def liar(name: str) -> Slot:
    return Slot(Limits(), background=False, program=(sys.executable, str(LYING), name))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "state" / "ledger.sqlite3", tmp_path / "originals")
    opened.recover()
    yield opened
    opened.close()


@pytest.fixture
def checker() -> Iterator[Checker]:
    made = Checker(Limits())
    yield made
    made.close()


def put(tmp_path: Path, pictures: dict[str, bytes]) -> Path:
    inbox = tmp_path / "inbox"
    inbox.mkdir(exist_ok=True)
    for name, data in pictures.items():
        (inbox / name).write_bytes(data)
    return inbox


@pytest.mark.slow
@pytest.mark.parametrize("lie", GARBAGE)
@pytest.mark.parametrize("convert_to", [None, ImageType.WEBP])
def test_garbage_takes_no_picture_s_place(
    lie: str, convert_to: ImageType | None, store: Store, checker: Checker, tmp_path: Path
) -> None:
    pictures = {name: data for name, data in PICTURES.items() if convert_to is None or name != "c.webp"}
    inbox = put(tmp_path, pictures)
    carrier = Carrier(store, checker=checker)
    slot = liar(lie)
    try:
        for name in pictures:
            plan = Plan(Recipe(convert_to=convert_to), "balanced", Destination.REPLACE, root=inbox)
            job = Job(inbox / name, plan, lambda _: None)
            for outcome in ("waiting", "waiting", "failed"):
                told = carrier.carry(job, slot)
                if told.unlike and outcome != "failed":
                    assert "did not look like the picture" in told.reason
                    assert slot.pid is None, "another one has the next picture"
                if told.outcome == "failed":
                    break
                assert told.outcome == outcome
            assert told.outcome == "failed", told
    finally:
        slot.close()
    assert {path.name: path.read_bytes() for path in inbox.iterdir()} == pictures


@pytest.mark.slow
@pytest.mark.parametrize("lie", ABOUT_ATTACHED)
def test_what_is_attached_is_neither_lost_nor_exchanged(
    lie: str, store: Store, checker: Checker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = phones.ultra_hdr(("MotionPhoto", "video/mp4", phones.VIDEO), first=jpeg(photo(300, 220), 97))
    inbox = put(tmp_path, {"a.jpg": source})
    plan = Plan(Recipe(floor=None), "lossless", Destination.REPLACE, root=inbox)
    job, slot = Job(inbox / "a.jpg", plan, lambda _: None), liar(lie)
    try:
        told = Carrier(store, checker=checker).carry(job, slot)
    finally:
        slot.close()
    assert told.unlike
    assert "what is attached to the picture is not what it was" in caplog.text
    assert (inbox / "a.jpg").read_bytes() == source


@pytest.mark.slow
def test_what_is_taken_out_as_asked_is_not_missed(store: Store, checker: Checker, tmp_path: Path) -> None:
    inbox = put(tmp_path, {"a.jpg": phones.ultra_hdr(first=jpeg(photo(300, 220), 97))})
    plan = Plan(Recipe(drop=frozenset({Extra.HDR})), "x", Destination.REPLACE, root=inbox)
    job, slot = Job(inbox / "a.jpg", plan, lambda _: None), Slot(Limits(), background=False)
    try:
        told = Carrier(store, checker=checker).carry(job, slot)
    finally:
        slot.close()
    assert told.outcome == "compressed"
    assert "hdr" in told.dropped


@pytest.mark.slow
def test_without_the_look_some_of_it_would(store: Store, tmp_path: Path) -> None:
    """What the daemon sees itself is a picture of the right size; that it is another one it cannot know."""
    inbox = put(tmp_path, PICTURES)
    slot = liar("one_colour")
    try:
        job = Job(inbox / "b.png", Plan(Recipe(), "x", Destination.REPLACE, root=inbox), lambda _: None)
        assert Carrier(store).carry(job, slot).outcome == "compressed"
    finally:
        slot.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(),
        Recipe(floor=30.0, metadata=MetadataPolicy.STRIP),
        Recipe(max_edge=100),
        Recipe(convert_to=ImageType.WEBP),
    ],
    ids=str,
)
def test_honest_results_pass(recipe: Recipe, store: Store, checker: Checker, tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    more = {"turned.jpg": saved("JPEG", quality=97, exif=turned), "hdr.jpg": phones.ultra_hdr()}
    inbox = put(tmp_path, {**PICTURES, **more})
    carrier, slot = Carrier(store, checker=checker), Slot(Limits(), background=False)
    done = 0
    try:
        for path in sorted(inbox.iterdir()):
            job = Job(path, Plan(recipe, "x", Destination.REPLACE, root=inbox), lambda _: None)
            told = carrier.carry(job, slot)
            assert told.outcome in ("compressed", "unchanged"), told
            done += told.outcome == "compressed"
    finally:
        slot.close()
    assert done >= 2


@pytest.mark.slow
def test_a_dry_run_is_not_looked_at(store: Store, tmp_path: Path) -> None:
    class Refuses:
        def check(self, source: bytes, result: bytes) -> None:
            raise AssertionError("nobody asked")

    inbox = put(tmp_path, PICTURES)
    slot = liar("one_colour")
    carrier = Carrier(store, checker=cast(Checker, Refuses()))
    try:
        job = Job(inbox / "b.png", Plan(Recipe(), "x", Destination.NOWHERE, root=inbox), lambda _: None)
        assert carrier.carry(job, slot).outcome == "compressed"
    finally:
        slot.close()


@pytest.mark.slow
@pytest.mark.parametrize("code", ["import sys; sys.exit(3)", "print('x' * 99)"])
def test_a_checker_that_cannot_look_costs_the_saving_alone(code: str, store: Store, tmp_path: Path) -> None:
    inbox = put(tmp_path, PICTURES)
    checker = Checker(Limits(), program=(sys.executable, "-c", code))
    slot = Slot(Limits(), background=False)
    try:
        job = Job(inbox / "a.jpg", Plan(Recipe(), "x", Destination.REPLACE, root=inbox), lambda _: None)
        assert Carrier(store, checker=checker).carry(job, slot).outcome == "waiting"
    finally:
        slot.close()
        checker.close()
    assert (inbox / "a.jpg").read_bytes() == PICTURES["a.jpg"]


@pytest.mark.slow
def test_several_results_unlike_their_pictures_stop_replacing(
    store: Store, checker: Checker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the real pipeline; the folder goes on when somebody has looked."""
    monkeypatch.setattr(
        "homepress.daemon.pipeline.worker_loop.Slot",
        lambda limits, **also: Slot(limits, program=liar("one_colour")._program, **also),
    )
    made = {f"{n}.png": saved("PNG", compress_level=n) for n in range(6)}
    inbox = put(tmp_path, made)
    state = StateThread()
    pipeline = Pipeline(state, Carrier(store, checker=checker), 1, Limits(), lambda: None, checker)
    health = FolderHealth(pipeline.queue)
    told: list[JobResult] = []

    def tell(one: JobResult) -> None:
        told.append(one)
        state.ask(lambda: health.record(inbox, one))

    try:
        plan = Plan(Recipe(), "x", Destination.REPLACE, root=inbox)
        for name in made:
            pipeline.submit(Job(inbox / name, plan, tell))
        stopped = wait_for(lambda: state.ask(lambda: health.text(inbox)), what="the breaker")
        assert "did not look like their pictures" in stopped and "homepress resume" in stopped
        assert len(told) == 5 and all(one.unlike for one in told)
        state.ask(health.trust_all)
        assert state.ask(lambda: health.text(inbox)) == ""
        wait_for(lambda: len(told) == 6, what="the picture that was held")
        names = [name for name, _, _ in pipeline.probe()]
        assert names == ["worker 1", "checker"]
    finally:
        pipeline.close()
        state.close()
    assert {path.name: path.read_bytes() for path in inbox.iterdir()} == made
    assert checker.pid is None
    with pytest.raises(WorkerDied):
        checker.check(made["0.png"], made["1.png"])


def one_colour(kind: str, colour: tuple[int, int, int], **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (400, 300), colour).save(out, kind, **options)
    return out.getvalue()


@pytest.mark.slow
def test_a_colour_may_be_rounded_and_no_more(checker: Checker) -> None:
    """AVIF has no (76, 72, 223), at any quality: the nearest is 2 of 255 away."""
    source = one_colour("PNG", (76, 72, 223))
    checker.check(source, one_colour("AVIF", (76, 72, 223), quality=90))
    spotted = Image.new("RGB", (400, 300), (76, 72, 223))
    spotted.paste((76, 72, 123), (0, 0, 60, 40))
    out = io.BytesIO()
    spotted.save(out, "PNG")
    others = ((76, 72, 219), (80, 72, 223), (70, 66, 217), (0, 0, 0))
    for wrong in (out.getvalue(), *(one_colour("PNG", other) for other in others)):
        with pytest.raises(WorkerDied) as died:
            checker.check(source, wrong)
        assert died.value.kind is DeathKind.UNLIKE


@pytest.mark.slow
def test_a_faint_picture_is_not_an_empty_one(checker: Checker) -> None:
    """Though it is no further from it than a rounded colour."""
    faint = Image.new("RGB", (400, 300), (200, 200, 200))
    faint.paste((204, 204, 204), (0, 0, 200, 300))
    out = io.BytesIO()
    faint.save(out, "PNG")
    with pytest.raises(WorkerDied):
        checker.check(out.getvalue(), one_colour("PNG", (202, 202, 202)))
