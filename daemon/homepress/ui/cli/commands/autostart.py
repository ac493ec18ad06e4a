"""`homepress autostart`: start with the computer, or do not."""

import click

from homepress.control.service import ServiceError
from homepress.desktop.autostart import Autostart, AutostartError, autostart, autostarts
from homepress.ui.cli import output
from homepress.ui.cli.arguments import example, json_option
from homepress.ui.text import shown

_SYSTEMD = "systemd unit"


@click.group(epilog=example("homepress autostart on", "homepress autostart status"))
def command() -> None:
    """Start Homepress at login, or do not."""


@command.command(epilog=example("homepress autostart on"))
@click.option("--systemd", is_flag=True, help="By a systemd user unit, for computers without a desktop.")
@json_option
def on(systemd: bool, as_json: bool) -> int:
    """Start at login from now on."""
    chosen = _way(_SYSTEMD) if systemd else autostarts()[0]
    try:
        # One way only: two would start it twice.
        for way in autostarts():
            if way.state().kind != chosen.state().kind:
                way.disable()
        chosen.enable()
    except AutostartError as error:
        raise ServiceError(str(error)) from error
    return _tell(chosen, as_json)


@command.command(epilog=example("homepress autostart off"))
@json_option
def off(as_json: bool) -> int:
    """Do not start at login any more."""
    try:
        for way in autostarts():
            way.disable()
    except AutostartError as error:
        raise ServiceError(str(error)) from error
    return _tell(autostarts()[0], as_json)


@command.command(epilog=example("homepress autostart status", "homepress autostart status --json"))
@json_option
def status(as_json: bool) -> int:
    """Say whether it really starts at the next login, and why not.

    The exit code is 1 when it is on and will not start all the same.
    """
    return _tell(autostart(), as_json)


def _way(kind: str) -> Autostart:
    for way in autostarts():
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
    reason = f": {shown(state.reason)}" if state.reason else ""
    if not state.on:
        output.say(f"Homepress does not start at login{reason}. Switch it on with: homepress autostart on")
    elif state.starts:
        output.say(f"Homepress {output.good('starts')} at login, by a {state.kind}{reason}.")
        output.say(output.faint(shown(state.place)))
    else:
        output.say(f"Homepress is to start at login but {output.bad('will not')}{reason}.")
        output.say(output.faint(shown(state.place)))
    return int(state.on and not state.starts)
