"""`homepress uninstall`: leave nothing outside the package."""

import sys
from typing import TYPE_CHECKING

import click
import msgspec

from homepress.base.units import counted
from homepress.settings import Paths
from homepress.ui.cli import output
from homepress.ui.cli.arguments import example, json_option
from homepress.ui.text import shown

if TYPE_CHECKING:
    from homepress.app.uninstall import Choice, Step

_WIDTH = len("restored")


@click.command(epilog=example("homepress uninstall --restore", "homepress uninstall --accept --settings"))
@click.option("--restore", "choice", flag_value="restore", help="Bring every kept original back first.")
@click.option("--accept", "choice", flag_value="accept", help="Delete kept originals; the results stay.")
@click.option("--settings", is_flag=True, help="Remove the settings too.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def command(choice: "Choice | None", settings: bool, yes: bool, as_json: bool) -> int:
    """Remove what Homepress put outside its package.

    Ends the background program; takes back originals, start at login, file manager entries, history and
    log. Results in your folders stay.
    """
    from homepress.app.uninstall import kept_originals, uninstall

    paths = Paths.from_environment()
    decided = _decision(kept_originals(paths), choice, sure=yes)
    failed = 0
    for step in uninstall(paths, decided, settings=settings):
        failed += step.outcome == "failed"
        if as_json:
            output.print_json(msgspec.to_builtins(step))
        else:
            output.say(_line(step))
    if not as_json:
        output.say()
        output.say(_ending(failed))
    return 1 if failed else 0


def _decision(kept: int, choice: "Choice | None", *, sure: bool) -> "Choice":
    """What becomes of the originals; asked where it was not said."""
    people = output.on_terminal_for_people()
    if choice is None and kept and not people:
        raise click.UsageError(f"{counted(kept, 'original')} kept: say --restore or --accept.")
    if not sure and not people:
        raise click.UsageError("This removes the history for good; say so with --yes.")
    if choice is None and kept:
        output.remark(f"{counted(kept, 'original')} kept. Bring them back, or keep the smaller pictures?")
        answer = click.prompt("restore or accept", type=click.Choice(["restore", "accept"]), err=True)
        choice = "accept" if answer == "accept" else "restore"
    if not sure:
        click.confirm("Remove history, log, and what starts Homepress?", abort=True, err=True)
    return choice or "restore"


def _line(step: "Step") -> str:
    word = output.bad(step.outcome) if step.outcome == "failed" else step.outcome
    reason = f": {shown(step.reason)}" if step.reason else ""
    return f"{output.padded(word, _WIDTH)}  {step.what}  {shown(step.place)}{reason}"


def _ending(failed: int) -> str:
    if failed:
        return output.strong(f"{counted(failed, 'thing')} failed; mend it and say it again.")
    if getattr(sys, "frozen", False):
        package = "sudo apt-get remove homepress     (or delete the folder it was unpacked into)"
    else:
        package = "pipx uninstall homepress     (or: python -m pip uninstall homepress)"
    return f"Nothing of Homepress is left but the program itself. Remove it with: {package}"
