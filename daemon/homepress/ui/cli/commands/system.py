"""Homepress and its computer: `homepress autostart`, `file-manager`, `doctor` and `uninstall`."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from homepress.base import blocking
from homepress.base.paths import Paths
from homepress.base.units import counted, size
from homepress.control.service import CompressRequest, Service, ServiceError, UndoRequest
from homepress.desktop import autostart as at_login
from homepress.desktop.autostart import Autostart, AutostartError
from homepress.desktop.file_managers import ENTRIES, FileManagerError, file_managers
from homepress.desktop.launching import own, spawn
from homepress.ui.cli import output
from homepress.ui.cli.access import daemon_or_local, open_ledger
from homepress.ui.cli.arguments import absolute_path, example, json_option
from homepress.ui.text import printable

if TYPE_CHECKING:
    from homepress.daemon.commands.uninstall import Choice, Step
    from homepress.daemon.doctor import Finding

# `homepress autostart`: start with the computer, or do not.

_SYSTEMD = "systemd unit"


@click.group(epilog=example("homepress autostart on", "homepress autostart status"))
def autostart() -> None:
    """Have Homepress start at login, or not."""


@autostart.command("on", epilog=example("homepress autostart on"))
@click.option("--systemd", is_flag=True, help="By a systemd user unit, for computers without a desktop.")
@json_option
def autostart_on(systemd: bool, as_json: bool) -> int:
    """Start at login from now on."""
    chosen = _way(_SYSTEMD) if systemd else at_login.autostarts()[0]
    try:
        # One way only: two would start it twice.
        for way in at_login.autostarts():
            if way.state().kind != chosen.state().kind:
                way.disable()
        chosen.enable()
    except AutostartError as error:
        raise ServiceError(str(error)) from error
    return _tell(chosen, as_json)


@autostart.command("off", epilog=example("homepress autostart off"))
@json_option
def autostart_off(as_json: bool) -> int:
    """Do not start at login any more."""
    try:
        for way in at_login.autostarts():
            way.disable()
    except AutostartError as error:
        raise ServiceError(str(error)) from error
    return _tell(at_login.autostarts()[0], as_json)


@autostart.command(
    "status", epilog=example("homepress autostart status", "homepress autostart status --json")
)
@json_option
def autostart_status(as_json: bool) -> int:
    """Say whether it really starts at the next login, and why not.

    The exit code is 1 when it is on and will not start all the same.
    """
    return _tell(at_login.autostart(), as_json)


def _way(kind: str) -> Autostart:
    for way in at_login.autostarts():
        if way.state().kind == kind:
            return way
    raise ServiceError("only Linux has systemd; use: homepress autostart on", 2)


def _tell(way: Autostart, as_json: bool) -> int:
    state = way.state()
    if as_json:
        output.print_json(
            {
                "on": state.on,
                "starts_at_next_login": state.starts,
                "reason": state.reason,
                "kind": state.kind,
                "place": state.place,
            }
        )
        return int(state.on and not state.starts)
    reason = f": {printable(state.reason)}" if state.reason else ""
    if not state.on:
        output.say(f"Homepress does not start at login{reason}. Switch it on with: homepress autostart on")
    elif state.starts:
        output.say(f"Homepress {output.good('starts')} at login, by a {state.kind}{reason}.")
        output.say(output.faint(printable(state.place)))
    else:
        output.say(f"Homepress is to start at login but {output.bad('will not')}{reason}.")
        output.say(output.faint(printable(state.place)))
    return int(state.on and not state.starts)


# `homepress file-manager`: entries in the menus of file managers, and what happens when one is chosen.

_LISTED = 3
"""Reasons that fit into a notice."""


_ANY_EDGE = 65_535
"""Pixels: the preset's limit does not hold for a copy that is as the picture, but for what is private."""

_COPIES = {
    "under-500-kb": CompressRequest(paths=[], preset="email", fit_under="500 KB"),
    "without-location": CompressRequest(paths=[], preset="share", max_edge=_ANY_EDGE),
}
"""What entries ask for that leave the picture as it is and write a copy beside it."""


