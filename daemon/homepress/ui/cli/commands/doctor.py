"""`homepress doctor`: what is missing or wrong on this computer, and the fix."""

import os
from typing import TYPE_CHECKING

import click
import msgspec

from homepress.base.units import counted
from homepress.control.service import ServiceError
from homepress.settings import Paths
from homepress.ui.cli import output
from homepress.ui.cli.arguments import absolute_path, example, json_option
from homepress.ui.text import shown

if TYPE_CHECKING:
    from homepress.app.doctor import Finding

_WRONG_USAGE = 2
_WIDTH = len("worth knowing")


@click.command(epilog=example("homepress doctor", "homepress doctor --report homepress-report.txt"))
@click.option(
    "--report",
    type=absolute_path,
    metavar="FILE",
    help="Write a report for whoever is to help, without names of pictures. Shown first, never sent.",
)
@json_option
def command(report: str | None, as_json: bool) -> int:
    """Say what is missing or wrong on this computer, and the fix.

    The exit code is 1 when something is broken. Nothing is changed.
    """
    from homepress.app.doctor import Level, bundle, examine
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
    from homepress.app.doctor import Level

    paint = {Level.GOOD: output.good, Level.WORTH_KNOWING: output.worth_knowing, Level.BROKEN: output.bad}
    word = output.padded(paint[finding.level](finding.level.value), _WIDTH)
    output.say(f"{word}  {output.strong(finding.topic)}: {shown(finding.text)}")
    if finding.fix:
        output.say(f"{'':{_WIDTH}}  {output.faint('fix:')} {shown(finding.fix)}")


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
        output.say(shown(line))
    if output.on_terminal_for_people():
        click.confirm(f"Write this to {shown(file)}?", default=True, abort=True, err=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise _is_there(file) from None
    with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as stream:
        stream.write(text)
    output.remark(f"Written to {shown(file)}. It was sent nowhere; give it to whom you trust.")


def _is_there(file: str) -> ServiceError:
    return ServiceError(f"{shown(file)} is there already; give another name", _WRONG_USAGE)
