"""Keeps a folder observed: whatever happens, a new observer takes over and a scan follows."""

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

from homepress.base.volumes import mounts_inside
from homepress.watch.folder import FolderStatus, WatchedFolder
from homepress.watch.interface import LimitReachedError, Listener, Observation, System
from homepress.watch.names import is_never_entered
from homepress.watch.root import Root, RootLook, RootStatus
from homepress.watch.timing import Timing

_log = logging.getLogger(__name__)
_STATUS = {
    RootStatus.MISSING: FolderStatus.MISSING,
    RootStatus.AWAY: FolderStatus.AWAY,
    RootStatus.UNREADABLE: FolderStatus.UNREADABLE,
}


class Guard:
    """The observation of one folder, and what is to be said of it.

    Events of an observation are hints. Each time `check` or `verify` answers True, some may have been lost
    and the whole folder has to be scanned.

    Attributes:
        root: the folder without links, as last seen; empty before that.
        status: the folder's state.
        problem: what is wrong and what to do; empty when all is well.
        native: whether events come; False where only scans find changes.
        remote: whether the folder lies on a network or FUSE file system.
    """

    def __init__(
        self,
        folder: WatchedFolder,
        system: System,
        listener: Listener,
        timing: Timing,
        away: Callable[[Path], str] = lambda _: "",
    ) -> None:
        """`away` says of a path why its drive is away; empty when it is not."""
        self.root = b""
        self.status = FolderStatus.STARTING
        self.problem = ""
        self.native = folder.watch != "poll"
        self.remote = False
        self._folder = folder
        self._system = system
        self._listener = listener
        self._timing = timing
        self._place = Root(folder.path, system, away)
        self._mounts: frozenset[tuple[Path, str]] = frozenset()
        self._identity = (0, 0)
        self._observation: Observation | None = None
        self._attentive = False
        self._gone_since: float | None = None
        self._last_rebuild = float("-inf")
        self._advice = ""

    @property
    def ready(self) -> bool:
        """Whether the folder is there and can be scanned."""
        return self.status in (FolderStatus.WATCHING, FolderStatus.PARTLY)

    def check(self, now: float, *, afresh: bool = False) -> bool:
        """Look at folder and observer, mend what is wrong; True when a full scan is due.

        Args:
            now: monotonic seconds.
            afresh: something was heard of: look at everything.
        """
        look = self._place.look(afresh=afresh)
        if look.status is not RootStatus.READY:
            self._drop_observation()
            self._identity = (0, 0)
            self._gone_since = now if self._gone_since is None else self._gone_since
            self.status, self.problem = _STATUS[look.status], look.problem
            return False
        self._gone_since = None
        if look.identity != self._identity:
            return self._build(look, now, "the folder is new or was replaced")
        why = self._observation.trouble() if self._observation else ""
        if not why and self._mounts != _mounts(look.real):
            # The observer would go on watching the folder that the drive now covers.
            why = "a drive was mounted or unmounted in it"
        return bool(why) and self._build(look, now, why)

    def verify(self, directories: list[bytes], now: float) -> bool:
        """Take note of folders that a scan found unobserved; True when a full scan is due.

        Where the system refused to watch them the state says so; else the observer lost track of them, and
        a new one takes over.
        """
        if not self.native or self._observation is None:
            return False
        if self._observation.refused():
            return self._short_of_watches(len(directories), now)
        if not directories or now - self._last_rebuild < self._timing.rebuild_pause:
            return False
        return self._build(self._place.look(), now, f"{len(directories)} folders were not observed")

    def interval(self, now: float) -> float:
        """Seconds until the next `check`, unless the listener hears of trouble before."""
        if self._gone_since is not None:
            return self._timing.missing_interval(now - self._gone_since)
        if self.remote or not self.native:
            return self._timing.health_remote
        return self._timing.health_told if self._attentive else self._timing.health

    def watches(self, directory: bytes) -> bool:
        """Whether events of files in a folder are noticed; True where none are expected."""
        return self._observation is None or self._observation.watches(directory)

    def heed(self, path: bytes) -> None:
        """Have a file looked at when its permissions or further names change; see `Observation.heed`."""
        if self._observation is not None:
            self._observation.heed(path)

    def close(self) -> None:
        """Stop observing, and wait for it."""
        observation, self._observation = self._observation, None
        if observation is not None:
            observation.close()

    def _build(self, look: RootLook, now: float, why: str) -> bool:
        """Start a new observation; the old one ends on a thread of its own: large trees take long."""
        if look.status is not RootStatus.READY:
            return False
        self._drop_observation()
        self._last_rebuild = now
        self._identity, self.root = look.identity, look.real
        self._mounts = _mounts(look.real)
        self.remote = self._system.is_remote(look.real)
        self._attentive = False
        self.status, self.problem = FolderStatus.WATCHING, ""
        self.native = self._folder.watch == "native" or (self._folder.watch == "auto" and not self.remote)
        _log.info("observing %s anew: %s", ascii(str(self._folder.path)), why)
        if self.native:
            self._observe(look)
        return True

    def _observe(self, look: RootLook) -> None:
        real = str(look.real, "utf-8", "surrogateescape")
        try:
            self._observation = self._system.observe(
                real, self._folder.recursive, self._listener, is_never_entered
            )
            self._attentive = self._observation.attend(os.fsencode(self._folder.path))
        except LimitReachedError as limit:
            self.native, self.status = False, FolderStatus.PARTLY
            self.problem = f"new pictures are found by regular scans only: {limit.strerror}"
        except OSError as error:
            # It went away or became unreadable just now: the next check names it.
            _log.info("cannot observe %s: %s", ascii(str(self._folder.path)), error.strerror)
            self._identity = (0, 0)

    def _short_of_watches(self, unobserved: int, now: float) -> bool:
        advice = self._system.shortage(unobserved)
        if self._advice and advice != self._advice:
            # The limit was changed: try with the new one.
            self._advice = ""
            return self._build(self._place.look(), now, "the system's limit was changed")
        self._advice, self.status = advice, FolderStatus.PARTLY
        self.problem = (
            f"{unobserved:,} of its folders cannot be observed; new pictures there are found by regular "
            f"scans: {advice}"
        )
        return False

    def _drop_observation(self) -> None:
        observation, self._observation = self._observation, None
        if observation is not None:
            threading.Thread(target=observation.close, name="observer-end", daemon=True).start()


def _mounts(root: bytes) -> frozenset[tuple[Path, str]]:
    """What is mounted beneath a folder."""
    return frozenset((each.point, each.instance) for each in mounts_inside(Path(os.fsdecode(root))))
