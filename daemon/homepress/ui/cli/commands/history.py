"""What became of pictures: `homepress history`, `stats` and `originals`."""

import csv
import io
import itertools
import sys
import time
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import click

from homepress.base import blocking
from homepress.base.paths import Paths
from homepress.base.results import OriginalOutcome
from homepress.base.units import counted, percent_saved, size
from homepress.control.service import OriginalsRequest
from homepress.store.reader import Day, HistoryEntry, HistoryFilter, Stats, StoredOriginal, Totals
from homepress.ui.cli import output
from homepress.ui.cli.access import daemon_or_local, open_ledger
from homepress.ui.cli.arguments import absolute_path, example, json_option, length, past_time, positive
from homepress.ui.cli.output import closing, print_each, sizes, where, why
from homepress.ui.text import moment, printable, until, written_to

# `homepress history`: what became of each picture.

_SCREENFUL = 20
_WHEN_WIDTH = len("Mon 10 May 09:10")


@click.command(
    epilog=example(
        "homepress history",
        "homepress history --since yesterday ~/Pictures/Inbox",
        "homepress history --search holiday --outcome failed",
        "homepress history --csv > history.csv",
        "homepress history --forget ~/Pictures/Private",
    )
)
@click.argument("path", type=absolute_path, required=False)
@click.option("--search", metavar="TEXT", default="", help="With TEXT in the path, in any case.")
@click.option("--outcome", type=click.Choice(["compressed", "unchanged", "failed"]), help="Only these.")
@click.option("--since", metavar="TIME", type=past_time, help="From 2h ago, yesterday, 2026-05-01 ... on.")
@click.option("--last", metavar="N", type=positive, help=f"The last N; on a terminal, {_SCREENFUL}.")
@click.option("--all", "everything", is_flag=True, help="All of it, also on a terminal.")
@click.option(
    "--forget",
    metavar="PATH",
    type=absolute_path,
    help="Forget the names of PATH and everything under it.",
)
@click.option("--forget-before", metavar="TIME", type=past_time, help="Forget all names before TIME.")
@click.option("--csv", "as_csv", is_flag=True, help="As a table for spreadsheets.")
@json_option
def history(
    path: str | None,
    search: str,
    outcome: Literal["compressed", "unchanged", "failed"] | None,
    since: float | None,
    last: int | None,
    everything: bool,
    forget: str | None,
    forget_before: float | None,
    as_csv: bool,
    as_json: bool,
) -> int:
    """Show what became of each picture.

    Newest first; of PATH and everything under it, or of all. What is forgotten leaves no name behind, only a
    keyed hash, so that it is not compressed twice; what can still be undone is not forgotten.
    """
    if forget is not None or forget_before is not None:
        return _forget(forget, forget_before, as_json)
    wanted = HistoryFilter(path=_as_recorded(path), text=search, outcome=outcome or "", since=since)
    if last is None and not (everything or as_json or as_csv) and output.on_terminal(sys.stdout):
        last = _SCREENFUL
    with (
        open_ledger(Paths.from_environment()) as reader,
        closing(entries := reader.history(wanted, limit=last)),
    ):
        if as_json:
            for entry in entries:
                output.print_json(entry)
        elif as_csv:
            for row in _table(entries):
                output.say(row)
        elif not _print(entries):
            output.say("Nothing of that kind." if search or outcome or path or since else "Nothing yet.")
        elif last is not None and (more := reader.count(wanted) - last) > 0:
            output.remark(output.faint(f"{more:,} earlier; see them with --all"))
    return 0


def _as_recorded(path: str | None) -> Path | None:
    """A path as the history has it, with links followed."""
    return blocking.resolved(Path(path)) if path else None


