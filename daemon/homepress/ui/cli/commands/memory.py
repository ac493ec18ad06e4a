"""Pictures that are in no file: `homepress compress -`, and `homepress clip` for what was copied."""

import contextlib
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click
import msgspec

from homepress.base.files import write_atomically
from homepress.base.formats import SNIFF_BYTES, has_image_suffix, sniff
from homepress.base.paths import Paths, make_folder
from homepress.base.results import FileOutcome
from homepress.base.system_errors import with_name
from homepress.base.units import counted, size
from homepress.control.service import CompressRequest, ServiceError
from homepress.desktop.clipboard import Copied, clipboard
from homepress.ui.cli import output
from homepress.ui.cli.arguments import example, json_option, recipe_options
from homepress.ui.cli.output import sizes, why
from homepress.ui.text import printable

if TYPE_CHECKING:
    from homepress.daemon.commands.in_memory import InMemoryCompressor

# `homepress compress -`: from standard input to standard output.

INPUT = "-"
"""The path that is standard input."""

_NAME = "standard input"


def compress_input(request: CompressRequest, *, as_json: bool) -> int:
    """Read one picture from standard input and write the smaller one to standard output; the exit code.

    Where nothing can be saved, the picture is written as it came. What was asked and cannot be done ends with
    exit code 1, and where there is no result then, nothing is written.
    """
    from homepress.daemon.commands.in_memory import InMemoryCompressor

    _refuse_terminals(dry_run=request.dry_run)
    source = _read(sys.stdin.buffer)
    with closing(InMemoryCompressor(Paths.from_environment())) as compressor:
        outcome, result = compressor.compress(source, request)
        if not request.dry_run and (result or not outcome.missed):
            sys.stdout.buffer.write(result or source)
            sys.stdout.buffer.flush()
        _say(outcome, as_json=as_json, written=not request.dry_run)
        if result and not request.dry_run:
            compressor.remember()
    return 1 if outcome.missed else 0


def _refuse_terminals(*, dry_run: bool) -> None:
    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError("Standard input is a terminal; send a picture into it with: < photo.jpg")
    if sys.stdout.isatty() and not dry_run:
        raise click.UsageError("Standard output is a terminal; send it to a file with: > small.jpg")


def _read(stream: BinaryIO, name: str = _NAME) -> bytes:
    """All that comes, within bounds.

    Raises:
        ServiceError: it is more than a picture may have.
    """
    from homepress.daemon.commands.in_memory import MOST_BYTES

    source = stream.read(MOST_BYTES + 1)
    if len(source) > MOST_BYTES:
        raise ServiceError(f"{name}: it has more than {size(MOST_BYTES)}, the most that is read")
    return source


def _say(outcome: FileOutcome, *, as_json: bool, written: bool) -> None:
    """What became of it, on standard error: standard output has the picture."""
    if as_json:
        output.print_json(outcome, err=True)
        return
    if outcome.outcome == "compressed":
        note = f": {printable(outcome.reason)}" if outcome.reason else ""
        output.remark(f"{sizes(outcome.before_bytes, outcome.after_bytes)}  {_NAME}{note}")
        return
    end = "; written as it came" if written and not outcome.missed else "; nothing was written"
    output.remark(
        f"{sizes(outcome.before_bytes, word=outcome.outcome)}  {_NAME}: {printable(outcome.reason)}{end}"
    )


# `homepress clip`: what was copied is replaced on the clipboard by smaller ones.

_COPIED = "the copied picture"
_FOLDER = "clipboard"
"""In our state: the small copies of files that were copied, until the next ones come."""


@click.command(
    epilog=example(
        "homepress clip",
        "homepress clip --preset email",
        "homepress clip --convert jpeg --fit-under '500 KB'",
    )
)
@recipe_options
@json_option
def clip(
    preset: str,
    quality: str,
    metadata: str | None,
    convert: str,
    max_edge: int | None,
    fit_under: str,
    drop: str,
    as_json: bool,
) -> int:
    """Make the copied picture, or the copied files, smaller.

    What was copied in another program becomes a smaller one on the clipboard, to be pasted as usual. Of
    files there are smaller copies then; the files themselves stay as they are. Where nothing can be saved,
    the clipboard stays as it is.
    """
    from homepress.daemon.commands.in_memory import InMemoryCompressor

    asked = CompressRequest(
        paths=[],
        preset=preset,
        quality=quality,
        metadata=metadata or "",
        convert=convert,
        max_edge=max_edge or 0,
        fit_under=fit_under,
        drop=drop,
    )
    paths = Paths.from_environment()
    board = clipboard()
    copied = board.read()
    if not copied.picture and not any(map(_is_picture, copied.files)):
        raise ServiceError("there is no picture on the clipboard: copy one, or files, and try again")
    with closing(InMemoryCompressor(paths)) as compressor:
        small, outcomes = _smaller(compressor, copied, asked, paths.state / _FOLDER)
        if small != copied:
            board.put(small)
            compressor.remember()
    _say_copied(outcomes, changed=small != copied, as_json=as_json)
    return 1 if any(outcome.missed for outcome in outcomes) else 0


