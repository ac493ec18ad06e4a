"""The journey of one picture, with a real store and a compressor that does what the test says."""

import dataclasses
import errno
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from homepress.base.files import FileId
from homepress.base.formats import ImageType
from homepress.compress import Compressed, MetadataPolicy, Reason, Recipe, ScoreKind, Unchanged
from homepress.compress.model import Extra
from homepress.daemon.pipeline.asked import is_missed
from homepress.daemon.pipeline.carry import Carrier
from homepress.daemon.pipeline.codec_trust import CodecTrust
from homepress.daemon.pipeline.job import Destination, Job, JobResult, Plan, plan_for
from homepress.settings import FolderSettings
from homepress.store import health
from homepress.store.model import Busy, Changed, OriginalsLimit, UndoSelection, VerifyFailed
from homepress.store.reader import HistoryFilter, Reader
from homepress.store.store import Store
from homepress.workers import Death, DeathKind, MemoryBudget, Slot, WorkerDied
from support import REPOSITORY

SOURCE = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 200 + b"\xff\xd9"
RESULT = SOURCE[:9000] + b"\xff\xd9"


class Compressor:
    """Stands in for a worker slot: answers with what it is given, or raises it."""

    def __init__(self, *answers: Compressed | Unchanged | Exception) -> None:
        self.answers = list(answers)
        self.recipes: list[Recipe] = []

    def compress(self, source: bytes, recipe: Recipe, *, alone: bool = False) -> Compressed | Unchanged:
        self.recipes.append(recipe)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def compressed() -> Compressed:
    digest = hashlib.sha256(RESULT).hexdigest()
    kind = ImageType.JPEG
    return Compressed(RESULT, digest, kind, kind, 10, 10, 81.5, ScoreKind.SAMPLED, False, "test")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "state" / "ledger.sqlite3", tmp_path / "originals")
    opened.recover()
    yield opened
    opened.close()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox" / "deep"
    folder.mkdir(parents=True)
    path = folder / "a.jpg"
    path.write_bytes(SOURCE)
    return path


@pytest.fixture
def carry(store: Store, picture: Path) -> Callable[..., JobResult]:
    carrier = Carrier(store)

    def run(compressor: Compressor, **changes: Any) -> JobResult:
        destination = changes.pop("destination", Destination.REPLACE)
        root = picture.parent.parent
        recipe = changes.pop("recipe", Recipe(metadata=changes.pop("metadata", MetadataPolicy.KEEP)))
        plan = Plan(recipe, "balanced", destination, root=root, output=root.parent / "out")
        job = Job(changes.pop("path", picture), plan, lambda told: None, **changes)
        return carrier.carry(job, cast(Slot, compressor))

    return run


def test_a_result_takes_the_place_of_its_source(carry: Callable[..., JobResult], picture: Path) -> None:
    told = carry(Compressor(compressed()))
    assert (told.outcome, told.before_bytes, told.after_bytes) == ("compressed", len(SOURCE), len(RESULT))
    assert told.score == 81.5
    assert picture.read_bytes() == RESULT


def test_a_result_is_never_compressed_again_whatever_it_is_called(
    carry: Callable[..., JobResult], picture: Path
) -> None:
    carry(Compressor(compressed()))
    copy = picture.read_bytes()
    picture.unlink()
    picture.write_bytes(copy)
    told = carry(Compressor())
    assert told.outcome == "unchanged"
    assert "known" in told.reason


def test_a_result_that_is_asked_for_again_keeps_its_line_in_the_history(
    carry: Callable[..., JobResult], tmp_path: Path
) -> None:
    carry(Compressor(compressed()), explicit=True)
    assert "second lossy generation" in carry(Compressor(), explicit=True).reason
    with Reader(tmp_path / "state" / "ledger.sqlite3") as reader:
        assert [entry.outcome for entry in reader.history(HistoryFilter())] == ["compressed"]


def test_a_result_that_is_copied_into_an_output_folder_says_that_homepress_made_it(
    carry: Callable[..., JobResult], picture: Path, tmp_path: Path
) -> None:
    carry(Compressor(compressed()), explicit=True)
    nothing_saved = Unchanged(Reason.SAVES_TOO_LITTLE, "", ImageType.JPEG)
    told = carry(Compressor(nothing_saved), explicit=True, destination=Destination.OUTPUT)
    assert "Homepress made it" in told.reason
    assert (tmp_path / "out" / "deep" / "a.jpg").read_bytes() == RESULT == picture.read_bytes()
    # Where another size was asked for, that it would save too little is the true reason.
    told = carry(
        Compressor(nothing_saved), explicit=True, destination=Destination.OUTPUT, recipe=Recipe(max_edge=5)
    )
    assert "Homepress made it" not in told.reason


