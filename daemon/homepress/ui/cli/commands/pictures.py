"""Pictures named by hand: `homepress compress`, `undo` and `redo`."""

import os
import sys
from collections import Counter
from collections.abc import Iterable

import click

from homepress.base.files import walk
from homepress.base.formats import has_image_suffix
from homepress.base.paths import Paths
from homepress.base.results import FileOutcome, UndoOutcome
from homepress.base.units import counted, percent_saved, size
from homepress.control.service import CompressRequest, RedoRequest, UndoRequest
from homepress.ui.cli import output
from homepress.ui.cli.access import daemon_or_local
from homepress.ui.cli.arguments import (
    absolute_path,
    example,
    json_option,
    past_time,
    path_or_input,
    positive,
    recipe_options,
    wait_option,
)
from homepress.ui.cli.commands.memory import INPUT, compress_input
from homepress.ui.cli.output import print_each, sizes, where, why
from homepress.ui.text import printable

# `homepress compress`: pictures named by hand.


@click.command(
    epilog=example(
        "homepress compress photo.jpg                    writes photo.min.jpg",
        "homepress compress --in-place ~/Pictures/Trip   originals are kept for undo",
        "homepress compress --fit-under '500 KB' --output small scan.png",
        "homepress compress --preset email --output ready photos",
        "homepress compress --dry-run *.jpg",
        "homepress compress - < scan.png > small.png",
    )
)
@click.argument("paths", metavar="PATH...|-", type=path_or_input, nargs=-1, required=True)
@click.option("--output", "output_folder", metavar="DIR", type=absolute_path, help="Write results there.")
@click.option("--in-place", is_flag=True, help="Replace the pictures; their originals are kept for undo.")
@recipe_options
@click.option(
    "--jobs",
    metavar="N",
    type=positive,
    help="How many pictures at a time.  [default: as many as there are cores, but one]",
)
@click.option("--dry-run", is_flag=True, help="Try, tell, and write nothing.")
@wait_option
@json_option
def compress(
    paths: tuple[str, ...],
    output_folder: str | None,
    in_place: bool,
    preset: str,
    quality: str,
    metadata: str | None,
    convert: str,
    max_edge: int | None,
    fit_under: str,
    drop: str,
    jobs: int | None,
    dry_run: bool,
    wait: float | None,
    as_json: bool,
) -> int:
    """Compress pictures and folders by name.

    Without --in-place or --output, each result is written beside its picture as NAME.min.EXT. While another
    command is at work, it waits and says for whom; with --output it goes on at once, unless DIR has to do
    with a watched folder, and a dry run waits for nobody.

    In a watched folder its settings hold for what no option says; --preset takes their place.

    With - it reads one picture from standard input and writes it to standard output, smaller or, where
    nothing can be saved, as it came. Messages go to standard error, and nothing is kept for undo.
    """
    if in_place and output_folder:
        raise click.UsageError("--in-place and --output exclude each other.")
    if INPUT in paths and (len(paths) > 1 or in_place or output_folder):
        raise click.UsageError("- stands alone: without other paths, --in-place and --output.")
    request = CompressRequest(
        paths=list(paths),
        output=os.path.realpath(output_folder) if output_folder else "",
        in_place=in_place,
        preset=preset,
        quality=quality,
        metadata=metadata or "",
        convert=convert,
        max_edge=max_edge or 0,
        fit_under=fit_under,
        drop=drop,
        dry_run=dry_run,
        jobs=jobs or 0,
    )
    if INPUT in paths:
        return compress_input(request, as_json=as_json)
    return _print_outcomes(request, wait, as_json)


def _print_outcomes(request: CompressRequest, wait: float | None, as_json: bool) -> int:
    """Have the pictures compressed and print what becomes of each; the exit code."""
    total = _count(request.paths) if output.on_terminal(sys.stderr) else None
    tally = _OutcomeTally()
    with daemon_or_local(
        Paths.from_environment(),
        wait=wait,
        writes=not request.dry_run,
        output_folder=request.output,
        by_settings=True,
    ) as service:
        for outcome in print_each(service.compress(request), _line, as_json=as_json, total=total):
            tally.add(outcome)
    if not as_json:
        output.say(tally.summary(request.dry_run))
    return 1 if tally.missed else 0