@click.group(epilog=example("homepress file-manager on"))
def file_manager() -> None:
    """Add entries to the menus of file managers."""


@file_manager.command("on", epilog=example("homepress file-manager on"))
@json_option
def entries_on(as_json: bool) -> None:
    """Add entries to the menu of pictures.

    Compress; a copy under 500 KB; a copy without location; restore the original; show before and after.
    """
    try:
        added = file_managers().add()
    except FileManagerError as error:
        raise ServiceError(str(error)) from error
    _say_entries("Added", added, as_json)


@file_manager.command("off", epilog=example("homepress file-manager off"))
@json_option
def entries_off(as_json: bool) -> None:
    """Take the entries away again."""
    try:
        removed = file_managers().remove()
    except FileManagerError as error:
        raise ServiceError(str(error)) from error
    _say_entries("Removed", removed, as_json)


@file_manager.command("run", hidden=True)
@click.argument("action", type=click.Choice([*ENTRIES, "open"]))
@click.argument("paths", metavar="[PATH...]", type=absolute_path, nargs=-1)
def run_entry(action: str, paths: tuple[str, ...]) -> int:
    """Do what was chosen in a file manager and show a notice of it: there is no terminal to print to."""
    from homepress.ui.tray.notices import show_notice

    if not paths:
        spawn(own())
        return 0
    try:
        if action in ("open", "show"):
            return _show(paths)
        with daemon_or_local(Paths.from_environment(), wait=None) as service:
            if action in _COPIES:
                result = _copy(service, paths, _COPIES[action])
            else:
                result = _compress(service, paths) if action == "compress" else _restore(service, paths)
    except ServiceError as error:
        result = _MenuResult("That did not work", printable(str(error)), error.exit_code)
    show_notice(result.title, result.body)
    return result.code


@dataclass(frozen=True, slots=True)
class _MenuResult:
    """A notice, and an exit code."""

    title: str
    body: str = ""
    code: int = 0


def _compress(service: Service, paths: tuple[str, ...]) -> _MenuResult:
    outcomes = list(service.compress(CompressRequest(paths=list(paths), in_place=True)))
    of = {
        word: [one for one in outcomes if one.outcome == word]
        for word in ("compressed", "unchanged", "failed")
    }
    saved = sum(one.before_bytes - one.after_bytes for one in of["compressed"])
    parts = [f"{counted(len(of['compressed']), 'picture')}, {size(saved)} saved"] if of["compressed"] else []
    if left := len(of["unchanged"]):
        parts.append(f"{counted(left, 'picture')} left as {'it was' if left == 1 else 'they were'}")
    if failed := len(of["failed"]):
        parts.append(f"{failed:,} failed")
    reasons = [f"{_name(one.path)}: {one.reason}" for one in (*of["failed"], *of["unchanged"])]
    return _MenuResult(", ".join(parts) or "There is no picture in it", _some(reasons), int(failed > 0))


def _copy(service: Service, paths: tuple[str, ...], asked: CompressRequest) -> _MenuResult:
    """Copies beside the pictures, which stay as they are; what could not be had is said first."""
    outcomes = list(service.compress(msgspec.structs.replace(asked, paths=list(paths))))
    made = [one for one in outcomes if one.output and not one.missed]
    missed = [one for one in outcomes if one.missed]
    parts = [f"{counted(len(made), 'copy', 'copies')} made"] if made else []
    parts += [f"{counted(len(missed), 'picture')} could not be made as you asked"] if missed else []
    reasons = [f"{_name(one.path)}: {one.reason}" for one in missed]
    reasons += [f"{_name(one.output)}, {size(one.after_bytes)}" for one in made]
    rest = [one for one in outcomes if not one.output and not one.missed]
    reasons += [f"{_name(one.path)} is as it should be: {one.reason}" for one in rest]
    nothing = "Nothing was to be done" if rest else "There is no picture in it"
    return _MenuResult(", ".join(parts) or nothing, _some(reasons), int(bool(missed)))


