"""Workers that a small process from before our own lock starts for us: where a system nests no locks.

macOS gives a process that has a Seatbelt profile no second one, and children inherit theirs: a worker started
by a locked daemon could not get its own, stricter one. So before the lock a launcher is started
(`launcher_child`), and has it start workers. It hands back a process number and exit codes; the three pipes
are made here and passed to it (SCM_RIGHTS, unix(4)). That a lock on the network leaves the pair alone is by
XNU's source: a message without an address is put to no policy (`sendit`, bsd/kern/uipc_syscalls.c).

It cannot be replaced: another one would have our lock. If it ends, its workers end, and none starts anew.
"""

import contextlib
import json
import os
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket

_CHILD = "launcher_child"
_LENGTH = struct.Struct("!I")
_PATIENCE_SECONDS = 30.0
"""It answers within milliseconds; one that does not for so long is given up."""

_LOOK_SECONDS = 0.002

processes = threading.RLock()
"""So that no process is waited for while another thread kills it: its number may be somebody else's then. So
that one thread starts them. And so that one question at a time goes to the launcher. Nothing else waits under
it: one will do for all."""

CURE = "to go on, restart Homepress: homepress stop, then homepress run"


class LauncherEnded(OSError):  # noqa: N818 (reads as what happened)
    """The launcher is gone, and workers with it; the text says so, and what to do."""


class Launcher:
    """One launcher process. Usable from any thread."""

    def __init__(self, programs: Sequence[Sequence[str]], environment: Mapping[str, str]) -> None:
        """Start it.

        Args:
            programs: the command lines that it may start, each with one argument more.
            environment: of what it starts, and its own.

        Raises:
            OSError: it could not be started.
        """
        # Here, so that no worker has this module loaded. A pair has no address: nobody can connect to it.
        import socket

        self._programs = [list(program) for program in programs]
        orders = json.dumps({"programs": self._programs, "environment": dict(environment)})
        self._link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._link.settimeout(_PATIENCE_SECONDS)
        with theirs:
            try:
                self._process: subprocess.Popen[bytes] = subprocess.Popen(
                    (*_command(), orders),
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    close_fds=True,
                    cwd="/",
                    env=environment,
                    start_new_session=True,
                )
            except OSError:
                self._link.close()
                raise

    @property
    def pid(self) -> int:
        """The launcher's id: its workers' parent."""
        return int(self._process.pid)

    def check(self) -> None:
        """Return if it answers, and gets what is passed to it, over our lock as well.

        Raises:
            OSError: it does not.
        """
        with open(os.devnull, "rb") as nothing:
            answer = self._ask({"do": "ready"}, [nothing.fileno()] * 3)
        if answer.get("descriptors") != 3:
            raise OSError(f"the process that starts workers was passed nothing, and says {answer}")

    def start(self, command: Sequence[str]) -> "OutsideProcess":
        """Start one of the command lines that were named at the beginning, with one argument more.

        Raises:
            LauncherEnded: there is no launcher any more.
            OSError: the program could not be started.
        """
        *program, argument = command
        if program not in self._programs:
            raise OSError(f"{program[-1]} is nothing that the launcher may start")
        request = {"do": "start", "program": self._programs.index(program), "argument": argument}
        with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
            pipes = []
            for writes in (True, False, False):
                mine, other = os.pipe()[:: -1 if writes else 1]
                pipes.append((mine, other))
                ours.callback(os.close, mine)
                # Ours to close only after the answer: what is on its way through a socket of macOS and open
                # nowhere else may be lost.
                theirs.callback(os.close, other)
            answer = self._ask(request, [other for _, other in pipes])
            if "pid" not in answer:
                raise OSError(answer.get("errno"), answer.get("error"), program[0])
            ours.pop_all()
        return OutsideProcess(self, int(answer["pid"]), [mine for mine, _ in pipes])

    def poll(self, pid: int) -> int | None:
        """The return code of a process, told once; None while it runs. Raises `LauncherEnded`."""
        code = self._ask({"do": "poll", "pid": pid})["code"]
        return None if code is None else int(code)

    def kill(self, pid: int) -> None:
        """End a process and its group at once; with the launcher gone, they end by themselves."""
        with contextlib.suppress(LauncherEnded):
            self._ask({"do": "kill", "pid": pid})

    def close(self) -> None:
        """End the launcher and all that it has started."""
        self._link.close()
        try:
            self._process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, request: Mapping[str, Any], descriptors: Sequence[int] = ()) -> Mapping[str, Any]:
        import socket

        encoded = json.dumps(request).encode()
        message = _LENGTH.pack(len(encoded)) + encoded
        with processes:
            try:
                sent = socket.send_fds(self._link, [message], list(descriptors)) if descriptors else 0
                self._link.sendall(message[sent:])
                (size,) = _LENGTH.unpack(_exactly(self._link, _LENGTH.size))
                answer: Mapping[str, Any] = json.loads(_exactly(self._link, size))
            except BaseException as error:
                self._link.close()  # one that is late would answer the next question with this one's answer
                if isinstance(error, OSError | EOFError | ValueError | struct.error):
                    raise LauncherEnded(self._end_in_words(error)) from error
                raise
        return answer

    def _end_in_words(self, error: Exception) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        code = self._process.returncode
        how = "it does not answer" if code is None else f"exit code {code}"
        return f"the process that starts workers has ended ({how}: {error}); {CURE}"


