"""`homepress stop`."""

import click

from homepress.control.lock import InstanceLock
from homepress.control.running import stop_daemon
from homepress.control.service import ServiceError
from homepress.settings import Paths
from homepress.ui.cli import output
from homepress.ui.cli.arguments import example, json_option

_SOON = 1.0


@click.command(epilog=example("homepress stop"))
@click.option(
    "--wait", default=60.0, show_default=True, metavar="SECONDS", help="How long to wait for its end."
)
@json_option
def command(wait: float, as_json: bool) -> None:
    """End the program in the background, of whatever version.

    Pictures that are under way are finished first.
    """
    paths = Paths.from_environment()
    process = stop_daemon(paths.socket, paths.lock)
    # The daemon holds the lock for as long as it lives; we let go of it at once.
    lock = InstanceLock(paths.lock)
    if not lock.acquire(min(_SOON, wait)):
        output.remark("Finishing the pictures that are under way ...")
        if not lock.acquire(max(0.0, wait - _SOON)):
            raise ServiceError(
                f"Homepress (process {process}) was told to end, but is still busy; wait for it, "
                "or look at it with: homepress status"
            )
    lock.release()
    if as_json:
        output.print_json({"state": "stopped", "pid": process})
    else:
        output.say("Homepress has stopped.")
