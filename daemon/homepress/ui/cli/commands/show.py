"""`homepress show`: one picture before and after."""

from pathlib import Path

import click

from homepress.base import blocking
from homepress.base.units import percent_saved, size
from homepress.control.service import ServiceError
from homepress.settings import Paths
from homepress.store.reader import EntryDetail
from homepress.ui.cli import output
from homepress.ui.cli.arguments import absolute_path, example, json_option
from homepress.ui.cli.commands.window import can_open, open_window
from homepress.ui.cli.ledger import reading
from homepress.ui.text import shown


@click.command(epilog=example("homepress show ~/Pictures/Inbox/a.jpg"))
@click.argument("path", type=absolute_path)
@click.option("--text", "as_text", is_flag=True, help="Say it in words, without a window.")
@json_option
def command(path: str, as_text: bool, as_json: bool) -> int:
    """Show a picture before and after.

    In the window where there is a display, else in words.
    """
    with reading(Paths.from_environment()) as reader:
        detail = reader.latest(blocking.resolved(Path(path))) or reader.latest(Path(path))
    if detail is None:
        raise ServiceError(
            f"{path} is not in the history: Homepress has not seen it, or knew what is in it already "
            "(a result of its own, or an original that was taken back)"
        )
    if as_json:
        output.print_json(detail)
        return 0
    if not as_text and can_open():
        return open_window("compare", detail.entry.path)
    for line in lines(detail):
        output.say(line)
    return 0


def lines(detail: EntryDetail) -> list[str]:
    """What is known of a picture, in words."""
    entry = detail.entry
    arrow = output.symbol("→", "->")
    if entry.outcome != "compressed":
        return [f"{output.strong(shown(entry.path))}: {entry.outcome}", f"  {shown(entry.reason)}"]
    score = "" if entry.score is None else f", score {entry.score:.1f} ({entry.score_kind})"
    percent = percent_saved(entry.before_bytes, entry.after_bytes)
    found = [
        output.strong(shown(entry.path)),
        f"  {size(entry.before_bytes)} {arrow} {size(entry.after_bytes)}, {percent} % smaller{score}",
        f"  before  {shown(detail.original_path) or 'gone: ' + entry.original}",
        f"  after   {shown(detail.result_path)}",
    ]
    if entry.original == "kept":
        found.append(f"  Bring it back with: homepress undo {shown(entry.path)}")
    return found