class OutsideProcess:
    """A process that the launcher has started; what is used here of `subprocess.Popen`.

    Attributes:
        pid: its id.
        stdin: the pipe to it.
        stdout: the pipe from it.
        stderr: likewise.
        returncode: as `subprocess` has it, once `poll` has seen it.
        lost: why nothing is known of its end; empty while it can be asked for.
    """

    def __init__(self, launcher: Launcher, pid: int, pipes: Sequence[int]) -> None:
        """Take over the process and our ends of its pipes."""
        self._launcher = launcher
        self.pid = pid
        to, answers, errors = pipes
        self.stdin, self.stdout, self.stderr = FileIO(to, "w"), FileIO(answers), FileIO(errors)
        self.returncode: int | None = None
        self.lost = ""

    def poll(self) -> int | None:
        """Its return code; None while it runs."""
        if self.returncode is None:
            try:
                self.returncode = self._launcher.poll(self.pid)
            except LauncherEnded as error:
                self.lost, self.returncode = str(error), 1
        return self.returncode

    def wait(self) -> int:
        """Its return code, when it has ended."""
        while (code := self.poll()) is None:
            time.sleep(_LOOK_SECONDS)
        return code

    def kill(self) -> None:
        """End it and its group at once."""
        self._launcher.kill(self.pid)


# The one launcher of this process.

_present: list[Launcher] = []


def launcher() -> Launcher | None:
    """The launcher that starts our workers; None where we start them ourselves."""
    return _present[0] if _present else None


def parent() -> int:
    """The process whose end is that of our workers."""
    return _present[0].pid if _present else os.getpid()


def begin(programs: Sequence[Sequence[str]], environment: Mapping[str, str]) -> Launcher:
    """From here on workers are started from outside this process's lock, which is still to come.

    Args:
        programs: as for `Launcher`.
        environment: likewise.

    Raises:
        OSError: the launcher could not be started.
    """
    if not _present:
        _present.append(Launcher(programs, environment))
    return _present[0]


def end() -> None:
    """End the launcher and what it has started: workers are this process's own children again."""
    while _present:
        _present.pop().close()


def _command() -> Sequence[str]:
    if getattr(sys, "frozen", False):  # a bundle has no such file
        return (sys.executable, "-m", f"homepress.workers.{_CHILD}")
    return (sys.executable, "-I", "-S", "-X", "utf8", str(Path(__file__).with_name(f"{_CHILD}.py")))


def _exactly(link: "socket.socket", size: int) -> bytes:
    got = b""
    while len(got) < size:
        chunk = link.recv(size - len(got))
        if not chunk:
            raise EOFError("it closed its end")
        got += chunk
    return got
