"""The command line. One command is one module in `commands/`; `main` runs the one that was asked for."""

from homepress.ui.cli.main import main

__all__ = ["main"]
