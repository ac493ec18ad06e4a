"""Where gifsicle is, the program that makes GIFs smaller, and what its output is good for."""

import functools
import shutil
import sysconfig
from pathlib import Path

from homepress.base.formats import ImageType
from homepress.compress import Reason, Unchanged
from homepress.workers.tool import ToolResult

_NAME = "gifsicle"


@functools.cache
def gifsicle() -> Path | None:
    """The program: the one installed with Homepress, else the system's; None when there is none."""
    beside_python = shutil.which(_NAME, path=sysconfig.get_path("scripts"))
    found = beside_python or shutil.which(_NAME)
    return Path(found).resolve() if found else None


def command(program: Path) -> tuple[str, ...]:
    """Its command line: it reads a GIF from its standard input and writes one to its output."""
    return (str(program), "--optimize=3", "--optimize=keep-empty", "--no-warnings", "--no-ignore-errors")


def most_output(source: bytes) -> int:
    """Bytes that it may write: more than any sensible result, so that only what has gone mad is ended."""
    return 4 * len(source) + (1 << 20)


def refusal(result: ToolResult) -> Unchanged | None:
    """Why the picture stays as it is when gifsicle did not want it; None when there is a candidate."""
    if result.exit_code == 0:
        return None
    detail = f"gifsicle refused it: {result.errors}"
    return Unchanged(Reason.CANNOT_KEEP_WHOLE, detail, ImageType.GIF)
