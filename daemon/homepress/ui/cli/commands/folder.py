"""`homepress folder`: which folders are watched, and what compressing would save in one."""

import math
import os
import time
from collections.abc import Generator

import click

from homepress.base.paths import Paths
from homepress.base.results import FolderStatus
from homepress.base.units import counted, percent_saved, size
from homepress.control.client import connect
from homepress.control.service import CheckReport, FolderAnswer, FolderRequest, Service, ServiceError
from homepress.desktop.autostart import autostart
from homepress.settings import FOLDER_FIELDS, FolderSettings, load
from homepress.ui.cli import output
from homepress.ui.cli.access import daemon_or_local
from homepress.ui.cli.arguments import absolute_path, assignment, example, json_option
from homepress.ui.cli.commands.settings import say_changed, typed_changes
from homepress.ui.cli.output import ProgressBar
from homepress.ui.text import LET_IN, in_command, let_in_lines, printable

_WORTH_SAYING = 30.0
"""Seconds of work in the background from which on it is said."""

_SAMPLE = 40
"""Pictures that `folder check` tries."""

_QUICK_SAMPLE = 12
"""Pictures that are tried when a folder is added, for `_PATIENCE` seconds at most."""

_DOCUMENTS = ("documents", "document")
_DEFAULT_DAYS = 30
_ORIGINALS_OF_DOCUMENTS = (
    "Each scan is replaced by one with the same pixels, and the scan as it came is kept for a while.",
    "While it is kept, undo brings it back byte for byte; and anyone who uses this computer as you finds the",
    "document twice, also after you have deleted the one in the folder.",
    "With 0 days it is deleted once its replacement was read back and compared: no second copy, no undo.",
)

_PATHS = ("path", "output")

_PATIENCE = 8.0
"""Seconds that such a sample may take."""


@click.group(epilog=example("homepress folder add ~/Pictures/Inbox", "homepress folder list"))
def folder() -> None:
    """Add, list, change, remove and check watched folders."""


@folder.command(
    epilog=example(
        "homepress folder add ~/Pictures/Inbox",
        "homepress folder add ~/Scans --preset documents",
        "homepress folder add ~/Photos --output ~/Photos-small --quality small",
        "homepress folder add ~/Phone --set metadata=share --set 'exclude=*.png, Screenshot*'",
    )
)
@click.argument("path", type=absolute_path)
@click.option(
    "--output",
    "output_folder",
    metavar="DIR",
    type=absolute_path,
    help="Write results there.",
)
@click.option(
    "--preset", metavar="NAME", default="", help="photos, screenshots, web, documents, share, email ..."
)
@click.option("--quality", metavar="Q", default="", help="lossless, safe, balanced, small, or 30 to 100.")
@click.option(
    "--existing",
    type=click.Choice(["leave", "compress"]),
    default="leave",
    show_default=True,
    help="What becomes of the pictures that are in it now.",
)
@click.option(
    "--keep-originals",
    metavar="DAYS",
    type=click.IntRange(min=0),
    help="How long undo is possible; 0: not at all.  [default: 30, asked with documents]",
)
@click.option(
    "--set",
    "more",
    metavar="KEY=VALUE",
    type=assignment,
    multiple=True,
    help="Any other setting, as often as you like.",
)
@click.option("--yes", is_flag=True, help="Do not ask before compressing what is there.")
@json_option
def add(
    path: str,
    output_folder: str | None,
    preset: str,
    quality: str,
    existing: str,
    keep_originals: int | None,
    more: tuple[tuple[str, str], ...],
    yes: bool,
    as_json: bool,
) -> None:
    """Watch a folder.

    First it says what is in the folder and what compressing that would save, tried on a few pictures. That
    stays as it is; with --existing compress it is compressed too, on a terminal after a question.

    With the preset documents nothing on the page changes. You are asked how long to keep the scans as they
    came beside the smaller ones; in a script it is 30 days unless --keep-originals says otherwise.
    """
    if preset in _DOCUMENTS and output_folder is None and keep_originals is None and not as_json:
        keep_originals = _days_of_documents()
    paths = Paths.from_environment()
    request = FolderRequest(
        path=path,
        output=output_folder or "",
        preset=preset,
        quality=quality,
        existing="compress" if existing == "compress" else "leave",
        originals_keep_days=keep_originals,
        more=dict(more),
    )
    runs = connect(paths.socket) is not None  # asked first: without a daemon, this process is locked next
    with daemon_or_local(paths) as service:
        if not as_json and not _agreed(service, request, sure=yes):
            output.say("Nothing was changed.")
            return
        answer = service.add_folder(request)
    if as_json:
        output.print_json(answer)
    else:
        _say_added(answer, runs)


