"""What a volume is, and whether what lies under a path now is the one that was there before."""

import enum
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from homepress.base.override import override

LOOK_EVERY = 10.0
"""Seconds between two looks where the system does not say when drives come and go."""


@dataclass(frozen=True, slots=True)
class Volume:
    """One mounted file system, as a path on it sees it.

    Attributes:
        point: where it is mounted.
        inner: the path inside the file system, as far as the system tells; empty otherwise.
        ids: what always tells it from others, each as "KIND:VALUE"; empty where nothing lasts.
        label: how people call it: its label, or the name of the share; may be empty.
        instance: changes when something else is mounted there; does not outlive the mount.
    """

    point: Path
    inner: str = ""
    ids: frozenset[str] = frozenset()
    label: str = ""
    instance: str = ""

    def same_ids(self, other: "Volume") -> bool | None:
        """Whether two volumes are the same by what lasts; None when nothing comparable is known of them.

        One common identifier is enough: a changed label of a share or a second identifier that is only
        known while a service runs make no other volume.
        """
        if self.ids & other.ids:
            return True
        kinds = {name.partition(":")[0] for name in self.ids}
        return False if kinds & {name.partition(":")[0] for name in other.ids} else None

    def in_words(self) -> str:
        """How to name it to a person."""
        return f'the drive "{self.label}"' if self.label else f"the drive that is mounted at {self.point}"


class Presence(enum.Enum):
    """What became of a volume."""

    HERE = "here"
    NOT_MOUNTED = "not mounted"
    """Its mount point is bare: a folder of the disk under it."""
    ANOTHER = "another"
    """Another volume is mounted in its place."""


def presence(before: Volume, now: Volume | None, *, trust_ids: bool = True) -> Presence:
    """Whether a path still leads to the volume on which it was.

    In doubt it does: only what certainly is another volume, or none, is told as such.

    Args:
        before: as remembered.
        now: as it is; None when the system does not say.
        trust_ids: False where other identifiers are no sign of another volume, since all that we have moved.
    """
    if now is None:
        return Presence.HERE
    same = before.same_ids(now)
    if now.point != before.point and before.point.is_relative_to(now.point):
        # Nothing is mounted there any more. But a namespace or a new layout may show the same folder of the
        # same file system with a mount fewer.
        inner = bool(before.inner) and before.inner == now.inner
        return Presence.HERE if same and inner else Presence.NOT_MOUNTED
    return Presence.ANOTHER if same is False and trust_ids else Presence.HERE


class Changes(Protocol):
    """Waits until something was mounted or unmounted."""

    def wait(self, timeout: float | None) -> None:
        """Return when drives may have come or gone, after `wake`, or after that many seconds."""

    def wake(self) -> None:
        """End a `wait`, or the next one. From any thread."""

    def close(self) -> None:
        """Give back what it holds; the thread that waits calls it."""


class PlainChanges(Changes):
    """Where the system does not say when drives come and go: they are looked at every few seconds."""

    def __init__(self) -> None:
        self._woken = threading.Event()

    @override
    def wait(self, timeout: float | None) -> None:
        self._woken.wait(LOOK_EVERY if timeout is None else min(timeout, LOOK_EVERY))
        self._woken.clear()

    @override
    def wake(self) -> None:
        self._woken.set()

    @override
    def close(self) -> None: ...


class VolumeSystem(Protocol):
    """The differences between the operating systems; `homepress.base.volumes` explains what it offers."""

    def volume_of(self, path: Path) -> Volume | None: ...

    def mounts_inside(self, path: Path) -> tuple[Volume, ...]: ...

    def removable_point(self, path: Path) -> Path | None:
        """Where the drive or share of a path would be, by where systems put those that come and go.

        None where the path lies in no such place. Asks no disk.
        """

    def configured_mounts(self) -> tuple[Path, ...]:
        """Where the system is configured to mount volumes, whether they are mounted or not."""

    def is_mount_point(self, path: Path) -> bool:
        """Whether something is mounted there."""

    def changes(self) -> Changes: ...