def _restore(service: Service, paths: tuple[str, ...]) -> _MenuResult:
    outcomes = list(service.undo(UndoRequest(paths=list(paths))))
    if not outcomes:
        return _MenuResult("There is no original to bring back", code=1)
    failed = [one for one in outcomes if one.outcome == "failed"]
    beside = [one for one in outcomes if one.outcome == "beside"]
    parts = [f"{counted(len(outcomes) - len(failed), 'original')} brought back"]
    parts += [f"{len(failed):,} could not be"] if failed else []
    reasons = [f"{_name(one.path)}: {one.reason}" for one in failed]
    reasons += [f"{_name(one.path)} is now something else; its original: {one.restored_to}" for one in beside]
    return _MenuResult(", ".join(parts), _some(reasons), int(bool(failed)))


def _show(paths: tuple[str, ...]) -> int:
    """The first one that there is something to show of; the window leads on to others."""
    from homepress.ui.tray.notices import show_notice

    with open_ledger(Paths.from_environment()) as reader:
        for path in paths:
            if reader.latest(blocking.resolved(Path(path))) is not None:
                spawn(own("show", "--", path))
                return 0
    show_notice("There is nothing to compare", f"{_name(paths[0])} was not compressed by Homepress.")
    return 1


def _name(path: str) -> str:
    return printable(os.path.basename(path))


def _some(reasons: list[str]) -> str:
    """The first few of them, one a line."""
    more = len(reasons) - _LISTED
    return "\n".join([*reasons[:_LISTED], *([f"and {more:,} more"] if more > 0 else [])])


def _say_entries(word: str, places: list[str], as_json: bool) -> None:
    if as_json:
        output.print_json({word.lower(): places})
        return
    output.say(f"{word} {counted(len(places), 'entry', 'entries')}.")
    for place in places:
        output.say(output.faint(printable(os.fsdecode(place))))


# `homepress doctor`: what is missing or wrong on this computer, and the fix.

_WRONG_USAGE = 2
_WIDTH = len("worth knowing")


@click.command(epilog=example("homepress doctor", "homepress doctor --report homepress-report.txt"))
@click.option(
    "--report",
    type=absolute_path,
    metavar="FILE",
    help="Write a report for someone who can help, without names of pictures. Shown first, never sent.",
)
@json_option
def doctor(report: str | None, as_json: bool) -> int:
    """Say what is missing or wrong on this computer, and the fix.

    The exit code is 1 when something is broken. Nothing is changed.
    """
    from homepress.daemon.doctor import Level, bundle, examine
    from homepress.ui.tray.legacy import has_old_tray

    if report and as_json:
        raise click.UsageError("A report is text; use either --report or --json.")
    if report and os.path.lexists(report):
        raise _is_there(report)
    paths = Paths.from_environment()
    findings = []
    for finding in examine(paths, old_tray=has_old_tray()):
        findings.append(finding)
        if as_json:
            output.print_json(msgspec.to_builtins(finding))
        elif report is None:
            _say(finding)
    broken = sum(finding.level is Level.BROKEN for finding in findings)
    if report is not None:
        _write(report, bundle(paths, findings))
    elif not as_json:
        _conclude(findings, broken)
    return 1 if broken else 0


def _say(finding: "Finding") -> None:
    from homepress.daemon.doctor import Level

    paint = {Level.GOOD: output.good, Level.WORTH_KNOWING: output.worth_knowing, Level.BROKEN: output.bad}
    word = output.padded(paint[finding.level](finding.level.value), _WIDTH)
    output.say(f"{word}  {output.strong(finding.topic)}: {printable(finding.text)}")
    if finding.fix:
        output.say(f"{'':{_WIDTH}}  {output.faint('fix:')} {printable(finding.fix)}")


def _conclude(findings: list["Finding"], broken: int) -> None:
    output.say()
    if broken:
        output.say(
            output.strong(f"{counted(broken, 'thing')} of {len(findings)} broken; each has its fix above.")
        )
    else:
        output.say(output.strong("Nothing is broken."))


