"""One running worker process, seen from the daemon: how it is started, asked, watched, and how it can end.

It is cut off from the user's settings and environment.
"""

import dataclasses
import enum
import logging
import math
import os
import queue
import re
import signal as signals
import site
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from types import TracebackType
from typing import NoReturn, TypeVar, cast

import homepress
from homepress import __version__, privacy
from homepress.base.override import override
from homepress.workers import launcher
from homepress.workers.host import ChildProcess, host
from homepress.workers.protocol import (
    READY,
    RESPONSE,
    BadFrame,
    Request,
    Response,
    harmless,
    plain,
    read_frame,
    write_frame,
)

_log = logging.getLogger(__name__)

T = TypeVar("T")

_NO_HOME = "/nonexistent"

MODULES = tuple(f"homepress.workers.{name}" for name in ("child", "checker_child", "tool_child"))
"""What a worker, and a helper program's process, begin with."""

# One thread each: the slots are what runs side by side. Two arenas keep glibc from reserving address space
# for threads that hardly allocate. What is freed is kept for what comes next, and large pages are asked for:
# to give pages back and be given them anew, one by one, took a tenth of the processor time.
_ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}


def module_command(module: str) -> Sequence[str]:
    """The command line that runs one of our modules without the user's `PYTHON*` variables."""
    if is_bundled():
        return [sys.executable, "-m", module]  # it is isolated by itself, and takes no other option
    isolation = ["-I"] if not _in_user_site() else ["-E", "-P"]
    # Its file is compiled once and kept, unless we were told not to.
    caching = ["-B"] if sys.dont_write_bytecode else []
    program, _ = host.interpreter()
    return [program, *isolation, *caching, "-X", "utf8", "-m", module]


def is_bundled() -> bool:
    """Whether this runs from a bundle, where `sys.executable` is Homepress itself (set by PyInstaller)."""
    return bool(getattr(sys, "frozen", False))


def environment() -> Mapping[str, str]:
    """All that a worker finds in its environment."""
    kept = {name: os.environ[name] for name in host.environment_names() if name in os.environ}
    # Without any, Python looks up the user's home when it starts, perhaps over a socket to a name service.
    home = {} if _in_user_site() else {"HOME": _NO_HOME}
    _, needed = host.interpreter()
    return {**kept, **home, **_ONE_THREAD, **needed}


def lock_outside_workers(lock: Callable[[], T]) -> T:
    """Lock this process; where a child of it could not lock itself, workers will be started from outside.

    Where the system did not take this process's lock, workers are its own children: nothing keeps them from
    putting on theirs, and none is to be had from a launcher that has less of it than its daemon.

    Args:
        lock: puts on the lock; for a process that may start workers later.
    """
    if privacy.locks_nest():
        return lock()
    try:
        begun = launcher.begin([module_command(module) for module in MODULES], environment())
    except OSError as error:
        _log.warning("workers get the lock of this process alone: %s", error)
        return lock()
    locked = lock()
    try:
        begun.check()
    except OSError as error:
        _log.warning("workers get the lock of this process alone: %s", error)
        launcher.end()
    if privacy.state() == "open":
        launcher.end()
    return locked


def contain_workers() -> None:
    """From here on start workers in a container of the system's; without one, the log says why."""
    try:
        host.use_container()
    except OSError as error:
        _log.warning("workers are not started in a container: %s", error)


def remove_container() -> None:
    """Take away what `contain_workers` has made in the system; silent where there is nothing."""
    host.remove_container()


def _in_user_site() -> bool:
    """Whether Homepress is installed with `pip install --user`, which isolated mode would not find."""
    if not site.ENABLE_USER_SITE:
        return False
    return Path(homepress.__file__).is_relative_to(site.getusersitepackages())


class OwnProcess(subprocess.Popen[bytes]):
    """A child of this process."""

    lost = ""
    """Nothing: the end of a child of ours is always known."""

    @override
    def kill(self) -> None:
        host.kill(self.pid)


START_SECONDS = 60.0
_END_SECONDS = 2.0
_LOOK_SECONDS = 0.002
_ERROR_TAIL_BYTES = 8 << 10

_BASE_SECONDS = 120.0
_SECONDS_PER_BYTE = 6.0 / 1_000_000
_SECONDS_PER_MEMORY_BYTE = 100.0 / 1_000_000_000
_LONGEST_SECONDS = 3600.0
_SHORTEST_WAIT = 0.05
_LOOK_AGAIN = 0.25