def _smaller(
    compressor: "InMemoryCompressor", copied: Copied, asked: CompressRequest, folder: Path
) -> tuple[Copied, list[FileOutcome]]:
    """What takes the place of what was copied, and what became of each picture in it."""
    if copied.files:
        return _smaller_files(compressor, copied.files, asked, folder)
    request = msgspec.structs.replace(asked, paths=[_COPIED])
    outcome, result = compressor.compress(copied.picture, request, pixels=True)
    return Copied(picture=result or copied.picture), [outcome]


def _smaller_files(
    compressor: "InMemoryCompressor", files: tuple[Path, ...], asked: CompressRequest, folder: Path
) -> tuple[Copied, list[FileOutcome]]:
    outcomes, made = list[FileOutcome](), dict[Path, tuple[bytes, str]]()
    for file in filter(_is_picture, dict.fromkeys(files)):
        outcome, result, suffix = _compressed_file(compressor, file, asked)
        if result:
            made[file] = result, file.with_suffix(suffix).name if suffix else file.name
        outcomes.append(outcome)
    copies = _write_copies(folder, made) if made else {}
    outcomes = [
        msgspec.structs.replace(each, output=str(copies.get(Path(each.path), ""))) for each in outcomes
    ]
    return Copied(tuple(copies.get(file, file) for file in files)), outcomes


def _compressed_file(
    compressor: "InMemoryCompressor", file: Path, asked: CompressRequest
) -> tuple[FileOutcome, bytes, str]:
    """What became of a file, the result, and the suffix of its name where the format is another."""
    try:
        with file.open("rb") as stream:
            source = _read(stream, str(file))
    except (OSError, ServiceError) as error:
        reason = with_name(error) if isinstance(error, OSError) else str(error)
        return FileOutcome(str(file), "failed", reason, missed=True), b"", ""
    request = msgspec.structs.replace(asked, paths=[str(file)])
    outcome, result = compressor.compress(source, request)
    before, after = sniff(source[:SNIFF_BYTES]), sniff(result[:SNIFF_BYTES])
    return outcome, result, after.suffix if after is not None and after is not before else ""


def _write_copies(folder: Path, made: dict[Path, tuple[bytes, str]]) -> dict[Path, Path]:
    """Write small copies, in place of those of the last time; the path of each, by that of its source."""
    make_folder(folder.parent)
    make_folder(folder)
    before = list(_inside(folder))
    copies: dict[Path, Path] = {}
    for number, (source, (result, name)) in enumerate(made.items()):
        copies[source] = folder / str(number) / name  # a folder for each: two may have the same name
        make_folder(copies[source].parent)
        write_atomically(copies[source], result)
    for path in before:
        if path not in copies.values():
            path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                path.parent.rmdir()
    return copies


def _inside(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from (path for path in folder.glob("*/*") if path.is_file())


def _is_picture(file: Path) -> bool:
    return has_image_suffix(file.name) and file.is_file()


def _say_copied(outcomes: list[FileOutcome], *, changed: bool, as_json: bool) -> None:
    for outcome in outcomes:
        if as_json:
            output.print_json(outcome)
        elif outcome.outcome == "compressed":
            end = f": {printable(outcome.reason)}" if outcome.reason else ""
            figures = sizes(outcome.before_bytes, outcome.after_bytes)
            output.say(f"{figures}  {printable(outcome.path)}{end}")
        else:
            figures = sizes(outcome.before_bytes, word=outcome.outcome)
            output.say(f"{figures}  {why(outcome.path, outcome.reason)}")
    if not as_json:
        number = sum(outcome.outcome == "compressed" for outcome in outcomes)
        smaller = f"On the clipboard now: {counted(number, 'smaller picture')}."
        output.say(smaller if changed else "The clipboard is as it was.")
