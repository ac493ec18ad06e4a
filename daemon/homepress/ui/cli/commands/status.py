"""`homepress status`: what goes on, in a glance."""

import time

import click
import msgspec

from homepress.base.results import FolderStatus, WaitingFile
from homepress.base.units import counted, size
from homepress.control import running
from homepress.control.client import NO_DAEMON, OtherVersionError, connect
from homepress.control.running import other_version, running_daemon
from homepress.control.service import ServiceError, Status
from homepress.settings import Paths
from homepress.ui.cli import output
from homepress.ui.cli.arguments import example, json_option
from homepress.ui.text import day_of, shown, until

_MOST_FILES = 10
_CRASHED = (
    "Homepress has stopped unexpectedly; pictures are not being compressed. "
    "Start it again with: homepress; its log: {log}"
)

_UNREACHABLE = (
    "Homepress is running in the background as process {pid}, but does not listen on {socket}: it is "
    "starting or ending, or the socket was removed. If this stays, restart it: "
    "homepress stop && homepress run"
)


@click.command(epilog=example("homepress status", "homepress status --json"))
@json_option
def command(as_json: bool) -> int:
    """Show what Homepress does now.

    The exit code is 3 when it is not running in the background or does not answer, 2 when it is of a version
    that this program cannot talk to.
    """
    paths = Paths.from_environment()
    status, code = _status(paths)
    if as_json:
        output.print_json(status)
    else:
        # A daemon that does not answer has told nothing of its pictures and of its lock.
        told = code == 0 or status.state == "stopped"
        for line in lines(status, time.time(), told=told):
            output.say(line)
    return code


def _status(paths: Paths) -> tuple[Status, int]:
    """The status of whatever runs, and the exit code."""
    try:
        if (daemon := connect(paths.socket)) is not None:
            status = daemon.status()
            notes = [note for note in (other_version(status),) if note]
            return msgspec.structs.replace(status, notes=[*notes, *status.notes]), 0
    except OtherVersionError as error:
        about = error.about
        return Status(
            state="problem", pid=about.pid, version=about.program, problems=[str(error)]
        ), error.exit_code
    except ServiceError as error:
        if error.exit_code != NO_DAEMON or (there := running_daemon(paths.socket, paths.lock)) is None:
            raise
        problems = [f"{error} Restart it: homepress stop && homepress run"]
        return Status(state="problem", pid=there.pid, version=there.program, problems=problems), NO_DAEMON
    if (there := running_daemon(paths.socket, paths.lock)) is not None:
        text = _UNREACHABLE.format(pid=there.pid, socket=paths.socket)
        return Status(state="problem", pid=there.pid, version=there.program, problems=[text]), NO_DAEMON
    return _stopped(paths), NO_DAEMON


def _stopped(paths: Paths) -> Status:
    """What can be said without a daemon: what the ledger tells, and whether it was told to end."""
    # A running daemon answers without the store.
    from homepress.app import stopped_status
    from homepress.ui.cli.ledger import reading

    crashed = [_CRASHED.format(log=paths.log)] if running.was_cut_short(paths.state) else []
    try:
        with reading(paths) as reader:
            return stopped_status(reader.counters(), crashed)
    except ServiceError as error:
        return stopped_status(problems=[*crashed, str(error)])


def lines(status: Status, now: float, *, told: bool = True) -> list[str]:
    """A status in words; of one that no daemon `told`, only which process it is and what is wrong."""
    facts = _facts(status, now) if told else [_process(status)]
    result = [_headline(status, now), "", *output.columns(facts)]
    if status.folders:
        result += ["", *output.columns(_folder(folder) for folder in status.folders)]
    if status.waiting_files:
        result += ["", *_waiting(status.waiting_files, now)]
    for problem in status.problems:
        first, *others = problem.splitlines() or [""]
        result += [
            "",
            f"{output.bad('Problem:')} {shown(first)}",
            *(f"  {shown(line)}" for line in others),
        ]
    for note in status.notes:
        result += ["", f"{output.worth_knowing('Worth knowing:')} {shown(note)}"]
    return result


def _headline(status: Status, now: float) -> str:
    watched = sum(folder.state in ("watching", "scanning") for folder in status.folders)
    away = sum(folder.state == "away" for folder in status.folders)
    match status.state:
        case "working":
            word, rest = output.good("Working"), f"on {counted(status.waiting, 'picture')}"
        case "paused":
            end = "until " + until(status.paused_until, now) if status.paused_until else "until you resume"
            if status.paused_for == "power saver":
                end = "while the computer saves power"
            word, rest = output.worth_knowing("Paused"), end
        case "stopped":
            return f"{output.strong('Stopped')}. Start it with: homepress run"
        case "problem":
            return f"{output.strong(output.bad('Problem'))}, see below"
        case _ if not status.folders:
            return f"{output.worth_knowing('Watching nothing')}. Add a folder with: homepress folder add PATH"
        case _ if away and not watched:
            word, rest = output.worth_knowing("Waiting"), f"for the drive of {counted(away, 'folder')}"
        case _:
            word, rest = output.good("Watching"), counted(watched, "folder")
    return f"{output.strong(word)} {rest}"


def _facts(status: Status, now: float) -> list[tuple[str, str]]:
    saved = f", {size(status.saved_bytes_today)} saved" if status.compressed_today else ""
    facts = [
        (output.faint("today"), counted(status.compressed_today, "picture") + saved),
        (output.faint("in total"), f"{size(status.saved_bytes_total)} saved"),
        (output.faint("originals"), f"{size(status.originals_bytes)} kept for undo{_going(status, now)}"),
    ]
    if status.state == "stopped":
        return facts
    network = "locked: the system refuses this program any connection"
    return [
        *facts,
        (output.faint("waiting"), counted(status.waiting, "picture") if status.waiting else "nothing"),
        (output.faint("network"), network if status.network == "locked" else output.worth_knowing("open")),
        _process(status),
    ]


def _process(status: Status) -> tuple[str, str]:
    return output.faint("process"), f"{status.pid}, version {status.version}"


def _going(status: Status, now: float) -> str:
    """Which originals are deleted next because their days are over."""
    if status.originals_go_at is None:
        return ""
    go = "goes" if status.originals_going == 1 else "go"
    return f"; {counted(status.originals_going, 'original')} {go} {day_of(status.originals_go_at, now)}"


def _folder(folder: FolderStatus) -> tuple[str, str, str]:
    word = output.bad(folder.state) if folder.state == "problem" else folder.state
    notes = [
        shown(folder.problem),
        counted(folder.waiting, "picture") + " waiting" if folder.waiting else "",
        # Of a network drive the warning says so.
        "looked at from time to time"
        if folder.watch == "poll" and "from time to time" not in folder.warning
        else "",
        shown(folder.warning),
    ]
    return shown(folder.path), word, "; ".join(note for note in notes if note)


def _waiting(files: list[WaitingFile], now: float) -> list[str]:
    def row(file: WaitingFile) -> tuple[str, str]:
        again = f", again {until(file.next_try, now)}" if file.next_try and file.next_try > now else ""
        return shown(file.path), output.faint(shown(file.reason) + again)

    rows = output.columns(row(file) for file in files[:_MOST_FILES])
    more = len(files) - _MOST_FILES
    return [*rows, f"and {more:,} more"] if more > 0 else rows
