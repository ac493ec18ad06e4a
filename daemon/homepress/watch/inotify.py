"""inotify through watchdog's inner classes: what they would hide, or loop over, is reported as trouble.

watchdog 7.1 answers an overflow of the event queue by removing and adding every watch in its reader thread,
which overflows the queue of a large tree again, for ever; an exception ends that thread while the observer
seems alive; watches that the system refuses are passed over. Here each of these is only noted: the caller
starts a new observation and scans.

This is the only module that relies on names which watchdog does not document. `check` holds them against the
installed version; where one is missing, `linux` uses watchdog's public observer instead.
"""

import contextlib
import dataclasses
import errno
import inspect
import logging
import os
import select
import threading
from collections import deque
from collections.abc import Callable

from watchdog.events import generate_sub_created_events
from watchdog.observers.inotify import InotifyWatchGroup
from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchCallback,
    WatchDescriptor,
)
from watchdog.observers.inotify_move_event_grouper import InotifyMoveEventGrouper, PathedInotifyEvent

from homepress.base.override import override
from homepress.watch.model import Listener, Observation

_log = logging.getLogger(__name__)

# It warns of what is reported as trouble here.
logging.getLogger("watchdog.observers.inotify_c").setLevel(logging.CRITICAL)

# Opening and closing without writing are left out: watchdog's own walk causes so many that the queue
# overflows.
_TREE_EVENTS = Mask(
    InotifyConstants.IN_CREATE
    | InotifyConstants.IN_MOVE
    | InotifyConstants.IN_CLOSE_WRITE
    | InotifyConstants.IN_DELETE_SELF
)
_ANCESTOR_EVENTS = Mask(
    InotifyConstants.IN_MOVE_SELF
    | InotifyConstants.IN_DELETE_SELF
    | InotifyConstants.IN_DONT_FOLLOW
    | InotifyConstants.IN_MASK_ADD
)
_GONE = InotifyConstants.IN_MOVE_SELF | InotifyConstants.IN_DELETE_SELF | InotifyConstants.IN_UNMOUNT
# A change of the number of names is one of attributes, too (inotify(7)). One event is enough: the file is
# looked at then, and watched again if it is still left alone.
_ATTRIBUTE_EVENTS = Mask(
    InotifyConstants.IN_ATTRIB | InotifyConstants.IN_DONT_FOLLOW | InotifyConstants.IN_ONESHOT
)
_NO_WATCH = -1
_MOST_LINKS, _MOST_FILES, _MOST_MOVES = 40, 1000, 100
_MOUNTS = "/proc/self/mountinfo"
_LINGER = 0.2
"""Seconds without events after which the thread that reads them ends."""
_ONCE = select.EPOLLIN | select.EPOLLONESHOT
_CHANGED_SHAPE = (ImportError, AttributeError, TypeError, NameError)
"""Errors that say that watchdog is not what this module was written for."""

# The arguments of each method that is called or replaced here, and each attribute that is read.
_METHODS: dict[type, dict[str, tuple[str, ...]]] = {
    InotifyFD: {
        "add_callback": ("self", "path", "mask", "callback", "id_"),
        "_add_callback": ("self", "path", "mask", "callback", "id_"),
        "_check_inotify_fd": ("self",),
        "_get_or_create_watch": ("self", "path", "mask"),
        "close": ("self",),
        "handle_event": ("self", "event"),
        "read_events": ("self",),
    },
    InotifyWatchGroup: {
        "__init__": ("self", "_inotify_fd", "path", "event_mask", "is_recursive"),
        "_add_callback": ("self", "path"),
        "on_event": ("self", "event"),
        "on_queue_overflow": ("self",),
        "on_watch_deleted": ("self", "wd"),
    },
}
_READER_ATTRIBUTES = {"_inotify_fd", "_is_reading", "_lock", "_watch_for_wd"}
_TREE_ATTRIBUTES = {"_active_callbacks_by_path", "_active_callbacks_by_watch", "_id", "_move_event_grouper"}


def check() -> None:
    """Hold what is used of watchdog's inner classes against the installed version.

    Raises:
        AttributeError: a name is missing.
        TypeError: a method takes other arguments.
    """
    for owner, methods in _METHODS.items():
        for name, wanted in methods.items():
            if tuple(inspect.signature(getattr(owner, name)).parameters)[: len(wanted)] != wanted:
                raise TypeError(f"{owner.__name__}.{name} takes other arguments")
    _have(
        InotifyWatchGroup, {field.name for field in dataclasses.fields(InotifyWatchGroup)}, _TREE_ATTRIBUTES
    )
    with contextlib.suppress(OSError):  # the system grants none just now
        instance = InotifyFD()
        _have(InotifyFD, set(vars(instance)), _READER_ATTRIBUTES)
        # Its thread was never started, though watchdog has it begin as one that reads.
        instance._is_reading = False
        instance.close()


