"""`homepress window`: look at everything, and change settings, in a window."""

import importlib.util
import os
import sys

import click

from homepress.settings import Paths
from homepress.ui.cli import output
from homepress.ui.cli.arguments import example, json_option
from homepress.ui.cli.viewing import pictures_apart
from homepress.ui.text import shown

_FAILED = 1
_PAGES = (
    "folders",
    "activity",
    "compare",
    "statistics",
    "privacy",
    "general",
    "settings",
    "first-run",
)


@click.command(epilog=example("homepress window", "homepress window --page statistics"))
@click.option("--page", type=click.Choice(_PAGES), default=None, help="The page to show first.")
@click.option(
    "--theme",
    type=click.Choice(["auto", "light", "dark"]),
    default="auto",
    show_default=True,
    help="Light or dark; auto asks the desktop.",
)
@click.option("--scale", type=click.FloatRange(0.5, 4), help="How large to draw; 1 is usual.")
@json_option
def command(page: str | None, theme: str, scale: float | None, as_json: bool) -> int:
    """Open the window, or have it come to the front.

    It shows folders and their settings, activity, pictures before and after, statistics and privacy.
    """
    return open_window(page or "", "", theme, scale, as_json=as_json)


def open_window(
    page: str = "",
    picture: str = "",
    theme: str = "auto",
    scale: float | None = None,
    *,
    as_json: bool = False,
) -> int:
    """Become the window; this process is locked out of the network already.

    Args:
        page: the word of a page; empty for the usual one.
        picture: a path to show before and after; empty for none.
        theme: "light", "dark", or "auto" as the desktop has it.
        scale: how large to draw; None as the display has it.
        as_json: when it is closed, or another one came to the front, print what was shown.

    Where there is no tkinter or no display, a report in HTML opens in its place.
    """
    from homepress.ui.window import NoDisplayError, NoToolkitError, OpenRequest, WindowLook, run

    paths = Paths.from_environment()
    paths.ensure()
    dark = {"dark": True, "light": False}.get(theme)
    with pictures_apart() as probe_worker:
        try:
            code = run(
                paths,
                OpenRequest(page=page, picture=picture),
                WindowLook(dark=dark, scale=scale),
                probe_worker,
            )
        except (NoToolkitError, NoDisplayError) as error:
            return _report_instead(paths, str(error), as_json=as_json)
    if as_json:
        output.print_json({"shown": "window", "path": "", "reason": ""})
    return code


def can_open() -> bool:
    """Whether a window can probably be opened: there is a toolkit and a display."""
    return _has_display() and importlib.util.find_spec("_tkinter") is not None


def lacks_toolkit() -> bool:
    """Whether nothing but tkinter is missing for a window."""
    return _has_display() and not can_open()


def _has_display() -> bool:
    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY"))


def _report_instead(paths: Paths, why: str, *, as_json: bool) -> int:
    """Say why there is no window, and write the report that shows the same; a script opens it itself."""
    from homepress.desktop.opening import NotOpened
    from homepress.ui.report import open_report, write_report

    file = paths.state / "report.html"
    write_report(paths, file)
    if as_json:
        output.print_json({"shown": "report", "path": str(file), "reason": why})
        return _FAILED
    output.fault(why)
    output.say(f"A report instead of the window: {shown(str(file))}")
    try:
        open_report(file)
    except NotOpened as error:
        output.remark(shown(str(error)))
    return _FAILED
