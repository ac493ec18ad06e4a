"""`homepress pause`."""

import time

import click

from homepress.settings import Paths
from homepress.ui.cli import output
from homepress.ui.cli.arguments import example, future_time, json_option
from homepress.ui.cli.daemon import running
from homepress.ui.text import until


@click.command(
    epilog=example("homepress pause 30m", "homepress pause 15:30", "homepress pause tomorrow     until 6:00")
)
@click.argument("time_", metavar="[TIME]", type=future_time, required=False)
@json_option
def command(time_: float | None, as_json: bool) -> None:
    """Rest, for a time or until resumed.

    What is under way is finished. It lasts over a restart, unless that is said to be impossible.
    """
    daemon = running(Paths.from_environment())
    daemon.pause(time_)
    if fault := daemon.status().pause_fault:
        output.fault(fault)
    if as_json:
        output.print_json({"state": "paused", "paused_until": time_, "kept": not fault})
    elif time_ is None:
        output.say("Paused. Go on with: homepress resume")
    else:
        output.say(f"Paused until {until(time_, time.time())}.")