def test_an_output_folder_mirrors_the_tree(
    carry: Callable[..., JobResult], picture: Path, tmp_path: Path
) -> None:
    told = carry(Compressor(compressed()), destination=Destination.OUTPUT)
    assert told.output == str(tmp_path / "out" / "deep" / "a.jpg")
    assert Path(told.output).read_bytes() == RESULT
    assert picture.read_bytes() == SOURCE


def test_a_picture_that_gets_no_smaller_still_belongs_into_the_output_folder(
    carry: Callable[..., JobResult], tmp_path: Path
) -> None:
    answer = Unchanged(Reason.SAVES_TOO_LITTLE, "1.2 %", ImageType.JPEG)
    told = carry(Compressor(answer), destination=Destination.OUTPUT)
    assert told.outcome == "unchanged"
    assert (tmp_path / "out" / "deep" / "a.jpg").read_bytes() == SOURCE


def test_a_result_of_ours_gets_into_an_output_folder_without_a_second_loss(
    carry: Callable[..., JobResult], picture: Path
) -> None:
    carry(Compressor(compressed()))
    again = Compressor(Unchanged(Reason.SAVES_TOO_LITTLE))
    told = carry(again, destination=Destination.OUTPUT)
    assert Path(told.output).read_bytes() == RESULT
    assert [(recipe.floor, recipe.palette) for recipe in again.recipes] == [(None, False)]


def test_every_copy_of_a_picture_gets_into_the_output_folder(
    carry: Callable[..., JobResult], picture: Path
) -> None:
    for name in ("a.jpg", "b.jpg"):
        path = picture.with_name(name)
        path.write_bytes(SOURCE)
        answer = Compressor(Unchanged(Reason.SAVES_TOO_LITTLE))
        told = carry(answer, destination=Destination.OUTPUT, path=path)
        assert (Path(told.output).name, Path(told.output).read_bytes()) == (name, SOURCE)


def test_tags_are_taken_out_of_a_result_of_ours_too(carry: Callable[..., JobResult], picture: Path) -> None:
    """It came from a folder that keeps them to one that does not."""
    first = compressed()
    no_private_metadata = dataclasses.replace(
        first, data=RESULT[:-9], sha256=hashlib.sha256(RESULT[:-9]).hexdigest()
    )
    carry(Compressor(first))
    copy = picture.with_name("copy.jpg")
    copy.write_bytes(RESULT)
    share = Compressor(no_private_metadata)
    told = carry(share, metadata=MetadataPolicy.SHARE, path=copy)
    assert (told.outcome, copy.read_bytes()) == ("compressed", RESULT[:-9])
    assert [(recipe.floor, recipe.metadata) for recipe in share.recipes] == [(None, MetadataPolicy.SHARE)]


@pytest.mark.parametrize(
    ("asked", "floor"), [(Recipe(metadata=MetadataPolicy.STRIP), None), (Recipe(max_edge=800), 80.0)]
)
def test_more_can_be_asked_of_a_result_of_ours_by_name(
    carry: Callable[..., JobResult], picture: Path, asked: Recipe, floor: float | None
) -> None:
    carry(Compressor(compressed()))
    again = Compressor(Unchanged(Reason.SAVES_TOO_LITTLE))
    carry(again, explicit=True, destination=Destination.BESIDE, recipe=asked)
    assert again.recipes == [dataclasses.replace(asked, floor=floor, palette=floor is not None)]


@pytest.mark.parametrize("destination", [Destination.REPLACE, Destination.OUTPUT])
def test_what_a_user_took_back_is_left_alone_everywhere(
    carry: Callable[..., JobResult], picture: Path, store: Store, destination: Destination
) -> None:
    carry(Compressor(compressed()))
    assert [undone.outcome for undone in store.undo(UndoSelection(last=1), roots=[picture.parent])] == [
        "restored"
    ]
    copy = picture.with_name("copy.jpg")
    copy.write_bytes(SOURCE)
    told = carry(Compressor(), metadata=MetadataPolicy.SHARE, destination=destination, path=copy)
    assert (told.outcome, told.output) == ("unchanged", "")


