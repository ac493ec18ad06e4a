"""`homepress tray`: the icon in the tray. The daemon starts it; this brings it back."""

import os
import sys

import click

from homepress.settings import Paths
from homepress.ui.cli import output
from homepress.ui.cli.arguments import example, json_option


@click.command(epilog=example("homepress tray"), hidden=True)
@json_option
def command(as_json: bool) -> int:
    """Show the icon in the tray.

    The background program starts it by itself. It stays until Quit or until the session ends.
    """
    paths = Paths.from_environment()
    paths.ensure()
    if as_json:
        output.print_json({"pid": os.getpid()})
        sys.stdout.flush()
    arguments = [str(paths.socket), str(paths.state), str(paths.config_file)]
    if sys.platform == "win32":  # which has no exec: a new process would lose the lock
        from homepress.ui.tray.__main__ import main

        return main(arguments)
    # The lock stays on this process, and what was loaded to get here is gone: half of the memory.
    return os.execv(sys.executable, [sys.executable, "-m", "homepress.ui.tray", *arguments])
