"""Whether a new coding may stand behind a JPEG's old headers."""

from homepress.compress.metadata.errors import Refusal, Refused
from homepress.compress.metadata.jpeg_segments import JpegStream, is_jfif
from homepress.compress.metadata.jpeg_tables import ColourModel, adobe_transform, colour_model, is_ambiguous


def check_coding(old: JpegStream, new: JpegStream) -> None:
    """Check that the picture of `new`, read with the headers of `old`, has the colours its encoder meant.

    Raises:
        Refused: another size or number of components, a process or precision that is not rewritten, a header
            behind the first scan of `old`, or colours that could be read differently.
    """
    if old.has_late_header:
        raise Refused(Refusal.LATE_HEADER)
    for stream in (old, new):
        frame = stream.frame
        if not frame.process.is_common or frame.precision != 8:
            words = frame.process.name.lower().replace("_", " ")
            raise Refused(Refusal.CODING_PROCESS, f"{words}, {frame.precision} bits")
    if _shape(old) != _shape(new):
        raise Refused(Refusal.FRAME_DIFFERS, f"{_shape(old)} became {_shape(new)}")
    if not _colours_agree(old, new):
        raise Refused(Refusal.COLOUR_MODEL, f"{_words(old)} became {_words(new)}")


def _colours_agree(old: JpegStream, new: JpegStream) -> bool:
    if _statement(old) == _statement(new):
        return True  # whatever a reader makes of it, it makes the same of both
    if is_ambiguous(old) or is_ambiguous(new):
        return False
    model = colour_model(old)
    if len(new.frame.components) == 4 and (adobe_transform(old) is None) != (adobe_transform(new) is None):
        return False  # with Adobe's header four components are read inverted, without it not
    return (
        model is not ColourModel.UNKNOWN
        and colour_model(new) is model
        and colour_model(old, new.frame.identifiers) is model
    )


def _statement(stream: JpegStream) -> tuple[bool, int | None, tuple[int, ...]]:
    """All that a file says about its colour model: JFIF header, Adobe's transform, component names."""
    jfif = any(is_jfif(stream, segment) for segment in stream.headers)
    return jfif, adobe_transform(stream), stream.frame.identifiers


def _shape(stream: JpegStream) -> str:
    frame = stream.frame
    return f"{frame.width} × {frame.height} × {len(frame.components)}"


def _words(stream: JpegStream) -> str:
    return f"{colour_model(stream)}{', ambiguous' if is_ambiguous(stream) else ''}"