@pytest.mark.parametrize("no_private_metadata", [False, True])
@pytest.mark.parametrize("policy", [MetadataPolicy.SHARE, MetadataPolicy.STRIP])
def test_what_could_not_be_taken_out_does_not_get_into_the_output_folder(
    carry: Callable[..., JobResult], tmp_path: Path, policy: MetadataPolicy, no_private_metadata: bool
) -> None:
    answer = Unchanged(Reason.FORMAT_LEFT_ALONE, "", ImageType.HEIC, no_private_metadata=no_private_metadata)
    told = carry(Compressor(answer), destination=Destination.OUTPUT, metadata=policy)
    assert (tmp_path / "out" / "deep" / "a.jpg").exists() == no_private_metadata
    assert ("could not be taken out" in told.reason) == (not no_private_metadata)


@pytest.mark.parametrize("asked", [False, True])
def test_a_misnamed_picture_is_left_alone_unless_it_was_asked_for(
    carry: Callable[..., JobResult], picture: Path, asked: bool
) -> None:
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20_000))
    told = carry(Compressor(compressed()), explicit=asked)
    assert told.outcome == ("compressed" if asked else "unchanged")
    if not asked:
        assert told.reason == (
            "its name does not fit its content: it is named as a JPEG, but is a PNG; rename it to end in .png"
        )
        assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_misnamed_picture_and_its_copies_are_looked_at_afresh_once_they_have_the_right_name(
    carry: Callable[..., JobResult], picture: Path
) -> None:
    misnamed = picture.rename(picture.with_suffix(".png"))
    assert "its name does not fit its content" in carry(Compressor(), path=misnamed).reason
    copy = picture.parent / "copy.jpg"
    copy.write_bytes(SOURCE)
    assert carry(Compressor(compressed()), path=copy).outcome == "compressed"
    misnamed.rename(picture)
    assert carry(Compressor(compressed())).outcome == "compressed"


def test_a_name_that_is_taken_in_the_output_folder_is_not_held_against_copies(
    carry: Callable[..., JobResult], picture: Path, tmp_path: Path
) -> None:
    taken = tmp_path / "out" / "deep" / "a.jpg"
    taken.parent.mkdir(parents=True)
    taken.write_bytes(b"somebody's")
    told = carry(Compressor(compressed()), destination=Destination.OUTPUT)
    assert "Homepress did not make it" in told.reason
    copy = picture.parent / "b.jpg"
    copy.write_bytes(SOURCE)
    assert carry(Compressor(compressed()), path=copy).outcome == "compressed"


def test_what_a_distrusted_codec_may_not_do_is_not_held_against_copies(store: Store, picture: Path) -> None:
    class LosslessOnly(CodecTrust):
        def recipe(self, slot: Slot, kind: ImageType, recipe: Recipe) -> Recipe:
            return dataclasses.replace(recipe, floor=None)

    plan = Plan(Recipe(), "balanced", Destination.REPLACE, root=picture.parent)
    job = Job(picture, plan, lambda told: None)
    too_little = Compressor(Unchanged(Reason.SAVES_TOO_LITTLE, "", ImageType.JPEG))
    assert Carrier(store, trust=LosslessOnly()).carry(job, cast(Slot, too_little)).outcome == "unchanged"
    copy = picture.parent / "b.jpg"
    copy.write_bytes(SOURCE)
    told = Carrier(store).carry(dataclasses.replace(job, path=copy), cast(Slot, Compressor(compressed())))
    assert told.outcome == "compressed"


def test_what_its_bytes_and_the_recipe_decided_holds_for_copies(
    carry: Callable[..., JobResult], picture: Path
) -> None:
    carry(Compressor(Unchanged(Reason.SAVES_TOO_LITTLE, "", ImageType.JPEG)))
    copy = picture.parent / "b.jpg"
    copy.write_bytes(SOURCE)
    told = carry(Compressor(), path=copy)
    assert told.reason == f"the same picture as {picture}, which was left as it is"
    assert carry(Compressor(), path=copy).reason == "known already (refused)", "it is said once"


@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize("start", [b"II*\0", b"MM\0*", b""], ids=["TIFF", "TIFF of Motorola", "JPEG"])
@pytest.mark.parametrize(
    "name", ["a.NEF", "a.dng", "a.cr2", "a.cr3", "a.arw", "a.iiq", "a.rw2", "a.orf", "a.raf"]
)
def test_a_raw_file_is_never_converted_from_its_preview(
    carry: Callable[..., JobResult], picture: Path, name: str, start: bytes, asked: bool
) -> None:
    raw = picture.parent / name
    raw.write_bytes(start + SOURCE)
    told = carry(Compressor(), path=raw, explicit=asked, recipe=Recipe(convert_to=ImageType.WEBP))
    assert (told.outcome, told.missed) == ("unchanged", True)
    assert told.reason == "this format is never touched: a camera's raw file"
    assert raw.read_bytes() == start + SOURCE