def _say_added(answer: FolderAnswer, runs: bool) -> None:
    """Say that a folder is watched, or what is still to do for it."""
    output.say(
        f"{'Watching' if runs and answer.answers else 'Added'} {output.strong(printable(answer.path))}."
    )
    for warning in answer.warnings:
        output.say(f"{output.worth_knowing('Worth knowing:')} {warning}")
    if not runs:
        output.say("Homepress is not running yet; start it with: homepress")
        if not autostart().state().on:
            output.say("Have it start at each login with: homepress autostart on")


def _agreed(service: Service, request: FolderRequest, *, sure: bool) -> bool:
    """Say what is in the folder; whether to go on, which is asked where what is there would change."""
    asks = request.existing == "compress" and output.on_terminal_for_people() and not sure
    patience = _PATIENCE if asks or request.existing == "leave" else 0.0
    found = estimate_folder(service, request.path, _QUICK_SAMPLE, patience, request)
    return _confirmed(found, request.existing, "Compress what is in it, and watch it?" if asks else "")


def _confirmed(found: CheckReport | None, existing: str, question: str) -> bool:
    """Say what was found and what becomes of it; whether to go on, without a question or by the answer."""
    for line in existing_lines(found, existing):
        output.say(line)
    if not question or found is None or not found.images:
        return True
    return click.confirm(question, default=True, err=True)


def _days_of_documents() -> int | None:
    """How long the originals of documents stay: asked where somebody is there, else said."""
    if output.on_terminal_for_people():
        return _ask_how_long()
    output.remark(f"Originals stay for {_DEFAULT_DAYS} days; otherwise with: --keep-originals DAYS")
    return None


def _ask_how_long() -> int:
    """How many days the originals of documents shall stay."""
    for line in _ORIGINALS_OF_DOCUMENTS:
        output.remark(line)
    days: int = click.prompt(
        "Days that originals stay", default=_DEFAULT_DAYS, type=click.IntRange(min=0), err=True
    )
    return days


@folder.command(
    "set",
    epilog=example(
        "homepress folder set ~/Pictures/Inbox quality=small",
        "homepress folder set ~/Pictures/Inbox convert='heic = jpeg' metadata=share",
        "homepress folder set ~/Pictures/Inbox --default quality",
    ),
)
@click.argument("path", type=absolute_path)
@click.argument("changes", metavar="[KEY=VALUE...]", type=assignment, nargs=-1)
@click.option("--default", "defaults", metavar="KEY", multiple=True, help="Back to its preset or default.")
@click.option("--yes", is_flag=True, help="Do not ask before compressing what is there.")
@json_option
def set_(
    path: str, changes: tuple[tuple[str, str], ...], defaults: tuple[str, ...], yes: bool, as_json: bool
) -> None:
    """Change settings of a watched folder.

    The keys are those of the settings file (docs/settings.md); a running Homepress follows at once. Naming an
    output folder has results go there, and mode=replace has them replace the pictures again. With
    existing=compress it is said that what was left alone is compressed; on a terminal, with how many pictures
    that are and what it would save, before a question.
    """
    whole = [(key, _whole_path(text) if key in _PATHS else text) for key, text in changes]
    values = typed_changes(FOLDER_FIELDS, whole, defaults)
    paths = Paths.from_environment()
    with daemon_or_local(paths) as service:
        # Who changes the folder says which one it is: asked about another, no answer would be worth anything.
        named = service.named_folder(path)
        before = _as_configured(paths, named)
        lets_in = values.get("existing") == "compress" and (before is None or before.existing == "leave")
        if lets_in and not as_json and not _agreed_to_existing(service, named, values, sure=yes):
            output.say("Nothing was changed.")
            return
        service.change_folder(named, values)
    if (changed := _as_configured(paths, named)) is None:
        output.remark(f"{printable(named)} was changed, and has been taken out of the settings since.")
        return
    say_changed(changed, values, as_json)


