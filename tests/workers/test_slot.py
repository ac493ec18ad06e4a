"""A slot: one lost process costs one picture, and nothing it does gets the slot out of step."""

import contextlib
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from homepress.base.formats import ImageType
from homepress.compress import Compressed, Reason, Recipe, Unchanged
from homepress.workers import DeathKind, Limits, Slot, WorkerDied
from homepress.workers.host import host
from support import wait_for
from workers.mischief import PROGRAM, ask_for, png, slot, tell, tell_heic


@pytest.fixture
def worker() -> Iterator[Slot]:
    made = slot()
    yield made
    made.close()


def death(worker: Slot, deed: str, **arguments: Any) -> WorkerDied:
    with pytest.raises(WorkerDied) as caught:
        tell(worker, deed, **arguments)
    return caught.value


def test_one_process_serves_many_pictures(worker: Slot) -> None:
    assert worker.pid is None and worker.lock is None
    first = tell(worker, "who")
    assert tell(worker, "who") == first == f"done: {worker.pid}"


def test_a_prepared_worker_is_there_before_the_picture(worker: Slot) -> None:
    worker.prepare()
    assert tell(worker, "who") == f"done: {worker.pid}"


@pytest.mark.slow
def test_results_come_back_whole(worker: Slot) -> None:
    for size in (100, 65536, 5_000_000):
        assert ask_for(worker, size).data == png(1, 1, size)


@pytest.mark.slow
@pytest.mark.posix("signals")
def test_a_segfault_is_told_with_its_signal(worker: Slot) -> None:
    died = death(worker, "segfault")
    assert (died.kind, died.death.signal) == (DeathKind.CRASHED, signal.SIGSEGV)
    assert "SIGSEGV" in str(died)
    assert tell(worker, "compute") == "done: True"


@pytest.mark.slow
def test_an_exit_is_told_with_its_code(worker: Slot) -> None:
    died = death(worker, "leave", code=1)
    assert (died.kind, died.death.signal, died.death.exit_code) == (DeathKind.CRASHED, None, 1)
    assert tell(worker, "compute") == "done: True"


@pytest.mark.posix("signals")
def test_an_abort_reaches_the_process_itself(worker: Slot) -> None:
    assert death(worker, "abort").death.signal == signal.SIGABRT


def test_an_exception_is_told_with_its_place(worker: Slot) -> None:
    died = death(worker, "blow")
    assert died.kind is DeathKind.CRASHED
    assert "ValueError: this picture is odd at misbehaving.py:" in str(died)
    assert worker.pid is None, "whatever state it was in is gone"


@pytest.mark.slow
def test_a_hang_ends_at_its_deadline(worker: Slot) -> None:
    died = death(worker, "sleep", seconds=600, within=0.5)
    assert died.kind is DeathKind.TIMED_OUT
    assert died.death.seconds >= 0.5
    assert tell(worker, "compute") == "done: True"


@pytest.mark.slow
@pytest.mark.posix("signals that stop a process")
def test_a_worker_that_reads_nothing_ends_at_its_deadline(worker: Slot) -> None:
    """The picture is larger than the pipe holds, so that handing it over hangs."""
    worker.prepare()
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGSTOP)
    with pytest.raises(WorkerDied) as caught:
        worker.compress(bytes(8 << 20), Recipe(), 0.5)
    assert caught.value.kind is DeathKind.TIMED_OUT


@pytest.mark.slow
@pytest.mark.posix("limits of resources")
def test_too_much_memory_costs_one_picture(worker: Slot) -> None:
    assert death(worker, "memory", size=3 << 30).kind is DeathKind.OUT_OF_MEMORY
    assert tell(worker, "compute") == "done: True"


@pytest.mark.slow
@pytest.mark.posix("signals")
def test_too_much_processor_time_costs_one_picture() -> None:
    worker = slot(Limits(cpu_seconds=1))
    died = death(worker, "loop")
    worker.close()
    assert (died.kind, died.death.signal) == (DeathKind.TIMED_OUT, signal.SIGXCPU)