class _OutcomeTally:
    """What came of all pictures together."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.missed = 0
        """Pictures of which something was asked that was not done, those that failed among them."""
        self._before = 0
        self._after = 0

    def add(self, outcome: FileOutcome) -> None:
        """Count one."""
        self.outcomes[outcome.outcome] += 1
        self.missed += outcome.missed or outcome.outcome == "failed"
        if outcome.outcome == "compressed":
            self._before += outcome.before_bytes
            self._after += outcome.after_bytes

    def summary(self, dry_run: bool) -> str:
        """All of it in a sentence or two."""
        total = self.outcomes.total()
        if not total:
            return "There are no pictures in what you named."
        parts = [f"{number:,} {word}" for word, number in self.outcomes.most_common()]
        text = f"{output.strong(counted(total, 'picture'))}: {', '.join(parts)}."
        if self.missed > self.outcomes["failed"]:  # else "failed" has said it
            text += f" {counted(self.missed, 'picture')} could not be made as you asked."
        if (saved := self._before - self._after) > 0:
            arrow, percent = output.symbol("→", "->"), percent_saved(self._before, self._after)
            text += f" {size(self._before)} {arrow} {size(self._after)}, {size(saved)} ({percent} %) "
            text += "would be saved; nothing was changed." if dry_run else "saved."
        return text


def _line(outcome: FileOutcome) -> str:
    if outcome.outcome == "compressed":
        figures, name = sizes(outcome.before_bytes, outcome.after_bytes), outcome.output or outcome.path
        return f"{figures}  {why(name, outcome.reason) if outcome.reason else where(name)}"
    word = output.faint("unchanged") if outcome.outcome == "unchanged" else output.bad("failed")
    reason = f"{outcome.reason}; copied as it is to the output folder" if outcome.output else outcome.reason
    return f"{sizes(outcome.before_bytes, word=word)}  {why(outcome.path, reason)}"


def _count(paths: Iterable[str]) -> int:
    """How many pictures there seem to be, by their names, for the progress bar."""
    total = 0
    for path in paths:
        if not os.path.isdir(path):
            total += 1
        for _, folders, names in walk(path):
            folders[:] = [name for name in folders if not name.startswith(".")]
            total += sum(has_image_suffix(name) and not name.startswith(".") for name in names)
    return total


# `homepress undo`.

_WIDTH = len("restored")
_STOPPED = (
    "replacing has stopped in {folder}, because its newest results were undone or not trusted. "
    "Look at a few pictures there, then {go_on} with: homepress resume"
)
_GO_ON, _START_AND_GO_ON = "go on", "start Homepress again (homepress) and go on"


@click.command(
    epilog=example(
        "homepress undo --last 1",
        "homepress undo ~/Pictures/Inbox/a.jpg",
        "homepress undo --since yesterday --folder ~/Pictures/Inbox",
        "homepress undo --since 2h --to ~/restored",
    )
)
@click.argument("paths", metavar="[PATH...]", type=absolute_path, nargs=-1)
@click.option("--last", metavar="N", type=positive, help="The last N results.")
@click.option("--since", metavar="TIME", type=past_time, help="Results since 2h, yesterday, 2026-05-01 ...")
@click.option("--folder", metavar="PATH", type=absolute_path, help="Results under this folder.")
@click.option("--to", metavar="DIR", type=absolute_path, help="Put originals here, not back in place.")
@wait_option
@json_option
def undo(
    paths: tuple[str, ...],
    last: int | None,
    since: float | None,
    folder: str | None,
    to: str | None,
    wait: float | None,
    as_json: bool,
) -> int:
    """Bring originals back, byte for byte.

    What is restored is not compressed again, unless you say: homepress redo. When the newest five results of
    a folder were undone, at once or one by one, nothing more is replaced there until: homepress resume
    """
    if not paths and last is None and since is None and folder is None:
        raise click.UsageError("Say what to undo: a PATH, --last N, --since TIME or --folder PATH.")
    request = UndoRequest(paths=list(paths), last=last or 0, since=since, folder=folder or "", to=to or "")
    tally: Counter[str] = Counter()
    stopped: list[str] = []
    with daemon_or_local(Paths.from_environment(), wait=wait) as service:
        for outcome in print_each(service.undo(request), _undo_line, as_json=as_json, thing="original"):
            tally[outcome.outcome] += 1
            stopped += outcome.stopped
        running = bool(stopped) and service.status().state != "stopped"
    if not as_json:
        output.say(_summary(tally))
        for folder in stopped:
            said = _STOPPED.format(folder=printable(folder), go_on=_GO_ON if running else _START_AND_GO_ON)
            output.say(f"{output.worth_knowing('Worth knowing:')} {said}")
    return 1 if tally["failed"] or (paths and not tally) else 0


@click.command(epilog=example("homepress redo --last 1", "homepress redo ~/Pictures/Inbox/a.jpg"))
@click.argument("paths", metavar="[PATH...]", type=absolute_path, nargs=-1)
@click.option("--last", metavar="N", type=positive, help="The last N that were undone.")
@wait_option
@json_option
def redo(paths: tuple[str, ...], last: int | None, wait: float | None, as_json: bool) -> int:
    """Make results again that were undone.

    By the same recipe as before and in the same place; the original is kept once more.
    """
    if not paths and last is None:
        raise click.UsageError("Say what to do again: a PATH or --last N.")
    tally = _OutcomeTally()
    with daemon_or_local(Paths.from_environment(), wait=wait) as service:
        request = RedoRequest(paths=list(paths), last=last or 0)
        for outcome in print_each(service.redo(request), _line, as_json=as_json):
            tally.add(outcome)
    if not as_json:
        nothing = "There is nothing to do again."
        output.say(tally.summary(dry_run=False) if tally.outcomes else nothing)
    return 1 if tally.missed else 0


def _undo_line(outcome: UndoOutcome) -> str:
    name = where(outcome.path)
    match outcome.outcome:
        case "restored":
            moved = outcome.restored_to and outcome.restored_to != outcome.path
            to = f" {output.symbol('→', '->')} {where(outcome.restored_to)}" if moved else ""
            name = why(outcome.path, outcome.reason) if outcome.reason and not to else f"{name}{to}"
            return f"{output.good('restored')}  {name}"
        case "beside":
            reason = outcome.reason or "the result was changed since"
            word = output.padded(output.worth_knowing("beside"), _WIDTH)
            return f"{word}  {why(outcome.restored_to, reason)}"
        case "removed":
            return f"{'removed':<{_WIDTH}}  {printable(outcome.reason) or name}"
        case "failed":
            return f"{output.padded(output.bad('failed'), _WIDTH)}  {why(outcome.path, outcome.reason)}"


def _summary(tally: Counter[str]) -> str:
    total = tally.total()
    if not total:
        return "There is nothing to undo."
    words = {
        "restored": "restored",
        "beside": "put beside a result that was changed since",
        "removed": "removed, the pictures themselves untouched",
        "failed": "failed",
    }
    parts = [f"{tally[outcome]:,} {text}" for outcome, text in words.items() if tally[outcome]]
    return f"{output.strong(counted(total, 'result'))}: {', '.join(parts)}."
