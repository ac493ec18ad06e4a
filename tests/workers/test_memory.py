"""How much large pictures may take: what is refused, with which figures, and who waits for whom."""

import contextlib
import io
import platform
import threading
import zlib
from collections.abc import Iterator
from typing import cast

import pytest
from PIL import Image

from compress.sources import photo, saved
from homepress.base.formats import ImageType
from homepress.compress import Compressed, Reason, Recipe, Unchanged
from homepress.workers import Checker, DeathKind, Limits, MemoryBudget, NoRoomError, Slot, WorkerDied
from homepress.workers.host import Host, host
from homepress.workers.memory import UNNOTICED_BYTES, needed_to_compress
from support import wait_for
from workers.mischief import png, slot, tell

GB = 1_000_000_000
SMALL = 340 << 20


class Computer:
    """One with so much memory."""

    def __init__(self, total: int = 0, available: int = 0) -> None:
        self.total, self.available = total, available

    def total_memory(self) -> int:
        return self.total

    def available_memory(self) -> int:
        return self.available


def budget(most: int = 0, total: int = 0, available: int = 0) -> MemoryBudget:
    return MemoryBudget(most, cast(Host, Computer(total, available)))


def nothing() -> int:
    return 0


@contextlib.contextmanager
def holding(memory: MemoryBudget, needed: int) -> Iterator[None]:
    with memory.reserved(needed, nothing, threading.Event()):
        yield


def refusal(memory: MemoryBudget, needed: int) -> NoRoomError:
    with pytest.raises(NoRoomError) as caught, holding(memory, needed):
        pytest.fail("it began")
    assert caught.value.needed == needed
    return caught.value


def test_without_a_setting_it_is_half_of_the_computer() -> None:
    assert budget(total=24 * GB).most == 12 * GB
    assert budget(total=1 * GB).most == 2 << 30, "as much as workers have anyway"
    assert budget(5 * GB, total=24 * GB).most == 5 * GB


def test_where_nothing_is_told_nothing_is_refused() -> None:
    with holding(budget(), 100 * GB):
        pass


def test_more_than_the_setting_is_refused_with_figures_and_what_to_do() -> None:
    refused = refusal(budget(2 * GB, total=24 * GB, available=20 * GB), 3_400_000_000)
    assert str(refused) == (
        "it needs about 3.4 GB of memory, and Homepress may use 2.0 GB; raise worker_memory in the settings"
    )
    assert not refused.passing


def test_more_than_the_computer_has_is_refused_without_sending_anybody_to_the_settings() -> None:
    refused = refusal(budget(total=4 * GB, available=3 * GB), 9 * GB)
    assert str(refused) == "it needs about 9.0 GB of memory, and this computer has 4.0 GB in all"
    assert refused.passing


def test_more_than_is_free_is_refused_with_figures_and_something_is_left_to_others() -> None:
    refused = refusal(budget(total=16 * GB, available=5 * GB), 4_500_000_000)
    assert str(refused).startswith("it needs about 4.5 GB of memory, and 4.0 GB are free at present")
    assert refused.passing
    with holding(budget(total=16 * GB, available=6 * GB), 4_500_000_000):
        pass


def test_ordinary_pictures_are_never_refused() -> None:
    with holding(budget(total=2 * GB, available=100 << 20), UNNOTICED_BYTES):
        pass


def test_a_raised_setting_counts_at_once() -> None:
    memory = budget(2 * GB, total=24 * GB, available=20 * GB)
    refusal(memory, 3 * GB)
    memory.allow(4 * GB)
    with holding(memory, 3 * GB):
        pass
    memory.check(3 * GB)
    with pytest.raises(NoRoomError):
        memory.check(5 * GB)


@pytest.mark.parametrize("most", [0, 10 * GB], ids=["as much as is free", "as much as is allowed"])
def test_two_giants_that_do_not_fit_side_by_side_come_one_after_the_other(most: int) -> None:
    memory = budget(most, total=16 * GB, available=11 * GB if not most else 100 * GB)
    began = threading.Event()

    def second() -> None:
        with holding(memory, 6 * GB):
            began.set()

    thread = threading.Thread(target=second)
    with holding(memory, 6 * GB):
        thread.start()
        assert not began.wait(0.2)
    thread.join(30)
    assert began.is_set()


def test_two_that_fit_side_by_side_do_not_wait() -> None:
    memory = budget(total=32 * GB, available=30 * GB)
    with holding(memory, 6 * GB), holding(memory, 6 * GB):
        pass


def test_what_one_has_taken_already_is_not_counted_twice() -> None:
    """The system's figure of what is free is without it."""
    memory = budget(total=32 * GB, available=9 * GB)
    with memory.reserved(6 * GB, lambda: 6 * GB, threading.Event()), holding(memory, 6 * GB):
        pass


def test_a_slot_that_is_closed_waits_no_longer() -> None:
    memory, stopped = budget(10 * GB), threading.Event()
    ended = threading.Event()

    def second() -> None:
        with memory.reserved(6 * GB, nothing, stopped):
            ended.set()

    thread = threading.Thread(target=second)
    with holding(memory, 6 * GB):
        thread.start()
        assert not ended.wait(0.1)
        stopped.set()
        thread.join(30)
        assert ended.is_set()


# -- with processes


