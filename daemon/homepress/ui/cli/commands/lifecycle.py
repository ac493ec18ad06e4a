"""The life of the daemon: `homepress run`, `stop`, `status`, `pause`, `resume` and `tray`."""

import os
import sys
import time
from functools import partial
from pathlib import Path

import click
import msgspec

import homepress
from homepress.base.paths import Paths
from homepress.base.results import FolderStatus, WaitingFile
from homepress.base.units import counted, size
from homepress.control import instance
from homepress.control.client import NO_DAEMON, OtherVersionError, connect
from homepress.control.instance import InstanceLock, other_version, running_daemon, stop_daemon
from homepress.control.service import ServiceError, Status
from homepress.settings import HOME_VARIABLE, Settings, SettingsError, load
from homepress.ui.cli import output
from homepress.ui.cli.access import open_ledger, require_daemon
from homepress.ui.cli.arguments import absolute_path, example, future_time, json_option
from homepress.ui.text import day_of, in_command, printable, until

# `homepress run`: the daemon, in the foreground.

_WRONG_USAGE = 2


@click.command(epilog=example("homepress run", "homepress run --once     compress what waits, then end"))
@click.option("--no-tray", is_flag=True, help="Do not show an icon in the tray.")
@click.option("--once", is_flag=True, help="Compress what waits and end.")
@click.option("--login", is_flag=True, hidden=True, help="Started by the system, which reads no output.")
@click.option("--demo", type=absolute_path, metavar="FOLDER", hidden=True, help="Make FOLDER and watch it.")
@json_option
def run(no_tray: bool, once: bool, login: bool, demo: str | None, as_json: bool) -> int:
    """Watch the folders, until Ctrl-C or stop."""
    from homepress.daemon.process import RunOptions, bring_back_tray, run_daemon

    paths = Paths.from_environment()
    if demo is not None and not os.environ.get(HOME_VARIABLE):
        raise ServiceError(
            f"--demo needs {HOME_VARIABLE}, so that your own settings stay as they are", _WRONG_USAGE
        )
    if login and bring_back_tray(paths):
        return 0
    options = RunOptions(tray=not no_tray, once=once, foreground=not login)
    code = run_daemon(paths, options, output.remark, partial(_greet, paths, demo, must_be_valid=once))
    if as_json:
        output.print_json({"state": "stopped", "exit_code": code})
    return code


def _greet(paths: Paths, demo: str | None, *, must_be_valid: bool) -> None:
    """Say what will be done. A daemon goes on with settings that have mistakes: its state shows them."""
    try:
        if demo is not None:
            _prepare_demo(paths, Path(demo))
        settings = load(paths.config_file)
    except SettingsError as error:
        if must_be_valid:
            raise
        output.fault(str(error))
        return
    output.remark(f"{output.strong('Homepress')} {homepress.__version__}, {_watching(settings)}")


def _watching(settings: Settings) -> str:
    folders = [folder for folder in settings.folders if folder.enabled]
    if not folders:
        return "watching nothing yet; add a folder with: homepress folder add PATH"
    names = ", ".join(printable(str(folder.path)) for folder in folders[:3])
    more = f" and {len(folders) - 3} more" if len(folders) > 3 else ""
    return f"watching {counted(len(folders), 'folder')}: {names}{more}. Ctrl-C ends it."


def _prepare_demo(paths: Paths, folder: Path) -> None:
    """Make a folder and have it watched, in a home that is not the user's own."""
    from homepress.settings import edit

    folder.mkdir(parents=True, exist_ok=True)
    if all(known.path != folder for known in load(paths.config_file).folders):
        edit.add_folder(paths.config_file, str(folder))
    output.remark(f"Drop pictures into {output.strong(printable(str(folder)))}")
    home = os.environ[HOME_VARIABLE]
    on_windows = sys.platform == "win32"
    setting = f'set "{HOME_VARIABLE}={home}" &&' if on_windows else f"{HOME_VARIABLE}={in_command(home)}"
    program = in_command(str(Path(sys.executable).with_name("homepress")))
    output.remark("In another terminal, to see what became of them, and to take the last one back:")
    output.remark(f"    {setting} {program} history")
    output.remark(f"    {setting} {program} undo --last 1")


