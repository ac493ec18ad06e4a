"""Another program of the user, with what can be reached of it: memory, queues, sockets, signals.

Run as a program: it prints what is to be known of it as JSON, then for each line on its input how it is.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import signal
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from privacy.deeds.kernel import call, libc

SECRET = b"a secret of another program"
_IPC_CREAT, _IPC_STAT, _IPC_RMID, _GETVAL, _SETVAL = 0o1000, 2, 0, 12, 16
_PR_SET_PTRACER, _ANYBODY = 0x59616D61, -1
_SIGNALS = {signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGINT, signal.SIGCONT}


class Shared:
    """System V and POSIX IPC of this program."""

    def __init__(self) -> None:
        self.queue = call("msgget", 0, _IPC_CREAT | 0o600)
        call("msgsnd", self.queue, b"\1\0\0\0\0\0\0\0for nobody else", 15, 0)
        self.semaphore = call("semget", 0, 1, _IPC_CREAT | 0o600)
        call("semctl", self.semaphore, 0, _SETVAL, 1)
        self.memory = call("shmget", 0, 4096, _IPC_CREAT | 0o600)
        self.posix = f"homepress-test-{os.getpid()}"
        self._posix = -1
        with contextlib.suppress(OSError):
            attributes = b"".join(word.to_bytes(8, "little") for word in (0, 4, 64, 0, 0, 0, 0, 0))
            self._posix = call("mq_open", self.posix.encode(), os.O_CREAT | os.O_RDWR, 0o600, attributes)
            call("mq_timedsend", self._posix, b"for nobody else", 15, 0, None)

    def condition(self) -> dict[str, object]:
        """What is in them now."""
        return {
            "messages": _gone_or(
                lambda: _words(lambda to: call("msgctl", self.queue, _IPC_STAT, to), 15)[10]
            ),
            "semaphore": _gone_or(lambda: call("semctl", self.semaphore, 0, _GETVAL, 0)),
            "attached": _gone_or(
                lambda: _words(lambda to: call("shmctl", self.memory, _IPC_STAT, to), 14)[11]
            ),
            "posix messages": _gone_or(
                lambda: _words(lambda to: call("mq_getsetattr", self._posix, None, to), 8)[3]
            ),
        }

    def remove(self) -> None:
        """Leave nothing behind."""
        for name, words in (
            ("msgctl", (self.queue, _IPC_RMID, None)),
            ("semctl", (self.semaphore, 0, _IPC_RMID, 0)),
            ("shmctl", (self.memory, _IPC_RMID, None)),
            ("mq_unlink", (self.posix.encode(),)),
        ):
            with contextlib.suppress(OSError):
                call(name, *words)


def _words(fill, count: int) -> list[int]:
    buffer = ctypes.create_string_buffer(8 * count + 64)
    fill(buffer)
    return [int.from_bytes(buffer.raw[8 * at : 8 * at + 8], "little") for at in range(count)]


def _gone_or(ask) -> object:
    try:
        return ask()
    except OSError as error:
        return f"gone: {error.strerror}"


def main() -> None:
    """Be attacked."""
    libc.prctl(_PR_SET_PTRACER, ctypes.c_long(_ANYBODY), 0, 0, 0)  # also where Yama is on, as for debuggers
    scratch = Path(sys.argv[1])
    heard: list[int] = []
    for number in _SIGNALS:
        signal.signal(number, lambda number, _: heard.append(number))
    memory = ctypes.create_string_buffer(SECRET, 64)
    shared = Shared()
    listeners = [socket.socket(socket.AF_UNIX) for _ in range(2)]
    named, abstract = str(scratch / "bus"), f"homepress-test-{os.getpid()}"
    for listener, address in zip(listeners, (named, "\0" + abstract), strict=True):
        listener.bind(address)
        listener.listen()
        listener.setblocking(False)
    locked = os.open(scratch / "locked", os.O_CREAT | os.O_RDWR, 0o600)
    facts = {
        "pid": os.getpid(),
        "address": ctypes.addressof(memory),
        "queue": shared.queue,
        "semaphore": shared.semaphore,
        "shared": shared.memory,
        "posix": shared.posix,
        "named": named,
        "abstract": abstract,
    }
    print(json.dumps(facts), flush=True)
    for _ in sys.stdin:
        state = {
            "memory": memory.value.decode(),
            "signals": len(heard),
            "callers": sum(map(_callers, listeners)),
            "lock": _may_lock(locked),
            "priority": os.getpriority(os.PRIO_PROCESS, 0),
            "processors": len(os.sched_getaffinity(0)) == os.cpu_count(),
            "limits": list(resource.getrlimit(resource.RLIMIT_NOFILE)),
            **shared.condition(),
        }
        print(json.dumps(state), flush=True)
    shared.remove()


def _callers(listener: socket.socket) -> int:
    count = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            listener.accept()[0].close()
            count += 1
    return count


def _may_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(file, fcntl.LOCK_UN)
    return True


if __name__ == "__main__":
    main()