def flat(edges: tuple[int, int], kind: str = "PNG", mode: str = "RGB") -> bytes:
    """A large picture that costs little."""
    out = io.BytesIO()
    image = Image.linear_gradient("L").resize(edges)
    (image if mode == "L" else image.convert(mode)).save(
        out, kind, **({"quality": 92} if kind == "JPEG" else {})
    )
    return out.getvalue()


@pytest.mark.slow
@pytest.mark.posix("limits of resources")
def test_a_picture_that_needs_more_has_a_process_of_its_own_with_as_much_as_it_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worker = slot(Limits(memory_bytes=1 << 30))
    usual, needed = tell(worker, "who"), (1 << 30) + 4096
    monkeypatch.setattr("homepress.workers.slot.needed_to_compress", lambda *_: needed)
    assert f'"RLIMIT_AS": {needed}' in tell(worker, "limits")
    assert worker.pid is None, "it saw no picture after that one"
    assert tell(worker, "who") != usual
    monkeypatch.undo()
    assert f'"RLIMIT_AS": {1 << 30}' in tell(worker, "limits")
    worker.close()


def test_it_is_refused_before_a_process_is_started() -> None:
    worker = Slot(Limits(), memory=budget(2 * GB), background=False)
    with pytest.raises(NoRoomError, match=r"needs about 6\.\d GB.*may use 2\.0 GB.*worker_memory"):
        worker.compress(png(15_000, 10_000), Recipe(), 60.0)
    assert worker.pid is None
    worker.close()


@pytest.mark.slow
@pytest.mark.posix("limits of resources")
def test_no_process_may_have_more_than_the_setting_allows() -> None:
    worker = Slot(Limits(), memory=budget(GB), background=False)
    worker.prepare()
    with open(f"/proc/{worker.pid}/limits", encoding="ascii") as file:
        (line,) = [line for line in file if line.startswith("Max address space")]
    worker.close()
    assert line.split()[3] == str(GB)


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators give back by themselves")
def test_a_worker_at_rest_gives_back_what_it_kept_for_the_next_picture() -> None:
    with contextlib.closing(Slot(Limits(), background=False)) as worker:
        worker.prepare(ImageType.JPEG)
        pid = worker.pid
        assert pid is not None
        before = host.resident_bytes(pid)
        assert isinstance(worker.compress(saved(photo(3000, 2400), "JPEG", quality=95), Recipe()), Compressed)
        wait_for(lambda: host.resident_bytes(pid) < before + (24 << 20), what="the memory to be given back")
        assert worker.pid == pid


@pytest.mark.slow
@pytest.mark.parametrize("target", [None, ImageType.AVIF])
def test_a_header_that_claims_too_much_is_refused_by_an_ordinary_worker(target: ImageType | None) -> None:
    """A PNG that is sound but for its size, and a worker that has nothing to spare."""
    pixels, end = zlib.compress(bytes(100_000)), bytes(4) + b"IEND" + zlib.crc32(b"IEND").to_bytes(4, "big")
    checked = b"IDAT" + pixels
    chunk = len(pixels).to_bytes(4, "big") + checked + zlib.crc32(checked).to_bytes(4, "big")
    source = png(60_000, 60_000) + chunk + end
    assert needed_to_compress(source, Recipe(convert_to=target)) < SMALL
    with contextlib.closing(Slot(Limits(memory_bytes=SMALL), background=False)) as worker:
        result = worker.compress(source, Recipe(convert_to=target))
    assert isinstance(result, Unchanged)
    assert result.reason is Reason.TOO_LARGE


@pytest.mark.slow
def test_memory_that_runs_out_all_the_same_costs_that_picture_alone() -> None:
    """A picture whose header says less than is in it."""
    worker = Slot(Limits(memory_bytes=SMALL), background=False)
    source = flat((3000, 3000))
    with pytest.raises(WorkerDied) as died, pytest.MonkeyPatch.context() as patch:
        patch.setattr("homepress.workers.slot.needed_to_compress", lambda *_: 0)
        worker.compress(source, Recipe(convert_to=ImageType.AVIF, bigger=True))
    assert died.value.kind is DeathKind.OUT_OF_MEMORY
    assert isinstance(worker.compress(source, Recipe(convert_to=ImageType.JPEG, bigger=True)), Compressed)
    worker.close()


@pytest.mark.slow
@pytest.mark.parametrize("target", ["webp", "avif", "jxl", "png", "jpeg"])
def test_what_is_computed_is_enough(target: str) -> None:
    """Each has exactly what was computed for it: pictures of 9 megapixels, opaque and not."""
    recipe = Recipe(convert_to=ImageType(target), bigger=True)
    source = flat((3464, 2598), "TIFF" if target == "png" else "PNG", "RGB" if target == "jpeg" else "RGBA")
    assert needed_to_compress(source, recipe) > SMALL
    with contextlib.closing(Slot(Limits(memory_bytes=SMALL), background=False)) as worker:
        assert isinstance(worker.compress(source, recipe), Compressed)


@pytest.mark.slow
def test_50_megapixels_become_an_avif_and_are_looked_at() -> None:
    source = flat((8160, 6144), "JPEG")
    recipe = Recipe(convert_to=ImageType.AVIF, floor=30.0, bigger=True)
    assert needed_to_compress(source, recipe) > Limits().memory_bytes
    with contextlib.closing(Slot(Limits(), background=False)) as worker:
        result = worker.compress(source, recipe)
    assert isinstance(result, Compressed)
    with contextlib.closing(Checker(Limits())) as checker:
        checker.check(source, result.data)
