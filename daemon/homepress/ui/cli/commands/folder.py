"""`homepress folder`: which folders are watched."""

import click

from homepress.base.results import FolderStatus
from homepress.base.units import counted
from homepress.control.client import connect
from homepress.control.service import FolderAnswer, FolderRequest, Service
from homepress.desktop.autostart import autostart
from homepress.settings import FolderSettings, Paths, load
from homepress.ui.cli import output
from homepress.ui.cli.arguments import absolute_path, example, json_option
from homepress.ui.cli.daemon import daemon_or_local
from homepress.ui.cli.trial import in_words, try_folder, what_is_there
from homepress.ui.text import shown

_SAMPLE = 40
"""So many pictures are tried by `folder check`."""

_QUICK_SAMPLE = 12
"""So many pictures are tried when a folder is added, as far as that takes no more than ..."""

_DOCUMENTS = "documents"
_DEFAULT_DAYS = 30
_ORIGINALS_OF_DOCUMENTS = (
    "Each scan is replaced by one with the same pixels, and the scan as it came is kept for a while.",
    "While it is kept, undo brings it back byte for byte; and whoever gets at this computer as you finds the",
    "document twice, also after you have deleted the one in the folder.",
    "With 0 days it is deleted once its replacement was read back and compared: no second copy, no undo.",
)

_PATIENCE = 8.0
"""... so many seconds."""


@click.group(epilog=example("homepress folder add ~/Pictures/Inbox", "homepress folder list"))
def command() -> None:
    """Add, list, remove and check watched folders."""


@command.command(
    epilog=example(
        "homepress folder add ~/Pictures/Inbox",
        "homepress folder add ~/Scans --preset documents",
        "homepress folder add ~/Photos --output ~/Photos-small --quality small",
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
@click.option("--preset", metavar="NAME", default="", help="photos, screenshots, web, documents, share ...")
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
@click.option("--yes", is_flag=True, help="Do not ask before compressing what is there.")
@json_option
def add(
    path: str,
    output_folder: str | None,
    preset: str,
    quality: str,
    existing: str,
    keep_originals: int | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Watch a folder.

    First it is said what is in it and what compressing that would save, tried on a few pictures. It stays as
    it is; with --existing compress it is compressed too, on a terminal after a question.

    With the preset documents nothing on the page changes; how long the scans as they came are kept beside the
    smaller ones is asked, and in a script it is 30 days unless --keep-originals says otherwise.
    """
    if preset == _DOCUMENTS and output_folder is None and keep_originals is None and not as_json:
        keep_originals = _days_of_documents()
    paths = Paths.from_environment()
    request = FolderRequest(
        path=path,
        output=output_folder or "",
        preset=preset,
        quality=quality,
        existing="compress" if existing == "compress" else "leave",
        originals_keep_days=keep_originals,
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
    output.say(f"{'Watching' if runs and answer.answers else 'Added'} {output.strong(shown(answer.path))}.")
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
    found = try_folder(service, request.path, _QUICK_SAMPLE, patience, request)
    for line in what_is_there(found, request.existing):
        output.say(line)
    if not asks or found is None or not found.images:
        return True
    return click.confirm("Compress what is in it, and watch it?", default=True, err=True)


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


@command.command("list", epilog=example("homepress folder list"))
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


@command.command(epilog=example("homepress folder remove ~/Pictures/Inbox"))
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
        output.say(f"{shown(path)} is not watched any more. Its originals can still be brought back.")


@command.command(
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
        report = try_folder(service, path, 0 if everything else _SAMPLE)
    if report is None:
        return
    if as_json:
        output.print_json(report)
        return
    for line in in_words(report):
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
    where = f"into {shown(state.output)}" if state.mode == "output" else "in place"
    said = state.problem or state.warning
    if not said and state.fingerprinting:
        said = f"in the background: fingerprints of {counted(state.fingerprinting, 'picture')} left alone"
    return shown(state.path), word, str(folder.quality), where, said