def test_a_broken_picture_gets_a_second_look_before_it_is_called_broken(
    carry: Callable[..., JobResult], picture: Path
) -> None:
    broken = Unchanged(Reason.BROKEN, "cut short", ImageType.JPEG, transient=True)
    first, second = carry(Compressor(broken)), carry(Compressor(broken))
    assert (first.outcome, first.retry_after is not None) == ("waiting", True)
    assert (second.outcome, second.retry_after) == ("unchanged", None)
    assert "cut short" in second.reason
    assert picture.read_bytes() == SOURCE


def test_a_picture_that_kills_its_worker_is_left_alone_after_three_tries(
    carry: Callable[..., JobResult], picture: Path, tmp_path: Path
) -> None:
    died = [WorkerDied(Death(DeathKind.CRASHED, signal=11)) for _ in range(3)]
    told = [carry(Compressor(death)) for death in died]
    assert [t.outcome for t in told] == ["waiting", "waiting", "failed"]
    assert told[-1].reason == "the compressor crashed on it; left alone until it changes"
    with Reader(tmp_path / "state" / "ledger.sqlite3") as reader:
        (entry,) = reader.history(HistoryFilter())
    assert told[-1].missed
    assert entry.missed
    assert picture.read_bytes() == SOURCE


GB = 1_000_000_000


@pytest.fixture
def wide(store: Store, picture: Path) -> tuple[MemoryBudget, Callable[..., JobResult]]:
    """A budget of 2 GB, and how a picture is carried with it that needs 3.4 GB."""
    memory = MemoryBudget(2 * GB)
    carrier = Carrier(store, memory=memory)

    class Large(Compressor):
        def compress(self, source: bytes, recipe: Recipe, *, alone: bool = False) -> Compressed | Unchanged:
            memory.check(3_400_000_000)
            return super().compress(source, recipe, alone=alone)

    def run(compressor: Compressor | None = None, **changes: Any) -> JobResult:
        plan = Plan(Recipe(), "balanced", Destination.REPLACE, root=picture.parent)
        identity = FileId.of(picture.stat())
        job = Job(picture, plan, lambda told: None, **{"identity": identity, **changes})
        return carrier.carry(job, cast(Slot, compressor or Large(compressed())))

    return memory, run


def test_a_picture_that_needs_more_memory_waits_and_is_a_problem_with_figures(
    wide: tuple[MemoryBudget, Callable[..., JobResult]], store: Store, picture: Path
) -> None:
    _, run = wide
    told = run()
    assert (told.outcome, told.retry_after, told.whole_folder) == ("waiting", 600.0, False)
    assert told.reason == (
        "it needs about 3.4 GB of memory, and Homepress may use 2.0 GB; raise worker_memory in the settings"
    )
    assert told.problem == f"{picture}: {told.reason}"
    assert store.known(os.fsencode(picture.parent)) == {}, "nothing is remembered of its content"


def test_a_raised_limit_has_it_done(
    wide: tuple[MemoryBudget, Callable[..., JobResult]], picture: Path
) -> None:
    memory, run = wide
    assert run().outcome == "waiting"
    reads_nothing = Compressor()
    assert run(reads_nothing).outcome == "waiting"
    assert reads_nothing.recipes == [], "it was not even read"
    memory.allow(4 * GB)
    assert run().outcome == "compressed"


def test_somebody_who_asks_for_it_hears_at_once_that_it_failed(
    wide: tuple[MemoryBudget, Callable[..., JobResult]], picture: Path
) -> None:
    _, run = wide
    told = run(explicit=True)
    assert (told.outcome, told.retry_after, told.problem) == ("failed", None, "")
    assert "3.4 GB" in told.reason and "worker_memory" in told.reason
    assert picture.read_bytes() == SOURCE


def test_a_picture_that_was_given_up_stays_so_after_a_restart_until_it_changes(
    picture: Path, tmp_path: Path
) -> None:
    def carry_anew(*deaths: WorkerDied) -> list[JobResult]:
        """What a daemon that was just started does with the picture."""
        store = Store.open(tmp_path / "state" / "ledger.sqlite3", tmp_path / "originals")
        try:
            if picture.name.encode() in store.known(os.fsencode(picture.parent)):
                return []
            carrier = Carrier(store)
            plan = Plan(Recipe(), "balanced", Destination.REPLACE, root=picture.parent)
            slot = cast(Slot, Compressor(*deaths))
            return [carrier.carry(Job(picture, plan, lambda told: None), slot) for _ in deaths]
        finally:
            store.close()

    crash = WorkerDied(Death(DeathKind.TIMED_OUT))
    assert [told.outcome for told in carry_anew(crash, crash, crash)] == ["waiting", "waiting", "failed"]
    assert carry_anew(crash) == []