def _have(owner: type, there: set[str], wanted: set[str]) -> None:
    for name in sorted(wanted - there):
        raise AttributeError(f"{owner.__name__} has no {name}")


class InotifyObservation(Observation):
    """An observation of one folder through an inotify instance of its own.

    So a flood in one folder costs no other one its events, and a large tree is let go in one step.
    """

    def __init__(
        self,
        root: str,
        recursive: bool,
        listener: Listener,
        ignored: Callable[[bytes], bool],
        misfit: Callable[[Exception], None],
    ) -> None:
        """Observe `root`.

        Args:
            root, recursive, listener, ignored: see `WatchSystem.observe`.
            misfit: called when watchdog turns out, while it runs, to be another one than expected.

        Raises:
            OSError: the root cannot be watched: ENOSPC and EMFILE for the system's limits, EACCES.
            AttributeError, TypeError: see `check`.
        """
        self._reader = _Reader(listener, misfit)
        self._ancestors = AncestorWatch(listener.trouble)
        self._attributes = AttributeWatch(self._reader, listener.file_event)
        try:
            self._tree = _Tree(self._reader, os.fsencode(root), recursive, listener, ignored)
            _WAITER.add(self._reader)
        except BaseException:
            self._reader.close()
            raise

    @override
    def trouble(self) -> str:
        if self._tree.overflowed:
            return "events were lost"
        if self._ancestors.changed or self._tree.ended:
            return "the folder, or one above it, was moved, removed or unmounted"
        if self._reader.ended:
            return "the reader of events died"
        return ""

    @override
    def refused(self) -> bool:
        return self._tree.refused

    @override
    def reports_losses(self) -> bool:
        return True

    @override
    def watches(self, directory: bytes) -> bool:
        return self._tree.watches(directory)

    @override
    def watch_ancestors(self, path: bytes) -> bool:
        """Self events of every name on the way, and the kernel's list of mounts."""
        for name in ancestors(path):
            with contextlib.suppress(OSError):  # what may not be watched is looked at now and then
                self._reader.add_callback(
                    name, _ANCESTOR_EVENTS, self._ancestors, CallbackId(id(self._ancestors))
                )
        return _WAITER.report_mounts(self._reader)

    @override
    def watch_attributes(self, path: bytes) -> None:
        self._attributes.add(path)

    @override
    def close(self) -> None:
        _WAITER.remove(self._reader)
        self._reader.close()


