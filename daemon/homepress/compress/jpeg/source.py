"""What a JPEG source is like before anything is done to it."""

from homepress.compress.jpeg.tables import quality_of_tables
from homepress.compress.metadata import (
    ColourModel,
    JpegStream,
    Process,
    colour_model,
    component_tables,
)

# The luma table of ITU-T T.81 annex K.1 in natural order, which libjpeg scales by its quality.
_ANNEX_K_LUMA_SUM = 3688


def quality_of(stream: JpegStream) -> float:
    """The quality, on libjpeg's scale of 1 to 100, whose luma table divides as much as this source's.

    Raises:
        Malformed: the source's tables are missing or broken.
    """
    scale = 100.0 * sum(component_tables(stream)[0].values) / _ANNEX_K_LUMA_SUM
    quality = 5000.0 / scale if scale > 100.0 else (200.0 - scale) / 2.0
    return min(max(quality, 1.0), 100.0)


def obstacle(stream: JpegStream) -> str:
    """Why a stream is left alone whatever is asked, in words; empty when it is not."""
    frame = stream.frame
    if frame.process.is_lossless:
        return "lossless JPEG"
    if frame.process.is_arithmetic:
        return "arithmetic coding"
    if frame.process not in (Process.BASELINE, Process.EXTENDED, Process.PROGRESSIVE):
        return "hierarchical JPEG"
    if frame.precision != 8:
        return f"{frame.precision} bits a sample"
    if colour_model(stream) is ColourModel.UNKNOWN:
        return f"{len(frame.components)} components"
    return ""


def is_own(stream: JpegStream) -> bool:
    """Whether the encoders here have coded it before, told by its tables: one lossy generation is enough."""
    return quality_of_tables(tuple(table.values for table in component_tables(stream))) is not None
