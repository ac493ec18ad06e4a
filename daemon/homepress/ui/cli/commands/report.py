"""`homepress report`: everything that was saved, as one page that any browser shows."""

from pathlib import Path

import click

from homepress.control.service import ServiceError
from homepress.desktop.opening import NotOpened
from homepress.settings import Paths
from homepress.store.reader import LedgerError
from homepress.ui.cli import output
from homepress.ui.cli.arguments import absolute_path, example, json_option
from homepress.ui.cli.viewing import pictures_apart
from homepress.ui.text import shown


@click.command(epilog=example("homepress report", "homepress report --output ~/homepress.html --no-open"))
@click.option("--output", "file", metavar="FILE", type=absolute_path, help="Write it there.")
@click.option(
    "--pictures", type=click.IntRange(0, 50), default=0, show_default=True, help="Put in so many, compared."
)
@click.option("--no-open", is_flag=True, help="Only write it.")
@json_option
def command(file: str | None, pictures: int, no_open: bool, as_json: bool) -> int:
    """Write a page with charts and the latest results, and open it.

    One file, without scripts or anything from elsewhere; it works with screen readers. Whoever you give it to
    sees the names in it, and the pictures if you asked for some.
    """
    from homepress.ui.report import open_report, write_report

    paths = Paths.from_environment()
    paths.ensure()
    target = Path(file) if file else paths.state / "report.html"
    try:
        with pictures_apart():
            write_report(paths, target, pictures)
    except LedgerError as error:
        raise ServiceError(str(error)) from error
    if as_json:
        output.print_json({"path": str(target), "bytes": target.stat().st_size})
    else:
        output.say(f"Written: {shown(str(target))}")
    if not no_open and not as_json:
        try:
            open_report(target)
        except NotOpened as error:
            output.remark(shown(str(error)))
    return 0
