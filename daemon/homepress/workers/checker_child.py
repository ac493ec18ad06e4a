"""The process that looks whether results look like their pictures; it compresses nothing."""

import importlib

from homepress.compress import Compressed, Reason, Recipe, Unchanged
from homepress.workers.child import Job, work

# Loaded before the lock, for speed. Decoders of rarer formats are loaded when needed.
_USUAL_MODULES = (
    "homepress.compress.likeness",
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "PIL.WebPImagePlugin",
    "PIL.GifImagePlugin",
)


def main() -> None:
    """Be the one that looks."""
    work(load)


def load() -> Job:
    """Import the usual decoders; there is nothing to give that compresses."""
    for module in _USUAL_MODULES:
        importlib.import_module(module)
    return _refuse


def _refuse(source: bytes, recipe: Recipe) -> Compressed | Unchanged:  # noqa: ARG001 (every job takes both)
    return Unchanged(Reason.FORMAT_LEFT_ALONE, "this process only looks")


if __name__ == "__main__":
    main()