def test_a_compressor_that_cannot_start_is_not_held_against_a_picture(
    carry: Callable[..., JobResult], picture: Path
) -> None:
    cannot = WorkerDied(Death(DeathKind.REFUSED_TO_START, detail="ImportError: half an update"))
    for _ in range(5):
        told = carry(Compressor(cannot))
        assert (told.outcome, told.whole_folder) == ("waiting", True)
        assert "homepress doctor" in told.problem
    assert carry(Compressor(compressed())).outcome == "compressed"


def test_stopping_is_not_held_against_a_picture(carry: Callable[..., JobResult]) -> None:
    stopped = [WorkerDied(Death(DeathKind.STOPPED)) for _ in range(4)]
    assert {carry(Compressor(death)).outcome for death in stopped} == {"waiting"}


def test_nothing_is_written_while_the_quiet_time_runs(carry: Callable[..., JobResult], picture: Path) -> None:
    ready = time.monotonic() + 0.4
    told = carry(Compressor(compressed()), ready_at=ready)
    assert told.outcome == "compressed"
    assert time.monotonic() >= ready - 0.05
    if os.name == "posix":  # Windows' is the time of creation
        assert picture.stat().st_ctime_ns >= (time.time() - (time.monotonic() - ready)) * 1e9 - 50e6


def test_a_file_that_is_not_what_was_quiet_is_not_touched(
    carry: Callable[..., JobResult], picture: Path
) -> None:
    quiet = dataclasses.replace(FileId.of(picture.stat()), size=picture.stat().st_size + 1)
    assert carry(Compressor(), identity=quiet).outcome == "waiting"


def test_what_is_not_there_any_more_is_no_reason_to_fail_loudly(
    carry: Callable[..., JobResult], picture: Path
) -> None:
    picture.unlink()
    assert carry(Compressor()).outcome == "failed"


def test_a_hard_link_is_refused_with_its_reason(carry: Callable[..., JobResult], picture: Path) -> None:
    os.link(picture, picture.parent / "b.jpg")
    told = carry(Compressor())
    assert told.outcome == "unchanged"
    assert "link" in told.reason


@pytest.mark.parametrize("destination", [Destination.OUTPUT, Destination.BESIDE, Destination.NOWHERE])
def test_a_read_only_picture_is_compressed_where_it_is_not_replaced(
    carry: Callable[..., JobResult], picture: Path, destination: Destination
) -> None:
    picture.chmod(0o444)
    assert carry(Compressor(compressed()), destination=destination).outcome == "compressed"
    assert picture.read_bytes() == SOURCE


def test_a_reason_does_not_name_the_picture_again(carry: Callable[..., JobResult], picture: Path) -> None:
    picture.chmod(0o444)
    assert carry(Compressor()).reason == "it is read-only"


def test_a_full_disk_keeps_the_picture_waiting_and_is_a_problem_of_the_folder(
    carry: Callable[..., JobResult], picture: Path
) -> None:
    told = carry(Compressor(OSError(28, "No space left on device", "some-temp-name")))
    assert (told.outcome, told.whole_folder) == ("waiting", True)
    assert told.problem.startswith(str(picture))
    assert "make room" in told.problem
    asked = carry(Compressor(OSError(28, "No space left on device", str(picture))), explicit=True)
    assert asked.outcome == "failed"


class Refusing:
    """A store that keeps no result: each writing step raises what the test says."""

    def __init__(self, store: Store, error: Exception) -> None:
        self._store = store
        self._error = error
        self.conditions_now = 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def conditions(self, folder: Path) -> tuple[object, ...]:
        return (self.conditions_now,)

    def _refuse(self, *_: object, **__: object) -> None:
        raise self._error

    replace = write_output = write_beside = copy_output = _refuse


def carried(carrier: Carrier, picture: Path, compressor: Compressor, **changes: Any) -> JobResult:
    destination = changes.pop("destination", Destination.REPLACE)
    root = picture.parent.parent
    settings = changes.pop("settings", "balanced")
    plan = Plan(Recipe(), settings, destination, root=root, output=root.parent / "out")
    return carrier.carry(Job(picture, plan, lambda told: None, **changes), cast(Slot, compressor))