def _forget(path: str | None, before: float | None, as_json: bool) -> int:
    """Forget, and say what could not be: a picture whose original is kept has to be found again."""
    paths = Paths.from_environment()
    with daemon_or_local(paths) as service:
        number = service.forget(path or "", before)
    with open_ledger(paths) as reader:
        kept = reader.count(HistoryFilter(path=_as_recorded(path), until=before))
    if as_json:
        output.print_json({"forgotten": number, "kept": kept})
        return 1 if kept else 0
    output.say(f"{counted(number, 'entry', 'entries')} forgotten.")
    if kept:
        stay = "stays: its original is" if kept == 1 else "stay: their originals are"
        output.say(f"{counted(kept, 'entry', 'entries')} {stay} kept for undo. Accept or undo first.")
    return 1 if kept else 0


def _table(entries: Iterator[HistoryEntry]) -> Iterator[str]:
    """Entries as comma-separated values (RFC 4180), headings first; times are ISO 8601."""
    names = HistoryEntry.__struct_fields__
    yield ",".join(names)
    for entry in entries:
        fields = {name: getattr(entry, name) for name in names}
        fields["time"] = datetime.fromtimestamp(entry.time).astimezone().isoformat(timespec="seconds")
        fields["dropped"] = " ".join(entry.dropped)
        row = io.StringIO()
        csv.writer(row, lineterminator="").writerow(fields.values())
        yield row.getvalue()


def _print(entries: Iterator[HistoryEntry]) -> bool:
    """Print entries, one a line; whether there were any."""
    now = time.time()
    first = next(entries, None)
    if first is None:
        return False
    for entry in itertools.chain((first,), entries):
        output.say(line(entry, now))
    return True


def line(entry: HistoryEntry, now: float) -> str:
    """An entry in words."""
    when = output.faint(f"{moment(entry.time, now):<{_WHEN_WIDTH}}")
    if entry.outcome == "compressed":
        if entry.original == "restored":  # it saves nothing, and is no longer where it was written
            return f"{when}  {sizes(entry.before_bytes, word=output.faint('undone'))}  {where(entry.path)}"
        later = {"accepted": "original deleted", "expired": "original expired"}
        place = written_to(entry.kind, entry.output)
        note = "; ".join(filter(None, (place, entry.reason, later.get(entry.original))))
        figures = sizes(entry.before_bytes, entry.after_bytes)
        return f"{when}  {figures}  {where(entry.path)}" + (f"  ({note})" if note else "")
    word = output.faint("unchanged") if entry.outcome == "unchanged" else output.bad("failed")
    return f"{when}  {sizes(entry.before_bytes, word=word)}  {why(entry.path, entry.reason)}"


# `homepress stats`: what was saved.

_DAYS = 14
_RIGHT = (1, 2, 3, 4)


@click.command(epilog=example("homepress stats", "homepress stats --json"))
@json_option
def stats(as_json: bool) -> None:
    """Show what was saved.

    Results that were undone do not count.
    """
    with open_ledger(Paths.from_environment()) as reader:
        stats = reader.stats()
    if as_json:
        output.print_json(stats)
        return
    for line in stats_lines(stats):
        output.say(line)


def stats_lines(stats: Stats) -> list[str]:
    """The figures in words."""
    if not stats.total.images:
        return ["Nothing has been compressed yet."]
    sums = [_row("in total", stats.total), _row("today", stats.today)]
    kept = f"{size(stats.total.originals_bytes)} of originals kept for undo"
    folders = {printable(path) if path else "named by hand": totals for path, totals in stats.folders.items()}
    return [
        *output.columns(sums, _RIGHT),
        output.faint(kept),
        *_section("Days", _days(stats.days[-_DAYS:])),
        *_section("Formats", output.columns((_row(*item) for item in stats.formats.items()), _RIGHT)),
        *_section("Folders", output.columns((_row(*item) for item in folders.items()), _RIGHT)),
    ]


def _section(title: str, content: list[str]) -> list[str]:
    return ["", output.strong(title), *content]


def _row(name: str, totals: Totals) -> tuple[str, ...]:
    arrow, percent = output.symbol("→", "->"), percent_saved(totals.before_bytes, totals.after_bytes)
    return (
        name,
        counted(totals.images, "picture"),
        size(totals.before_bytes),
        f"{arrow} {size(totals.after_bytes)}",
        f"{size(totals.saved_bytes)} saved",
        f"({percent} %)",
    )