class _Reader(InotifyFD):
    """One inotify instance. It has a thread only while events come: `read` starts it, a short lull ends it.

    It is a thread of its own for each instance because handling an event may ask the disk of its folder,
    which may hang.

    Attributes:
        ended: whether an error ended the reading.
    """

    def __init__(self, listener: Listener, misfit: Callable[[Exception], None]) -> None:
        super().__init__()
        # watchdog's thread, which begins as one that reads, is never started.
        self._is_reading = False
        self.ended = False
        self.listener = listener
        self._misfit = misfit
        self._closing = False
        self._thread: threading.Thread | None = None
        self._lull = select.poll()
        self._lull.register(self._inotify_fd, select.POLLIN)

    def fileno(self) -> int:
        return self._inotify_fd

    def read(self) -> None:
        """Read and handle events on a thread of its own until none has come for a moment."""
        self._thread = threading.Thread(target=self._read_all, name="inotify-events", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Nothing more will come; the listener is notified."""
        self.ended = True
        self.listener.trouble()

    @override
    def close(self) -> None:
        """As watchdog's, but all watches end with the descriptor; one by one they would take seconds."""
        self._closing = True
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            self._watch_for_wd.clear()
        super().close()

    def _read_all(self) -> None:
        try:
            while events := self.read_events():
                for event in events:
                    self.handle_event(event)
        except Exception as error:  # noqa: BLE001 - whatever watchdog stumbles over
            _log.warning("the reader of file events died (%r); a new one takes over", error)
            _log.debug("how it died", exc_info=True)
            if isinstance(error, _CHANGED_SHAPE):
                self._misfit(error)
            self.end()
        else:
            _WAITER.wait_for(self)

    @override
    def _check_inotify_fd(self) -> bool:
        """As watchdog's, but a lull ends the wait."""
        return not self._closing and bool(self._lull.poll(_LINGER * 1000))

    @override
    def _add_callback(
        self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
    ) -> WatchDescriptor:
        """As watchdog's, without its warning for a second registration: it holds every watch there is."""
        watch = self._get_or_create_watch(path, mask)
        watch.callbacks[id_] = callback
        return watch.wd


class _Waiter:
    """The one thread that waits for all inotify instances and for changes of the kernel's list of mounts.

    It only starts readers and notifies listeners, so that no disk can hold it up; without any instance it
    ends.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readers: dict[int, _Reader] = {}
        self._reading: set[_Reader] = set()
        self._want_mounts: set[int] = set()
        self._poll: select.epoll | None = None
        self._mounts = -1
        self._wake = -1

    def add(self, reader: _Reader) -> None:
        """Start `reader` when it has events, once; then `wait_for` has to be called."""
        with self._lock:
            poll = self._poll or self._start()
            poll.register(reader.fileno(), _ONCE)
            self._readers[reader.fileno()] = reader

    def wait_for(self, reader: _Reader) -> None:
        """Start `reader` again when it has events, unless it was removed."""
        with self._lock:
            self._reading.discard(reader)
            if self._poll is not None and self._readers.get(reader.fileno()) is reader:
                self._poll.modify(reader.fileno(), _ONCE)

    def report_mounts(self, reader: _Reader) -> bool:
        """Notify the reader's listener when something is mounted or unmounted; whether the kernel can."""
        with self._lock:
            self._want_mounts.add(reader.fileno())
            return self._mounts >= 0

    def remove(self, reader: _Reader) -> None:
        """Forget a reader."""
        with self._lock:
            if self._readers.get(reader.fileno()) is not reader:
                return
            del self._readers[reader.fileno()]
            self._reading.discard(reader)
            self._want_mounts.discard(reader.fileno())
            if self._poll is not None:
                self._poll.unregister(reader.fileno())
                os.eventfd_write(self._wake, 1)

    def _start(self) -> select.epoll:
        poll = select.epoll()
        self._wake = os.eventfd(0)
        poll.register(self._wake, select.EPOLLIN)
        with contextlib.suppress(OSError):
            self._mounts = os.open(_MOUNTS, os.O_RDONLY | os.O_CLOEXEC)
            # proc(5): the file becomes exceptional when something is mounted or unmounted.
            poll.register(self._mounts, select.EPOLLPRI)
        self._poll = poll
        try:
            threading.Thread(target=self._run, args=(poll,), name="inotify", daemon=True).start()
        except RuntimeError:
            self._end()
            raise
        return poll

    def _run(self, poll: select.epoll) -> None:
        try:
            while self._step(poll):
                pass
        except Exception:  # noqa: BLE001 - a surprise must not end the watching in silence
            _log.exception("the wait for file events failed; it begins anew")
            with self._lock:
                self._end()
                lost = list(self._readers.values())
                self._readers.clear()
            for reader in lost:
                reader.end()

    def _step(self, poll: select.epoll) -> bool:
        """Wait once and do what follows; False when there is nothing left to wait for."""
        ready = {fd for fd, _ in poll.poll()}
        with self._lock:
            if not self._readers:
                self._end()
                return False
            if self._wake in ready:
                os.eventfd_read(self._wake)
            # A number may have been another reader's when its events were heard of.
            for reader in {self._readers[fd] for fd in ready if fd in self._readers} - self._reading:
                self._reading.add(reader)
                reader.read()
            if self._mounts in ready:
                for fd in self._want_mounts & set(self._readers):
                    self._readers[fd].listener.trouble()
        return True

    def _end(self) -> None:
        """Let go of all descriptors; with the lock held."""
        if self._poll is not None:
            self._poll.close()
            os.close(self._wake)
        if self._mounts >= 0:
            os.close(self._mounts)
        self._poll, self._wake, self._mounts = None, -1, -1
        self._want_mounts.clear()


_WAITER = _Waiter()


class _Tree(InotifyWatchGroup):
    """The watches of one tree.

    Attributes:
        overflowed: whether events were lost.
        refused: whether the system had no room for some of the watches.
        ended: whether the root is gone.
    """

    def __init__(
        self,
        reader: _Reader,
        root: bytes,
        recursive: bool,
        listener: Listener,
        ignored: Callable[[bytes], bool],
    ) -> None:
        """Set the watches; raises OSError when the root cannot be watched."""
        self.overflowed = False
        self.refused = False
        self.ended = False
        self._listener = listener
        self._ignored = ignored
        super().__init__(reader, root, _TREE_EVENTS, recursive)
        self._move_event_grouper = _Notifier(listener, recursive)

    def watches(self, directory: bytes) -> bool:
        """Whether there is a watch that will report events under this very path."""
        watch = self._active_callbacks_by_path.get(directory)
        return watch is not None and self._active_callbacks_by_watch.get(watch) == directory

    @override
    def on_queue_overflow(self) -> None:
        """Only note it."""
        self.overflowed = True
        self._listener.trouble()

    @override
    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        was_root = self._active_callbacks_by_watch.get(wd) == self.path
        super().on_watch_deleted(wd)
        if was_root:
            self.ended = True
            self._listener.trouble()

    @override
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


class _Notifier(InotifyMoveEventGrouper):
    """Notifies the listener of a tree's events at once; in place of watchdog's queue, which needs a thread.

    watchdog holds each "moved from" back for half a second so that its "moved to" can be joined to it. The
    kernel queues the two in a row, so the last few are enough to follow a folder that was renamed.
    """

    def __init__(self, listener: Listener, recursive: bool) -> None:
        super().__init__()
        self._listener = listener
        self._recursive = recursive
        self._left: dict[int, PathedInotifyEvent] = {}

    @override
    def put_event(self, event: PathedInotifyEvent) -> None:
        seen, path = event.ev, event.path
        if seen.is_moved_from:
            self._left[seen.cookie] = event
            if len(self._left) > _MOST_MOVES:
                del self._left[next(iter(self._left))]
        elif seen.is_create or seen.is_moved_to:
            self._left.pop(seen.cookie, None)
            self._appeared(path, seen.is_directory)
            if seen.is_moved_to and seen.is_directory and self._recursive:
                for inside in generate_sub_created_events(os.fsdecode(path)):
                    self._appeared(os.fsencode(inside.src_path), inside.is_directory)
        elif seen.is_close_write and not seen.is_directory:
            self._listener.file_event(path)

    def _appeared(self, path: bytes, is_directory: bool) -> None:
        if is_directory:
            self._listener.directory_event(path)
        else:
            self._listener.file_event(path)

    @override
    def get_queued_moved_from_event(self, cookie: int) -> PathedInotifyEvent | None:
        return self._left.get(cookie)


class _Callback(WatchCallback):
    """What leaves a lost event to the tree."""

    @override
    def on_queue_overflow(self) -> None:
        pass


class AncestorWatch(_Callback):
    """Hears of moves, removals and unmounts of the folders and links that lead to a folder.

    Attributes:
        changed: whether there was one.
    """

    def __init__(self, notify: Callable[[], None]) -> None:
        """`notify` is called, on a reader's thread, when a name has changed."""
        self.changed = False
        self._notify = notify

    @override
    def on_event(self, event: InotifyEvent) -> None:
        if event.mask & _GONE:
            self.changed = True
            self._notify()

    @override
    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        self.changed = True
        self._notify()


def ancestors(path: bytes) -> list[bytes]:
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


class AttributeWatch:
    """Files that are left alone for their permissions or further names, at most a thousand; scans see others.

    Attributes of whole folders are not asked for: every copied file would bring several events more, and so
    would each of our own replacements.
    """

    def __init__(self, reader: InotifyFD, notify: Callable[[bytes], None]) -> None:
        """`notify` gets the path of a file whose attributes changed, on a reader's thread."""
        self._reader = reader
        self._notify = notify
        self._files: dict[bytes, _WatchedFile] = {}

    def add(self, path: bytes) -> None:
        """Notify once when the attributes of a file change; never for what may not be watched."""
        if path in self._files or len(self._files) >= _MOST_FILES:
            return
        file = self._files[path] = _WatchedFile(path, self)
        try:
            self._reader.add_callback(path, _ATTRIBUTE_EVENTS, file, CallbackId(id(file)))
        except OSError:
            self.forget(file)

    def changed(self, file: "_WatchedFile") -> None:
        """An event of a file came."""
        self.forget(file)
        self._notify(file.path)

    def forget(self, file: "_WatchedFile") -> None:
        """No event of it will come any more."""
        if self._files.get(file.path) is file:
            del self._files[file.path]


class _WatchedFile(_Callback):
    """One file."""

    def __init__(self, path: bytes, watch: AttributeWatch) -> None:
        self.path = path
        self._watch = watch

    @override
    def on_event(self, event: InotifyEvent) -> None:
        self._watch.changed(self)

    @override
    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """After the one event, or because the file is gone."""
        self._watch.forget(self)
