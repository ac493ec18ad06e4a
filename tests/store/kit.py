"""What the tests of the store share: a store in a folder, pictures, a file system that counts, fails."""

import errno
import hashlib
import os
import secrets
import signal
import stat
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from hands import Hands
from homepress.base.results import FileOutcome
from homepress.store.fs import system_file_system
from homepress.store.fs.base import FileSystem, Folder
from homepress.store.model import OriginalsLimit, RecoveryNote, Replacement, Source, Unsupported
from homepress.store.names import fitting
from homepress.store.store import Store

WATCHED_TIME = (1_000_000_000_123_456_789, 1_100_000_000_987_654_321)
"""Access and change of test pictures, in nanoseconds."""


def picture(seed: int = 0, size: int = 30_000) -> bytes:
    """Bytes that stand for a picture: the store never looks inside."""
    return hashlib.shake_256(f"picture {seed}".encode()).digest(size)


def smaller(data: bytes) -> bytes:
    """Bytes that stand for its result."""
    return b"small" + data[: len(data) // 2]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def replacement(data: bytes, **changes: Any) -> Replacement:
    """A result with facts as the pipeline gives them."""
    facts: dict[str, Any] = {
        "data": data,
        "sha256": digest(data),
        "suffix": "",
        "image_format": "jpeg",
        "score": 81.5,
        "score_kind": "sampled",
        "settings": "balanced",
        "root": None,
        "keep_days": 30.0,
        "seconds": 0.25,
    }
    return Replacement(**(facts | changes))


def left(path: Path, reason: str = "saves too little", **changes: Any) -> FileOutcome:
    """What the pipeline says of a picture that stays as it is."""
    facts: dict[str, Any] = {"outcome": "unchanged", "format": "jpeg", "seconds": 0.1}
    return FileOutcome(path=str(path), reason=reason, **(facts | changes))


def maintain_later(store: Store, seconds: float) -> list[RecoveryNote]:
    """What a bench's store does when so many seconds have passed, in whatever process it is."""
    hands = cast(Hands, getattr(store._context.ledger.clock.wall, "__self__"))  # noqa: B009
    hands.let_pass(seconds)
    return store.maintain()


def wait_for_days(store: Store, hands: Hands, days: float) -> list[RecoveryNote]:
    """The program runs for so many days, and does what it does now and then."""
    notes = []
    for _ in range(int(24 * days)):
        hands.let_pass(3600)
        notes += store.maintain()
    hands.let_pass(86_400 * days % 3600)
    return notes + store.maintain()


@dataclass
class Bench:
    """A home and a watched folder."""

    base: Path
    watched: Path
    ledger: Path
    originals: Path
    roots: tuple[Path, ...]
    hands: Hands = field(default_factory=Hands)

    @classmethod
    def at(cls, base: Path, originals: Path | None = None) -> "Bench":
        base = base.resolve()
        watched = base / "pictures"
        watched.mkdir(parents=True, exist_ok=True)
        # With originals elsewhere, no vault at the top of the pictures' own disk: they have to be copied.
        roots = (watched, mount_top(watched)) if originals else (watched,)
        return cls(
            base, watched, base / "home" / "ledger.sqlite3", originals or base / "home" / "originals", roots
        )

    @contextmanager
    def store(self, fs: FileSystem | None = None, limit: OriginalsLimit | None = None) -> Iterator[Store]:
        store = Store.open(
            self.ledger, self.originals, limit, roots=self.roots, fs=fs, clock=self.hands.clock()
        )
        try:
            yield store
        finally:
            store.close()

    def drop(self, name: str = "a.jpg", data: bytes | None = None, *, mode: int = 0o640) -> Path:
        """Put a picture into the watched folder, with a mode, times and an attribute of its own."""
        path = self.watched / name
        path.write_bytes(picture() if data is None else data)
        if hasattr(os, "setxattr"):
            os.setxattr(path, "user.tag", b"holiday")
        os.chmod(path, mode)
        os.utime(path, ns=WATCHED_TIME)
        return path

    def temps(self) -> list[str]:
        return sorted(name for name in os.listdir(self.watched) if name.startswith(".homepress"))

    def kept(self) -> list[bytes]:
        """Contents of everything in the vault that is an original."""
        return [
            path.read_bytes()
            for path in sorted(self.originals.glob("*"))
            if path.suffix != ".json" and len(path.name) == 81
        ]


def mount_top(path: Path) -> Path:
    """The highest folder on the same file system."""
    while not os.path.ismount(path):
        path = path.parent
    return path


def replace(store: Store, path: Path, **changes: Any) -> Source:
    """Read a picture and replace it with its stand-in result."""
    source = store.read(path)
    store.replace(source, replacement(smaller(source.data), **changes))
    return source


def facts(path: Path) -> tuple[Any, ...]:
    """What has to survive beside the content."""
    found = path.lstat()
    names = os.listxattr(path) if hasattr(os, "listxattr") else ()
    attributes = {name: os.getxattr(path, name, follow_symlinks=False) for name in names}
    return (found.st_mode, found.st_uid, found.st_gid, found.st_mtime_ns, sorted(attributes.items()))


STEPS = frozenset(
    name
    for name in vars(FileSystem)
    if not name.startswith("_") and callable(getattr(FileSystem, name, None))
)
"""Every step that goes through the seam."""

CHANGES = frozenset(
    (
        "create_file",
        "write",
        "sync",
        "sync_folder",
        "make_private_folder",
        "exchange",
        "move",
        "link",
        "overwrite",
        "unlink",
        "set_flags",
        "set_attribute",
        "remove_attribute",
        "set_owner",
        "set_mode",
        "set_times",
        "commit",
    )
)
"""Steps that leave a trace: between two of them one moment is as good as another to die in."""

FALLIBLE = STEPS - {"close", "close_folder", "drop_lease", "lease_whole", "same_mount"}
"""Steps that a failing disk can refuse."""


class Probe:
    """A file system that calls `before` and `after` around each step of another one."""

    def __init__(
        self,
        before: Callable[[int, str], None] = lambda number, name: None,
        after: Callable[[int, str], None] = lambda number, name: None,
        steps: frozenset[str] = FALLIBLE,
        fs: FileSystem | None = None,
    ) -> None:
        self.number = 0
        self.names: list[str] = []
        self._fs = fs or system_file_system()
        self._before, self._after = before, after
        self.steps = steps

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._fs, name)
        if name not in self.steps:
            return real

        def step(*args: Any, **kwargs: Any) -> Any:
            self.number += 1
            number = self.number
            self.names.append(name)
            self._before(number, name)
            result = real(*args, **kwargs)
            self._after(number, name)
            return result

        return step

    def fs(self) -> FileSystem:
        return cast(FileSystem, self)


