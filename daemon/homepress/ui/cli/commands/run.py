"""`homepress run`: the daemon, in the foreground."""

import os
import shlex
import sys
from functools import partial
from pathlib import Path

import click

import homepress
from homepress.base.units import counted
from homepress.control.service import ServiceError
from homepress.settings import HOME_VARIABLE, Paths, Settings, SettingsError, load
from homepress.ui.cli import output
from homepress.ui.cli.arguments import absolute_path, example, json_option
from homepress.ui.cli.pictures import where
from homepress.ui.text import shown

_WRONG_USAGE = 2


@click.command(epilog=example("homepress run", "homepress run --once     compress what waits, then end"))
@click.option("--no-tray", is_flag=True, help="Do not show an icon in the tray.")
@click.option("--once", is_flag=True, help="Compress what waits and end.")
@click.option("--login", is_flag=True, hidden=True, help="Started by the system, which reads no output.")
@click.option("--demo", type=absolute_path, metavar="FOLDER", hidden=True, help="Make FOLDER and watch it.")
@json_option
def command(no_tray: bool, once: bool, login: bool, demo: str | None, as_json: bool) -> int:
    """Watch the folders, until Ctrl-C or stop."""
    from homepress import app

    paths = Paths.from_environment()
    if demo is not None:
        _prepare_demo(paths, Path(demo))
    if login and app.bring_back_tray(paths):
        return 0
    options = app.RunOptions(tray=not no_tray, once=once, foreground=not login)
    code = app.run_daemon(paths, options, output.remark, partial(_greet, paths, must_be_valid=once))
    if as_json:
        output.print_json({"state": "stopped", "exit_code": code})
    return code


def _greet(paths: Paths, *, must_be_valid: bool) -> None:
    """Say what will be done. A daemon goes on with settings that have mistakes: its state shows them."""
    try:
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
    names = ", ".join(shown(str(folder.path)) for folder in folders[:3])
    more = f" and {len(folders) - 3} more" if len(folders) > 3 else ""
    return f"watching {counted(len(folders), 'folder')}: {names}{more}. Ctrl-C ends it."


def _prepare_demo(paths: Paths, folder: Path) -> None:
    """Make a folder and have it watched, in a home that is not the user's own."""
    from homepress.settings import edit

    if not os.environ.get(HOME_VARIABLE):
        raise ServiceError(
            f"--demo needs {HOME_VARIABLE}, so that your own settings stay as they are", _WRONG_USAGE
        )
    folder.mkdir(parents=True, exist_ok=True)
    if all(known.path != folder for known in load(paths.config_file).folders):
        edit.add_folder(paths.config_file, str(folder))
    output.remark(f"Drop pictures into {output.strong(shown(str(folder)))}")
    home = f"{HOME_VARIABLE}={shlex.quote(shown(os.environ[HOME_VARIABLE]))}"
    program = shlex.quote(where(str(Path(sys.executable).with_name("homepress"))))
    output.remark("In another terminal, to see what became of them, and to take the last one back:")
    output.remark(f"    {home} {program} history")
    output.remark(f"    {home} {program} undo --last 1")