class DeathKind(enum.StrEnum):
    """The cause, as far as it can be told."""

    CRASHED = "crashed"
    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "out of memory"
    REFUSED_TO_START = "refused to start"
    STOPPED = "stopped"
    """The slot was closed while the worker was at it."""
    UNLIKE = "gave a result that does not look like the picture"
    """By the independent look of another process; both processes are ended."""
    UNCHECKED = "gave a result that could not be checked"
    """The process that looks at results could not; it is ended."""


_IN_WORDS = {
    DeathKind.CRASHED: "the compressor crashed on it",
    DeathKind.TIMED_OUT: "compressing it took too long",
    DeathKind.OUT_OF_MEMORY: "there was not enough memory for it",
    DeathKind.UNLIKE: "its result did not look like the picture",
    DeathKind.UNCHECKED: "its result could not be checked",
}


@dataclass(frozen=True, slots=True)
class Death:
    """The facts about one death.

    Attributes:
        kind: the cause.
        signal: the number of the signal that ended the process, or None.
        exit_code: its exit code, or None when a signal ended it.
        seconds: how long the worker had been at its task.
        detail: the last line that the worker wrote to its error output, or what was wrong; may be empty.
    """

    kind: DeathKind
    signal: int | None = None
    exit_code: int | None = None
    seconds: float = 0.0
    detail: str = ""

    @property
    def in_words(self) -> str:
        """What it means for a picture, for people; the facts are for the log."""
        return _IN_WORDS.get(self.kind, str(self))

    def __str__(self) -> str:
        how = (
            f"the compressor {self.kind}" if self.kind is not DeathKind.OUT_OF_MEMORY else "not enough memory"
        )
        facts = [f"after {self.seconds:.1f} s"] if self.seconds else []
        if self.kind is DeathKind.CRASHED and self.signal is not None:
            facts.insert(0, signal_name(self.signal))
        if self.detail:
            facts.append(self.detail)
        return f"{how} ({', '.join(facts)})" if facts else how


class WorkerDied(Exception):  # noqa: N818 (reads as what happened)
    """The process ended before its work was done. The slot starts another for the next task.

    Attributes:
        death: what is known about it.
    """

    def __init__(self, death: Death) -> None:
        super().__init__(str(death))
        self.death = death

    @property
    def kind(self) -> DeathKind:
        """The cause."""
        return self.death.kind


def cause_of(return_code: int, errors: str, killed_as: DeathKind | None) -> DeathKind:
    """The cause of a death.

    Args:
        return_code: as `subprocess` gives it: the negated signal, or the exit code.
        errors: the end of what the process wrote to its error output.
        killed_as: why we killed it ourselves, or None when we did not.
    """
    if killed_as is not None:
        return killed_as
    if return_code == -_number("SIGXCPU"):
        return DeathKind.TIMED_OUT
    # Nobody but the kernel, when memory runs out, kills a worker with this signal.
    if return_code == -_number("SIGKILL") or _SAYS_MEMORY.search(errors):
        return DeathKind.OUT_OF_MEMORY
    return DeathKind.CRASHED


def signal_name(number: int) -> str:
    """Such as "SIGSEGV"."""
    try:
        return signals.Signals(number).name
    except ValueError:
        return f"signal {number}"


# What Python, Rust's and C++'s run-times say before they give up.
_SAYS_MEMORY = re.compile(r"MemoryError|memory allocation of \d+ bytes failed|bad_alloc|[Oo]ut of memory")


def _number(name: str) -> int:
    """The number of a signal that Windows does not have, there 0."""
    return int(getattr(signals, name, 0))


