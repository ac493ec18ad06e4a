"""`homepress resume`."""

import click

from homepress.settings import Paths
from homepress.ui.cli import output
from homepress.ui.cli.arguments import example, json_option
from homepress.ui.cli.daemon import running


@click.command(epilog=example("homepress resume"))
@json_option
def command(as_json: bool) -> None:
    """Go on after a pause."""
    daemon = running(Paths.from_environment())
    daemon.resume()
    status = daemon.status()
    state = status.state
    if status.pause_fault:
        output.fault(status.pause_fault)
    if as_json:
        output.print_json({"state": state})
    else:
        output.say("Watching again." if state != "paused" else "Still paused; see: homepress status")
