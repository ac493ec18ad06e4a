"""`homepress undo`."""

from collections import Counter

import click

from homepress.base.results import UndoOutcome
from homepress.base.units import counted
from homepress.control.service import UndoRequest
from homepress.settings import Paths
from homepress.ui.cli import output
from homepress.ui.cli.arguments import absolute_path, example, json_option, past_time, positive, wait_option
from homepress.ui.cli.daemon import daemon_or_local
from homepress.ui.cli.pictures import where, why
from homepress.ui.cli.stream import told
from homepress.ui.text import shown

_WIDTH = len("restored")
_STOPPED = (
    "replacing has stopped in {folder}, because its newest results were undone or not trusted. "
    "Look at a few pictures there, then go on with: homepress resume"
)


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
@click.option("--folder", metavar="PATH", type=absolute_path, help="Results beneath this folder.")
@click.option("--to", metavar="DIR", type=absolute_path, help="Put originals here, not back in place.")
@wait_option
@json_option
def command(
    paths: tuple[str, ...],
    last: int | None,
    since: float | None,
    folder: str | None,
    to: str | None,
    wait: float | None,
    as_json: bool,
) -> int:
    """Bring originals back, byte for byte.

    What is restored is not compressed again. When the newest five results of a folder were undone, at once or
    one by one, nothing more is replaced there until: homepress resume
    """
    if not paths and last is None and since is None and folder is None:
        raise click.UsageError("Say what to undo: a PATH, --last N, --since TIME or --folder PATH.")
    request = UndoRequest(paths=list(paths), last=last or 0, since=since, folder=folder or "", to=to or "")
    tally: Counter[str] = Counter()
    stopped: list[str] = []
    with daemon_or_local(Paths.from_environment(), wait=wait) as service:
        for outcome in told(service.undo(request), _line, as_json=as_json, thing="original"):
            tally[outcome.outcome] += 1
            stopped += outcome.stopped
    if not as_json:
        output.say(_summary(tally))
        for folder in stopped:
            output.say(f"{output.worth_knowing('Worth knowing:')} {_STOPPED.format(folder=shown(folder))}")
    return 1 if tally["failed"] or (paths and not tally) else 0


def _line(outcome: UndoOutcome) -> str:
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
            return f"{'removed':<{_WIDTH}}  {why(outcome.path, outcome.reason) if outcome.reason else name}"
        case "failed":
            return f"{output.padded(output.bad('failed'), _WIDTH)}  {why(outcome.path, outcome.reason)}"


def _summary(tally: Counter[str]) -> str:
    total = tally.total()
    if not total:
        return "There is nothing to undo there."
    words = {
        "restored": "restored",
        "beside": "put beside a result that was changed since",
        "removed": "taken away again, the pictures themselves untouched",
        "failed": "failed",
    }
    parts = [f"{tally[outcome]:,} {text}" for outcome, text in words.items() if tally[outcome]]
    return f"{output.strong(counted(total, 'result'))}: {', '.join(parts)}."
