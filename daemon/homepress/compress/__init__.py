"""Makes pictures smaller: bytes in, bytes out, nothing else read or written.

The only room that imports codecs. Its work is done in worker processes, which load it when they start.
"""

from homepress.base.formats import ImageType
from homepress.compress.model import Compressed, Extra, MetadataPolicy, Reason, Recipe, ScoreKind, Unchanged

__all__ = [
    "Compressed",
    "Extra",
    "MetadataPolicy",
    "Reason",
    "Recipe",
    "ScoreKind",
    "Unchanged",
    "compress",
    "load_codecs",
]


def compress(source: bytes, recipe: Recipe) -> Compressed | Unchanged:
    """Make one picture smaller. Nothing but the bytes and the recipe decides the result.

    Args:
        source: the bytes of the file.
        recipe: what is asked.

    Returns:
        A result that is smaller by the minimum saving and passed every check, or why there is none.
    """
    # The daemon imports this package for its types; only a worker may pay for the codecs.
    from homepress.compress.engine import compress as run

    return run(source, recipe)


def load_codecs(only: ImageType | None = None) -> None:
    """Load everything that a picture can ever need; otherwise the parts are loaded when they are needed.

    Args:
        only: one of `model.LOADED_ALONE`: no picture will be of another format, or become one. None for all.
    """
    from homepress.compress.engine import load_codecs as run

    run(only)
