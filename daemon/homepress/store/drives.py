"""On which drive each folder in use lies: nothing is written under the mount point of one that is away.

A folder that lay on a drive of its own must lie on that drive again, else what is done there would end up on
the disk under the mount point, or on somebody else's stick. What tells drives apart is in `base.volumes`.
A folder on the same mounted file system as the ledger is never away: it goes wherever the ledger goes, to a
new disk or computer, whatever identifiers are found there.
"""

import contextlib
import enum
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from homepress.base.system_errors import printable
from homepress.base.volumes import (
    Presence,
    Volume,
    missing_mount,
    missing_removable,
    mounts_inside,
    presence,
    volume_of,
)
from homepress.store.fs.base import Folder
from homepress.store.ledger.ledger import Ledger
from homepress.store.model import Absence, DriveAway


class Tie(enum.StrEnum):
    """What a volume has in common with the ledger's."""

    MOUNT = "mount"
    """It is the same mounted file system."""
    DISK = "disk"
    """The same file system, mounted a second time."""
    NONE = ""


@dataclass(frozen=True, slots=True)
class _Place:
    path: Path
    volume: Volume
    tie: Tie


class FolderDrives:
    """Folders in use and the drives that they lie on. Usable from any thread that may wait for a disk."""

    def __init__(
        self,
        ledger: Ledger,
        look: Callable[[Path], Volume | None] = volume_of,
        inside: Callable[[Path], Iterable[Volume]] = mounts_inside,
    ) -> None:
        """`look` and `inside` ask the system, another one for tests."""
        self._ledger = ledger
        self._home = Path(os.path.realpath(ledger.path))
        self._look = look
        self._inside = inside
        # Of single operations on a dictionary, each is seen whole: no lock is needed.
        self._places = {place.path: place for place in _read(ledger)}

    def read_again(self) -> None:
        """Take in what came into the ledger by another way."""
        self._places = {place.path: place for place in _read(self._ledger)}

    def remember(self, folder: Path) -> Absence | None:
        """Note on which drive a folder lies, unless it was noted before and that drive is away.

        Args:
            folder: absolute, links resolved; it need not be there yet.

        Returns:
            What is away; nothing was noted then.
        """
        if (absence := self.absence(folder)) is not None:
            return absence
        now = self._look(folder)
        if now is not None:
            self._put(folder, now)
        return None

    def remember_inside(self, folder: Path) -> None:
        """Note the drives that are mounted under a folder."""
        for volume in self._inside(folder):
            if self.absence(volume.point) is None:
                self._put(volume.point, volume)

    def remember_mount(self, path: Path) -> None:
        """Note the drive that a path lies on, if it is another than the ledger's and not known yet.

        For what was named in a command: nobody configured its folder.
        """
        known = {place.volume.point for place in self._all() if place.tie is not Tie.MOUNT}
        now = self._look(path)
        if now is not None and now.point not in known and self._tie(now) is not Tie.MOUNT:
            self._put(now.point, replace(now, inner=""))

    def absence(self, path: Path) -> Absence | None:
        """What is away of all that a path needs; None when it may be written to.

        Args:
            path: absolute, links resolved; it need not be there.
        """
        for place in self._covering(path):
            if (absence := self._absence_of(place)) is not None:
                return absence
        if (point := missing_mount(path, self._home)) is not None:
            return Absence(path, point, another=False, drive=Volume(point).in_words())
        return None

    def seems_away(self, path: Path) -> Absence | None:
        """What is away of a path that is not there, as far as the place of it tells; None where nothing does.

        Args:
            path: absolute, links resolved.
        """
        if (absence := self.absence(path)) is not None:
            return absence
        point = missing_removable(path)
        return None if point is None else Absence(path, point, another=False, drive=Volume(point).in_words())

    def check(self, path: Path) -> None:
        """Ask before anything is written to a path, or made there.

        Raises:
            DriveAway: its drive is away.
        """
        if (absence := self.absence(path)) is not None:
            raise DriveAway(f"{printable(path)}: {absence}; it goes on by itself when it is back")

    @contextlib.contextmanager
    def held(self, path: Path) -> Iterator[None]:
        """Check as `check`, and keep the drive from being unmounted for the length of a `with` block.

        As far as the system refuses that while something on it is open; `confirm` notices the rest.
        """
        with contextlib.ExitStack() as stack:
            if self._is_on_drive(path) and (fd := _open_nearest(path)) >= 0:
                stack.callback(os.close, fd)
            self.check(path)
            yield

    def confirm(self, folder: Folder) -> None:
        """Ask once more, with the folder open: from now on all goes where it is, whatever is unmounted.

        Raises:
            DriveAway: its drive went away while the way to it was walked.
        """
        if not self._is_on_drive(folder.path):
            return
        self.check(folder.path)
        if folder.fd >= 0 and os.fstat(folder.fd).st_dev != os.stat(folder.path).st_dev:
            raise DriveAway(f"{printable(folder.path)}: its drive went away just now")

    def _all(self) -> list[_Place]:
        return list(self._places.values())

    def _is_on_drive(self, path: Path) -> bool:
        return any(place.tie is not Tie.MOUNT for place in self._covering(path))

    def absent(self) -> list[Absence]:
        """All folders that are away now."""
        return [absence for place in self._all() if (absence := self._absence_of(place)) is not None]

    def absent_inside(self, folder: Path) -> list[Absence]:
        """The folders under one that are away."""
        return [
            each for each in self.absent() if each.folder != folder and each.folder.is_relative_to(folder)
        ]

    def forget(self, folder: Path) -> None:
        """A folder is not used any more, or whatever drive is there from now on is right.

        That there was a mount point is remembered nevertheless: bare, it is no place to write to.
        """
        gone = [place for place in self._all() if place.path.is_relative_to(folder)]
        for place in gone:
            self._drop(place.path)
        for place in gone:
            if place.tie is not Tie.MOUNT and place.volume.point != Path(place.volume.point.anchor):
                self._keep_point(place.volume.point)

    def accept_as_folder(self, folder: Path) -> bool:
        """Somebody wants to use a folder as it is now: take its mount point for an ordinary folder, if it is.

        Only where something is in it: an empty folder under a bare mount point is the usual mistake.

        Returns:
            Whether it may be used.
        """
        while (absence := self.absence(folder)) is not None:
            places = [place for place in self._covering(folder) if self._absence_of(place) is not None]
            if not places or not (absence.another or _has_entries(folder)):
                return False
            for place in places:
                self._drop(place.path)
        return True

    def _keep_point(self, point: Path) -> None:
        """Remember a mount point, whatever is mounted there."""
        if point not in self._places and not any(
            place.volume.point == point for place in self._all() if place.tie is not Tie.MOUNT
        ):
            self._write(_Place(point, Volume(point), Tie.NONE))

    def _covering(self, path: Path) -> list[_Place]:
        """The remembered places that matter for a path, those with the longest paths first."""
        found = [
            place
            for place in self._all()
            if path.is_relative_to(place.path)
            or (place.tie is not Tie.MOUNT and path.is_relative_to(place.volume.point))
        ]
        return sorted(found, key=lambda place: len(place.path.parts), reverse=True)

    def _absence_of(self, place: _Place) -> Absence | None:
        if place.tie is Tie.MOUNT:
            return None
        now = self._look(place.path)
        moved = place.tie is Tie.DISK and now is not None and self._shares_disk(now)
        state = presence(place.volume, now, trust_ids=not moved)
        if state is Presence.HERE:
            return None
        another = state is Presence.ANOTHER
        return Absence(place.path, place.volume.point, another, place.volume.in_words())

    def _shares_disk(self, volume: Volume) -> bool:
        ours = self._look(self._home)
        return ours is not None and ours.same_ids(volume) is True

    def _tie(self, volume: Volume) -> Tie:
        ours = self._look(self._home)
        if ours is None:
            return Tie.NONE
        if (ours.point, ours.instance) == (volume.point, volume.instance):
            return Tie.MOUNT
        return Tie.DISK if ours.same_ids(volume) else Tie.NONE

    def _put(self, path: Path, now: Volume) -> None:
        before = self._places.get(path)
        ids, label = now.ids, now.label
        if before is not None and before.volume.point == now.point:
            # What was known for as long as it could be asked for, as without a service that runs later.
            ids |= before.volume.ids if now.same_ids(before.volume) is not False else frozenset()
            label = label or before.volume.label
        volume = Volume(now.point, now.inner, ids, label)
        place = _Place(path, volume, self._tie(now))
        if place != before:
            self._write(place)

    def _write(self, place: _Place) -> None:
        volume = place.volume
        values = (
            os.fsencode(place.path),
            os.fsencode(volume.point),
            os.fsencode(volume.inner),
            json.dumps(sorted(volume.ids)),
            os.fsencode(volume.label),
            place.tie.value,
        )
        with self._ledger.transaction() as tx:
            tx.execute(
                "INSERT OR REPLACE INTO place (path, point, inner, ids, label, tie) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                values,
            )
        self._places[place.path] = place

    def _drop(self, path: Path) -> None:
        with self._ledger.transaction() as tx:
            tx.execute("DELETE FROM place WHERE path = ?", (os.fsencode(path),))
        self._places.pop(path, None)


def _read(ledger: Ledger) -> Iterable[_Place]:
    for path, point, inner, ids, label, tie in ledger.query(
        "SELECT path, point, inner, ids, label, tie FROM place"
    ):
        volume = Volume(
            Path(os.fsdecode(point)), os.fsdecode(inner), frozenset(json.loads(ids)), os.fsdecode(label)
        )
        yield _Place(Path(os.fsdecode(path)), volume, Tie(tie))


def _open_nearest(path: Path) -> int:
    """A descriptor of the nearest folder that is there, which lets nobody read it; -1 where there is none."""
    if (flag := getattr(os, "O_PATH", 0)) == 0:
        return -1
    for folder in (path, *path.parents):
        with contextlib.suppress(OSError):
            return os.open(folder, flag | os.O_DIRECTORY | os.O_CLOEXEC)
    return -1


def _has_entries(folder: Path) -> bool:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return next(entries, None) is not None
    return False
