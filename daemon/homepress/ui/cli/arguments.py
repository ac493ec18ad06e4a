"""Arguments and options that several commands share."""

import os
import time
from collections.abc import Callable
from typing import TypeVar

import click

from homepress.ui import text as words

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, an object a line.")
"""Gives a command `as_json`."""


wait_option = click.option(
    "--wait",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    help="Longest wait for another command of Homepress that is at work.  [default: as long as it takes]",
)
"""Gives a command `wait`."""


class _AbsolutePath(click.Path):
    """A path made absolute here, since the daemon has another working directory. It need not exist.

    With `allow_dash`, "-" stays as it is.
    """

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        if not value:
            self.fail("an empty path names nothing", param, ctx)
        return "-" if value == "-" and self.allow_dash else os.path.abspath(value)


absolute_path = _AbsolutePath()
"""The type of an argument that is a path."""

path_or_input = _AbsolutePath(allow_dash=True)
"""The type of one that is a path, or "-" for standard input."""


def positive(text: str) -> int:
    """A whole number above 0."""
    if text.isdecimal() and (number := int(text)) > 0:
        return number
    raise click.BadParameter(f'"{text}" is no whole number above 0')


def length(text: str) -> float:
    """A length of time in words, in seconds."""
    return _understood(words.length, text)


def future_time(text: str) -> float:
    """A time to come in words, in seconds since 1970."""
    return _understood(lambda text: words.future(text, time.time()), text)


def past_time(text: str) -> float:
    """A time in the past in words, in seconds since 1970."""
    return _understood(lambda text: words.past(text, time.time()), text)


def _understood(parse: Callable[[str], float], text: str) -> float:
    try:
        return parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def assignment(text: str) -> tuple[str, str]:
    """A setting and its new value, typed as KEY=VALUE."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise click.BadParameter(f'"{text}" has no value; write it as KEY=VALUE, such as quality=small')
    return key.strip(), value.strip()


def example(*lines: str) -> str:
    """The closing lines of a command's help: commands to copy, kept as they are."""
    return "\n".join(("\b", "Examples:" if len(lines) > 1 else "Example:", *(f"  {line}" for line in lines)))


_RECIPE = (
    click.option(
        "--preset", metavar="NAME", default="", help="share, email, web, documents, photos, screenshots ..."
    ),
    click.option("--quality", metavar="Q", default="", help="lossless, safe, balanced, small, or 30 to 100."),
    click.option(
        "--metadata",
        type=click.Choice(["keep", "share", "strip"]),
        help="share leaves out location, serial numbers and owner; strip all but the colour profile.",
    ),
    click.option("--convert", metavar="FORMAT", default="", help="jpeg, png, webp, avif or jxl."),
    click.option("--max-edge", metavar="PIXELS", type=positive, help="Resize to this longest edge."),
    click.option("--fit-under", metavar="SIZE", default="", help="Such as '500 KB': make it fit."),
    click.option(
        "--drop",
        metavar="WHAT",
        default="",
        help="Leave out hdr, depth, motion, pictures, maker (with commas) or all of these; not the location, "
        "which --metadata leaves out.",
    ),
)

_Command = TypeVar("_Command", bound=Callable[..., object])


def recipe_options(command: _Command) -> _Command:
    """Give a command the options that say what is to become of a picture: `preset`, `quality` and so on."""
    for option in reversed(_RECIPE):
        command = option(command)
    return command
