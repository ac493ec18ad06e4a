"""The real worker with the real codecs."""

import hashlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from homepress import privacy
from homepress.base.formats import ImageType
from homepress.compress import Compressed, Reason, Recipe, Unchanged
from homepress.compress.core.library import Loaded
from homepress.compress.model import ENGINE
from homepress.workers import Limits, Slot


@pytest.fixture(scope="module")
def worker() -> Iterator[Slot]:
    made = Slot(Limits(), background=False)
    yield made
    made.close()


@pytest.fixture(scope="module")
def audited() -> Iterator[Slot]:
    program = Path(__file__).with_name("audited.py")
    made = Slot(Limits(), background=False, program=(sys.executable, "-I", str(program)))
    yield made
    made.close()


def drawing(kind: str) -> bytes:
    picture = Image.new("RGB", (400, 300), "white")
    pen = ImageDraw.Draw(picture)
    for step in range(0, 400, 9):
        pen.line([(step, 0), (400 - step, 300)], fill=(step % 256, 90, 200), width=3)
    out = io.BytesIO()
    picture.save(out, kind, compress_level=0, quality=98)
    return out.getvalue()


def pixels(data: bytes) -> bytes:
    return Image.open(io.BytesIO(data)).convert("RGB").tobytes()


@pytest.mark.slow
def test_a_picture_gets_smaller(worker: Slot) -> None:
    source = drawing("PNG")
    result = worker.compress(source, Recipe(floor=None))
    assert isinstance(result, Compressed)
    assert result.image_type is ImageType.PNG
    assert len(result.data) < len(source)
    assert hashlib.sha256(result.data).hexdigest() == result.sha256
    assert pixels(result.data) == pixels(source)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_every_format_is_handled_behind_the_lock(worker: Slot, kind: str) -> None:
    """Also those whose codecs are loaded after it."""
    result = worker.compress(drawing(kind), Recipe())
    assert isinstance(result, Compressed | Unchanged)
    assert worker.lock is not None
    said = any("network" in gap for gap in worker.lock.missing)
    assert worker.lock.network == ("open" if said else "locked")


@pytest.mark.slow
@pytest.mark.posix("a lock that is measured without sockets")
@pytest.mark.parametrize("recipe", [Recipe(), Recipe(floor=None), Recipe(convert_to=ImageType.WEBP)])
def test_no_code_of_a_worker_goes_near_a_socket(audited: Slot, recipe: Recipe) -> None:
    """Not even in vain: Python's audit events say what was tried."""
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "TIFF"):
        assert audited.compress(drawing(kind), recipe)


@pytest.mark.posix("attempts that a lock refuses")
def test_a_worker_tries_to_get_out_when_asked(worker: Slot) -> None:
    attempts = worker.probe()
    assert len(attempts) > 10
    assert {attempt.kind for attempt in attempts if attempt.allowed} <= privacy.WORKER.may


def test_a_worker_says_whether_it_has_the_compiled_core(worker: Slot) -> None:
    """It is loaded before the lock: behind it there are no names of files any more."""
    worker.prepare()
    assert worker.lock is not None
    assert worker.lock.codecs[ENGINE] == Loaded.name()


@pytest.mark.slow
def test_a_worker_for_jpegs_gives_way_to_one_for_all_that_stays(worker: Slot) -> None:
    """It has no code of other formats, and behind its lock none could be loaded."""
    worker.rest()
    assert worker.compress(drawing("JPEG"), Recipe())
    assert worker.lock is not None and "webp" not in worker.lock.codecs
    alone = worker.pid
    assert worker.compress(drawing("WEBP"), Recipe())
    assert worker.lock is not None and "webp" in worker.lock.codecs
    full = worker.pid
    assert worker.compress(drawing("JPEG"), Recipe(max_edge=48))
    assert worker.compress(drawing("JPEG"), Recipe())
    assert (worker.pid == full, worker.pid == alone) == (True, False)


@pytest.mark.slow
def test_codecs_that_are_known_are_not_checked_again(worker: Slot) -> None:
    checked = worker.check_codecs({})
    assert checked.faults == [] and "pillow" in checked.versions
    worker.prepare()
    before = worker.pid
    again = worker.check_codecs(checked.versions)
    assert (again.versions, again.faults) == (checked.versions, None)
    assert worker.pid == before, "no process was started for it"
    assert worker.check_codecs(checked.versions | {"pillow": "0"}).faults == []


@pytest.mark.slow
def test_a_worker_for_all_tells_the_versions_of_jpegs_codecs_as_one_for_jpegs_does(worker: Slot) -> None:
    """It is first asked for them behind its lock, where it can list no folder."""
    worker.rest()
    alone = worker.check_codecs({}, ImageType.JPEG).versions
    worker.rest()
    worker.prepare()
    full = worker.pid
    assert worker.check_codecs({}, ImageType.JPEG).versions == alone
    assert (worker.pid, "pillow" in alone, "webp" in alone) == (full, True, False)


@pytest.mark.slow
def test_what_is_no_picture_is_said_to_be_none(worker: Slot) -> None:
    result = worker.compress(b"no picture", Recipe())
    assert isinstance(result, Unchanged) and result.reason is Reason.NOT_AN_IMAGE


@pytest.mark.slow
def test_the_same_bytes_give_the_same_result(worker: Slot) -> None:
    source = drawing("JPEG")
    first = worker.compress(source, Recipe())
    worker.rest()
    assert worker.compress(source, Recipe()) == first