# `homepress stop`.

_SOON = 1.0


@click.command(epilog=example("homepress stop"))
@click.option(
    "--wait", default=60.0, show_default=True, metavar="SECONDS", help="How long to wait for its end."
)
@click.option("--all", "companions", is_flag=True, help="Tray and window too, as before an upgrade.")
@json_option
def stop(wait: float, companions: bool, as_json: bool) -> None:
    """End the program in the background, whichever version it is.

    Pictures in progress are finished first.
    """
    paths = Paths.from_environment()
    # First, since a tray that sees the daemon end may be asked to start another.
    ended = _end_companions(paths) if companions else 0
    try:
        process = stop_daemon(paths.socket, paths.lock)
    except ServiceError as error:
        if not ended or error.exit_code != NO_DAEMON:
            raise
        process = None  # tray or window alone were there
    # The daemon holds the lock for as long as it lives; we let go of it at once.
    lock = InstanceLock(paths.lock)
    if not lock.acquire(min(_SOON, wait)):
        output.remark("Finishing the pictures in progress ...")
        if not lock.acquire(max(0.0, wait - _SOON)):
            raise ServiceError(
                f"Homepress (process {process}) was asked to end, but is still busy; wait for it, "
                "or look at it with: homepress status"
            )
    lock.release()
    if as_json:
        output.print_json({"state": "stopped", "pid": process})
    else:
        output.say("Homepress has stopped.")


def _end_companions(paths: Paths) -> int:
    """End tray and window; how many were there. Raises `ServiceError` where one does not end."""
    from homepress.daemon.commands.uninstall import end_companions

    steps = list(end_companions(paths))
    if failed := [f"{step.place}: {step.reason}" for step in steps if step.outcome == "failed"]:
        raise ServiceError("; ".join(failed))
    return len(steps)


# `homepress status`: what goes on, in a glance.

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
def status(as_json: bool) -> int:
    """Show what Homepress does now.

    The exit code is 3 when it is not running in the background or does not answer, 2 when it is of a version
    that this program cannot talk to.
    """
    paths = Paths.from_environment()
    status, code = _status(paths)
    if as_json:
        output.print_json(status)
    else:
        # A daemon that does not answer has reported nothing about its pictures and its lock.
        reported = code == 0 or status.state == "stopped"
        for line in status_lines(status, time.time(), reported=reported):
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
    """The state without a daemon: what the ledger knows, and whether the last one was asked to end."""
    # A running daemon answers without the store.
    from homepress.daemon.commands.connect import stopped_status

    crashed = [_CRASHED.format(log=paths.log)] if instance.was_cut_short(paths.state) else []
    try:
        with open_ledger(paths) as reader:
            return stopped_status(reader.counters(), crashed)
    except ServiceError as error:
        return stopped_status(problems=[*crashed, str(error)])


def status_lines(status: Status, now: float, *, reported: bool = True) -> list[str]:
    """A status in words; of one that no daemon `reported`, only which process it is and what is wrong."""
    facts = _facts(status, now) if reported else [_process(status)]
    result = [_headline(status, now), "", *output.columns(facts)]
    if status.folders:
        result += ["", *output.columns(_folder(folder, status) for folder in status.folders)]
    if status.waiting_files:
        result += ["", *_waiting(status, now)]
    for problem in status.problems:
        first, *others = problem.splitlines() or [""]
        result += [
            "",
            f"{output.bad('Problem:')} {printable(first)}",
            *(f"  {printable(line)}" for line in others),
        ]
    for note in (*status.notes, *status.gaps):
        result += ["", f"{output.worth_knowing('Worth knowing:')} {printable(note)}"]
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
    network = "locked: the system blocks every connection from this program"
    return [
        *facts,
        (output.faint("waiting"), counted(status.waiting, "picture") if status.waiting else "nothing"),
        (output.faint("network"), network if status.network == "locked" else output.worth_knowing("open")),
        (
            output.faint("files"),
            _FILES if status.files == "closed" else output.worth_knowing(_FILES_OPEN),
        ),
        _process(status),
    ]


