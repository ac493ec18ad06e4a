"""The way to a watched folder: when a name on it leads elsewhere, or nowhere, inotify says so by itself."""

import contextlib
import errno
import logging
import os
import select
from collections import deque
from collections.abc import Callable

from watchdog.events import FileClosedEvent, FileSystemEvent
from watchdog.observers.api import BaseObserver, EventQueue, ObservedWatch
from watchdog.observers.inotify import InotifyEmitter, InotifyWatchGroup
from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchCallback,
    WatchDescriptor,
)

from homepress.watch.plain import APPEARANCES, Teller
from homepress.watch.protocols import Listener

_log = logging.getLogger(__name__)

WAY_EVENTS = Mask(
    InotifyConstants.IN_MOVE_SELF
    | InotifyConstants.IN_DELETE_SELF
    | InotifyConstants.IN_DONT_FOLLOW
    | InotifyConstants.IN_MASK_ADD
)
"""What is asked of each name on the way (inotify(7)); added to what is asked of it already."""

_GONE = InotifyConstants.IN_MOVE_SELF | InotifyConstants.IN_DELETE_SELF | InotifyConstants.IN_UNMOUNT
_MOST_LINKS = 40


class Way(WatchCallback):
    """Hears of moves, removals and unmounts of the folders and links that lead to a folder.

    Attributes:
        changed: whether there was one.
    """

    def __init__(self, tell: Callable[[], None]) -> None:
        """`tell` is called, on the reader's thread, when the way has changed."""
        self.changed = False
        self._tell = tell

    def on_event(self, event: InotifyEvent) -> None:
        """See `WatchCallback`; events of what lies in a folder on the way are none of ours."""
        if event.mask & _GONE:
            self.changed = True
            self._tell()

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """See `WatchCallback`: the watched thing is gone for good."""
        del wd
        self.changed = True
        self._tell()

    def on_queue_overflow(self) -> None:
        """See `WatchCallback`; whoever watches the folder's content acts on it."""


def names_on_the_way(path: bytes) -> list[bytes]:
    """Every folder and link that is passed on the way to an absolute path, the path itself included.

    A loop of links ends the list (path_resolution(7): at most 40 links are followed).
    """
    found: dict[bytes, None] = {}
    current, ahead, links = b"/", deque(path.split(b"/")), 0
    while ahead:
        part = ahead.popleft()
        if part in (b"", b"."):
            continue
        if part == b"..":
            current = os.path.dirname(current)
            continue
        name = os.path.join(current, part)
        found[name] = None
        if not os.path.islink(name):
            current = name
            continue
        if (links := links + 1) > _MOST_LINKS:
            break
        target = os.readlink(name)
        current = b"/" if target.startswith(b"/") else current
        ahead.extendleft(reversed(target.split(b"/")))
    return list(found)


# Files that are left alone for their permissions or further names: inotify says by itself when that
# changes.
#
# Attributes of whole folders are not asked for: every copied file would bring several events more, and so
# would each of our own replacements.

# A change of the number of names is one of attributes, too (inotify(7)). One event is enough: whoever hears
# it looks at the file, and asks again if it is still left alone.
_EVENTS = Mask(InotifyConstants.IN_ATTRIB | InotifyConstants.IN_DONT_FOLLOW | InotifyConstants.IN_ONESHOT)
_MOST = 1000


class Heed:
    """Some files of one observation, at most a thousand; scans look at the others."""

    def __init__(self, reader: InotifyFD, tell: Callable[[bytes], None]) -> None:
        """`tell` gets the path of a file whose attributes changed, on the reader's thread."""
        self._reader = reader
        self._tell = tell
        self._files: dict[bytes, _File] = {}

    def add(self, path: bytes) -> None:
        """Tell once when the attributes of a file change; nothing is told of what may not be watched."""
        if path in self._files or len(self._files) >= _MOST:
            return
        file = self._files[path] = _File(path, self)
        try:
            self._reader.add_callback(path, _EVENTS, file, CallbackId(id(file)))
        except OSError:
            self.over(file)

    def changed(self, file: "_File") -> None:
        """An event of a file came."""
        self.over(file)
        self._tell(file.path)

    def over(self, file: "_File") -> None:
        """Nothing will be told of it any more."""
        if self._files.get(file.path) is file:
            del self._files[file.path]