def test_prints_do_not_get_among_the_answers(worker: Slot) -> None:
    assert tell(worker, "say", text="\0\0\0\5hello") == "done: 9"
    assert tell(worker, "say", text="line\n" * 100_000) == "done: 500000"
    assert tell(worker, "compute") == "done: True"


def test_the_last_words_are_told(worker: Slot) -> None:
    died = death(worker, "say_and_die", text="libfoo: cannot go on")
    assert died.death.detail == "libfoo: cannot go on"
    assert died.death.exit_code == 3


@pytest.mark.slow
@pytest.mark.parametrize("lengths", [(8, 0), (1 << 31, 0), (8, 1 << 60)])
def test_nonsense_ends_the_worker(worker: Slot, lengths: tuple[int, int]) -> None:
    died = death(worker, "answer_nonsense", lengths=lengths)
    assert died.kind is DeathKind.CRASHED
    assert tell(worker, "compute") == "done: True"


@pytest.mark.slow
def test_a_worker_that_died_while_idle_is_replaced(worker: Slot) -> None:
    tell(worker, "compute")
    assert worker.pid is not None
    host.kill(worker.pid)
    wait_for(lambda: worker.pid is None, what="the worker's end")
    assert tell(worker, "compute") == "done: True"


@pytest.mark.slow
def test_resting_gives_the_memory_back(worker: Slot) -> None:
    tell(worker, "compute")
    pid = worker.pid
    assert worker.rest()
    assert worker.pid is None
    assert pid is not None and not host.resident_bytes(pid)
    assert worker.rest(), "twice does no harm"


@pytest.mark.slow
def test_a_slot_at_work_does_not_rest(worker: Slot) -> None:
    working = threading.Thread(target=lambda: tell(worker, "answer_late", seconds=0.5))
    worker.prepare()
    working.start()
    rested = worker.rest()
    working.join()
    assert rested is False or tell(worker, "compute") == "done: True"


def test_closing_ends_work_in_the_middle(worker: Slot) -> None:
    caught: list[WorkerDied] = []

    def work() -> None:
        try:
            tell(worker, "sleep", seconds=600)
        except WorkerDied as died:
            caught.append(died)

    worker.prepare()
    pid = worker.pid
    working = threading.Thread(target=work)
    working.start()
    worker.close()
    working.join(30)
    assert [died.kind for died in caught] == [DeathKind.STOPPED]
    assert pid is not None and not host.resident_bytes(pid)
    with pytest.raises(WorkerDied, match="stopped"):
        worker.compress(b"", Recipe())