@pytest.mark.parametrize("destination", [Destination.REPLACE, Destination.OUTPUT, Destination.BESIDE])
@pytest.mark.parametrize(
    "error", [OSError(5, "I/O error"), PermissionError(13, "no"), VerifyFailed("not read back")]
)
def test_a_picture_is_compressed_twice_at_most_however_often_its_result_cannot_be_stored(
    store: Store, picture: Path, destination: Destination, error: Exception
) -> None:
    refusing = Refusing(store, error)
    carrier = Carrier(cast(Store, refusing))
    compressor = Compressor(*[compressed() for _ in range(50)])
    told = [carried(carrier, picture, compressor, destination=destination) for _ in range(20)]
    assert len(compressor.recipes) == 2
    assert {each.outcome for each in told} == {"waiting"}
    assert "compressed 2 times for nothing" in told[-1].reason
    assert all(each.retry_after and each.problem for each in told)
    assert not any(each.unverified for each in told[2:])
    refusing.conditions_now = 2
    carried(carrier, picture, compressor, destination=destination)
    assert len(compressor.recipes) == 3, "something was done about it: it is tried again"
    carried(carrier, picture, compressor, destination=destination, settings="archive")
    assert len(compressor.recipes) == 4, "other settings are another task"
    carrier.attempts.clear()
    carried(carrier, picture, compressor, destination=destination)
    assert len(compressor.recipes) == 5, "the user says so"


def test_a_copy_into_an_output_folder_that_fails_does_not_compress_for_ever(
    store: Store, picture: Path
) -> None:
    carrier = Carrier(cast(Store, Refusing(store, OSError(5, "I/O error"))))
    compressor = Compressor(*[Unchanged(Reason.SAVES_TOO_LITTLE, "1 %", ImageType.JPEG) for _ in range(50)])
    for _ in range(10):
        carried(carrier, picture, compressor, destination=Destination.OUTPUT)
    assert len(compressor.recipes) == 2


@pytest.mark.parametrize("error", [Changed("somebody used it at the moment of replacing"), Busy("opened")])
def test_a_picture_that_somebody_uses_at_each_moment_of_replacing_is_left_alone(
    store: Store, picture: Path, tmp_path: Path, error: Exception
) -> None:
    carrier = Carrier(cast(Store, Refusing(store, error)))
    compressor = Compressor(*[compressed() for _ in range(50)])
    told = [carried(carrier, picture, compressor) for _ in range(10)]
    assert len(compressor.recipes) == 2
    assert [each.outcome for each in told[:2]] == ["waiting", "failed"]
    assert all(each.retry_after is None for each in told[1:])
    assert "left alone until it changes" in told[1].reason
    with Reader(tmp_path / "state" / "ledger.sqlite3") as reader:
        assert len(list(reader.history(HistoryFilter()))) == 1
    picture.write_bytes(SOURCE + b"another")
    carried(carrier, picture, compressor)
    assert len(compressor.recipes) == 3


def test_what_cannot_be_written_is_not_compressed(
    store: Store, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path, size: int) -> None:
        raise OSError(30, "Read-only file system", str(folder))

    monkeypatch.setattr(health, "check_writable", refuse)
    for destination in (Destination.REPLACE, Destination.OUTPUT, Destination.BESIDE):
        compressor = Compressor(compressed())
        told = carried(Carrier(store), picture, compressor, destination=destination)
        assert (told.outcome, told.whole_folder, compressor.recipes) == ("waiting", True, [])
        assert "read-only" in told.problem


