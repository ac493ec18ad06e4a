"""`homepress attempts`: what a process is let do under the lock that it inherits."""

import click

from homepress.ui.cli import output


@click.command(hidden=True)
def command() -> None:
    """Try every way out and print what came of it as JSON; nothing is sent.

    Tray and window start it when `homepress prove` asks them.
    """
    from homepress import app

    output.print_json(app.try_doors("this process"))
