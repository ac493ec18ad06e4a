"""All vaults together: which one keeps an original, and how much they may hold."""

import contextlib
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from homepress.store.errors import StoreFull, UntrustedVault, shown
from homepress.store.kernel import Folder, Kernel
from homepress.store.ledger import Ledger
from homepress.store.vault import Vault


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

    def __init__(self, kernel: Kernel, ledger: Ledger, main: Path, limit: OriginalsLimit) -> None:
        """Make the main vault where it is missing.

        Raises:
            UntrustedVault: it is a link, another user's, or open to others.
        """
        self._kernel = kernel
        self._ledger = ledger
        # The way to it may lead through links (a home folder on another disk); the folder itself is none.
        self.main = Vault(kernel, main.parent.resolve() / main.name)
        self.main.prepare()
        self.limit = limit
        self.roots: tuple[Path, ...] = ()
        self._lock = threading.Lock()
        self._reserved: dict[Path, int] = {}

    def vault(self, path: bytes) -> Vault:
        """The vault at a path that the ledger or a plan names."""
        return Vault(self._kernel, Path(os.fsdecode(path)))

    def known_vaults(self) -> list[Vault]:
        """All vaults that ever kept something, the main one first."""
        paths = [bytes(row[0]) for row in self._ledger.query("SELECT path FROM vault ORDER BY path")]
        main = os.fsencode(self.main.path)
        return [self.main, *(self.vault(path) for path in paths if path != main)]

    def place_for(self, folder: Folder) -> Place:
        """Where an original out of `folder` is kept: by rename where one can, else by copying."""
        with self.main.opened() as main:
            if self._kernel.same_mount(folder, main):
                return Place(self.main, near=True)
        top = self._mount_vault(folder)
        return Place(top, near=True) if top is not None else Place(self.main, near=False)

    def used_bytes(self, vault: Vault | None = None) -> int:
        """Bytes of originals in one vault or in all, by the ledger."""
        if vault is None:
            sql, values = "SELECT sum(before_bytes) FROM history WHERE original = 'kept'", ()
            return int(self._ledger.query(sql, values)[0][0] or 0)
        sql = "SELECT sum(before_bytes) FROM history WHERE original = 'kept' AND vault = ?"
        return int(self._ledger.query(sql, (os.fsencode(vault.path),))[0][0] or 0)

    @contextlib.contextmanager
    def room_for(self, size: int, vault: Vault) -> Iterator[None]:
        """Hold room for an original of `size` bytes during a `with` block.

        Raises:
            StoreFull: the limit would be exceeded; nothing is ever deleted early to make room.
        """
        with self._lock:
            self._check_room(size, vault)
            self._reserved[vault.path] = self._reserved.get(vault.path, 0) + size
        try:
            yield
        finally:
            with self._lock:
                self._reserved[vault.path] -= size

    def _check_room(self, size: int, vault: Vault) -> None:
        everywhere = self.used_bytes() + sum(self._reserved.values()) + size
        here = self.used_bytes(vault) + self._reserved.get(vault.path, 0) + size
        disk = int(shutil.disk_usage(vault.path).total * self.limit.disk_fraction)
        for used, limit, what in (
            (everywhere, self.limit.max_bytes, "originals_max in the settings"),
            (here, disk, f"{self.limit.disk_fraction:.0%} of its disk"),
        ):
            if used > limit:
                raise StoreFull(
                    f"{shown(vault.path)}: one more original would make {_bytes(used)}, over the limit of "
                    f"{_bytes(limit)} ({what}); nothing is replaced until there is room. Let some go with "
                    "`homepress originals accept`, raise originals_max, or use an output folder"
                )

    def _mount_vault(self, folder: Folder) -> Vault | None:
        """A vault of our own at the top of the folder's file system, where that is possible and proper."""
        top = _mount_top(folder.path)
        # At the top of the system it would be in everybody's way, in a watched folder it would be watched.
        if top == Path(top.anchor) or any(top.is_relative_to(root) for root in self.roots):
            return None
        vault = Vault(self._kernel, top / f".homepress-{os.geteuid()}")
        try:
            vault.prepare()
            with vault.opened() as opened:
                return vault if self._kernel.same_mount(folder, opened) else None
        except (OSError, UntrustedVault):
            return None


def _mount_top(path: Path) -> Path:
    """The highest folder above `path` on the same file system."""
    device = path.stat().st_dev
    while path.parent != path and path.parent.stat().st_dev == device:
        path = path.parent
    return path


def _bytes(size: int) -> str:
    """A size as a person reads it; KB = 1,000 bytes."""
    for unit, factor in (("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"