class _File(WatchCallback):
    """One file."""

    def __init__(self, path: bytes, heed: Heed) -> None:
        self.path = path
        self._heed = heed

    def on_event(self, event: InotifyEvent) -> None:
        """See `WatchCallback`."""
        del event
        self._heed.changed(self)

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """See `WatchCallback`: after the one event, or because the file is gone."""
        del wd
        self._heed.over(self)

    def on_queue_overflow(self) -> None:
        """See `WatchCallback`; whoever watches the folder's content acts on it."""


# watchdog's inotify observer, behind a guard: what it would hide or loop over is reported as trouble.
#
# watchdog 7.1 answers an overflow of the event queue by removing and adding every watch in its reader
# thread, which overflows the queue of a large tree again, for ever; an exception ends the reader thread
# while the observer seems alive; watches that the system refuses are passed over. Here each of these is
# only noted. Whoever asked for the observation starts a new one and scans.

# It complains of its own ending, and warns of what is reported as trouble here.
logging.getLogger("watchdog.observers.inotify").setLevel(logging.CRITICAL)
logging.getLogger("watchdog.observers.inotify_c").setLevel(logging.CRITICAL)

# Opening and closing without writing are left out: watchdog's own walk causes so many that the queue
# overflows.
_INOTIFY_EVENTS = [*APPEARANCES, FileClosedEvent]
_NO_WATCH = -1
_MOUNTS = "/proc/self/mountinfo"


class InotifyObservation:
    """An observation of one folder by an observer of its own (see `system.Observation`)."""

    def __init__(
        self, root: str, recursive: bool, listener: Listener, ignored: Callable[[bytes], bool]
    ) -> None:
        """Observe `root`; see `System.observe` for the arguments.

        Raises:
            OSError: the root cannot be watched: ENOSPC and EMFILE for the system's limits, EACCES.
        """
        self._reader = _Reader(listener)
        self._way = Way(listener.trouble)
        self._heed = Heed(self._reader, listener.file_event)
        self._group = _Group(self._reader, os.fsencode(root), recursive, listener, ignored)
        self._observer = _Observer(self._reader, self._group, listener)
        try:
            self._observer.schedule(Teller(listener), root, recursive=recursive, event_filter=_INOTIFY_EVENTS)
            self._reader.start()
            self._observer.start()
        except OSError:
            self._reader.stop()
            raise

    def trouble(self) -> str:
        """See `Observation.trouble`."""
        if self._group.overflowed:
            return "events were lost"
        if self._way.changed:
            return "the folder, or one above it, was moved, removed or unmounted"
        if self._reader.ended or not self._reader.is_alive():
            return "the reader of events died"
        if self._observer.ended or not self._observer.is_alive():
            return "the observer stopped"
        return ""

    def refused(self) -> bool:
        """See `Observation.refused`."""
        return self._group.refused

    def watches(self, directory: bytes) -> bool:
        """See `Observation.watches`."""
        return self._group.watches(directory)

    def attend(self, path: bytes) -> bool:
        """See `Observation.attend`: self events of every name on the way, and the kernel's list of mounts."""
        for name in names_on_the_way(path):
            with contextlib.suppress(OSError):  # what may not be watched is looked at now and then
                self._reader.add_callback(name, WAY_EVENTS, self._way, CallbackId(id(self._way)))
        return self._reader.tell_of_mounts()

    def heed(self, path: bytes) -> None:
        """See `Observation.heed`."""
        self._heed.add(path)

    def close(self) -> None:
        """See `Observation.close`."""
        self._observer.stop()
        self._observer.join()