def failing_at(step: int, code: int, fs: FileSystem | None = None, steps: frozenset[str] = FALLIBLE) -> Probe:
    """A file system whose one step fails with an errno."""

    def fail(number: int, name: str) -> None:
        if number == step:
            raise OSError(code, os.strerror(code), f"injected into {name}")

    return Probe(before=fail, fs=fs, steps=steps)


def failing_from(step: int, code: int, fs: FileSystem | None = None) -> Probe:
    """A file system that fails from one step on: a disk that is gone, or full for good."""

    def fail(number: int, name: str) -> None:
        if number >= step:
            raise OSError(code, os.strerror(code), f"injected into {name}")

    return Probe(before=fail, fs=fs)


def dying_at(step: int, fs: FileSystem | None = None) -> Probe:
    """A file system that kills the process before a step, which is after the one before it."""

    def die(number: int, name: str) -> None:
        if number == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return Probe(before=die, fs=fs, steps=CHANGES)


class Lacking(Probe):
    """A file system that does not know some operations."""

    def __init__(self, *operations: str) -> None:
        def refuse(number: int, name: str) -> None:
            raise Unsupported(os.strerror(errno.EINVAL))

        super().__init__(before=refuse, steps=frozenset(operations))


class Folding(Probe):
    """A file system that takes two names for one, as macOS and Windows do."""

    def __init__(self, fs: FileSystem | None = None) -> None:
        super().__init__(steps=frozenset(), fs=fs)

    def __getattr__(self, name: str) -> Any:
        real = super().__getattr__(name)
        if name not in (
            "open_file",
            "create_file",
            "stat_name",
            "unlink",
            "exchange",
            "move",
            "link",
            "overwrite",
        ):
            return real

        def step(folder: Folder, first: str, *rest: Any) -> Any:
            where = folder
            there = [self._spelled(where, first)]
            for each in rest:
                where = each if isinstance(each, Folder) else where
                there.append(self._spelled(where, each) if isinstance(each, str) else each)
            return real(folder, *there)

        return step

    def _spelled(self, folder: Folder, name: str) -> str:
        """The name as the folder has it."""
        names = os.listdir(folder.path)
        return name if name in names else next((n for n in names if _folded(n) == _folded(name)), name)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFD", name).casefold()