def _write(file: str, text: str) -> None:
    """Show the report, then write it for its owner alone, over nothing that is there."""
    for line in text.splitlines():
        output.say(printable(line))
    if output.on_terminal_for_people():
        click.confirm(f"Write this to {printable(file)}?", default=True, abort=True, err=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise _is_there(file) from None
    with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as stream:
        stream.write(text)
    output.remark(f"Written to {printable(file)}. It was sent nowhere; give it to whom you trust.")


def _is_there(file: str) -> ServiceError:
    return ServiceError(f"{printable(file)} is there already; give another name", _WRONG_USAGE)


# `homepress uninstall`: leave nothing outside the package.

_UNINSTALL_WIDTH = len("restored")


@click.command(epilog=example("homepress uninstall --restore", "homepress uninstall --accept --settings"))
@click.option("--restore", "choice", flag_value="restore", help="Bring every kept original back first.")
@click.option("--accept", "choice", flag_value="accept", help="Delete kept originals; the results stay.")
@click.option("--keep", "choice", flag_value="keep", help="Keep originals, history and settings for later.")
@click.option("--settings", is_flag=True, help="Remove the settings too.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def uninstall(choice: "Choice | None", settings: bool, yes: bool, as_json: bool) -> int:
    """Remove what Homepress put outside its package.

    Ends the background program; restores or deletes originals, as you choose; removes start at login, file
    manager entries, history and log. Results in your folders stay.
    """
    from homepress.daemon.commands.uninstall import kept_originals, uninstall

    paths = Paths.from_environment()
    if choice == "keep" and settings:
        raise click.UsageError("--keep keeps the settings; leave --settings out.")
    decided = choice if choice == "keep" else _decision(kept_originals(paths), choice, sure=yes)
    failed = 0
    for step in uninstall(paths, decided, settings=settings):
        failed += step.outcome == "failed"
        if as_json:
            output.print_json(msgspec.to_builtins(step))
        else:
            output.say(_line(step))
    if not as_json:
        output.say()
        output.say(_ending(failed, decided))
    return 1 if failed else 0


def _decision(kept: int, choice: "Choice | None", *, sure: bool) -> "Choice":
    """What becomes of the originals; asked where it was not said."""
    people = output.on_terminal_for_people()
    if choice is None and kept and not people:
        raise click.UsageError(f"{counted(kept, 'original')} kept: say --restore or --accept.")
    if not sure and not people:
        raise click.UsageError("This removes the history permanently; say so with --yes.")
    if choice is None and kept:
        output.remark(f"{counted(kept, 'original')} kept. Bring them back, or keep the smaller pictures?")
        answer = click.prompt("restore or accept", type=click.Choice(["restore", "accept"]), err=True)
        choice = "accept" if answer == "accept" else "restore"
    if not sure:
        click.confirm("Remove history, log, and what starts Homepress?", abort=True, err=True)
    return choice or "restore"


def _line(step: "Step") -> str:
    word = output.bad(step.outcome) if step.outcome == "failed" else step.outcome
    reason = f": {printable(step.reason)}" if step.reason else ""
    return f"{output.padded(word, _UNINSTALL_WIDTH)}  {step.what}  {printable(step.place)}{reason}"


def _ending(failed: int, choice: "Choice") -> str:
    if failed:
        return output.strong(f"{counted(failed, 'thing')} failed; fix that and try again.")
    if not getattr(sys, "frozen", False):
        package = "with: pipx uninstall homepress     (or: python -m pip uninstall homepress)"
    elif sys.platform == "win32":
        package = "in the Settings of Windows, under Apps     (or delete the folder it was unpacked into)"
    else:
        package = "with: sudo apt-get remove homepress     (or delete the folder it was unpacked into)"
    left = "the program itself"
    left += ", originals, history and settings" if choice == "keep" else ""
    return f"Nothing of Homepress is left but {left}. Remove {_program_of(choice)} {package}"


def _program_of(choice: "Choice") -> str:
    return "the program" if choice == "keep" else "it"