# From 10,000 on they are Winsock's, of sockets alone.
@pytest.mark.parametrize("number", sorted(number for number in errno.errorcode if number < 10_000))
def test_no_error_of_the_system_is_called_ours(
    store: Store, picture: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each errno there is, at reading, at the look before compressing, and at storing."""
    error = OSError(number, os.strerror(number), str(picture))
    refusing = Refusing(store, error)
    told = [carried(Carrier(cast(Store, refusing)), picture, Compressor(compressed()))]
    for step in ("check_room", "read"):
        refusing = Refusing(store, error)
        monkeypatch.setattr(refusing, step, refusing._refuse, raising=False)
        told.append(carried(Carrier(cast(Store, refusing)), picture, Compressor(compressed())))
    assert {each.outcome for each in told} <= {"waiting", "failed"}
    assert all("error in Homepress" not in each.reason and each.reason for each in told)


def test_a_permission_that_only_shows_when_writing_stands_against_its_folder(
    store: Store, picture: Path
) -> None:
    error = PermissionError(13, "Permission denied", str(picture.parent / ".homepress-1.tmp"))
    told = carried(Carrier(cast(Store, Refusing(store, error))), picture, Compressor(compressed()))
    assert (told.place, told.whole_folder) == (picture.parent, False)


def test_originals_that_are_away_are_told_as_such_and_nothing_is_compressed(
    store: Store, picture: Path, tmp_path: Path
) -> None:
    (tmp_path / "originals").rename(tmp_path / "away")
    carrier, compressor = Carrier(store), Compressor(compressed())
    told = carried(carrier, picture, compressor)
    assert (told.outcome, told.away, compressor.recipes) == ("waiting", True, [])
    assert told.problem.startswith(f"the folder of originals is away: {tmp_path / 'originals'}")
    assert "until it is back" in told.problem
    (tmp_path / "away").rename(tmp_path / "originals")
    assert carried(carrier, picture, compressor).outcome == "compressed"


def test_originals_that_go_away_at_the_moment_of_replacing_are_not_taken_for_a_change_of_the_picture(
    store: Store, picture: Path, tmp_path: Path
) -> None:
    class Slow(Compressor):
        def compress(self, source: bytes, recipe: Recipe, *, alone: bool = False) -> Compressed | Unchanged:
            (tmp_path / "originals").rename(tmp_path / "away")
            return super().compress(source, recipe)

    told = carried(Carrier(store), picture, Slow(compressed()))
    assert told.away
    assert str(tmp_path / "originals") in told.problem
    assert picture.read_bytes() == SOURCE
    (tmp_path / "away").rename(tmp_path / "originals")


def test_a_picture_that_waits_for_a_better_codec_is_read_once(store: Store, picture: Path) -> None:
    class Broken:
        def recipe(self, *_: object) -> None:
            return None

        def against(self, *_: object) -> str:
            return "the JPEG codec gave another answer than known"

    carrier = Carrier(store, trust=cast(CodecTrust, Broken()))
    identity = FileId.of(picture.stat())
    first = carried(carrier, picture, Compressor(), identity=identity)
    picture.unlink()
    assert carried(carrier, picture, Compressor(), identity=identity) == first
    assert first.retry_after


def test_a_dry_run_writes_nothing(carry: Callable[..., JobResult], picture: Path, store: Store) -> None:
    told = carry(Compressor(compressed()), destination=Destination.NOWHERE)
    assert (told.outcome, told.output) == ("compressed", "")
    assert picture.read_bytes() == SOURCE
    assert not store.known(os.fsencode(picture.parent))


def test_without_room_for_the_original_nothing_is_compressed_and_the_whole_folder_waits(
    store: Store, picture: Path
) -> None:
    store.set_limit(OriginalsLimit(max_bytes=10))
    compressor = Compressor(compressed())
    plan = Plan(Recipe(), "balanced", Destination.REPLACE, root=picture.parent)
    told = Carrier(store).carry(Job(picture, plan, lambda told: None), cast(Slot, compressor))
    assert (told.outcome, told.whole_folder, compressor.recipes) == ("waiting", True, [])
    assert "originals accept" in told.problem


WIDE = b"\xff\xd8\xff\xc0\0\x11\x08\x0b\xb8\x0f\xa0\x03" + bytes(9) + bytes(600) + b"\xff\xd9"  # 4000 x 3000


@pytest.mark.parametrize(
    ("made", "recipe", "missed"),
    [
        (Unchanged(Reason.SAVES_TOO_LITTLE), Recipe(), False),
        (Unchanged(Reason.BROKEN), Recipe(), True),
        (Unchanged(Reason.UNSUPPORTED), Recipe(), True),
        (Unchanged(Reason.VERIFY_FAILED), Recipe(), True),
        (Unchanged(Reason.FORMAT_LEFT_ALONE), Recipe(), False),
        (Unchanged(Reason.CANNOT_KEEP_WHOLE), Recipe(), False),
        (Unchanged(Reason.CANNOT_KEEP_WHOLE), Recipe(max_edge=2048), True),
        (Unchanged(Reason.CANNOT_KEEP_WHOLE), Recipe(max_edge=4000), False),
        (Unchanged(Reason.CANNOT_FIT), Recipe(fit_under=100), True),
        (Unchanged(Reason.SAVES_TOO_LITTLE), Recipe(fit_under=100_000), False),
        (Unchanged(Reason.CANNOT_CONVERT, "", ImageType.JPEG), Recipe(convert_to=ImageType.WEBP), True),
        (Unchanged(Reason.WOULD_BE_BIGGER, "", ImageType.JPEG), Recipe(convert_to=ImageType.WEBP), False),
        (Unchanged(Reason.FORMAT_LEFT_ALONE), Recipe(metadata=MetadataPolicy.SHARE), True),
        (Unchanged(Reason.FORMAT_NEVER_TOUCHED, "", ImageType.SVG), Recipe(bigger=True), False),
        (
            Unchanged(Reason.SAVES_TOO_LITTLE, no_private_metadata=True),
            Recipe(metadata=MetadataPolicy.SHARE),
            False,
        ),
        (Unchanged(Reason.CANNOT_KEEP_WHOLE), Recipe(drop=frozenset({Extra.MOTION})), True),
    ],
)
def test_what_was_asked_and_not_done_is_told_apart(made: Unchanged, recipe: Recipe, missed: bool) -> None:
    assert is_missed(made, recipe, WIDE) is missed


@pytest.mark.parametrize("destination", list(Destination))
def test_a_drawing_is_missed_where_another_format_was_asked_for_by_name_alone(
    destination: Destination, tmp_path: Path
) -> None:
    """Not where results merely go elsewhere: there nothing was asked of it."""
    drawing, folder = Unchanged(Reason.FORMAT_NEVER_TOUCHED, "", ImageType.SVG), FolderSettings(path=tmp_path)
    for asked in (True, False):
        plan = plan_for(folder, tmp_path, destination=destination, converting=asked)
        assert is_missed(drawing, plan.recipe, b"<svg/>", converting=plan.converting) is asked


def test_the_page_tells_each_cause_its_exit_code() -> None:
    page = (REPOSITORY / "docs" / "formats.md").read_text(encoding="utf-8")
    section = page.partition("## Broken, unsupported, left alone")[2].partition("## ")[0]
    rows = [line.split("|")[2:4] for line in section.splitlines() if line.startswith("|")]
    codes = {
        Reason[word.upper()]: code.strip()
        for row, code in rows
        for word in re.findall(r"`(\w+)`", row)
        if word.upper() in Reason.__members__
    }
    assert set(codes) == set(Reason)
    for reason, code in codes.items():
        made = Unchanged(reason, "", ImageType.JPEG)
        assert is_missed(made, Recipe(), WIDE) is (code[0] == "1"), reason
        for asked in (
            Recipe(max_edge=2048),
            Recipe(fit_under=100),
            Recipe(metadata=MetadataPolicy.SHARE),
            Recipe(convert_to=ImageType.WEBP, bigger=True),
        ):
            assert is_missed(made, asked, WIDE), reason


def test_what_a_result_lacks_stands_in_the_history(carry: Callable[..., JobResult], tmp_path: Path) -> None:
    made = dataclasses.replace(compressed(), dropped=(Extra.HDR, "text"), missed="not resized: it is signed")
    told = carry(Compressor(made))
    assert (told.dropped, told.missed) == (["hdr", "text"], True)
    with Reader(tmp_path / "state" / "ledger.sqlite3") as reader:
        (entry,) = reader.history(HistoryFilter())
    assert (entry.dropped, entry.missed) == (told.dropped, told.missed)
    lacks = "without its HDR gain map and its text notes; not resized: it is signed"
    assert entry.reason == told.reason == lacks


def test_why_a_picture_was_left_stands_in_the_history(
    carry: Callable[..., JobResult], tmp_path: Path
) -> None:
    told = carry(Compressor(Unchanged(Reason.UNSUPPORTED, "BigTIFF")))
    assert (told.outcome, told.cause, told.missed) == ("unchanged", "unsupported", True)
    with Reader(tmp_path / "state" / "ledger.sqlite3") as reader:
        (entry,) = reader.history(HistoryFilter())
    assert (entry.cause, entry.missed) == (told.cause, True)


@pytest.mark.parametrize(
    "made",
    [
        Unchanged(Reason.CANNOT_FIT, "it is large", ImageType.JPEG),
        dataclasses.replace(compressed(), missed="it is large"),
    ],
    ids=["unchanged", "made smaller, but not enough"],
)
def test_what_is_over_the_limit_is_not_put_into_an_output_folder(
    carry: Callable[..., JobResult], tmp_path: Path, made: Compressed | Unchanged
) -> None:
    told = carry(
        Compressor(made),
        destination=Destination.OUTPUT,
        recipe=Recipe(fit_under=10),
    )
    assert (told.outcome, told.missed, told.output) == ("unchanged", True, "")
    assert "it is large" in told.reason
    assert "larger than was asked for" in told.reason
    assert not (tmp_path / "out").exists()
