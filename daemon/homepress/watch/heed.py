"""Files that are left alone for their permissions or further names: inotify says by itself when that changes.

Attributes of whole folders are not asked for: every copied file would bring several events more, and so would
each of our own replacements.
"""

from collections.abc import Callable

from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchCallback,
    WatchDescriptor,
)

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
