"""The command line: finds the command, runs it, and turns whatever comes out into an exit code.

Exit codes: 0 all good, 1 some file failed, 2 wrong usage or settings, 3 no daemon, 4 refused for safety; as
shells have it, 130 after Ctrl-C and 141 when the reader of a pipe has gone.
"""

import importlib
import os
import sys
from collections.abc import Sequence

import click

import homepress
from homepress.base.system_errors import with_name
from homepress.control.service import ServiceError
from homepress.settings import SettingsError
from homepress.ui.cli import output

_INTERRUPTED = 130
_PIPE_CLOSED = 141
_FAILED = 1
_WRONG_SETTINGS = 2

# Each is the function `command` of the module of its name in `commands/`; only the one asked for is imported.
_COMMANDS = (
    "run",
    "stop",
    "status",
    "pause",
    "resume",
    "folder",
    "compress",
    "undo",
    "originals",
    "history",
    "stats",
    "autostart",
    "file-manager",
    "tray",
    "settings",
    "show",
    "window",
    "report",
    "prove",
    "doctor",
    "uninstall",
    "attempts",
)

_LOCK_LATER = {
    "run": "binds its socket and starts the tray first, then puts on the stricter lock of the daemon",
    "prove": "shows first what a process may do that is not locked",
    "attempts": "shows the lock that it inherits from tray or window",
    "settings": "locks itself, but for the editor that `settings edit` starts: it would inherit the lock",
}
"""Commands that are not locked out of the network at entry, and why; each locks itself, or needs no lock."""


class _ReaderGoneError(Exception):
    """Whoever read our output has ended. Not an OSError, which click would handle in its own way."""


class _Program(click.Group):
    """The group of all commands, imported one by one when asked for, listed in the order of `_COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name."""
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"homepress.ui.cli.commands.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _ReaderGoneError from error


@click.command(
    cls=_Program,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(homepress.__version__, prog_name="homepress", message="%(prog)s %(version)s")
@click.pass_context
def program(context: click.Context) -> int:
    """Homepress watches folders and makes each new image smaller, on this computer only.

    Without a command it begins in the background and opens its window.

    \b
    Examples:
      homepress folder add ~/Pictures/Inbox     watch a folder
      homepress                                 begin
      homepress undo --last 1                   bring the last original back
    """
    if context.invoked_subcommand is None:
        from homepress.ui.cli.begin import begin

        return begin()
    if context.invoked_subcommand not in _LOCK_LATER:
        from homepress import app

        app.prepare_client()
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code.

    Args:
        arguments: those after the program's name; None takes this process's own.
    """
    output.prepare_streams()
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except (_ReaderGoneError, BrokenPipeError):
        # Whatever is still buffered would fail again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    return code


def _run(arguments: Sequence[str] | None) -> int:
    try:
        return program.main(arguments, prog_name="homepress", standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        output.fault("interrupted; what was finished stays finished")
        return _INTERRUPTED
    except ServiceError as error:
        output.fault(str(error))
        return error.exit_code
    except SettingsError as error:
        output.fault(str(error))
        return _WRONG_SETTINGS
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        output.fault(with_name(error))
        return _FAILED
