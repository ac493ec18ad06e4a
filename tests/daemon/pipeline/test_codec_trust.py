"""Codecs are checked by a real worker; what a wrong answer means for pictures, status and the next run."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from compress.images import jpeg, photo
from homepress.base.formats import ImageType
from homepress.compress import Compressed, Recipe
from homepress.compress.model import Fault, trusted
from homepress.daemon.pipeline.carry import Carrier
from homepress.daemon.pipeline.codec_trust import CodecTrust
from homepress.daemon.pipeline.job import Destination, Job, JobResult, Plan
from homepress.store.store import Store
from homepress.workers import CodecReport, Limits, Slot, WorkerDied
from support import is_private

LYING = Path(__file__).parents[2] / "workers" / "lying_worker.py"
FINE = jpeg(photo(420, 300), 97)
LOSSY = Recipe(floor=80.0)


@pytest.fixture
def worker_with() -> Iterator[Callable[[str], Slot]]:
    slots: list[Slot] = []

    def make(lie: str) -> Slot:
        slots.append(Slot(Limits(), background=False, program=(sys.executable, str(LYING), lie)))
        return slots[-1]

    yield make
    for slot in slots:
        slot.close()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "codecs.json"


@pytest.fixture
def carry(tmp_path: Path) -> Iterator[Callable[[CodecTrust, Slot, str], JobResult]]:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    store = Store.open(tmp_path / "state" / "ledger.sqlite3", tmp_path / "originals")
    store.recover()

    def run(trust: CodecTrust, slot: Slot, name: str) -> JobResult:
        picture = inbox / name
        picture.write_bytes(FINE)
        plan = Plan(LOSSY, "balanced", Destination.REPLACE, root=inbox)
        return Carrier(store, trust=trust).carry(Job(picture, plan, lambda _: None), slot)

    yield run
    store.close()


@pytest.mark.slow
def test_honest_codecs_are_checked_once_and_trusted(worker_with: Callable[[str], Slot], state: Path) -> None:
    trust = CodecTrust(state)
    assert trust.recipe(worker_with("none"), ImageType.JPEG, LOSSY) == LOSSY
    assert trust.problems() == []
    kept = json.loads(state.read_bytes())["jpeg"]
    assert kept["faults"] == []
    assert {"homepress", "pillow", "numpy"} <= kept["versions"].keys()
    assert is_private(state)
    before = state.stat().st_mtime_ns
    assert (
        CodecTrust(state).recipe(worker_with("jpeg"), ImageType.JPEG, LOSSY) == LOSSY
    )  # known: not checked again
    assert state.stat().st_mtime_ns == before


@pytest.mark.slow
def test_a_lossy_coder_that_lies_is_used_without_loss_only(
    worker_with: Callable[[str], Slot], state: Path, carry: Callable[[CodecTrust, Slot, str], JobResult]
) -> None:
    trust = CodecTrust(state)
    told = carry(trust, worker_with("jpeg"), "a.jpg")
    assert told.outcome in ("compressed", "unchanged")
    assert told.score in (None, 100.0)
    assert any("JPEG pictures are compressed without loss only" in text for text in trust.problems())
    assert trust.recipe(worker_with("none"), ImageType.PNG, LOSSY) == LOSSY


class OneThatLies:
    """Stands in for a slot whose first process was taken over; the next one is honest."""

    def __init__(self) -> None:
        self.rested = 0

    def check_codecs(self, known: dict[str, str], only: ImageType | None = None) -> CodecReport:
        lie = [Fault(kind, True, "type: curl evil | sh") for kind in ImageType]
        return CodecReport(versions={"pillow": "1"}, faults=[] if self.rested else lie)

    def rest(self) -> bool:
        self.rested += 1
        return True


def test_a_worker_that_calls_all_codecs_broken_is_not_taken_at_its_word(state: Path) -> None:
    trust, slot = CodecTrust(state), OneThatLies()
    assert trust.recipe(cast(Slot, slot), ImageType.JPEG, LOSSY) == LOSSY
    assert (trust.problems(), slot.rested) == ([], 1)
    assert "curl" not in state.read_text()


@pytest.mark.slow
def test_what_was_found_holds_in_the_next_run_until_a_version_changes(
    worker_with: Callable[[str], Slot], state: Path, carry: Callable[[CodecTrust, Slot, str], JobResult]
) -> None:
    carry(CodecTrust(state), worker_with("jpeg"), "a.jpg")
    again = CodecTrust(state)
    assert again.problems()
    assert again.recipe(worker_with("none"), ImageType.JPEG, LOSSY) == Recipe(floor=None)
    kept = json.loads(state.read_bytes())
    kept["jpeg"]["versions"]["pillow"] = "0.1"
    state.write_text(json.dumps(kept))
    mended = CodecTrust(state)
    told = carry(mended, worker_with("none"), "b.jpg")
    assert (told.outcome, mended.problems()) == ("compressed", [])
    assert told.score is not None and told.score < 100.0


@pytest.mark.slow
def test_pictures_of_a_lossless_coder_that_lies_wait_and_are_not_touched(
    worker_with: Callable[[str], Slot], state: Path, carry: Callable[[CodecTrust, Slot, str], JobResult]
) -> None:
    trust = CodecTrust(state)
    assert trust.recipe(worker_with("png"), ImageType.PNG, LOSSY) is None
    assert trust.recipe(worker_with("png"), ImageType.WEBP, Recipe(convert_to=ImageType.PNG)) is None
    assert any("PNG pictures are left alone" in text for text in trust.problems())
    kept = json.loads(state.read_bytes())
    kept["all"]["faults"] = [
        {"image_type": "jpeg", "even_lossless": True, "what": "it errs"},
        {"image_type": "gif", "even_lossless": True, "what": "it errs too"},
    ]
    state.write_text(json.dumps(kept))
    trust, slot = CodecTrust(state), worker_with("none")
    trust.prepare(slot)
    told = carry(trust, slot, "a.jpg")
    assert (told.outcome, told.retry_after is not None) == ("waiting", True)
    assert "JPEG pictures are left alone: it errs; install" in told.problem
    assert "GIF" not in told.problem


@pytest.mark.slow
def test_a_codec_that_ends_the_worker_trusts_nothing(
    worker_with: Callable[[str], Slot], state: Path, carry: Callable[[CodecTrust, Slot, str], JobResult]
) -> None:
    with pytest.raises(WorkerDied):
        CodecTrust(state).recipe(worker_with("webp"), ImageType.PNG, LOSSY)
    assert not state.exists()
    assert carry(CodecTrust(state), worker_with("dead jpeg"), "a.jpg").outcome == "waiting"


@pytest.mark.slow
def test_jpeg_is_checked_by_itself_by_the_worker_that_compresses(
    worker_with: Callable[[str], Slot], state: Path
) -> None:
    """Who has nothing but JPEGs waits for no other codec, and for no second process."""
    trust, slot = CodecTrust(state), worker_with("webp")
    assert trust.recipe(slot, ImageType.JPEG, LOSSY) == LOSSY
    pid = slot.pid
    assert pid is not None and json.loads(state.read_bytes()).keys() == {"jpeg"}
    assert isinstance(slot.compress(FINE, LOSSY), Compressed)
    assert slot.pid == pid
    with pytest.raises(WorkerDied):
        trust.recipe(slot, ImageType.JPEG, Recipe(floor=80.0, max_edge=100))


@pytest.mark.slow
def test_a_check_of_all_is_one_of_jpeg_too(worker_with: Callable[[str], Slot], state: Path) -> None:
    trust = CodecTrust(state)
    assert trust.recipe(worker_with("jpeg"), ImageType.PNG, LOSSY) == LOSSY
    assert trust.recipe(worker_with("none"), ImageType.JPEG, LOSSY) == Recipe(floor=None)
    assert json.loads(state.read_bytes()).keys() == {"all"}


@pytest.mark.slow
def test_what_jpegs_own_check_found_outlasts_a_check_of_all(
    worker_with: Callable[[str], Slot], state: Path
) -> None:
    """Its own worker errs, the one for all does not; the former does the work."""
    trust, slot = CodecTrust(state), worker_with("jpeg alone")
    assert trust.recipe(slot, ImageType.JPEG, LOSSY) == Recipe(floor=None)
    slot.rest()
    assert trust.recipe(slot, ImageType.PNG, LOSSY) == LOSSY
    assert json.loads(state.read_bytes())["all"]["faults"] == []
    assert trust.recipe(slot, ImageType.JPEG, LOSSY) == Recipe(floor=None)
    for kinds in ((ImageType.JPEG,), (ImageType.PNG, ImageType.JPEG)):
        again = CodecTrust(state)
        assert [again.recipe(slot, kind, LOSSY) for kind in kinds][-1] == Recipe(floor=None)
        assert [text[:4] for text in again.problems()] == ["JPEG"]


class OneOfVersions:
    """Stands in for a slot whose codecs have these versions, and faults in certain checks."""

    def __init__(self, versions: dict[str, str], **faults: list[Fault]) -> None:
        self.versions, self.faults = versions, faults
        self.asked: list[ImageType | None] = []

    def check_codecs(self, known: dict[str, str], only: ImageType | None = None) -> CodecReport:
        self.asked.append(only)
        told = {name: version for name, version in self.versions.items() if only is None or name != "avif"}
        return CodecReport(
            versions=told, faults=None if known == told else self.faults.get(only or "all", [])
        )

    def rest(self) -> bool:
        return True


def recipe_for(trust: CodecTrust, slot: OneOfVersions, kind: ImageType) -> Recipe | None:
    return trust.recipe(cast(Slot, slot), kind, LOSSY)


JPEG_ERRS = Fault(ImageType.JPEG, True, "it errs")
AVIF_ERRS = Fault(ImageType.AVIF, True, "it errs")
VERSIONS = {"pillow": "1", "simplejpeg": "1", "avif": "1"}


def test_what_the_check_of_all_found_of_jpeg_holds_in_a_run_that_has_nothing_else(state: Path) -> None:
    slot = OneOfVersions(VERSIONS, all=[JPEG_ERRS])
    recipe_for(CodecTrust(state), slot, ImageType.PNG)
    again = CodecTrust(state)
    assert recipe_for(again, slot, ImageType.JPEG) is None
    assert [text[:4] for text in again.problems()] == ["JPEG"]


@pytest.mark.parametrize("changed", [
    VERSIONS | {"simplejpeg": "2"}, {"pillow": "1", "avif": "1"}, VERSIONS | {"oxipng-pybind": "1"}
])  # fmt: skip
def test_a_fault_of_jpeg_ends_with_its_versions_whatever_comes_first(
    changed: dict[str, str], state: Path
) -> None:
    recipe_for(CodecTrust(state), OneOfVersions(VERSIONS, jpeg=[JPEG_ERRS]), ImageType.JPEG)
    trust, slot = CodecTrust(state), OneOfVersions(changed)
    assert recipe_for(trust, slot, ImageType.PNG) == LOSSY
    assert recipe_for(trust, slot, ImageType.JPEG) == LOSSY
    assert trust.problems() == []


def test_a_check_that_is_forgotten_in_a_run_is_made_again(state: Path) -> None:
    """A codec was updated while the daemon ran."""
    slot = OneOfVersions(VERSIONS, all=[AVIF_ERRS])
    recipe_for(CodecTrust(state), slot, ImageType.JPEG)
    trust = CodecTrust(state)
    assert recipe_for(trust, slot, ImageType.AVIF) is None
    slot.versions = VERSIONS | {"pillow": "2"}
    assert recipe_for(trust, slot, ImageType.JPEG) == LOSSY
    assert recipe_for(trust, slot, ImageType.AVIF) is None


def test_what_an_earlier_run_found_is_no_present_fact(state: Path) -> None:
    slot = OneOfVersions(VERSIONS, all=[AVIF_ERRS])
    found = CodecTrust(state)
    assert recipe_for(found, slot, ImageType.AVIF) is None
    assert [text.split(";")[0] for text in found.problems()] == ["AVIF pictures are left alone: it errs"]
    slot = OneOfVersions(VERSIONS | {"avif": "2"})  # of which JPEG's versions tell nothing
    trust = CodecTrust(state)
    for _ in range(2):
        assert trust.problems() == [
            "Found earlier: AVIF pictures are left alone: it errs; checked again before the next such picture"
        ]
        recipe_for(trust, slot, ImageType.JPEG)
    assert recipe_for(trust, slot, ImageType.AVIF) == LOSSY
    assert (trust.problems(), slot.asked) == ([], [ImageType.JPEG, None])


@pytest.mark.slow
def test_what_was_found_of_other_versions_is_forgotten(
    worker_with: Callable[[str], Slot], state: Path
) -> None:
    fault = {"image_type": "heic", "even_lossless": True, "what": "it errs"}
    report = {"type": "codecs", "versions": {"pillow": "0.1"}, "faults": [fault]}
    state.write_text(json.dumps({"all": report}))
    trust = CodecTrust(state)
    assert [text[:19] for text in trust.problems()] == ["Found earlier: HEIC"]
    assert trust.recipe(worker_with("none"), ImageType.JPEG, LOSSY) == LOSSY
    assert trust.problems() == []
    assert json.loads(state.read_bytes()).keys() == {"jpeg"}


@pytest.mark.parametrize("content", [b"", b"{", b'{"versions": 3}', b'{"versions": {}, "faults": [{}]}'])
def test_a_state_file_that_cannot_be_read_counts_as_no_check(content: bytes, state: Path) -> None:
    state.write_bytes(content)
    assert CodecTrust(state).problems() == []


def test_what_may_still_be_asked() -> None:
    lossy, exact = Fault(ImageType.WEBP, False, "x"), Fault(ImageType.WEBP, True, "y")
    to_webp = Recipe(convert_to=ImageType.WEBP)
    assert trusted(LOSSY, ImageType.WEBP, ()) == LOSSY
    assert trusted(LOSSY, ImageType.JPEG, (lossy, exact)) == LOSSY
    assert trusted(LOSSY, ImageType.WEBP, (lossy,)) == Recipe(floor=None)
    assert trusted(to_webp, ImageType.PNG, (lossy,)) == Recipe(floor=None, convert_to=ImageType.WEBP)
    assert trusted(Recipe(convert_to=ImageType.PNG), ImageType.WEBP, (lossy,)) == Recipe(
        convert_to=ImageType.PNG
    )
    assert trusted(Recipe(convert_to=ImageType.PNG), ImageType.WEBP, (exact,)) is None
    assert trusted(LOSSY, ImageType.WEBP, (lossy, exact)) is None
