"""The process that starts workers from outside the lock of the process that has them started.

Run as a file, isolated and with the standard library alone: `launcher_child.py ORDERS`, where ORDERS is JSON
with the command lines that it may start and the environment that they get. Its standard input is one end of a
pair of sockets. It opens no file and no connection, has one thread, and starts nothing but those command
lines, each with one argument more. When the other end closes, it ends what it has started, and itself.

A message is its length (4 bytes, network order) and JSON; the three descriptors of a new process come along.
"""

import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

_LENGTH = struct.Struct("!I")
_MOST_BYTES = 256 << 10
_STANDARD = 3


class ProcessStarter:
    """Starts, asks after and ends processes, as it is asked on a socket."""

    def __init__(
        self, link: socket.socket, programs: Sequence[Sequence[str]], environment: Mapping[str, str]
    ) -> None:
        """Start nothing yet.

        Args:
            link: where requests come from.
            programs: the command lines that may be started.
            environment: of what is started.
        """
        self._link = link
        self._programs = programs
        self._environment = environment
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    def serve(self) -> None:
        """Answer until the other end closes, or says what makes no sense; then end every process."""
        try:
            while (request := self._receive()) is not None:
                self._send(self._answer(*request))
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            print(f"launcher of workers: {error!r}", file=sys.stderr)  # noqa: T201  there is no log here
        finally:
            for pid in list(self._children):
                self._kill(pid)

    def _answer(self, request: Mapping[str, Any], descriptors: Sequence[int]) -> Mapping[str, Any]:
        if request["do"] == "start":
            return self._start(int(request["program"]), str(request["argument"]), descriptors)
        if request["do"] == "ready":
            for descriptor in descriptors:
                os.close(descriptor)
            return {"descriptors": len(descriptors)}
        pid = int(request["pid"])
        if request["do"] == "kill":
            self._kill(pid)
            return {}
        return {"code": self._poll(pid)}

    def _start(self, program: int, argument: str, descriptors: Sequence[int]) -> Mapping[str, Any]:
        if not 0 <= program < len(self._programs) or len(descriptors) != _STANDARD:
            raise ValueError("a request to start what may not be started")
        stdin, stdout, stderr = descriptors
        try:
            child = subprocess.Popen(
                (*self._programs[program], argument),
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                close_fds=True,
                cwd="/",
                env=self._environment,
                start_new_session=True,
            )
        except OSError as error:
            return {"errno": error.errno, "error": error.strerror}
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        self._children[child.pid] = child
        return {"pid": child.pid}

    def _poll(self, pid: int) -> int | None:
        """Its return code, asked for once; None while it runs. Its number is nobody else's until then."""
        code = self._children[pid].poll()
        if code is not None:
            del self._children[pid]
        return code

    def _kill(self, pid: int) -> None:
        child = self._children.get(pid)
        if child is not None and child.poll() is None:
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)

    def _receive(self) -> tuple[Mapping[str, Any], Sequence[int]] | None:
        head, descriptors, _, _ = socket.recv_fds(self._link, _LENGTH.size, _STANDARD)
        if not head:
            return None
        (size,) = _LENGTH.unpack(head + self._exactly(_LENGTH.size - len(head)))
        if size > _MOST_BYTES:
            raise ValueError(f"a message of {size} bytes")
        return json.loads(self._exactly(size)), descriptors

    def _exactly(self, size: int) -> bytes:
        got = b""
        while len(got) < size:
            chunk = self._link.recv(size - len(got))
            if not chunk:
                raise ValueError("a message broke off")
            got += chunk
        return got

    def _send(self, answer: Mapping[str, Any]) -> None:
        encoded = json.dumps(answer).encode()
        self._link.sendall(_LENGTH.pack(len(encoded)) + encoded)


def main() -> None:
    """Take the socket from where standard input is, and serve."""
    orders = json.loads(sys.argv[1])
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    ProcessStarter(link, orders["programs"], orders["environment"]).serve()


if __name__ == "__main__":
    main()
