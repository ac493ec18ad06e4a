"""How many pixels a picture has after it was made smaller; the daemon holds results against the same rule."""

from collections.abc import Iterator
from typing import Final

Size = tuple[int, int]
"""Width and height in pixels."""

SHARES: Final = (1.0, 0.75, 0.5, 0.35, 0.25)
"""Of each edge: what is tried in turn to make a picture fit under a size in bytes."""


def fitted_size(size: Size, max_edge: int) -> Size:
    """Width and height that keep the shape and have no edge longer than `max_edge`; 0 sets no limit."""
    width, height = size
    longest = max(width, height)
    if not max_edge or longest <= max_edge:
        return size
    return max(1, round(width * max_edge / longest)), max(1, round(height * max_edge / longest))


def shrunk(size: Size, share: float) -> Size:
    """Width and height with a share of each edge."""
    return round(size[0] * share), round(size[1] * share)


def possible_sizes(size: Size, max_edge: int, *, fitting: bool) -> Iterator[Size]:
    """All sizes that a picture may come out in.

    Args:
        size: of the source.
        max_edge: the longest edge that was asked for; 0 sets no limit.
        fitting: whether it has to fit under a size in bytes.
    """
    yield size
    fitted = fitted_size(size, max_edge)
    yield fitted
    if fitting:
        yield from (shrunk(fitted, share) for share in SHARES)
