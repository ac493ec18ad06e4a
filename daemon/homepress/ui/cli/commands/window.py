"""What is looked at: `homepress window`, `show` and `report`, and `homepress` without a command."""

import contextlib
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from homepress.base.paths import Paths
from homepress.base.results import HandMade, ProbedProcess
from homepress.base.units import counted, percent_saved, size
from homepress.control.client import NO_DAEMON, connect
from homepress.control.service import CompressRequest, ServiceError, Status
from homepress.desktop import toolkit
from homepress.desktop.launching import fails_soon, own, spawn
from homepress.settings import SettingsError, load, usable_cores
from homepress.ui.cli import output
from homepress.ui.cli.access import open_ledger
from homepress.ui.cli.arguments import absolute_path, example, json_option
from homepress.ui.text import in_command, printable

if TYPE_CHECKING:
    from homepress.daemon.commands.by_hand import HandCompressor
    from homepress.daemon.commands.viewer import Viewer
    from homepress.store.reader import EntryDetail

# Looking at pictures without decoding them in a process that can reach other programs.


@contextlib.contextmanager
def pictures_apart() -> Iterator[Callable[[int], list[ProbedProcess]]]:
    """Have a locked worker decode what window and report show, for the length of a `with` block.

    What it gives has that worker try every way out, if there is one by then.
    """
    from homepress.ui.window.model.pictures import open_with

    made: dict[str, Viewer] = {}

    def viewer() -> "Viewer":
        """Made with the first picture: a window shall be seen before workers are loaded."""
        if (one := made.get("")) is not None:
            return one
        from homepress.daemon.commands.viewer import Viewer

        # One step: of several threads each gets the same. A viewer that is left over has started nothing.
        return made.setdefault("", Viewer())

    def opener(
        file: Path,
        edge: int,
        fill: bool,
        most_pixels: int,
        most_decoded: int,
        part: tuple[float, float, float, float] | None = None,
        rough: bool = False,
    ) -> tuple[tuple[int, int], tuple[int, int], bytes]:
        return viewer().open(file, edge, fill, most_pixels, most_decoded, part, rough)

    open_with(opener, lambda fresh: viewer().prepare(fresh=fresh), lambda file: viewer().tells_place(file))
    try:
        yield lambda other: [one.probe(other)] if (one := made.get("")) is not None else []
    finally:
        open_with(None)
        if (one := made.get("")) is not None:
            one.close()


@contextlib.contextmanager
def compressed_apart(paths: Paths) -> Iterator[Callable[[int], list[ProbedProcess]]]:
    """Have locked workers compress what is given to the window, for the length of a `with` block.

    What it gives has those workers try every way out that have nothing else to do.
    """
    from homepress.ui.window.model.batch import compress_with

    hands = _Hands(paths)
    compress_with(hands)
    try:
        yield hands.probe
    finally:
        compress_with(None)
        hands.close()


