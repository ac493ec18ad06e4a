"""Makes the manual page (`python -m homepress.ui.cli.manual`) and the completions from the commands.

The language is that of man(7), as little of it as every reader of manual pages knows.
"""

import re
import sys
from collections.abc import Iterable, Iterator

import click
from click.shell_completion import get_completion_class

from homepress.ui.cli.main import program

_FILES = (
    ("~/.config/homepress/settings.toml", "The settings; see: homepress settings edit"),
    ("~/.config/homepress/presets/", "Presets of your own."),
    ("~/.local/state/homepress/", "The ledger of all that was done, and the log."),
    ("~/.local/share/homepress/originals/", "The kept originals. Bring them back with: homepress undo"),
)
_ENVIRONMENT = (
    ("HOMEPRESS_HOME", "A folder that holds all of the above instead, for portable use."),
    ("NO_COLOR", "Set to anything: no colour."),
)
_EXIT_CODES = (
    ("0", "All that was asked is done. A picture that cannot get smaller is no fault."),
    (
        "1",
        "Something that was asked is not done: a picture failed, could not be read, or has not the size, the "
        "format or the metadata that was asked for; or the doctor found something broken.",
    ),
    ("2", "Wrong usage or settings."),
    ("3", "Homepress is not running in the background."),
    ("4", "Refused for safety."),
)
_DESCRIPTION = (
    "Homepress watches folders and makes each new image smaller, on this computer only. A picture's path "
    "holds the original or the finished result at every instant; the original is kept for 30 days and comes "
    "back with undo. The program locks itself out of the network; see: homepress prove",
    "Every command has --help with an example, and --json for scripts.",
)


def manual() -> str:
    """The text of homepress(1)."""
    lines = [
        '.\\" Made by: python -m homepress.ui.cli.manual',
        '.TH HOMEPRESS 1 "" "Homepress" "User Commands"',
        ".SH NAME",
        "homepress \\- makes each new image in your folders smaller, on this computer only",
        ".SH SYNOPSIS",
        ".B homepress",
        ".I COMMAND",
        "[\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]",
        ".SH DESCRIPTION",
        *_paragraphs(_DESCRIPTION),
        ".SH COMMANDS",
    ]
    for name, command in _commands(program, click.Context(program, info_name="homepress")):
        lines += _command(name, command)
    for title, entries in (("FILES", _FILES), ("ENVIRONMENT", _ENVIRONMENT), ("EXIT STATUS", _EXIT_CODES)):
        lines.append(f".SH {title}")
        for term, text in entries:
            lines += [".TP", f".B {_escaped(term)}", _text(text)]
    return "\n".join(lines) + "\n"


def _commands(group: click.Group, context: click.Context) -> Iterator[tuple[str, click.Context]]:
    """Every command that is not hidden, by its full name, groups replaced by what is in them."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        inner = click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group):
            yield from _commands(command, inner)
        else:
            yield inner.command_path, inner


def _command(name: str, context: click.Context) -> Iterator[str]:
    command = context.command
    usage = " ".join(command.collect_usage_pieces(context))
    yield f".SS {_escaped(name)} {_escaped(usage)}"
    yield from _paragraphs(re.split(r"\n\s*\n", (command.help or "").replace("\f", "").strip()))
    for parameter in command.get_params(context):
        # --help and --json are described once, above.
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record is not None and not {"--help", "--json"} & set(parameter.opts):
            yield from (".TP", f".B {_escaped(record[0])}", _text(record[1]))
    yield from _examples(command.epilog or "")


def _examples(epilog: str) -> Iterator[str]:
    """The closing lines of a command's help, kept as they are."""
    lines = [line for line in epilog.splitlines() if line.strip() and line != "\b"]
    if lines:
        yield from (".PP", _text(lines[0]), ".nf", *(_text(line) for line in lines[1:]), ".fi")


def _paragraphs(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        if "\b" in text:  # click's mark for lines that stay as they are
            yield from (".PP", ".nf", *(_text(line) for line in text.splitlines() if line != "\b"), ".fi")
        else:
            yield from (".PP", _text(" ".join(text.split())))


def _text(line: str) -> str:
    """A line of text: what begins with a dot or a quote would be a command of troff."""
    escaped = _escaped(line)
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


def _escaped(text: str) -> str:
    # A bare hyphen may become a typographical one, which no shell takes; ~ and ^ may be raised.
    plain = text.replace("\\", "\\e").replace("-", "\\-").replace("~", "\\(ti").replace("^", "\\(ha")
    return "".join(c if ord(c) < 128 else f"\\[u{ord(c):04X}]" for c in plain)


# The completions that shells load. They ask `homepress` itself what fits, so they never fall behind.

FILES = {"bash": "homepress.bash", "zsh": "_homepress", "fish": "homepress.fish"}
"""The name of the file in `service-files/completions/`, as each shell looks for it, by the shell's name."""

_VARIABLE = "_HOMEPRESS_COMPLETE"
"""How click knows that a shell asks (click, "Shell Completion")."""


def completion(shell: str) -> str:
    """The script for one shell.

    Raises:
        KeyError: there is none for it.
    """
    if shell not in FILES:
        raise KeyError(shell)
    kind = get_completion_class(shell)
    assert kind is not None
    asking = kind(program, {}, "homepress", _VARIABLE)
    # Not `source()`, which for bash starts the bash of this computer and judges its version.
    return (asking.source_template % asking.source_vars()).strip() + "\n"


if __name__ == "__main__":
    sys.stdout.write(manual())