def _as_configured(paths: Paths, named: str) -> FolderSettings | None:
    """The settings of a folder by its path there; None where another program has just taken it out."""
    return next((each for each in load(paths.config_file).folders if str(each.path) == named), None)


def _agreed_to_existing(service: Service, path: str, values: dict[str, str | None], *, sure: bool) -> bool:
    """The same for a folder that is watched already, whose pictures were left alone until now.

    What is in it is looked at only for a person who is asked; a folder that is away is no reason to refuse.
    """
    if sure or not output.on_terminal_for_people():
        output.say(LET_IN)
        return True
    try:
        found = estimate_folder(service, path, _QUICK_SAMPLE, _PATIENCE, changes=values)
    except ServiceError as error:
        output.say(f"What is in it cannot be looked at now: {error}")
        output.say(LET_IN)
        return click.confirm("Compress what was left alone in it?", default=True, err=True)
    if found is None:
        return True
    for line in let_in_lines(found):
        output.say(line)
    return not found.images or click.confirm("Compress them?", default=True, err=True)


def _whole_path(text: str) -> str:
    """A path as it can stand in the settings file, which is read in another working directory."""
    return os.path.abspath(os.path.expanduser(text)) if text else ""


@folder.command("list", epilog=example("homepress folder list"))
@json_option
def list_(as_json: bool) -> None:
    """Show the watched folders."""
    paths = Paths.from_environment()
    settings = load(paths.config_file)
    daemon = connect(paths.socket)
    states = {folder.path: folder for folder in daemon.status().folders} if daemon is not None else {}
    rows = []
    for folder in settings.folders:
        state = states.get(str(folder.path)) or _state_without_daemon(folder)
        if as_json:
            output.print_json(_as_json(folder, state))
        else:
            rows.append(_row(folder, state))
    if as_json:
        return
    for line in output.columns(rows):
        output.say(line)
    if not rows:
        output.say("No folder is watched. Add one with: homepress folder add PATH")


@folder.command(epilog=example("homepress folder remove ~/Pictures/Inbox"))
@click.argument("path", type=absolute_path)
@json_option
def remove(path: str, as_json: bool) -> None:
    """Watch a folder no longer.

    Its pictures stay as they are, and undo goes on working.
    """
    with daemon_or_local(Paths.from_environment()) as service:
        service.remove_folder(path)
    if as_json:
        output.print_json({"path": path, "removed": True})
    else:
        output.say(f"{printable(path)} is not watched any more. Its originals can still be brought back.")


@folder.command(
    epilog=example("homepress folder check ~/Pictures", "homepress folder check --all ~/Pictures")
)
@click.argument("path", type=absolute_path)
@click.option("--all", "everything", is_flag=True, help=f"Try all pictures, not {_SAMPLE} of them.")
@json_option
def check(path: str, everything: bool, as_json: bool) -> None:
    """Try what compressing would save.

    Nothing is changed.
    """
    with daemon_or_local(Paths.from_environment(), writes=False) as service:
        report = estimate_folder(service, path, 0 if everything else _SAMPLE)
    if report is None:
        return
    if as_json:
        output.print_json(report)
        return
    for line in report_lines(report):
        output.say(line)


def _state_without_daemon(folder: FolderSettings) -> FolderStatus:
    state = "stopped" if folder.enabled else "disabled"
    return FolderStatus(
        path=str(folder.path), mode=folder.mode, output=str(folder.output or ""), state=state, watch="none"
    )


def _as_json(folder: FolderSettings, state: FolderStatus) -> dict[str, object]:
    return {
        "path": state.path,
        "mode": state.mode,
        "output": state.output,
        "quality": str(folder.quality),
        "preset": folder.preset,
        "existing": folder.existing,
        "state": state.state,
        "problem": state.problem,
        "warning": state.warning,
        "waiting": state.waiting,
        "watch": state.watch,
        "fingerprinting": state.fingerprinting,
    }