class OnlySomeNames(Probe):
    """A file system that refuses, in folders called `out`, the names that Windows refuses, with EINVAL."""

    def __init__(self) -> None:
        super().__init__(steps=frozenset())

    def open_folder(self, path: Path, *, create: bool = False) -> Folder:
        self._admit(path, OSError(errno.EINVAL, "Invalid argument", str(path)))
        return self._fs.open_folder(path, create=create)

    def move(self, folder: Folder, name: str, to: Folder, new: str) -> None:
        self._admit(to.path / new, Unsupported("EINVAL"))
        self._fs.move(folder, name, to, new)

    def link(self, folder: Folder, name: str, to: Folder, new: str) -> None:
        self._admit(to.path / new, Unsupported("EINVAL"))
        self._fs.link(folder, name, to, new)

    def create_file(self, folder: Folder, name: str) -> int:
        self._admit(folder.path / name, OSError(errno.EINVAL, "Invalid argument", name))
        return self._fs.create_file(folder, name)

    def _admit(self, path: Path, refusal: Exception) -> None:
        if "out" in path.parts and any(fitting(part) != part for part in path.parts[1:]):
            raise refusal


INODES: dict[str, Callable[[str], int]] = {
    "another each time": lambda name: secrets.randbits(63),
    "made from the path": lambda name: int.from_bytes(hashlib.sha256(name.encode()).digest()[:7]),
    "always the same": lambda name: 7,
}
"""How file systems that keep no inode numbers make them up."""


class MadeUpInodes(Probe):
    """A file system that makes inode numbers up."""

    def __init__(self, inodes: str, fs: FileSystem | None = None) -> None:
        super().__init__(steps=frozenset(), fs=fs)
        self._inode = INODES[inodes]

    def stat(self, fd: int) -> os.stat_result:
        facts = self._fs.stat(fd)
        if stat.S_ISDIR(facts.st_mode):
            return facts
        return self._with(facts, os.readlink(f"/proc/self/fd/{fd}"))

    def stat_name(self, folder: Folder, name: str) -> os.stat_result:
        return self._with(self._fs.stat_name(folder, name), str(folder.path / name))

    def _with(self, facts: os.stat_result, name: str) -> os.stat_result:
        # The inode number is in the second place. What the sequence has may not be named too, from 3.13 on.
        parts: Any = facts.__reduce__()
        _, (sequence, named) = parts
        return os.stat_result((sequence[0], self._inode(name), *sequence[2:]), named)


def without_exchange() -> FileSystem:
    return Lacking("exchange").fs()


def without_lease(fs: FileSystem | None = None) -> FileSystem:
    class NoLease(Probe):
        def take_lease(self, fd: int) -> bool:
            return False

    return NoLease(fs=fs).fs()


class Hiding(Probe):
    """A mount whose driver hides open files, as libfuse does, and whose disk refuses renames.

    What would be renamed over while it is open gets a name of the driver's first. Then comes the error, and
    the name is empty. `done` is how the error comes: only after the work. It begins when it is `armed`.
    """

    def __init__(self, fails: Callable[[int], bool], *, done: bool, fs: FileSystem | None = None) -> None:
        super().__init__(steps=frozenset(), fs=fs)
        self._fails, self._done = fails, done
        self.armed = False
        self.renames = 0

    def overwrite(self, folder: Folder, name: str, to: Folder, new: str) -> None:
        if self.armed and new in os.listdir(to.path):
            os.rename(to.path / new, to.path / f".fuse_hidden{secrets.token_hex(8)}")
        self._fail(lambda: self._fs.overwrite(folder, name, to, new))

    def move(self, folder: Folder, name: str, to: Folder, new: str) -> None:
        raise Unsupported("EINVAL")

    def exchange(self, folder: Folder, one: str, other: str) -> None:
        raise Unsupported("EINVAL")

    def link(self, folder: Folder, name: str, to: Folder, new: str) -> None:
        self._fail(lambda: self._fs.link(folder, name, to, new))

    def _fail(self, work: Callable[[], None]) -> None:
        self.renames += self.armed
        fails = self.armed and self._fails(self.renames)
        if not fails or self._done:
            work()
        if fails:
            raise OSError(errno.EIO, "Input/output error")


def in_child(work: Callable[[], None]) -> int:
    """Run `work` in a forked process; how it ended: its exit code, or minus the signal that killed it."""
    if not hasattr(os, "fork"):
        pytest.skip("this system cannot fork")
    child = os.fork()
    if child == 0:
        code = 99
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
