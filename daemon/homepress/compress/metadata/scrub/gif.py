"""GIF files without comments and metadata; sharing and stripping are the same for them."""

from homepress.compress.metadata.gif_blocks import (
    ICC_APPLICATION,
    LOOP_APPLICATIONS,
    GifBlock,
    GifBlockKind,
    read_gif,
)

_PICTURE = frozenset({GifBlockKind.IMAGE, GifBlockKind.GRAPHIC_CONTROL, GifBlockKind.PLAIN_TEXT})


def share_gif(data: bytes) -> bytes:
    """A GIF with its images, timing, looping and colour profile; comments, XMP and other extensions go.

    Raises:
        Malformed: not a well-formed GIF.
    """
    file = read_gif(data)
    kept = [data[block.start : block.end] for block in file.blocks if _stays(block)]
    return b"".join((data[: file.blocks_start], *kept, data[file.end - 1 : file.end]))


def _stays(block: GifBlock) -> bool:
    return block.kind in _PICTURE or block.application in LOOP_APPLICATIONS | {ICC_APPLICATION}
