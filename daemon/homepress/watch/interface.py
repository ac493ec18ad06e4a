"""What the room needs from the operating system; `linux`, `macos` and `windows` offer it, each its way."""

import enum
import os
from collections.abc import Callable
from typing import Protocol


class Openness(enum.Enum):
    """Whether a program holds a file open for writing."""

    FREE = "nobody writes"
    BUSY = "somebody writes"
    UNKNOWN = "the system does not say"


class Listener(Protocol):
    """Who is told of events. The methods are called on threads of the observer and must return at once."""

    def file_event(self, path: bytes) -> None:
        """A file appeared, was closed after writing, or was moved to `path`."""

    def directory_event(self, path: bytes) -> None:
        """A folder appeared at `path`, or was moved there."""

    def trouble(self) -> None:
        """`Observation.trouble` has something to say."""


class Observation(Protocol):
    """One running observer of one folder. It is never repaired: in trouble, a new one takes its place."""

    def trouble(self) -> str:
        """Why events may be missing from now on; empty while all is well."""

    def refused(self) -> bool:
        """Whether the system refused to watch some of the folders, for want of room."""

    def watches(self, directory: bytes) -> bool:
        """Whether events of files that lie directly in `directory` are noticed."""

    def attend(self, path: bytes) -> bool:
        """Tell the listener of trouble as soon as `path` no longer leads where it does now.

        Args:
            path: absolute path of the observed folder as people name it; links allowed.

        Returns:
            Whether it can. If not, the folder has to be looked at again and again.
        """

    def heed(self, path: bytes) -> None:
        """Tell the listener of a file event once when permissions or further names of a file change.

        As far as the system says so by itself; scans see the rest.
        """

    def close(self) -> None:
        """Stop it and wait until its threads have ended."""


class LimitReachedError(OSError):
    """The system grants no more observers; the text tells a person what to do."""


class System(Protocol):
    """The differences between the operating systems, as far as watching is concerned."""

    def observe(
        self, root: str, recursive: bool, listener: Listener, ignored: Callable[[bytes], bool]
    ) -> Observation:
        """Start to observe a folder.

        Args:
            root: absolute path, resolved.
            recursive: whether folders inside it count.
            listener: who is told.
            ignored: tells of a folder's name whether what lies in it is of no interest.

        Raises:
            LimitReachedError: the system has no room for another observer.
            OSError: the folder cannot be observed.
        """

    def openness(self, fd: int, path: bytes) -> Openness:
        """Whether anybody has the file open for writing that is open for reading as `fd`."""

    def is_placeholder(self, status: os.stat_result) -> bool:
        """Whether a file's content is in a cloud, so that to open it would fetch it."""

    def is_remote(self, path: bytes) -> bool:
        """Whether a path lies on a file system that does not report the changes which others make."""

    def file_system(self, path: bytes) -> str:
        """A name for the file system of a path; another one mounted there has another; may be empty."""

    def shortage(self, directories: int) -> str:
        """What to do when only some of so many folders can be observed; a sentence for a person."""

    def slept(self) -> float:
        """Seconds that the computer has been suspended since some fixed moment."""