@pytest.mark.slow
def test_an_interrupted_question_leaves_no_answer_behind(
    worker: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while a picture is compressed: the next picture must not get that picture's result."""
    first = tell(worker, "who")

    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("homepress.workers.process.read_frame", interrupted)
        tell(worker, "compute")
    assert tell(worker, "who") == f"done: {worker.pid}" != first


@pytest.mark.slow
def test_a_worker_that_keeps_memory_is_replaced(worker: Slot) -> None:
    fat = tell(worker, "keep", size=256 << 20)
    assert tell(worker, "who") != fat


@pytest.mark.slow
def test_a_worker_that_gave_memory_back_is_kept(worker: Slot) -> None:
    thin = tell(worker, "borrow", size=256 << 20)
    assert tell(worker, "who") == thin


@pytest.mark.slow
def test_a_worker_that_used_much_time_is_replaced() -> None:
    worker = slot(Limits(cpu_seconds=2))
    first = tell(worker, "who")
    tell(worker, "answer_late", seconds=1.2)
    assert tell(worker, "who") != first
    worker.close()


def test_a_program_that_is_not_there_refuses_to_start() -> None:
    worker = slot(program=("/nonexistent/python",))
    assert death(worker, "who").kind is DeathKind.REFUSED_TO_START


def test_a_program_that_ends_at_once_refuses_to_start() -> None:
    worker = slot(program=(sys.executable, "-c", "raise SystemExit('no codecs here')"))
    died = death(worker, "who")
    assert died.kind is DeathKind.REFUSED_TO_START
    assert "no codecs here" in str(died)


def test_one_that_is_not_ready_yet_is_ended_with_its_slot() -> None:
    """On a busy computer a start takes long, and nobody who stops Homepress waits for it."""
    worker = slot(program=(sys.executable, "-c", "import time; time.sleep(50)"))
    told: list[WorkerDied] = []
    asking = threading.Thread(target=lambda: told.append(death(worker, "who")), daemon=True)
    asking.start()
    wait_for(lambda: worker._starting is not None, what="a start")
    worker.close()
    asking.join(20)
    assert [each.kind for each in told] == [DeathKind.STOPPED]


def test_another_version_refuses_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("homepress.workers.process.__version__", "0.0.0")
    worker = slot()
    died = death(worker, "who")
    assert died.kind is DeathKind.REFUSED_TO_START
    assert "restart" in str(died)


@pytest.mark.slow
def test_slots_are_independent(worker: Slot) -> None:
    other = slot()
    tell(other, "who")
    pid = other.pid
    death(worker, "leave", code=1)
    assert other.pid == pid
    other.close()


def test_a_slot_may_be_used_from_threads_that_end(worker: Slot) -> None:
    """The system ties a worker to the thread that started it; that must not be the caller's."""
    starter = threading.Thread(target=worker.prepare)
    starter.start()
    starter.join()
    pid = worker.pid
    assert tell(worker, "who") == f"done: {pid}"


@pytest.mark.posix("classes of schedulers")
def test_a_background_worker_has_idle_priority() -> None:
    worker = Slot(Limits(), program=PROGRAM)
    worker.prepare()
    assert worker.pid is not None
    assert os.sched_getscheduler(worker.pid) == os.SCHED_IDLE
    worker.close()


@pytest.mark.slow
def test_a_worker_tells_whether_a_picture_tells_its_place() -> None:
    placed = io.BytesIO()
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 0.0), 3: "E", 4: (13.0, 24.0, 0.0)})
    Image.new("RGB", (8, 8)).save(placed, "JPEG", exif=exif)
    with contextlib.closing(Slot(Limits(), background=False)) as worker:
        assert worker.tells_place(placed.getvalue())
        assert not worker.tells_place(b"no picture at all")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the lock of Linux")
def test_only_a_heic_that_is_decoded_has_a_worker_with_threads() -> None:
    with contextlib.closing(slot()) as worker:
        assert tell(worker, "thread") == "refused: PermissionError"
        first = worker.pid
        assert tell_heic(worker, "thread", convert=False) == "refused: PermissionError", "it is left alone"
        assert worker.pid == first
        assert tell_heic(worker, "thread", convert=True) == "done: True"
        second = worker.pid
        assert tell_heic(worker, "fork", convert=True) == "refused: PermissionError"
        assert worker.pid == second
        assert tell(worker, "thread") == "refused: PermissionError"
        assert len({first, second, worker.pid, os.getpid()}) == 4


@pytest.mark.slow
def test_a_picture_in_another_format_may_be_larger_where_that_is_asked() -> None:
    out = io.BytesIO()
    Image.effect_noise((160, 120), 90).convert("RGB").save(out, "AVIF", quality=30)
    source, slot = out.getvalue(), Slot(Limits(), background=False)
    try:
        plain = slot.compress(source, Recipe(convert_to=ImageType.PNG))
        asked = slot.compress(source, Recipe(convert_to=ImageType.PNG, bigger=True))
    finally:
        slot.close()
    assert isinstance(plain, Unchanged)
    assert plain.reason is Reason.WOULD_BE_BIGGER
    assert isinstance(asked, Compressed)
    assert len(asked.data) > len(source)
