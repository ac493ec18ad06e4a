"""All vaults together: which one keeps an original, and how much they may hold."""

import contextlib
import hashlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from homepress.base import blocking
from homepress.base.units import size as size_in_words
from homepress.store.errors import OriginalsAway, StoreFull, UntrustedVault, shown
from homepress.store.kernel import Folder, Kernel
from homepress.store.ledger import Ledger
from homepress.store.places import Places
from homepress.store.vault import Vault

MAIN = b"."
"""Name of the main vault in the ledger: it moves with the home that both are in."""


@dataclass(frozen=True, slots=True)
class OriginalsLimit:
    """How much originals may occupy; the smaller of the two counts.

    Attributes:
        max_bytes: in all vaults together.
        disk_fraction: of the disk that a vault is on, for that vault.
    """

    max_bytes: int = 10_000_000_000
    disk_fraction: float = 0.10


@dataclass(frozen=True, slots=True)
class Place:
    """Where one original will be kept.

    Attributes:
        vault: the folder.
        near: whether a rename gets it there; otherwise it has to be copied.
    """

    vault: Vault
    near: bool


class Originals:
    """The main vault in the application's data, and one at the top of every other file system in use."""

    def __init__(
        self, kernel: Kernel, ledger: Ledger, main: Path, limit: OriginalsLimit, places: Places
    ) -> None:
        """Make the main vault where it is missing, unless its drive is away.

        Raises:
            UntrustedVault: it is a link, another user's, or open to others.
        """
        self._kernel = kernel
        self._ledger = ledger
        # The way to it may lead through links (a home folder on another disk); the folder itself is none.
        self.main = Vault(kernel, main.parent.resolve() / main.name)
        self._places = places
        if places.absence(self.main.path) is None:
            self.main.prepare()
            places.remember(self.main.path)
        ledger.set_meta("originals", os.fsencode(self.main.path))
        self.limit = limit
        self.roots: tuple[Path, ...] = ()
        self.synced: Callable[[Path], bool] = lambda _: False
        self._lock = threading.Lock()
        self._reserved: dict[Path, int] = {}

    def vault(self, path: bytes) -> Vault:
        """The vault that the ledger or a plan names, as `name_of` gave it."""
        if path == MAIN:
            return self.main
        return Vault(self._kernel, Path(os.fsdecode(path)), private_parent=True)

    def name_of(self, vault: Vault) -> bytes:
        """How the ledger and plans name a vault: its path, except for the main one, which may be moved."""
        return MAIN if vault.path == self.main.path else os.fsencode(vault.path)

    def known_vaults(self) -> list[Vault]:
        """All vaults that ever kept something, the main one first."""
        paths = [bytes(row[0]) for row in self._ledger.query("SELECT path FROM vault ORDER BY path")]
        return [self.main, *(self.vault(path) for path in paths if path != MAIN)]

    def reachable_vaults(self) -> list[Vault]:
        """Those that answer now, also the ones on the roots' disks that a lost ledger does not name."""
        asked = blocking.ask_all({root: partial(_top_of_folder, root) for root in self.roots})
        found = {vault.path: vault for vault in self.known_vaults()}
        for top in sorted(top for top in asked.values() if isinstance(top, Path)):
            vault = self._vault_at(top)
            found.setdefault(vault.path, vault)
        there = blocking.ask_all({path: path.is_dir for path in found})
        return [vault for path, vault in found.items() if there[path] is True]

    def place_for(self, folder: Folder, root: Path | None = None) -> Place:
        """Where an original out of `folder` is kept: by rename where one can, else by copying.

        Args:
            folder: of the picture.
            root: the folder that a command named, as if it were watched.

        Raises:
            OriginalsAway: the main folder of originals is away.
        """
        if problem := self.problem():
            raise OriginalsAway(problem)
        with self.main.opened() as main:
            if self._kernel.same_mount(folder, main):
                return Place(self.main, near=True)
        self._places.remember_mount(folder.path)
        top = self._mount_vault(folder, root)
        return Place(top, near=True) if top is not None else Place(self.main, near=False)

    def problem(self) -> str:
        """Why no originals can be kept at present, in a whole sentence; empty when they can.

        A folder that went away while we run is not made anew: it may come back. The next start makes it.
        """
        if (absence := self._places.absence(self.main.path)) is not None:
            why = str(absence)
        elif self.main.path.is_dir():
            return ""
        else:
            why = "it was moved or removed"
        return (
            f"the folder of originals is away: {shown(self.main.path)}: {why}; nothing is replaced until it "
            "is back, and then it goes on by itself"
        )

    def used_bytes(self, vault: Vault | None = None) -> int:
        """Bytes of originals in one vault or in all, by the ledger."""
        if vault is None:
            sql, values = "SELECT sum(before_bytes) FROM history WHERE original = 'kept'", ()
            return int(self._ledger.query(sql, values)[0][0] or 0)
        sql = "SELECT sum(before_bytes) FROM history WHERE original = 'kept' AND vault = ?"
        return int(self._ledger.query(sql, (self.name_of(vault),))[0][0] or 0)

    @contextlib.contextmanager
    def room_for(self, size: int, vault: Vault) -> Iterator[None]:
        """Hold room for an original of `size` bytes during a `with` block.

        Raises:
            StoreFull: the limit would be exceeded; nothing is ever deleted early to make room.
        """
        disk = shutil.disk_usage(vault.path).total  # before the lock: a disk that hangs holds up only its own
        with self._lock:
            self._check_room(size, vault, disk)
            self._reserved[vault.path] = self._reserved.get(vault.path, 0) + size
        try:
            yield
        finally:
            with self._lock:
                self._reserved[vault.path] -= size

    def _check_room(self, size: int, vault: Vault, disk_bytes: int) -> None:
        everywhere = self.used_bytes() + sum(self._reserved.values()) + size
        here = self.used_bytes(vault) + self._reserved.get(vault.path, 0) + size
        disk = int(disk_bytes * self.limit.disk_fraction)
        for used, limit, what in (
            (everywhere, self.limit.max_bytes, "originals_max in the settings"),
            (here, disk, f"{self.limit.disk_fraction:.0%} of its disk"),
        ):
            if used > limit:
                raise StoreFull(
                    f"{shown(vault.path)}: with one more original, {size_in_words(used)} would be kept; the "
                    f"limit is {size_in_words(limit)} ({what}). Nothing is replaced until there is room: "
                    "delete some with `homepress originals accept`, raise originals_max, or use an output "
                    "folder"
                )

    def _mount_vault(self, folder: Folder, root: Path | None) -> Vault | None:
        """A vault of our own at the top of the folder's file system, where that is possible and proper."""
        top = _mount_top(folder.path)
        watched_folders = [*self.roots, *([root] if root else [])]
        # At the top of the system it would be in everybody's way, in a watched folder it would be watched,
        # and a client that synchronises the folder would send the originals away.
        if top == Path(top.anchor) or any(top.is_relative_to(watched) for watched in watched_folders):
            return None
        if self.synced(top):
            return None
        vault = self._vault_at(top)
        try:
            vault.prepare()
            with vault.opened() as opened:
                return vault if self._kernel.same_mount(folder, opened) else None
        except (OSError, UntrustedVault):
            return None

    def _vault_at(self, top: Path) -> Vault:
        """Our vault on the file system whose highest folder is `top`: one for each user and each home."""
        user = os.geteuid() if hasattr(os, "geteuid") else "user"
        home = hashlib.sha256(os.fsencode(self.main.path)).hexdigest()[:8]
        return Vault(self._kernel, top / f".homepress-{user}" / home, private_parent=True)


def _top_of_folder(root: Path) -> Path | None:
    """The highest folder of a watched folder's file system; None when it is not there."""
    return _mount_top(root) if root.is_dir() else None


def _mount_top(path: Path) -> Path:
    """The highest folder above `path` on the same file system."""
    device = path.stat().st_dev
    while path.parent != path and path.parent.stat().st_dev == device:
        path = path.parent
    return path
