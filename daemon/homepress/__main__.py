"""`python -m homepress`, and what the installed programs `homepress` and `homepressw` call."""

import sys

from homepress.ui.cli import main as _command_line


def main() -> int:
    """Run the command line with this process's arguments; the exit code."""
    return _command_line()


if __name__ == "__main__":
    sys.exit(main())
