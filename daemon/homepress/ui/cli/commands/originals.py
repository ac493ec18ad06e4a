"""`homepress originals`: what is kept for undo."""

import time

import click

from homepress.base.results import OriginalOutcome
from homepress.base.units import counted, size
from homepress.control.service import OriginalsRequest
from homepress.settings import Paths
from homepress.store.reader import StoredOriginal
from homepress.ui.cli import output
from homepress.ui.cli.arguments import absolute_path, example, json_option, length
from homepress.ui.cli.daemon import daemon_or_local
from homepress.ui.cli.ledger import reading
from homepress.ui.cli.pictures import where, why
from homepress.ui.cli.stream import ended, told
from homepress.ui.text import until

_WIDTH = len("accepted")
_DAY = 86_400


@click.group(epilog=example("homepress originals list", "homepress originals accept --older-than 7d"))
def command() -> None:
    """List, accept and verify kept originals."""


@command.command("list", epilog=example("homepress originals list"))
@json_option
def list_(as_json: bool) -> None:
    """Show the originals that can be brought back."""
    now, number, total = time.time(), 0, 0
    with reading(Paths.from_environment()) as reader, ended(originals := reader.originals()):
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


@command.command(
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
    """Delete originals for good.

    Their results stay, and cannot be undone any more.
    """
    if not paths and older_than is None and not everything:
        raise click.UsageError("Say which originals: a PATH, --older-than TIME or --all.")
    if not yes and not output.on_terminal_for_people():
        raise click.UsageError("This deletes originals for good; say so with --yes.")
    if not yes:
        click.confirm("Delete these originals for good?", abort=True, err=True)
    days = None if older_than is None else older_than / _DAY
    return _act("accept", OriginalsRequest(paths=list(paths), older_than_days=days, all=everything), as_json)


@command.command(epilog=example("homepress originals verify", "homepress originals verify ~/Pictures/a.jpg"))
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
        for outcome in told(act(request), _line, as_json=as_json, thing="original"):
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
