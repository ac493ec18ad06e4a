"""Keeps a folder observed: whatever happens to it, a new observer takes over and a scan follows.

`FileWatch` does that for one file: it notices a change, also by an editor that puts a new file in its
place.
"""

import enum
import errno
import logging
import os
import stat
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from homepress.base.files import FileId, Mark
from homepress.base.override import override
from homepress.base.system_errors import how_to_allow, in_log, is_away, quoted, shell_word, with_name
from homepress.base.volumes import mounts_inside
from homepress.watch.filters import is_never_entered
from homepress.watch.model import (
    LimitReachedError,
    Listener,
    Observation,
    Timing,
    WatchedFolder,
    WatchStatus,
    WatchSystem,
    this_system,
)

_log = logging.getLogger(__name__)

_QUIET = 0.2
_BACKUP = 30.0
_JOIN = 5.0


class FileWatch(Listener):
    """Calls back when a file has another content than before, appears or vanishes.

    The folders of the file, and of what it links to, are observed; a rare look at the file itself serves
    where events are lost, or its folder is made later.
    """

    def __init__(
        self,
        path: Path,
        callback: Callable[[], None],
        *,
        system: WatchSystem | None = None,
        quiet: float = _QUIET,
        backup: float = _BACKUP,
    ) -> None:
        """Watch nothing yet.

        Args:
            path: the file; it need not be there.
            callback: called on a thread of the watch after each change.
            system: the operating system; None for the one we run on.
            quiet: seconds without events until the file counts as written.
            backup: seconds between looks without any event.
        """
        self._path = path
        self._callback = callback
        self._system = system or this_system()
        self._quiet = quiet
        self._backup = backup
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._observations: dict[Path, Observation] = {}
        self._seen = self._identity()
        self._thread = threading.Thread(target=self._run, name=f"watch {path.name}", daemon=True)

    def start(self) -> None:
        """Begin; changes from the creation of this object on are noticed."""
        self._thread.start()

    def stop(self) -> None:
        """End; no callback is begun afterwards."""
        self._stopping.set()
        self._wake.set()
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join(_JOIN)

    @override
    def file_event(self, path: bytes) -> None:
        if os.path.basename(path) in self._names():
            self._wake.set()

    @override
    def directory_event(self, path: bytes) -> None:
        """Of no interest."""

    @override
    def trouble(self) -> None:
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._observe()
            if (now := self._identity()) != self._seen:
                self._seen = now
                self._callback()
            if self._wake.wait(self._backup):
                self._await_quiet()
        for observation in self._observations.values():
            observation.close()

    def _await_quiet(self) -> None:
        """Let an editor finish: events of one change come in a row."""
        self._wake.clear()
        while not self._stopping.is_set() and self._wake.wait(self._quiet):
            self._wake.clear()

    def _observe(self) -> None:
        """Have a healthy observation for each folder that matters now."""
        wanted = {self._path.parent.absolute(), Path(os.path.realpath(self._path)).parent}
        for folder, observation in list(self._observations.items()):
            if folder not in wanted or observation.trouble():
                del self._observations[folder]
                observation.close()
        for folder in wanted - set(self._observations):
            try:
                real = os.path.realpath(folder, strict=True)
                self._observations[folder] = self._system.observe(real, False, self, lambda _: False)
            except OSError as error:
                _log.debug("cannot observe %s: %s", quoted(folder), in_log(error))

    def _names(self) -> tuple[bytes, bytes]:
        return (os.fsencode(self._path.name), os.fsencode(os.path.basename(os.path.realpath(self._path))))

    def _identity(self) -> Mark | None:
        try:
            return FileId.of(os.stat(self._path)).mark
        except OSError:
            return None


class RootStatus(enum.Enum):
    """Whether a root can be watched."""

    READY = "ready"
    MISSING = "missing"
    AWAY = "away"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class RootState:
    """What one look at a root found.

    Attributes:
        status: whether it can be watched.
        problem: why not and what to do, for a person; empty when it can.
        real: the path without links, empty unless ready.
        identity: device and inode; another pair is another folder.
    """

    status: RootStatus
    problem: str = ""
    real: bytes = b""
    identity: tuple[int, int] = (0, 0)


_STATUS = {
    RootStatus.MISSING: WatchStatus.MISSING,
    RootStatus.AWAY: WatchStatus.AWAY,
    RootStatus.UNREADABLE: WatchStatus.UNREADABLE,
}


