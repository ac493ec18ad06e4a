"""Answers that come one by one: printed as they come, counted on the way."""

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TypeVar

import msgspec

from homepress.ui.cli import output
from homepress.ui.cli.progress import Progress

_T = TypeVar("_T", bound=msgspec.Struct)


def told(
    items: Iterable[_T],
    line: Callable[[_T], str],
    *,
    as_json: bool,
    thing: str = "picture",
    total: int | None = None,
) -> Iterator[_T]:
    """Print each item, as JSON or as its line above a progress bar, and hand it on.

    Args:
        items: ended when the caller stops taking, so that no work goes on unseen.
        line: an item in words.
        as_json: whether programs read it.
        thing: what is counted.
        total: how many there will be, as far as anybody knows.
    """
    with Progress(thing, total) as progress, ended(items):
        for item in items:
            if as_json:
                output.print_json(item)
            else:
                progress.say(line(item))
            progress.step()
            yield item


@contextlib.contextmanager
def ended(items: Iterable[object]) -> Iterator[None]:
    """Close a stream at the end of the block, if it can be closed."""
    try:
        yield
    finally:
        if isinstance(items, Generator):
            items.close()
