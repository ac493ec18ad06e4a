"""The process that looks whether results look like their pictures; it compresses nothing."""

from homepress.base.formats import ImageType
from homepress.compress import Compressed, Reason, Recipe, Unchanged, load_codecs
from homepress.workers.child import Job, work


def main() -> None:
    """Be the one that looks."""
    work(load)


def load(only: ImageType | None) -> Job:
    """Load every decoder, or that of one format; there is nothing to give that compresses."""
    load_codecs(only)
    return _refuse


def _refuse(source: bytes, recipe: Recipe) -> Compressed | Unchanged:  # noqa: ARG001 (every job takes both)
    return Unchanged(Reason.FORMAT_LEFT_ALONE, "this process only looks")


if __name__ == "__main__":
    main()