class FolderObserver:
    """The observation of one folder, and its state in words.

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
        system: WatchSystem,
        listener: Listener,
        timing: Timing,
        away: Callable[[Path], str] = lambda _: "",
    ) -> None:
        """`away` says of a path why its drive is away; empty when it is not."""
        self.root = b""
        self.status = WatchStatus.STARTING
        self.problem = ""
        self.native = folder.watch != "poll"
        self.remote = False
        self._folder = folder
        self._system = system
        self._listener = listener
        self._timing = timing
        self._place = RootFolder(folder.path, system, away)
        self._mounts: frozenset[tuple[Path, str]] = frozenset()
        self._identity = (0, 0)
        self._observation: Observation | None = None
        self._watches_ancestors = False
        self._gone_since: float | None = None
        self._last_rebuild = float("-inf")
        self._advice = ""

    @property
    def reliable(self) -> bool:
        """Whether events come from the whole folder, and their loss is noticed: then scans are rare."""
        if not self.native or self._observation is None:
            return False
        return self.status is WatchStatus.WATCHING and self._observation.reports_losses()

    @property
    def ready(self) -> bool:
        """Whether the folder is there and can be scanned."""
        return self.status in (WatchStatus.WATCHING, WatchStatus.PARTLY)

    def check(self, now: float, *, afresh: bool = False) -> bool:
        """Look at folder and observer, repair what is wrong; True when a full scan is due.

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
        return self._timing.health_notified if self._watches_ancestors else self._timing.health

    def watches(self, directory: bytes) -> bool:
        """Whether events of files in a folder are noticed; True where none are expected."""
        return self._observation is None or self._observation.watches(directory)

    def watch_attributes(self, path: bytes) -> None:
        """Have a file looked at when its permissions or further names change."""
        if self._observation is not None:
            self._observation.watch_attributes(path)

    def close(self) -> None:
        """Stop observing, and wait for it."""
        observation, self._observation = self._observation, None
        if observation is not None:
            observation.close()

    def _build(self, look: RootState, now: float, why: str) -> bool:
        """Start a new observation; the old one ends on a thread of its own: large trees take long."""
        if look.status is not RootStatus.READY:
            return False
        path = quoted(self._folder.path)
        if self._last_rebuild == float("-inf"):
            _log.info("observing %s", path)
        else:
            _log.info("observing %s anew: %s", path, why)
        self._drop_observation()
        self._last_rebuild = now
        self._identity, self.root = look.identity, look.real
        self._mounts = _mounts(look.real)
        self.remote = self._system.is_remote(look.real)
        self._watches_ancestors = False
        self.status, self.problem = WatchStatus.WATCHING, ""
        self.native = self._folder.watch == "native" or (self._folder.watch == "auto" and not self.remote)
        if self.native:
            self._observe(look)
        return True

    def _observe(self, look: RootState) -> None:
        real = str(look.real, "utf-8", "surrogateescape")
        try:
            self._observation = self._system.observe(
                real, self._folder.recursive, self._listener, is_never_entered
            )
            self._watches_ancestors = self._observation.watch_ancestors(os.fsencode(self._folder.path))
        except LimitReachedError as limit:
            self.native, self.status = False, WatchStatus.PARTLY
            self.problem = f"new pictures are found by regular scans only: {limit.strerror}"
        except OSError as error:
            # It went away or became unreadable just now: the next check names it.
            _log.info("cannot observe %s: %s", quoted(self._folder.path), error.strerror)
            self._identity = (0, 0)

    def _short_of_watches(self, unobserved: int, now: float) -> bool:
        advice = self._system.shortage(unobserved)
        if self._advice and advice != self._advice:
            # The limit was changed: try with the new one.
            self._advice = ""
            return self._build(self._place.look(), now, "the system's limit was changed")
        self._advice, self.status = advice, WatchStatus.PARTLY
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
    """What is mounted inside a folder."""
    return frozenset((each.point, each.instance) for each in mounts_inside(Path(os.fsdecode(root))))


class RootFolder:
    """Looks at the folder that a configured path leads to. A look costs one `stat` while nothing changes."""

    def __init__(self, path: Path, system: WatchSystem, away: Callable[[Path], str]) -> None:
        """`away` says of a path without links why its drive is away; empty when it is not."""
        self._path = path
        self._system = system
        self._away = away
        self._last = RootState(RootStatus.MISSING)
        self._file_system = ""

    def look(self, *, afresh: bool = False) -> RootState:
        """The state now; `afresh` trusts nothing of the last look: drives may have come or gone since."""
        try:
            status = os.stat(self._path)
        except OSError as error:
            return self._failed(error)
        identity = (status.st_dev, status.st_ino)
        if not stat.S_ISDIR(status.st_mode):
            return RootState(RootStatus.UNREADABLE, f"{self._path} is a file; give a folder")
        if not os.access(self._path, os.R_OK | os.X_OK):
            return RootState(
                RootStatus.UNREADABLE,
                f"{self._path} may not be read; {how_to_allow(str(self._path))}",
            )
        if identity == self._last.identity and not afresh:
            return self._last
        return self._new(identity)

    def _new(self, identity: tuple[int, int]) -> RootState:
        """Another folder than at the last look, or the first one."""
        try:
            real = os.path.realpath(os.fsencode(self._path), strict=True)
            if why := self._away(Path(os.fsdecode(real))):
                return self._is_away(why)
            if self._is_bare_mount_point(real):
                return self._missing("the drive that held it is not connected")
        except OSError as error:
            return self._failed(error)
        self._file_system = self._system.file_system(real)
        self._last = RootState(RootStatus.READY, real=real, identity=identity)
        return self._last

    def _is_bare_mount_point(self, real: bytes) -> bool:
        """Whether the folder is the empty place at which a drive used to be mounted."""
        if not self._file_system or self._system.file_system(real) == self._file_system:
            return False
        with os.scandir(real) as entries:
            return next(entries, None) is None

    def _failed(self, error: OSError) -> RootState:
        if is_away(error):
            self._last = RootState(RootStatus.MISSING)
            return RootState(RootStatus.AWAY, with_name(error, str(self._path)))
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            if why := self._away(Path(os.path.realpath(self._path))):
                return self._is_away(why)
            return self._missing("it is not there")
        if error.errno in (errno.EACCES, errno.EPERM):
            return RootState(
                RootStatus.UNREADABLE,
                f"{self._path} may not be read; {how_to_allow()}, and the folders above it",
            )
        return RootState(RootStatus.UNREADABLE, with_name(error, str(self._path)))

    def _is_away(self, why: str) -> RootState:
        self._last = RootState(RootStatus.MISSING)
        return RootState(RootStatus.AWAY, f"{why}; watching goes on by itself when it is back")

    def _missing(self, why: str) -> RootState:
        self._last = RootState(RootStatus.MISSING)
        return RootState(
            RootStatus.MISSING,
            f"{self._path}: {why}; watching goes on by itself when it is back, or: "
            f"homepress folder remove {shell_word(self._path)}",
        )
