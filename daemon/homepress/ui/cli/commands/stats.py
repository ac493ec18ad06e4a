"""`homepress stats`: what was saved."""

from datetime import date

import click

from homepress.base.units import counted, percent_saved, size
from homepress.settings import Paths
from homepress.store.reader import Day, Stats, Totals
from homepress.ui.cli import output
from homepress.ui.cli.arguments import example, json_option
from homepress.ui.cli.ledger import reading
from homepress.ui.text import shown

_DAYS = 14
_RIGHT = (1, 2, 3, 4)


@click.command(epilog=example("homepress stats", "homepress stats --json"))
@json_option
def command(as_json: bool) -> None:
    """Show what was saved.

    Results that were undone do not count.
    """
    with reading(Paths.from_environment()) as reader:
        stats = reader.stats()
    if as_json:
        output.print_json(stats)
        return
    for line in lines(stats):
        output.say(line)


def lines(stats: Stats) -> list[str]:
    """The figures in words."""
    if not stats.total.images:
        return ["Nothing has been compressed yet."]
    sums = [_row("in total", stats.total), _row("today", stats.today)]
    kept = f"{size(stats.total.originals_bytes)} of originals kept for undo"
    folders = {shown(path) if path else "named by hand": totals for path, totals in stats.folders.items()}
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