class Program:
    """A child process with its pipes. Its error output is drained; it is ended exactly once.

    Attributes:
        killed_as: why we killed it, or None when we did not.
    """

    def __init__(self, command: Sequence[str], limits: privacy.Limits, *, background: bool) -> None:
        """Start it.

        Raises:
            WorkerDied: it could not be started.
        """
        try:
            self._process = launch(lambda: _started(command, background))
        except OSError as error:
            raise _not_started(error) from error
        try:
            self._release = privacy.contain(self._process.pid, limits)
        except OSError as error:
            self._process.kill()
            self._process.wait()
            raise _not_started(error) from error
        self._limits = limits
        self.killed_as: DeathKind | None = None
        self._errors = bytearray()
        self._drain = threading.Thread(target=self._read_errors, name="worker errors", daemon=True)
        self._drain.start()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs, and nobody has killed it."""
        return self.killed_as is None and not self._ended()

    @property
    def input(self) -> RawIOBase:
        """The pipe to its standard input, unbuffered."""
        return cast(RawIOBase, self._process.stdin)

    @property
    def output(self) -> RawIOBase:
        """The pipe from its standard output, unbuffered."""
        return cast(RawIOBase, self._process.stdout)

    def kill(self, why: DeathKind) -> None:
        """End it at once; threads that wait for its pipes see them closed. May be called from any thread."""
        with launcher.processes:
            if self._process.poll() is None:
                self.killed_as = self.killed_as or why
                self._process.kill()

    def end(self, why: DeathKind = DeathKind.STOPPED) -> int:
        """Close its input, wait a moment for it to go, kill it if it does not; its return code."""
        self.input.close()
        patience = time.monotonic() + _END_SECONDS
        # Looked at under the lock of `kill`, so that a kill never meets a number that is somebody else's now.
        while not self._ended():
            if time.monotonic() > patience:
                self.kill(why)
            time.sleep(_LOOK_SECONDS)
        self._drain.join(_END_SECONDS)
        self.output.close()
        self._release()
        return self._process.wait()

    def errors(self) -> str:
        """The end of what it wrote to its error output."""
        return bytes(self._errors).decode("utf-8", "replace")

    def attempt(self, seconds: float, work: Callable[[], T]) -> T:
        """Do something with the pipes, against the clock.

        Args:
            seconds: until the process is killed; see `Watchdog` for what counts.
            work: what to do; it may raise `OSError`, `EOFError` and `BadFrame`.

        Raises:
            WorkerDied: it died, was killed, or spoke nonsense; it is gone now.
        """
        begin = time.monotonic()
        try:
            look = None if host.bounds_memory() else self._kill_if_grown
            with Watchdog(self.pid, seconds, lambda: self.kill(DeathKind.TIMED_OUT), look):
                return work()
        except (OSError, EOFError) as error:
            raise WorkerDied(self._death(time.monotonic() - begin)) from error
        except BadFrame as error:
            self.kill(DeathKind.CRASHED)
            raise WorkerDied(self._death(time.monotonic() - begin, str(error))) from error
        except BaseException:
            # Interrupted before the answer, which would be taken for the answer to the next question.
            self.kill(DeathKind.STOPPED)
            raise

    def _kill_if_grown(self) -> None:
        if host.resident_bytes(self.pid) > self._limits.memory_bytes:
            self.kill(DeathKind.OUT_OF_MEMORY)

    def _ended(self) -> bool:
        with launcher.processes:
            return self._process.poll() is not None

    def _death(self, seconds: float, detail: str = "") -> Death:
        code = self.end(DeathKind.CRASHED)
        errors = self.errors()
        if self._process.lost and self.killed_as is None:
            # Not the picture's fault, and another try will not do: as with a worker that cannot be started.
            return Death(DeathKind.REFUSED_TO_START, seconds=seconds, detail=self._process.lost)
        return Death(
            kind=cause_of(code, errors, self.killed_as),
            signal=-code if code < 0 else None,
            exit_code=code if code >= 0 else None,
            seconds=seconds,
            detail=plain(detail) or _last_line(errors),
        )

    def _read_errors(self) -> None:
        stream = cast(RawIOBase, self._process.stderr)
        with stream:
            while chunk := stream.read(_ERROR_TAIL_BYTES):
                self._errors += chunk
                del self._errors[:-_ERROR_TAIL_BYTES]


class Worker(Program):
    """A process that compresses one picture after the other.

    Attributes:
        hello: what it said when it was ready, with the lock it reached.
    """

    def __init__(
        self,
        command: Sequence[str],
        limits: privacy.Limits,
        *,
        background: bool,
        begun: Callable[["Worker"], None] = lambda _: None,
    ) -> None:
        """Start it and wait until it is ready.

        Args:
            command: of the program.
            limits: of the process.
            background: whether it gives way to everything else.
            begun: told of the process before it is waited for, so that it can be killed.

        Raises:
            WorkerDied: of the kind "refused to start", unless it was told to stop.
        """
        super().__init__(command, limits, background=background)
        begun(self)
        try:
            hello, _ = self.attempt(START_SECONDS, lambda: read_frame(self.output, READY, 0))
        except WorkerDied as died:
            if died.kind is DeathKind.STOPPED:
                raise
            raise WorkerDied(dataclasses.replace(died.death, kind=DeathKind.REFUSED_TO_START)) from died
        self.hello = harmless(hello)
        if self.hello.version != __version__:
            self._refuse(f"Homepress was updated to {self.hello.version}; restart it")
        if launcher.launcher() is not None and self.hello.network == "open":
            why = "; ".join(self.hello.missing)
            self._refuse(f"it did not get a lock, and has none of its parent's: {why}; {launcher.CURE}")

    def _refuse(self, why: str) -> NoReturn:
        self.end()
        raise WorkerDied(Death(DeathKind.REFUSED_TO_START, detail=why))

    def ask(
        self,
        question: Request,
        bodies: Sequence[bytes],
        seconds: float,
        understand: Callable[[Response, bytes], T],
        most_body: int,
    ) -> T:
        """Put one question, with a picture perhaps, and wait for the answer.

        Args:
            question: the header of what is sent.
            bodies: the bytes that go with it, joined on their way.
            seconds: until the worker is killed.
            understand: makes of header and body what is wanted; raises `BadFrame` for what cannot be true.
            most_body: bytes that an answer may have.

        Raises:
            WorkerDied: it is gone now.
        """

        def exchange() -> T:
            write_frame(self.input, question, *bodies)
            answer, body = read_frame(self.output, RESPONSE, most_body)
            return understand(harmless(answer), body)

        return self.attempt(seconds, exchange)


def _started(command: Sequence[str], background: bool) -> ChildProcess:
    if (outside := launcher.launcher()) is not None:
        return outside.start(command)
    if (contained := host.start_contained(command, environment(), background)) is not None:
        return contained
    return OwnProcess(
        command,
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        close_fds=True,
        cwd="/",
        env=environment(),
        **host.popen_options(background),
    )


def _not_started(error: OSError) -> WorkerDied:
    return WorkerDied(Death(DeathKind.REFUSED_TO_START, detail=str(error)))


def _last_line(text: str) -> str:
    lines = [line for line in map(plain, text.splitlines()) if line]
    return lines[-1] if lines else ""


# Starts processes from one thread that lasts as long as the program.
#
# Linux sends a worker its death signal when the *thread* that started it ends, not the process (prctl(2),
# PR_SET_PDEATHSIG). So no slot starts its process from whatever thread happens to call it.


_Start = tuple[Callable[[], ChildProcess], Future[ChildProcess]]


class _LastingThread:
    def __init__(self) -> None:
        self._requests: queue.SimpleQueue[tuple[Callable[[], ChildProcess], Future[ChildProcess]]] = (
            queue.SimpleQueue()
        )
        self._thread: threading.Thread | None = None

    def launch(self, start: Callable[[], ChildProcess]) -> ChildProcess:
        with launcher.processes:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._serve, name="worker launcher", daemon=True)
                self._thread.start()
        outcome: Future[ChildProcess] = Future()
        self._requests.put((start, outcome))
        return outcome.result()

    def _serve(self) -> None:
        while True:
            start, outcome = self._requests.get()
            try:
                outcome.set_result(start())
            except BaseException as error:  # noqa: BLE001  raised again by the caller's outcome.result()
                outcome.set_exception(error)


_lasting = _LastingThread()


def launch(start: Callable[[], ChildProcess]) -> ChildProcess:
    """Run `start` in the lasting thread and give its process, or raise what it raised."""
    return _lasting.launch(start)


# Ends a process that is at its task for too long.


def deadline_for(source_bytes: int, memory_bytes: int = 0) -> float:
    """Seconds that a picture may take: far more than any took, so that only what hangs is ended.

    Args:
        source_bytes: of the file.
        memory_bytes: that the work needs, which grows with the pixels and with the effort of the format.
    """
    work = source_bytes * _SECONDS_PER_BYTE + memory_bytes * _SECONDS_PER_MEMORY_BYTE
    return min(_BASE_SECONDS + work, _LONGEST_SECONDS)


class Watchdog:
    """Calls `bite` when the seconds are over, unless the block it guards has ended.

    Seconds in which the process was ready to run but others had the processors do not count: a worker runs at
    idle priority, so on a busy computer it may stand still for long without being at fault.
    """

    def __init__(
        self, pid: int, seconds: float, bite: Callable[[], None], look: Callable[[], None] | None = None
    ) -> None:
        """`look` is called now and again meanwhile, where the system does not look at something itself."""
        self._look = look
        self._pid = pid
        self._seconds = seconds
        self._bite = bite
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def __enter__(self) -> "Watchdog":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        begin, waited_before = time.monotonic(), host.waited_seconds(self._pid)
        left = self._seconds
        between = math.inf if self._look is None else _LOOK_AGAIN
        while not self._over.wait(max(min(left, between), _SHORTEST_WAIT)):
            if self._look is not None:
                self._look()
            waited = host.waited_seconds(self._pid) - waited_before
            left = self._seconds - max(0.0, time.monotonic() - begin - waited)
            if left <= 0:
                self._bite()
                return
