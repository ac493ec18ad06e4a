"""The command line: finds the command, runs it, and turns its result into an exit code.

Exit codes: 0 all good, 1 some file failed, 2 wrong usage or settings, 3 no daemon, 4 refused for safety; as
shells have it, 130 after Ctrl-C and 141 when the reader of a pipe has gone.
"""

import errno
import importlib
import os
import sys
from collections.abc import Sequence

import click

import homepress
from homepress.base.override import override
from homepress.base.system_errors import UserError, with_name
from homepress.ui.cli import output

_INTERRUPTED = 130
_PIPE_CLOSED = 141
_FAILED = 1

_COMMANDS = {
    "run": "lifecycle",
    "stop": "lifecycle",
    "status": "lifecycle",
    "pause": "lifecycle",
    "resume": "lifecycle",
    "folder": "folder",
    "compress": "pictures",
    "clip": "memory",
    "undo": "pictures",
    "redo": "pictures",
    "originals": "history",
    "history": "history",
    "stats": "history",
    "autostart": "system",
    "file-manager": "system",
    "tray": "lifecycle",
    "settings": "settings",
    "show": "window",
    "window": "window",
    "report": "window",
    "prove": "prove",
    "doctor": "system",
    "uninstall": "system",
    "firewall": "prove",
    "attempts": "prove",
}
"""Each command and its module in `commands/`, which has a function of the command's name. Only the module of
the command that was asked for is imported."""

_LOCK_LATER = {
    "run": "binds its socket and starts the tray first, then puts on the stricter lock of the daemon",
    "prove": "shows first what a process may do that is not locked",
    "attempts": "shows the lock that it inherits from tray or window",
    "settings": "locks itself, but for the editor that `settings edit` starts: it would inherit the lock",
}
"""Commands that are not locked out of the network at entry, and why; each locks itself, or needs no lock."""

_START_WORKERS = {"clip", "compress", "doctor", "folder", "report", "show", "window"}
"""Commands that may come to read pictures themselves."""


class _ReaderGoneError(Exception):
    """The reader of our output has ended. Not an OSError, which click would handle in its own way."""


class _CommandGroup(click.Group):
    """The group of all commands, imported one by one when asked for, listed in the order of `_COMMANDS`."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"homepress.ui.cli.commands.{_COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    @override
    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except OSError as error:
            if _is_of_closed_pipe(error):
                raise _ReaderGoneError from error
            raise


@click.command(
    cls=_CommandGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(homepress.__version__, prog_name="homepress", message="%(prog)s %(version)s")
@click.pass_context
def program(context: click.Context) -> int:
    """Homepress watches folders and makes each new image smaller, on this computer only.

    Without a command it starts in the background and opens its window.

    \b
    Examples:
      homepress folder add ~/Pictures/Inbox     watch a folder
      homepress                                 begin
      homepress undo --last 1                   bring the last original back
    """
    if context.invoked_subcommand is None:
        from homepress.ui.cli.commands.window import begin

        return begin()
    if context.invoked_subcommand not in _LOCK_LATER:
        from homepress.daemon.commands.connect import prepare_client

        prepare_client(starts_workers=context.invoked_subcommand in _START_WORKERS)
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
    except (_ReaderGoneError, OSError) as error:
        if isinstance(error, OSError) and not _is_of_closed_pipe(error):
            raise
        # Whatever is still buffered would fail again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    return code


def _is_of_closed_pipe(error: OSError) -> bool:
    """Whether who read our output has gone; Windows says "invalid argument", of no file."""
    nameless = error.errno == errno.EINVAL and error.filename is None
    return isinstance(error, BrokenPipeError) or (nameless and sys.platform == "win32")


def _run(arguments: Sequence[str] | None) -> int:
    try:
        return program.main(arguments, prog_name="homepress", standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        output.fault("interrupted; what was finished stays finished")
        return _INTERRUPTED
    except UserError as error:
        output.fault(str(error))
        return error.exit_code
    except OSError as error:
        if _is_of_closed_pipe(error):
            raise
        output.fault(with_name(error))
        return _FAILED
