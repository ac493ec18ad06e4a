"""`homepress compress`: pictures named by hand."""

import os
import sys
from collections import Counter

import click

from homepress.base.formats import has_image_suffix
from homepress.base.results import FileOutcome
from homepress.base.units import counted, percent_saved, size
from homepress.control.service import CompressRequest
from homepress.settings import Paths
from homepress.ui.cli import output
from homepress.ui.cli.arguments import absolute_path, example, json_option, positive, wait_option
from homepress.ui.cli.daemon import daemon_or_local
from homepress.ui.cli.pictures import sizes, where, why
from homepress.ui.cli.stream import told


@click.command(
    epilog=example(
        "homepress compress photo.jpg                    writes photo.min.jpg",
        "homepress compress --in-place ~/Pictures/Trip   originals are kept for undo",
        "homepress compress --fit-under '500 KB' --output small scan.png",
        "homepress compress --dry-run *.jpg",
    )
)
@click.argument("paths", metavar="PATH...", type=absolute_path, nargs=-1, required=True)
@click.option("--output", "output_folder", metavar="DIR", type=absolute_path, help="Write results there.")
@click.option("--in-place", is_flag=True, help="Replace the pictures; their originals are kept for undo.")
@click.option("--quality", metavar="Q", default="", help="lossless, safe, balanced, small, or 30 to 100.")
@click.option(
    "--metadata", type=click.Choice(["keep", "share", "strip"]), help="What becomes of place, camera, owner."
)
@click.option("--convert", metavar="FORMAT", default="", help="jpeg, png, webp, avif or jxl.")
@click.option("--max-edge", metavar="PIXELS", type=positive, help="Resize to this longest edge.")
@click.option("--fit-under", metavar="SIZE", default="", help="Such as '500 KB': make it fit.")
@click.option("--dry-run", is_flag=True, help="Try, tell, and write nothing.")
@wait_option
@json_option
def command(
    paths: tuple[str, ...],
    output_folder: str | None,
    in_place: bool,
    quality: str,
    metadata: str | None,
    convert: str,
    max_edge: int | None,
    fit_under: str,
    dry_run: bool,
    wait: float | None,
    as_json: bool,
) -> int:
    """Compress pictures and folders by name.

    Without --in-place or --output, each result is written beside its picture as NAME.min.EXT. While another
    command is at work, it waits and says for whom; with --output it goes on at once, unless DIR has to do
    with a watched folder, and a dry run waits for nobody.
    """
    if in_place and output_folder:
        raise click.UsageError("--in-place and --output exclude each other.")
    request = CompressRequest(
        paths=list(paths),
        output=os.path.realpath(output_folder) if output_folder else "",
        in_place=in_place,
        quality=quality,
        metadata=metadata or "",
        convert=convert,
        max_edge=max_edge or 0,
        fit_under=fit_under,
        dry_run=dry_run,
    )
    total = _count(paths) if output.on_terminal(sys.stderr) else None
    tally = _Tally()
    with daemon_or_local(
        Paths.from_environment(), wait=wait, writes=not dry_run, output_folder=request.output
    ) as service:
        for outcome in told(service.compress(request), _line, as_json=as_json, total=total):
            tally.add(outcome)
    if not as_json:
        output.say(tally.summary(dry_run))
    return 1 if tally.outcomes["failed"] else 0


class _Tally:
    """What came of all pictures together."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self._before = 0
        self._after = 0

    def add(self, outcome: FileOutcome) -> None:
        """Count one."""
        self.outcomes[outcome.outcome] += 1
        if outcome.outcome == "compressed":
            self._before += outcome.before_bytes
            self._after += outcome.after_bytes

    def summary(self, dry_run: bool) -> str:
        """All of it in a sentence or two."""
        total = self.outcomes.total()
        if not total:
            return "There are no pictures in what you named."
        parts = [f"{number:,} {word}" for word, number in self.outcomes.most_common()]
        text = f"{output.strong(counted(total, 'picture'))}: {', '.join(parts)}."
        if saved := self._before - self._after:
            arrow, percent = output.symbol("→", "->"), percent_saved(self._before, self._after)
            text += f" {size(self._before)} {arrow} {size(self._after)}, {size(saved)} ({percent} %) "
            text += "would be saved; nothing was changed." if dry_run else "saved."
        return text


def _line(outcome: FileOutcome) -> str:
    if outcome.outcome == "compressed":
        return f"{sizes(outcome.before_bytes, outcome.after_bytes)}  {where(outcome.output or outcome.path)}"
    word = output.faint("unchanged") if outcome.outcome == "unchanged" else output.bad("failed")
    return f"{sizes(outcome.before_bytes, word=word)}  {why(outcome.path, outcome.reason)}"


def _count(paths: tuple[str, ...]) -> int:
    """How many pictures there seem to be, by their names, for the progress bar."""
    total = 0
    for path in paths:
        if not os.path.isdir(path):
            total += 1
        for _, folders, names in os.walk(path):
            folders[:] = [name for name in folders if not name.startswith(".")]
            total += sum(has_image_suffix(name) and not name.startswith(".") for name in names)
    return total
