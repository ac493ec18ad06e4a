"""mozjpeg's lossless pass: the same coefficients in fewer bytes."""

import mozjpeg_lossless_optimization


def optimise(stream: bytes) -> bytes:
    """The same picture, coefficient for coefficient, coded progressively with scans and codes chosen for it.

    The library ends the process on some broken streams: hand over only what was decoded before, and only the
    picture itself, for it keeps no metadata.

    Args:
        stream: a JPEG from SOI to EOI that decodes in full.
    """
    return bytes(mozjpeg_lossless_optimization.optimize(stream))