class _Reader(InotifyFD):
    """The thread that reads from the kernel; its death is told at once, and mounts if that is wanted.

    Attributes:
        ended: whether it does not read any more; a thread that says so itself is still alive then.
    """

    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self.name = "inotify-reader"
        self.ended = False
        self._listener = listener
        self._tells_of_mounts = False
        try:
            self._mounts = os.open(_MOUNTS, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._mounts = -1
        if self._poller is not None and self._mounts >= 0:
            # proc(5): the file becomes exceptional when something is mounted or unmounted.
            self._poller.register(self._mounts, select.POLLPRI)

    def tell_of_mounts(self) -> bool:
        """Tell from now on when something is mounted or unmounted anywhere; whether the kernel says so."""
        self._tells_of_mounts = True
        return self._poller is not None and self._mounts >= 0

    def run(self) -> None:
        try:
            super().run()
        except Exception as error:  # noqa: BLE001 - whatever watchdog stumbles over
            _log.warning("the reader of file events died (%r); a new one takes over", error)
            _log.debug("how it died", exc_info=True)
        self.ended = True
        self._listener.trouble()

    def close(self) -> None:
        """As watchdog's, but all watches end with the descriptor; one by one they would take seconds."""
        with self._lock:
            self._watch_for_wd.clear()
        super().close()

    def _check_inotify_fd(self) -> bool:
        """As watchdog's; woken by the list of mounts it tells of that, and there is nothing to read."""
        if self._poller is None:
            return super()._check_inotify_fd()
        ready = {fd for fd, _ in self._poller.poll()}
        if self._mounts in ready and self._tells_of_mounts:
            self._listener.trouble()
        return self._inotify_fd in ready

    def _close_resources(self) -> None:
        super()._close_resources()
        if self._mounts >= 0:
            os.close(self._mounts)
            self._mounts = -1

    def _add_callback(
        self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
    ) -> WatchDescriptor:
        """As watchdog's, without its warning for a second registration: it holds every watch there is."""
        watch = self._get_or_create_watch(path, mask)
        watch.callbacks[id_] = callback
        return watch.wd


class _Group(InotifyWatchGroup):
    """The watches of one tree."""

    def __init__(
        self,
        reader: _Reader,
        root: bytes,
        recursive: bool,
        listener: Listener,
        ignored: Callable[[bytes], bool],
    ) -> None:
        self.overflowed = False
        self.refused = False
        self._listener = listener
        self._ignored = ignored
        self._arguments = (reader, root, recursive)

    def open(self, event_mask: Mask) -> None:
        """Set the watches; raises OSError when the root cannot be watched."""
        reader, root, recursive = self._arguments
        super().__init__(reader, root, event_mask, recursive)

    def watches(self, directory: bytes) -> bool:
        """Whether there is a watch that will report events under this very path."""
        watch = self._active_callbacks_by_path.get(directory)
        return watch is not None and self._active_callbacks_by_watch.get(watch) == directory

    def on_queue_overflow(self) -> None:
        """Only note it."""
        self.overflowed = True
        self._listener.trouble()

    def deactivate(self) -> None:
        """Only end the queue of events: watches end with the reader, and their tables may be in disorder."""
        with self._lock:
            self._is_active = False
            self._move_event_grouper.close()

    def _add_callback(self, path: bytes) -> None:
        """Set one watch. Folders without interest get none; a refusal below the root shows in `watches`."""
        if path != self.path and self._is_ignored(path):
            return
        try:
            watch = self._inotify_fd.add_callback(path, self.event_mask, self, self._id)
        except OSError as error:
            if path == self.path:
                raise
            self.refused |= error.errno == errno.ENOSPC
            return
        if watch == _NO_WATCH:
            # watchdog takes "permission denied" for success.
            if path == self.path:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fsdecode(path))
            return
        self._active_callbacks_by_path[path] = watch
        self._active_callbacks_by_watch[watch] = path

    def _is_ignored(self, path: bytes) -> bool:
        return any(self._ignored(name) for name in path[len(self.path) :].split(b"/") if name)


class _Emitter(InotifyEmitter):
    """Turns what the group reports into watchdog's events; its group is handed in, its end is told."""

    def __init__(
        self,
        event_queue: EventQueue,
        watch: ObservedWatch,
        *,
        timeout: float = 1.0,
        event_filter: list[type[FileSystemEvent]] | None = None,
        inotify_fd: InotifyFD | None = None,
        group: _Group,
        ended: Callable[[], None],
    ) -> None:
        super().__init__(
            event_queue, watch, timeout=timeout, event_filter=event_filter, inotify_fd=inotify_fd
        )
        self._group = group
        self._ended = ended

    def run(self) -> None:
        try:
            super().run()
        finally:
            self._ended()

    def on_thread_start(self) -> None:
        self._group.open(self.get_event_mask_from_filter())
        self._inotify = self._group


class _Observer(BaseObserver):
    """Like watchdog's own, with our reader.

    Attributes:
        ended: whether its thread, or its emitter's, comes to its end.
    """

    def __init__(self, reader: _Reader, group: _Group, listener: Listener) -> None:
        super().__init__(_Emitter, inotify_fd=reader, group=group, ended=self._note_end)
        self.ended = False
        self._reader = reader
        self._listener = listener

    def run(self) -> None:
        try:
            super().run()
        finally:
            self._note_end()

    def _note_end(self) -> None:
        self.ended = True
        self._listener.trouble()

    def on_thread_stop(self) -> None:
        super().on_thread_stop()
        self._reader.stop()
        if self._reader.is_alive():
            self._reader.join()
