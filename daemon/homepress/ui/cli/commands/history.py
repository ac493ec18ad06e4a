"""`homepress history`: what became of each picture."""

import csv
import io
import itertools
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

import click

from homepress.base import blocking
from homepress.base.units import counted
from homepress.settings import Paths
from homepress.store.reader import HistoryEntry, HistoryFilter
from homepress.ui.cli import output
from homepress.ui.cli.arguments import absolute_path, example, json_option, past_time, positive
from homepress.ui.cli.daemon import daemon_or_local
from homepress.ui.cli.ledger import reading
from homepress.ui.cli.pictures import sizes, where, why
from homepress.ui.cli.stream import ended
from homepress.ui.text import moment

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
@click.option("--search", metavar="TEXT", default="", help="With TEXT in the path; A and a are the same.")
@click.option("--outcome", type=click.Choice(["compressed", "unchanged", "failed"]), help="Only these.")
@click.option("--since", metavar="TIME", type=past_time, help="From 2h ago, yesterday, 2026-05-01 ... on.")
@click.option("--last", metavar="N", type=positive, help=f"The last N; on a terminal, {_SCREENFUL}.")
@click.option("--all", "everything", is_flag=True, help="All of it, also on a terminal.")
@click.option("--forget", metavar="PATH", type=absolute_path, help="Forget the names of PATH and beneath it.")
@click.option("--forget-before", metavar="TIME", type=past_time, help="Forget all names before TIME.")
@click.option("--csv", "as_csv", is_flag=True, help="As a table for spreadsheets.")
@json_option
def command(
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

    Newest first; of PATH and what is beneath it, or of all. What is forgotten leaves no name behind, only a
    keyed hash, so that it is not compressed twice; what can still be undone is not forgotten.
    """
    if forget is not None or forget_before is not None:
        return _forget(forget, forget_before, as_json)
    wanted = HistoryFilter(path=_as_recorded(path), text=search, outcome=outcome or "", since=since)
    if last is None and not (everything or as_json or as_csv) and output.on_terminal(sys.stdout):
        last = _SCREENFUL
    with reading(Paths.from_environment()) as reader, ended(entries := reader.history(wanted, limit=last)):
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
    with reading(paths) as reader:
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
        later = {"restored": "undone", "accepted": "original deleted", "expired": "original expired"}
        note = entry.reason or later.get(entry.original, "")
        figures = sizes(entry.before_bytes, entry.after_bytes)
        return f"{when}  {figures}  {where(entry.path)}" + (f"  ({note})" if note else "")
    word = output.faint("unchanged") if entry.outcome == "unchanged" else output.bad("failed")
    return f"{when}  {sizes(entry.before_bytes, word=word)}  {why(entry.path, entry.reason)}"
