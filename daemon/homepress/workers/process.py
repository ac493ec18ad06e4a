"""One running worker process, seen from the daemon."""

import dataclasses
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from io import RawIOBase
from typing import TypeVar, cast

from homepress import __version__, privacy
from homepress.workers.command import environment
from homepress.workers.deaths import Death, DeathKind, WorkerDied, cause_of
from homepress.workers.frames import BadFrame, read_frame, write_frame
from homepress.workers.host import host
from homepress.workers.launcher import launch
from homepress.workers.messages import ANSWER, HELLO, Answer, Question
from homepress.workers.watchdog import Watchdog
from homepress.workers.words import harmless, plain

START_SECONDS = 60.0
_END_SECONDS = 2.0
_LOOK_SECONDS = 0.002
_ERROR_TAIL_BYTES = 8 << 10

T = TypeVar("T")


class Program:
    """A child process with its pipes. Its error output is drained; it is ended for good exactly once.

    Attributes:
        killed_as: why we killed it, or None when we did not.
    """

    def __init__(self, command: Sequence[str], limits: privacy.Limits, *, background: bool) -> None:
        """Start it.

        Raises:
            WorkerDied: it could not be started.
        """
        try:
            self._popen = launch(
                lambda: subprocess.Popen(
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
            )
        except OSError as error:
            raise _not_started(error) from error
        try:
            self._release = privacy.contain(self._popen.pid, limits)
        except OSError as error:
            host.kill(self._popen.pid)
            self._popen.wait()
            raise _not_started(error) from error
        self._reaping = threading.Lock()
        self.killed_as: DeathKind | None = None
        self._errors = bytearray()
        self._drain = threading.Thread(target=self._read_errors, name="worker errors", daemon=True)
        self._drain.start()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._popen.pid

    @property
    def alive(self) -> bool:
        """Whether it runs, and nobody has killed it."""
        return self.killed_as is None and not self._ended()

    @property
    def input(self) -> RawIOBase:
        """The pipe to its standard input, unbuffered."""
        return cast(RawIOBase, self._popen.stdin)

    @property
    def output(self) -> RawIOBase:
        """The pipe from its standard output, unbuffered."""
        return cast(RawIOBase, self._popen.stdout)

    def kill(self, why: DeathKind) -> None:
        """End it at once; whoever waits for its pipes sees them closed. May be called from any thread."""
        with self._reaping:
            if self._popen.poll() is None:
                self.killed_as = self.killed_as or why
                host.kill(self._popen.pid)

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
        return int(self._popen.returncode)

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
            with Watchdog(self.pid, seconds, lambda: self.kill(DeathKind.TIMED_OUT)):
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

    def _ended(self) -> bool:
        with self._reaping:
            return self._popen.poll() is not None

    def _death(self, seconds: float, detail: str = "") -> Death:
        code = self.end(DeathKind.CRASHED)
        errors = self.errors()
        return Death(
            kind=cause_of(code, errors, self.killed_as),
            signal=-code if code < 0 else None,
            exit_code=code if code >= 0 else None,
            seconds=seconds,
            detail=plain(detail) or _last_line(errors),
        )

    def _read_errors(self) -> None:
        stream = cast(RawIOBase, self._popen.stderr)
        with stream:
            while chunk := stream.read(_ERROR_TAIL_BYTES):
                self._errors += chunk
                del self._errors[:-_ERROR_TAIL_BYTES]


class Worker(Program):
    """A process that compresses one picture after the other.

    Attributes:
        hello: what it said when it was ready, with the lock it reached.
    """

    def __init__(self, command: Sequence[str], limits: privacy.Limits, *, background: bool) -> None:
        """Start it and wait until it is ready.

        Raises:
            WorkerDied: of the kind "refused to start".
        """
        super().__init__(command, limits, background=background)
        try:
            hello, _ = self.attempt(START_SECONDS, lambda: read_frame(self.output, HELLO, 0))
        except WorkerDied as died:
            raise WorkerDied(dataclasses.replace(died.death, kind=DeathKind.REFUSED_TO_START)) from died
        self.hello = harmless(hello)
        if self.hello.version != __version__:
            self.end()
            detail = f"Homepress was updated to {self.hello.version}; restart it"
            raise WorkerDied(Death(DeathKind.REFUSED_TO_START, detail=detail))

    def ask(
        self,
        question: Question,
        bodies: Sequence[bytes],
        seconds: float,
        understand: Callable[[Answer, bytes], T],
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
            answer, body = read_frame(self.output, ANSWER, most_body)
            return understand(harmless(answer), body)

        return self.attempt(seconds, exchange)


def _not_started(error: OSError) -> WorkerDied:
    return WorkerDied(Death(DeathKind.REFUSED_TO_START, detail=str(error)))


def _last_line(text: str) -> str:
    lines = [line for line in map(plain, text.splitlines()) if line]
    return lines[-1] if lines else ""