def _row(folder: FolderSettings, state: FolderStatus) -> tuple[str, ...]:
    word = output.bad(state.state) if state.state == "problem" else state.state
    where = f"into {printable(state.output)}" if state.mode == "output" else "in place"
    said = state.problem or state.warning
    if not said and state.fingerprinting:
        said = f"in the background: fingerprints of {counted(state.fingerprinting, 'picture')} left alone"
    return printable(state.path), word, str(folder.quality), where, said


# What compressing would save in a folder: a dry run with a bar, and in words.


def estimate_folder(
    service: Service,
    path: str,
    sample: int,
    patience: float = math.inf,
    wanted: FolderRequest | None = None,
    changes: dict[str, str | None] | None = None,
) -> CheckReport | None:
    """The last report of a dry run, which ends after `patience`; a bar shows how far it is.

    None when the disk of a folder that is about to be added does not answer.

    Args:
        service: who does it.
        path: the folder.
        sample: how many pictures to try; 0 for all.
        patience: seconds after which what was found by then counts.
        wanted: how the folder is about to be added.
        changes: what is about to be changed of a watched one, so that what was left alone is compressed.

    Raises:
        ServiceError: there is no such folder, or it may not be added.
    """
    report, end = None, time.monotonic() + patience
    reports = service.check_folder(path, sample, wanted, changes)
    with ProgressBar("picture") as progress:
        for report in reports:
            progress.expect(report.to_try)
            if report.tried:
                progress.step()
            if time.monotonic() >= end:
                break
    if isinstance(reports, Generator):
        reports.close()
    return report


def existing_lines(found: CheckReport | None, existing: str) -> list[str]:
    """What is in a folder that is about to be added, what becomes of that, and what would be saved."""
    if found is None:
        return []  # its disk does not answer, which is said when it is added
    if found.files and not found.images:
        return ["Nothing in it is a picture that would be compressed; those that come will be."]
    if not found.images:
        return ["There are no pictures in it yet; those that come will be compressed."]
    there = f"In it now: {counted(found.images, 'picture')} ({size(found.before_bytes)})"
    saved = found.before_bytes - found.after_bytes
    percent = percent_saved(found.before_bytes, found.after_bytes)
    part = "" if found.tried >= found.images else f", tried on {found.tried:,} of them"
    if existing == "compress":
        lines = [f"{there}, to be compressed like those that come."]
        return [*lines, f"That will save about {size(saved)} ({percent} %){part}."] if saved else lines
    lines = [f"{there}, left alone; those that come will be compressed."]
    if found.fingerprint_seconds >= _WORTH_SAYING:
        lines.append(f"Their fingerprints are made in the background, which takes {_about(found)}.")
    if saved:
        lines.append(f"Compressing what is there too would save about {size(saved)} ({percent} %){part}:")
        lines.append(f"  homepress compress --in-place {in_command(found.path)}")
    return lines


def _about(found: CheckReport) -> str:
    """How long it takes to read all that is there once."""
    minutes = max(1, round(found.fingerprint_seconds / 60))
    if minutes < 120:
        return f"about {counted(minutes, 'minute')}"
    return f"about {counted(round(minutes / 60), 'hour')}"


def report_lines(report: CheckReport) -> list[str]:
    """All that a dry run found."""
    saved = report.before_bytes - report.after_bytes
    arrow = output.symbol("→", "->")
    files, pictures = counted(report.files, "file"), counted(report.images, "picture")
    lines = [f"{output.strong(printable(report.path))}: {files}, {pictures} worth trying."]
    if report.tried:
        percent = percent_saved(report.before_bytes, report.after_bytes)
        lines.append(
            f"{size(report.before_bytes)} {arrow} {size(report.after_bytes)}: "
            f"{size(saved)} ({percent} %) would be saved."
        )
        part = "all of them" if report.tried >= report.images else f"{report.tried:,} of them"
        lines.append(f"Tried on {part}; nothing was changed.")
    if report.with_location:
        tell = counted(report.with_location, "picture tells where it was", "pictures tell where they were")
        lines.append(f'{tell} taken; metadata = "share" leaves that out of results.')
    return lines
