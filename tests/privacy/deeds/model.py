"""What a deed is, what there is to attack, and what came of it."""

import errno
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from privacy.deeds.kernel import Word, call, has


@dataclass(frozen=True)
class Prey:
    """What a deed may go for.

    Attributes:
        home: a folder of the user, with `secret.txt` in it.
        told: how a path begins whose name a file system writes down; empty where there is none.
        library: a file that Python itself is loaded from.
        pid: another program of the user.
        address: where its secret is in its memory.
        queue: its System V message queue.
        semaphore: its System V semaphore.
        shared: its System V memory.
        posix: the name of its POSIX message queue.
        named: the path of its socket.
        abstract: the name of its socket that has no path.
        port: where somebody listens for TCP on this computer.
    """

    home: str
    told: str
    library: str
    pid: int
    address: int
    queue: int
    semaphore: int
    shared: int
    posix: str
    named: str
    abstract: str
    port: int

    @property
    def secret(self) -> bytes:
        """A file of the user."""
        return f"{self.home}/secret.txt".encode()

    @property
    def new(self) -> bytes:
        """A file that the user does not have."""
        return f"{self.home}/new".encode()

    @property
    def there(self) -> bytes:
        """The folder."""
        return self.home.encode()


class Answer(StrEnum):
    """What came of a deed.

    REFUSED: the filter or Landlock said no before anything was done.
    KILLED: the process was ended.
    FAILED: the kernel did the deed, and it came to nothing for another reason.
    DONE: it worked.
    """

    REFUSED = "refused"
    KILLED = "killed"
    FAILED = "failed"
    DONE = "done"


DONE, KILLED, UNTRIED = 0, -1, -2
"""Beside the kernel's error numbers."""

_REFUSALS = {errno.EACCES, errno.EPERM, errno.ENOSYS, errno.ENOTTY}


def answer(code: int) -> Answer:
    """What an error number says."""
    if code in (DONE, KILLED):
        return Answer.DONE if code == DONE else Answer.KILLED
    return Answer.REFUSED if code in _REFUSALS else Answer.FAILED


@dataclass(frozen=True)
class Deed:
    """Something that a process may try.

    Attributes:
        name: of it.
        group: what it goes for.
        do: does it; an OSError is a refusal or a failure.
        killed: whether a locked process is ended for it, in place of a refusal.
        harmless: why a worker may do it; empty when it may not.
        control: whether an ordinary process can do it: "works" for every user, "root" for root alone, "may"
            where the kernel decides (what it has, and how it is set up), "untried" where that would do harm.
        daemon: what a locked daemon gets; empty when it is not tried there. "landlock": refused where the
            kernel has Landlock, else as the system has it; "scoped": where it can bound signals too;
            "not root": as "landlock", for ordinary users only.
        client: the same of tray, window and command line.
        helper: what a locked helper program gets; empty where that is what a worker gets.
    """

    name: str
    group: str
    do: Callable[[Prey], object]
    killed: bool = False
    harmless: str = ""
    control: str = "works"
    daemon: str = ""
    client: str = ""
    helper: str = ""

    @property
    def name_in_full(self) -> str:
        """With its group: no other has it."""
        return f"{self.group}: {self.name}"

    def attempt(self, prey: Prey) -> int:
        """Do it; `DONE` or the kernel's error number."""
        try:
            self.do(prey)
        except OSError as error:
            return error.errno or errno.EIO
        return DONE


Argument = Word | Callable[[Prey], Word]


@dataclass
class Table:
    """Deeds as they are listed."""

    deeds: list[Deed] = field(default_factory=list)

    def add(self, group: str, name: str, do: Callable[[Prey], object], **expected: str | bool) -> None:
        """One that is more than a system call."""
        self.deeds.append(Deed(name, group, do, **expected))  # type: ignore[arg-type]

    def call(
        self, group: str, name: str, number: str | int, *arguments: Argument, **expected: str | bool
    ) -> None:
        """A system call, if this machine has it; arguments that depend on the prey are functions."""
        if isinstance(number, str) and not has(number):
            return

        def do(prey: Prey) -> int:
            return call(number, *(word(prey) if callable(word) else word for word in arguments))

        self.add(group, name, do, **expected)