class _Hands:
    """Compresses pictures for the window; what does it is loaded with the first."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._made: dict[str, HandCompressor] = {}
        self.jobs = max(1, usable_cores() - 1)

    def _compressor(self) -> "HandCompressor":
        if (one := self._made.get("")) is not None:
            return one
        from homepress.daemon.commands.by_hand import HandCompressor

        # One step, as above: one that is left over has started nothing.
        return self._made.setdefault("", HandCompressor(self._paths, self.jobs))

    def prepare(self) -> None:
        self._compressor().prepare()

    def compress(self, file: Path, request: CompressRequest) -> HandMade:
        return self._compressor().compress(file, request)

    def probe(self, other: int) -> list[ProbedProcess]:
        return [found for one in self._made.values() for found in one.probe(other)]

    def stop(self) -> None:
        for one in self._made.values():
            one.stop()

    def rest(self) -> None:
        for one in self._made.values():
            one.rest()

    def close(self) -> None:
        for one in self._made.values():
            one.close()


# `homepress window`: look at everything, and change settings, in a window.

_FAILED = 1
_PAGES = (
    "now",
    "folders",
    "activity",
    "compare",
    "statistics",
    "privacy",
    "general",
    "settings",
    "first-run",
)


@click.command(
    epilog=example("homepress window", "homepress window photo.heic", "homepress window --page statistics")
)
@click.argument("files", metavar="[FILE]...", type=absolute_path, nargs=-1)
@click.option("--page", type=click.Choice(_PAGES), default=None, help="The page to show first.")
@click.option(
    "--theme",
    type=click.Choice(["auto", "light", "dark", "light-contrast", "dark-contrast"]),
    default="auto",
    show_default=True,
    help="Light or dark; auto asks the desktop.",
)
@click.option("--scale", type=click.FloatRange(0.5, 4), help="How large to draw; 1 is usual.")
@json_option
def window(files: tuple[str, ...], page: str | None, theme: str, scale: float | None, as_json: bool) -> int:
    """Open the window, or have it come to the front.

    It makes pictures smaller that are dropped on it or named here, files or folders. It also shows watched
    folders and their settings, activity, pictures before and after, statistics and privacy.
    """
    return open_window(page or "", "", theme, scale, files=files, as_json=as_json)


def open_window(
    page: str = "",
    picture: str = "",
    theme: str = "auto",
    scale: float | None = None,
    *,
    files: Sequence[str] = (),
    as_json: bool = False,
) -> int:
    """Become the window; this process is locked out of the network already.

    Args:
        page: the word of a page; empty for the usual one.
        picture: a path to show before and after; empty for none.
        theme: as the option of the command has it; "auto" is as the desktop has it.
        scale: how large to draw; None as the display has it.
        files: paths of pictures and folders to compress in it.
        as_json: when it is closed, or another one came to the front, print what was shown.

    Where there is no Qt or no display, a report in HTML opens in its place.
    """
    from homepress.ui.window import NoDisplayError, NoToolkitError, OpenRequest, WindowLook, run

    paths = Paths.from_environment()
    paths.ensure()
    dark = {"dark": True, "light": False}.get(theme.partition("-")[0])
    contrast = True if theme.endswith("-contrast") else None
    with pictures_apart() as probe_viewer, compressed_apart(paths) as probe_hands:
        try:
            code = run(
                paths,
                OpenRequest(page=page, picture=picture, files=list(files)),
                WindowLook(dark=dark, scale=scale, contrast=contrast),
                lambda other: [*probe_viewer(other), *probe_hands(other)],
            )
        except (NoToolkitError, NoDisplayError) as error:
            return _report_instead(paths, str(error), as_json=as_json)
    if as_json:
        output.print_json({"shown": "window", "path": "", "reason": ""})
    return code


def can_open() -> bool:
    """Whether a window can probably be opened: there is Qt and a display."""
    return toolkit.has_display() and toolkit.is_installed()


def lacks_toolkit() -> bool:
    """Whether nothing but Qt is missing for a window."""
    return toolkit.has_display() and not toolkit.is_installed()


def _report_instead(paths: Paths, why: str, *, as_json: bool) -> int:
    """Say why there is no window, and write the report that shows the same; a script opens it itself."""
    from homepress.desktop.opening import NotOpened
    from homepress.ui.report import open_report, write_report

    file = paths.state / "report.html"
    write_report(paths, file)
    if as_json:
        output.print_json({"shown": "report", "path": str(file), "reason": why})
        return _FAILED
    output.fault(why)
    output.say(f"A report instead of the window: {printable(str(file))}")
    try:
        open_report(file)
    except NotOpened as error:
        output.remark(printable(str(error)))
    return _FAILED


# `homepress show`: one picture before and after.


@click.command(epilog=example("homepress show ~/Pictures/Inbox/a.jpg"))
@click.argument("path", type=absolute_path)
@click.option("--text", "as_text", is_flag=True, help="Say it in words, without a window.")
@json_option
def show(path: str, as_text: bool, as_json: bool) -> int:
    """Show a picture before and after.

    In the window where there is a display, else in words.
    """
    from homepress.base import blocking

    with open_ledger(Paths.from_environment()) as reader:
        detail = reader.latest(blocking.resolved(Path(path))) or reader.latest(Path(path))
    if detail is None:
        raise ServiceError(
            f"{path} is not in the history: Homepress has not seen it, or knew what is in it already "
            "(a result of its own, or an original that was restored)"
        )
    if as_json:
        output.print_json(detail)
        return 0
    if not as_text and can_open():
        return open_window("compare", detail.entry.path)
    for line in picture_lines(detail):
        output.say(line)
    return 0


def picture_lines(detail: "EntryDetail") -> list[str]:
    """What is known of a picture, in words."""
    entry = detail.entry
    arrow = output.symbol("→", "->")
    if entry.outcome != "compressed":
        return [f"{output.strong(printable(entry.path))}: {entry.outcome}", f"  {printable(entry.reason)}"]
    score = "" if entry.score is None else f", score {entry.score:.1f} ({entry.score_kind})"
    percent = percent_saved(entry.before_bytes, entry.after_bytes)
    found = [
        output.strong(printable(entry.path)),
        f"  {size(entry.before_bytes)} {arrow} {size(entry.after_bytes)}, {percent} % smaller{score}",
        f"  before  {printable(detail.original_path) or 'gone: ' + entry.original}",
        f"  after   {printable(detail.entry.output)}",
    ]
    if entry.reason:
        found.insert(2, f"  {printable(entry.reason)}")
    if entry.original == "kept":
        found.append(f"  Bring it back with: homepress undo {in_command(entry.path)}")
    return found


# `homepress report`: everything that was saved, as one page that any browser shows.


@click.command(epilog=example("homepress report", "homepress report --output ~/homepress.html --no-open"))
@click.option("--output", "file", metavar="FILE", type=absolute_path, help="Write it there.")
@click.option(
    "--pictures",
    type=click.IntRange(0, 50),
    default=0,
    show_default=True,
    help="How many pictures to put in, before and after.",
)
@click.option("--no-open", is_flag=True, help="Only write it.")
@json_option
def report(file: str | None, pictures: int, no_open: bool, as_json: bool) -> int:
    """Write a page with charts and the latest results, and open it.

    One file, without scripts or anything from elsewhere; it works with screen readers. Whoever you give it to
    sees the names in it, and the pictures if you asked for some.
    """
    from homepress.desktop.opening import NotOpened
    from homepress.store.reader import LedgerError
    from homepress.ui.report import open_report, write_report

    paths = Paths.from_environment()
    paths.ensure()
    target = Path(file) if file else paths.state / "report.html"
    try:
        with pictures_apart():
            write_report(paths, target, pictures)
    except LedgerError as error:
        raise ServiceError(str(error)) from error
    if as_json:
        output.print_json({"path": str(target), "bytes": target.stat().st_size})
    else:
        output.say(f"Written: {printable(str(target))}")
    if not no_open and not as_json:
        try:
            open_report(target)
        except NotOpened as error:
            output.remark(printable(str(error)))
    return 0


# `homepress` without a command: begin in the background, and open the window.

_START_SECONDS = 20.0
_LOOK_SECONDS = 0.1
_WRONG_USAGE = 2


def begin() -> int:
    """Start the daemon unless it runs, bring its icon back, and show the window; the exit code.

    Without a display nothing is opened: what to type is said instead.

    Raises:
        ServiceError: the daemon does not start.
    """
    paths = Paths.from_environment()
    paths.ensure()
    if can_open():
        _spawn_daemon()
        _lock()
        return open_window()
    if lacks_toolkit():
        lacking = toolkit.lacking()
        output.remark(lacking.words if lacking else "")
    if not _watches_something(paths):
        output.fault("no folder is watched yet. Choose one with: homepress folder add PATH")
        return _WRONG_USAGE
    process = _spawn_daemon()
    _lock()
    status = _started(paths, process)
    output.say(f"Homepress runs in the background, watching {counted(len(status.folders), 'folder')}.")
    output.say("See what it does with: homepress status. Have it start at login with: homepress autostart on")
    return 0


def _spawn_daemon() -> "subprocess.Popen[bytes]":
    """Where one runs already, that process brings its icon back and ends."""
    return spawn(own("run", "--login"))


def _watches_something(paths: Paths) -> bool:
    try:
        return bool(load(paths.config_file).folders)
    except SettingsError:
        return True  # the daemon goes on with settings that have mistakes, and says so in its state


def _lock() -> None:
    """Lock this process out of the network; only now, so that the daemon puts on its own lock alone."""
    from homepress.daemon.commands.connect import prepare_client

    prepare_client(starts_workers=True)


def _started(paths: Paths, process: "subprocess.Popen[bytes]") -> Status:
    """The state of the daemon once it answers."""
    for _ in range(round(_START_SECONDS / _LOOK_SECONDS)):
        failed = fails_soon(process, _LOOK_SECONDS)
        if (daemon := connect(paths.socket)) is not None:
            return daemon.status()
        if failed:
            break
    raise ServiceError(f"Homepress did not start; its log says why: {paths.log}", NO_DAEMON)
