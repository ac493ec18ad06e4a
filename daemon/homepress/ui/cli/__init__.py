"""The command line. `main` finds and runs the command that was asked for; `commands/` has them by subject."""

from homepress.ui.cli.main import main

__all__ = ["main"]
