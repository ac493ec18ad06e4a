"""Decompression of what metadata holds, with a limit."""

import zlib

from homepress.compress.metadata.errors import Malformed

MOST_INFLATED = 16_000_000
"""Bytes; profiles and texts are smaller, a bomb is not."""


def inflate(data: bytes, limit: int = MOST_INFLATED) -> bytes:
    """Decompress one zlib stream.

    Raises:
        Malformed: broken, cut short, or longer than `limit` bytes when decompressed.
    """
    machine = zlib.decompressobj()
    try:
        result = machine.decompress(data, limit)
    except zlib.error as error:
        raise Malformed("broken compressed metadata") from error
    if not machine.eof:
        raise Malformed("compressed metadata that is cut short or too long")
    return result
