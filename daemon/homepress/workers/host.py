"""What the operating system is asked for around a worker, besides the lock: one interface, three systems."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol


class ChildProcess(Protocol):
    """A process that was started; what is used of `subprocess.Popen`."""

    @property
    def pid(self) -> int:
        """Its id."""

    @property
    def stdin(self) -> Any:
        """The pipe to its standard input, unbuffered."""

    @property
    def stdout(self) -> Any:
        """The pipe from its standard output, unbuffered."""

    @property
    def stderr(self) -> Any:
        """The pipe from its error output, unbuffered."""

    @property
    def lost(self) -> str:
        """Why nothing is known of its end; empty while it can be asked for."""

    def poll(self) -> int | None:
        """Its return code; None while it runs."""

    def wait(self) -> int:
        """Its return code, when it has ended."""

    def kill(self) -> None:
        """End it at once; silent when it is gone."""


class Host(Protocol):
    """One operating system's ways."""

    def popen_options(self, background: bool) -> Mapping[str, Any]:
        """Extra arguments of `subprocess.Popen`: a process group of its own, a wide pipe."""

    def interpreter(self) -> tuple[str, Mapping[str, str]]:
        """The program that runs our modules, and variables that its environment must have."""

    def use_container(self) -> None:
        """From here on start workers in a container of the system's.

        Raises:
            OSError: none is to be had.
        """

    def remove_container(self) -> None:
        """Take away what `use_container` has made in the system; silent where there is nothing."""

    def start_contained(
        self, command: Sequence[str], environment: Mapping[str, str], background: bool
    ) -> ChildProcess | None:
        """Start a program in the container; None while none is in use. Raises `OSError` as `subprocess`."""

    def tool_command(self, locked: Sequence[str], plain: Sequence[str]) -> Sequence[str]:
        """Of two command lines for a helper program: through our process that locks itself, or plain."""

    def environment_names(self) -> tuple[str, ...]:
        """Variables of our environment that Python needs to start; nothing else is handed on."""

    def die_with_parent(self, parent: int) -> None:
        """In the worker: end at once when the parent does, and now if it is gone already."""

    def close_from(self, first: int) -> None:
        """In the worker: close every descriptor from this number on."""

    def readable_behind_lock(self) -> Sequence[Path]:
        """Files and folders that a worker may still read when it has loaded everything."""

    def system_libraries(self) -> Sequence[Path]:
        """Where shared libraries are, and what the loader finds them by: for a helper program."""

    def yield_to_others(self) -> None:
        """In the worker: take processor and disk only when nobody else wants them."""

    def trim_memory(self) -> None:
        """In the worker: give freed memory back to the system, where that does not come about by itself."""

    def kept_bytes(self) -> int:
        """In the worker: how much `trim_memory` would give back, at most; 0 where it does nothing."""

    def comes_soon(self, descriptor: int, seconds: float) -> bool:
        """In the worker: wait until a pipe can be read, no longer than this; True where nobody can tell."""

    def kill(self, pid: int) -> None:
        """End a process and its group at once. Silent when it is gone."""

    def resident_bytes(self, pid: int) -> int:
        """Memory that a process holds now; 0 where the system does not tell."""

    def bounds_memory(self) -> bool:
        """Whether the system itself ends a process that takes more memory than its limit; else we look."""

    def waited_seconds(self, pid: int) -> float:
        """How long a process has been ready to run without getting a processor; 0 where it is not told."""

    def total_memory(self) -> int:
        """Bytes that all programs have together, or those that we are confined with; 0 where not told."""

    def available_memory(self) -> int:
        """Bytes that could be used now without others being driven out to disk; 0 where not told."""


if sys.platform == "win32":
    from homepress.workers import windows as _chosen
elif sys.platform == "darwin":
    from homepress.workers import macos as _chosen
else:
    from homepress.workers import linux as _chosen

host: Host = _chosen
