"""Where the configured folders lead, and which of them wait for a drive."""

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from homepress.base import blocking
from homepress.base.blocking import NotAnsweringError
from homepress.base.paths import Paths
from homepress.base.system_errors import in_log, printable, shell_word
from homepress.base.volumes import changes
from homepress.control.service import ServiceError
from homepress.store.model import Absence, StoreError
from homepress.store.store import Store
from homepress.watch import Location, locate

_log = logging.getLogger(__name__)

# -- where folders lead, remembered: who answers people must not wait for their disks

_PATIENCE = 10.0
"""Seconds for the disk of something that a person named: it may have to wake up."""


class Places:
    """The places of folders, output folders and our own, as last seen. Usable from any thread."""

    def __init__(self) -> None:
        # Of single operations on a dictionary, each is seen whole: no lock is needed.
        self._known: dict[Path, Location] = {}

    def ask(
        self, paths: Iterable[Path], within: float = blocking.ANSWER_SECONDS
    ) -> dict[Path, NotAnsweringError]:
        """Look where paths lead now; those whose disks do not answer within some seconds.

        Such a path keeps what was known of it, or else is taken as it is written.
        """
        asked = blocking.ask_all({path: partial(self.look, path) for path in paths}, within)
        silent = {path: found for path, found in asked.items() if isinstance(found, NotAnsweringError)}
        self.take_as_written(silent)
        return silent

    def take_as_written(self, paths: Iterable[Path]) -> None:
        """Ask no disk about paths that nobody could look at until now."""
        for path in paths:
            self._known.setdefault(path, Location(path))

    def look(self, path: Path) -> Location:
        """Where a path leads now; waits for its disk, for ever if it hangs."""
        self._known[path] = found = locate(path)
        return found

    def locate(self, path: Path) -> Location:
        """Where a path leads, without asking the disk of one that was asked about before."""
        return self._known.get(path) or locate(path)

    def real(self, path: Path) -> Path:
        """A path without links, as last seen; as it is written where nobody looked. Asks no disk."""
        known = self._known.get(path)
        return known.real if known else path

    def find(self, path: Path, within: float) -> Path:
        """A path that somebody names, without links, as it leads now; as last seen where its disk is silent.

        Nothing is remembered: what is no place of the settings may be forgotten at any moment (`keep`).
        """
        try:
            return blocking.ask(path, partial(locate, path), within).real
        except NotAnsweringError:
            return self.real(path)

    def keep(self, paths: Collection[Path]) -> None:
        """Forget all places but these."""
        for path in tuple(self._known):
            if path not in paths:
                self._known.pop(path, None)


def ensure(paths: Paths) -> None:
    """Make our own folders, as `Paths.ensure`.

    Raises:
        ServiceError: the disk of one does not answer.
    """
    try:
        paths.ensure()
    except NotAnsweringError as error:
        raise ServiceError(blocking.refused(str(error.filename), error.since), exit_code=4) from error


def resolved(path: Path) -> Path:
    """A path that a person named, without links.

    Raises:
        ServiceError: its disk does not answer.
    """
    try:
        return blocking.ask(path, path.resolve, _PATIENCE)
    except NotAnsweringError as error:
        raise ServiceError(blocking.refused(path, error.since)) from error


# -- which folders wait for a drive: looked at whenever something is mounted or unmounted

_WHILE_AWAY = 5.0
"""Seconds between two looks while something is away: a folder that is moved back makes no noise."""


@dataclass(frozen=True, slots=True)
class InUse:
    """A configured folder and where what belongs to it lies.

    Attributes:
        path: as configured.
        root: the same without links.
        output: its output folder, without links; None when pictures are replaced.
    """

    path: Path
    root: Path
    output: Path | None


@dataclass(frozen=True, slots=True)
class Away:
    """What is away.

    Attributes:
        folders: by configured path, what is away of it and what happens, in whole sentences.
        roots: the folders in which nothing can be done therefore, links resolved.
        originals: why no originals can be kept; empty when they can.
    """

    folders: Mapping[Path, str] = field(default_factory=dict)
    roots: frozenset[Path] = frozenset()
    originals: str = ""


