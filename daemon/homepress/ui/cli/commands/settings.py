"""`homepress settings`: the settings file."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import click

from homepress.base.paths import Paths, shipped
from homepress.base.units import counted
from homepress.control.service import ServiceError
from homepress.settings import (
    DAEMON_FIELDS,
    FOLDER_FIELDS,
    DaemonSettings,
    Field,
    FolderSettings,
    SettingsError,
    load,
    setting,
    text_from_value,
    to_toml,
    typed_value,
)
from homepress.ui.cli import output
from homepress.ui.cli.arguments import absolute_path, assignment, example, json_option
from homepress.ui.text import printable

_WRONG_SETTINGS = 2


@click.group(epilog=example("homepress settings check", "homepress settings edit"))
@click.pass_context
def settings(context: click.Context) -> None:
    """Show, check, change and edit the settings file."""
    if context.invoked_subcommand != edit.name:
        _lock()


def _lock() -> None:
    from homepress.daemon.commands.connect import prepare_client

    prepare_client()


@settings.command(epilog=example('grep quality "$(homepress settings path)"'))
@json_option
def path(as_json: bool) -> None:
    """Print where the settings file is."""
    file = Paths.from_environment().config_file
    if as_json:
        output.print_json({"path": str(file), "exists": file.exists()})
    else:
        output.print_path(str(file))


@settings.command(epilog=example("homepress settings check"))
@click.argument("file", type=absolute_path, required=False)
@json_option
def check(file: str | None, as_json: bool) -> int:
    """Say all that is wrong in the file.

    With FILE, in that file instead of the one that is used.
    """
    checked = Path(file) if file else Paths.from_environment().config_file
    if file and not checked.is_file():
        raise ServiceError(f"{printable(file)}: there is no such file", _WRONG_SETTINGS)
    return _check(checked, as_json)


@settings.command(
    "set",
    epilog=example(
        "homepress settings set workers=1",
        "homepress settings set originals_max='20 GB' notify=never",
        "homepress settings set --default workers",
    ),
)
@click.argument("changes", metavar="[KEY=VALUE...]", type=assignment, nargs=-1)
@click.option("--default", "defaults", metavar="KEY", multiple=True, help="Back to the default.")
@json_option
def set_(changes: tuple[tuple[str, str], ...], defaults: tuple[str, ...], as_json: bool) -> None:
    """Change settings of the whole program.

    The keys are those under [daemon] in the settings file (docs/settings.md); a running Homepress follows at
    once. Those of a watched folder: homepress folder set
    """
    from homepress.settings import edit as file  # only now: it needs what no other command here does

    for key in (*dict(changes), *defaults):
        if key in FOLDER_FIELDS:
            raise click.UsageError(f"{key} belongs to a folder: homepress folder set PATH {key}=VALUE")
    typed = typed_changes(DAEMON_FIELDS, changes, defaults)
    values = {
        key: None if text is None else typed_value(DAEMON_FIELDS, key, text) for key, text in typed.items()
    }
    say_changed(file.set_daemon_values(Paths.from_environment().config_file, values).daemon, values, as_json)


@settings.command(epilog=example("homepress settings schema > settings.schema.json"))
@json_option
def schema(as_json: bool) -> None:
    """Print the JSON schema of the file.

    Editors complete and check with it.
    """
    text = shipped("config/settings.schema.json").read_text(encoding="utf-8")
    output.say(" ".join(text.split()) if as_json else text.rstrip())


@settings.command(epilog=example("homepress settings edit", "EDITOR=nano homepress settings edit"))
@json_option
def edit(as_json: bool) -> int:
    """Open the file in $VISUAL or $EDITOR.

    It is checked afterwards. Without an editor or a terminal, print where the file is.
    """
    file = Paths.from_environment().config_file
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if as_json or not editor or not sys.stdin.isatty():
        _lock()
        return _without_editor(file, as_json)
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_bytes(shipped("config/default.toml").read_bytes())
    try:
        with subprocess.Popen(_editor_command(editor, file)) as process:
            _lock()  # not before: the editor is the user's own program and is to be as free as ever
    except (OSError, ValueError) as error:
        raise ServiceError(f"{editor}: {error}; edit {printable(str(file))} yourself") from error
    if process.returncode:
        raise ServiceError(f"{editor} ended with exit code {process.returncode}; the file may be as it was")
    return _check(file, as_json)


def _editor_command(editor: str, file: Path) -> str | list[str]:
    """The user's editor with the file. Windows takes a command line apart itself, backslashes and all."""
    if sys.platform == "win32":
        return f"{editor} {subprocess.list2cmdline([str(file)])}"
    return [*shlex.split(editor), str(file)]


def _without_editor(file: Path, as_json: bool) -> int:
    if as_json:
        output.print_json({"path": str(file), "exists": file.exists()})
    else:
        output.remark("Edit this file with an editor of your choice; a running Homepress notices the change:")
        output.print_path(str(file))
    return 0


def _check(file: Path, as_json: bool) -> int:
    try:
        settings = load(file)
    except SettingsError as error:
        if not as_json:
            raise
        problems = [
            {"file": str(found.file), "line": found.line, "key": found.key, "message": found.message}
            for found in error.problems
        ]
        output.print_json({"file": str(file), "ok": False, "problems": problems})
        return _WRONG_SETTINGS
    if as_json:
        output.print_json({"file": str(file), "ok": True, "problems": []})
    elif not file.exists():
        output.say(f"There is no {printable(str(file))} yet; the defaults hold, and no folder is watched.")
    else:
        output.say(f"{printable(str(file))} is in order, with {counted(len(settings.folders), 'folder')}.")
    return 0


# What `settings set` and `folder set` have in common.


def typed_changes(
    fields: Mapping[str, Field], changes: Sequence[tuple[str, str]], defaults: Sequence[str]
) -> dict[str, str | None]:
    """What was typed for keys of one table, checked one by one; None for what goes back to its default.

    Args:
        fields: the keys of the table.
        changes: keys and values as they were typed.
        defaults: keys that go back.

    Raises:
        click.UsageError: nothing was typed, a key twice, or what cannot be.
    """
    keys = [*(key for key, _ in changes), *defaults]
    if not keys:
        raise click.UsageError("Say what to change, such as quality=small, or --default KEY.")
    if twice := [key for key in keys if keys.count(key) > 1]:
        raise click.UsageError(f"{twice[0]} is named twice; say it once.")
    try:
        for key, text in changes:
            typed_value(fields, key, text)
        return {**dict(changes), **{setting(fields, key).key: None for key in defaults}}
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def say_changed(settings: DaemonSettings | FolderSettings, keys: Iterable[str], as_json: bool) -> None:
    """Say what holds now for the keys that were changed."""
    values = {key: to_toml(getattr(settings, key)) for key in keys}
    if as_json:
        output.print_json(values)
        return
    for key, value in values.items():
        output.say(f"{key} is now {text_from_value(value) or 'empty'}.")