_FILES = "closed: the processes that read pictures cannot open your files"
_FILES_OPEN = "open, see below"


def _process(status: Status) -> tuple[str, str]:
    return output.faint("process"), f"{status.pid}, version {status.version}"


def _going(status: Status, now: float) -> str:
    """Which originals are deleted next because their days are over."""
    if status.originals_go_at is None:
        return ""
    go = "goes" if status.originals_going == 1 else "go"
    return f"; {counted(status.originals_going, 'original')} {go} {day_of(status.originals_go_at, now)}"


_SHORT_REASON = 40
"""Characters."""


def _once(text: str, status: Status) -> str:
    """A reason, unless it is said in full under "Problem" below; short ones may be there for another file."""
    said = len(text) > _SHORT_REASON and any(text in problem for problem in status.problems)
    return "see below" if said else printable(text)


def _folder(folder: FolderStatus, status: Status) -> tuple[str, str, str]:
    word = output.bad(folder.state) if folder.state == "problem" else folder.state
    notes = [
        _once(folder.problem, status),
        counted(folder.waiting, "picture") + " waiting" if folder.waiting else "",
        # Of a network drive the warning says so.
        "looked at from time to time"
        if folder.watch == "poll" and "from time to time" not in folder.warning
        else "",
        printable(folder.warning),
    ]
    return printable(folder.path), word, "; ".join(note for note in notes if note)


def _waiting(status: Status, now: float) -> list[str]:
    files = status.waiting_files

    def row(file: WaitingFile) -> tuple[str, str]:
        again = f", again {until(file.next_try, now)}" if file.next_try and file.next_try > now else ""
        return printable(file.path), output.faint(_once(file.reason, status) + again)

    rows = output.columns(row(file) for file in files[:_MOST_FILES])
    more = len(files) - _MOST_FILES
    return [*rows, f"and {more:,} more"] if more > 0 else rows


# `homepress pause`.


@click.command(
    epilog=example(
        "homepress pause              until: homepress resume",
        "homepress pause 1h",
        "homepress pause 15:30",
        "homepress pause tomorrow     until 6:00",
    )
)
@click.argument("time_", metavar="[TIME]", type=future_time, required=False)
@json_option
def pause(time_: float | None, as_json: bool) -> None:
    """Pause, for a time or until resumed.

    What is in progress is finished. The pause lasts over a restart, unless a message says that it cannot.
    """
    daemon = require_daemon(Paths.from_environment())
    daemon.pause(time_)
    if fault := daemon.status().pause_fault:
        output.fault(fault)
    if as_json:
        output.print_json({"state": "paused", "paused_until": time_, "kept": not fault})
    elif time_ is None:
        output.say("Paused. Go on with: homepress resume")
    else:
        output.say(f"Paused until {until(time_, time.time())}.")


# `homepress resume`.


@click.command(epilog=example("homepress resume"))
@json_option
def resume(as_json: bool) -> None:
    """Go on after a pause."""
    daemon = require_daemon(Paths.from_environment())
    daemon.resume()
    status = daemon.status()
    state = status.state
    if status.pause_fault:
        output.fault(status.pause_fault)
    if as_json:
        output.print_json({"state": state})
    else:
        output.say("Watching again." if state != "paused" else "Still paused; see: homepress status")


# `homepress tray`: the icon in the tray. The daemon starts it; this brings it back.


@click.command(epilog=example("homepress tray"), hidden=True)
@json_option
def tray(as_json: bool) -> int:
    """Show the icon in the tray.

    The background program starts it by itself. It stays until Quit or until the session ends.
    """
    paths = Paths.from_environment()
    paths.ensure()
    if as_json:
        output.print_json({"pid": os.getpid()})
        sys.stdout.flush()
    arguments = [str(paths.socket), str(paths.state), str(paths.config_file)]
    if sys.platform == "win32":  # which has no exec: a new process would lose the lock
        from homepress.ui.tray.__main__ import main

        return main(arguments)
    # The lock stays on this process, and what was loaded to get here is gone: half of the memory.
    return os.execv(sys.executable, [sys.executable, "-m", "homepress.ui.tray", *arguments])