class Drives:
    """A thread that looks after the drives of all folders; it alone waits for disks.

    Attributes:
        away: what was found last.
    """

    def __init__(
        self, store: Store, in_use: Callable[[], Iterable[InUse]], changed: Callable[[Away, Away], None]
    ) -> None:
        """`changed` gets what was away before and what is now; called on the thread when it is another."""
        self.away = Away()
        self._store = store
        self._in_use = in_use
        self._changed = changed
        self._changes = changes()
        self._hangs = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="drives", daemon=True)

    def start(self) -> None:
        """Begin; the first look comes at once."""
        self._thread.start()

    def look_now(self) -> None:
        """Folders are others now, or somebody ran into a drive that is away. Returns at once."""
        self._changes.wake()

    def stop(self, within: float = 2.0) -> None:
        """End; a look that hangs is left behind."""
        self._stopping.set()
        self._changes.wake()
        self._thread.join(within)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._look()
            if not self._stopping.is_set():
                quiet = self.away == Away() and not self._hangs
                self._changes.wait(None if quiet else _WHILE_AWAY)
        self._changes.close()

    def _look(self) -> None:
        try:
            now = self._find()
        except (OSError, StoreError) as error:
            _log.warning("drives could not be looked at: %s", in_log(error))
            return
        except Exception:  # noqa: BLE001 - the boundary: whatever it was, the next look comes
            _log.exception("drives could not be looked at")
            return
        before, self.away = self.away, now
        if now != before:
            for text in {*now.folders.values(), now.originals} - {*before.folders.values(), before.originals}:
                if text:
                    _log.info("%s", printable(text))
            self._changed(before, now)

    def _find(self) -> Away:
        before = self.away
        texts: dict[Path, str] = {}
        roots = set()
        in_use = {folder.path: folder for folder in self._in_use()}
        found = blocking.ask_all({path: partial(self._look_at, each) for path, each in in_use.items()})
        for path, outcome in found.items():
            root = in_use[path].root
            if isinstance(outcome, NotAnsweringError):
                # Watching says so; until it answers again, it is as it was.
                text, all_of_it = before.folders.get(path, ""), root in before.roots
            else:
                text, all_of_it = outcome
            if text:
                texts[path] = text
            if all_of_it:
                roots.add(root)
        self._hangs = any(isinstance(outcome, NotAnsweringError) for outcome in found.values())
        return Away(texts, frozenset(roots), self._originals(before.originals))

    def _look_at(self, folder: InUse) -> tuple[str, bool]:
        """What is away of a folder, empty when nothing is; whether nothing can be done in it therefore."""
        places = self._store.drives
        if (absence := places.remember(folder.root)) is not None:
            return _source_away(folder, absence), True
        if folder.output is not None and (absence := places.remember(folder.output)) is not None:
            return _output_away(folder, absence), True
        inside = []
        for each in filter(None, (folder.root, folder.output)):
            places.remember_inside(each)
            inside += places.absent_inside(each)
        return "; ".join(f"{each.folder}: {each}" for each in inside), False

    def _originals(self, before: str) -> str:
        try:
            return blocking.ask(self._store.originals_folders()[0], self._store.originals_problem)
        except NotAnsweringError:
            return before


def _source_away(folder: InUse, absence: Absence) -> str:
    return f"{folder.path}: {absence}; watching goes on by itself when it is back{_instead(folder, absence)}"


def _output_away(folder: InUse, absence: Absence) -> str:
    return (
        f"{folder.output}: {absence}; results of {folder.path} wait until it is back, and then go on by "
        f"themselves{_instead(folder, absence)}"
    )


def _instead(folder: InUse, absence: Absence) -> str:
    """What to do when a drive took the place of another permanently."""
    if not absence.another:
        return ""
    output = f" --output {shell_word(folder.output)}" if folder.output is not None else ""
    return (
        f". To use that other drive from now on: homepress folder remove {shell_word(folder.path)}, then "
        f"homepress folder add {shell_word(folder.path)}{output}"
    )