def _days(days: list[Day]) -> list[str]:
    most = max((day.saved_bytes for day in days), default=0) or 1
    rows = (
        (
            f"{date.fromisoformat(day.day):%a %d %b}",
            counted(day.images, "picture"),
            f"{size(day.saved_bytes)} saved",
            output.bar(day.saved_bytes / most),
        )
        for day in days
    )
    return output.columns(rows, right=(1, 2))


# `homepress originals`: what is kept for undo.

_WIDTH = len("accepted")
_DAY = 86_400


@click.group(epilog=example("homepress originals list", "homepress originals accept --older-than 7d"))
def originals() -> None:
    """List, accept and verify kept originals."""


@originals.command("list", epilog=example("homepress originals list"))
@json_option
def list_(as_json: bool) -> None:
    """Show the originals that can be brought back."""
    now, number, total = time.time(), 0, 0
    with open_ledger(Paths.from_environment()) as reader, closing(originals := reader.originals()):
        for original in originals:
            number += 1
            total += original.bytes
            if as_json:
                output.print_json(original)
            else:
                output.say(_original(original, now))
    if not as_json:
        count = output.strong(counted(number, "original"))
        output.say(f"{count}, {size(total)}." if number else "There are none.")


def _original(original: StoredOriginal, now: float) -> str:
    kept = f"{'kept until ' + until(original.keep_until, now):<27}"
    return f"{size(original.bytes):>8}  {output.faint(kept)}  {where(original.path)}"


@originals.command(
    epilog=example(
        "homepress originals accept --older-than 7d", "homepress originals accept ~/Pictures/a.jpg"
    )
)
@click.argument("paths", metavar="[PATH...]", type=absolute_path, nargs=-1)
@click.option("--older-than", metavar="TIME", type=length, help="Originals kept for longer than 7d, 12h ...")
@click.option("--all", "everything", is_flag=True, help="All originals.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def accept(
    paths: tuple[str, ...], older_than: float | None, everything: bool, yes: bool, as_json: bool
) -> int:
    """Delete originals permanently.

    Their results stay, and cannot be undone any more.
    """
    if not paths and older_than is None and not everything:
        raise click.UsageError("Say which originals: a PATH, --older-than TIME or --all.")
    if not yes and not output.on_terminal_for_people():
        raise click.UsageError("This deletes originals permanently; say so with --yes.")
    if not yes:
        click.confirm("Delete these originals permanently?", abort=True, err=True)
    days = None if older_than is None else older_than / _DAY
    return _act("accept", OriginalsRequest(paths=list(paths), older_than_days=days, all=everything), as_json)


@originals.command(
    epilog=example("homepress originals verify", "homepress originals verify ~/Pictures/a.jpg")
)
@click.argument("paths", metavar="[PATH...]", type=absolute_path, nargs=-1)
@json_option
def verify(paths: tuple[str, ...], as_json: bool) -> int:
    """See whether every byte is as it was.

    Without PATH, of all originals.
    """
    return _act("verify", OriginalsRequest(paths=list(paths), all=not paths), as_json)


def _act(action: str, request: OriginalsRequest, as_json: bool) -> int:
    number = total = faults = 0
    with daemon_or_local(Paths.from_environment(), wait=None) as service:
        act = service.accept_originals if action == "accept" else service.verify_originals
        for outcome in print_each(act(request), _line, as_json=as_json, thing="original"):
            number += 1
            total += outcome.bytes
            faults += outcome.outcome in ("damaged", "failed")
    if not as_json:
        text = f"{output.strong(counted(number, 'original'))}, {size(total)}"
        output.say(
            f"{text}; {counted(faults, 'fault')}." if faults else f"{text}." if number else "There are none."
        )
    return 1 if faults or (request.paths and not number) else 0


def _line(outcome: OriginalOutcome) -> str:
    fine = outcome.outcome in ("accepted", "good")
    word = output.padded(outcome.outcome if fine else output.bad(outcome.outcome), _WIDTH)
    name = why(outcome.path, outcome.reason) if outcome.reason else where(outcome.path)
    return f"{word}  {size(outcome.bytes):>8}  {name}"
