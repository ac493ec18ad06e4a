"""Header bytes that scrubbing left blank and that a rewrite may drop."""

from homepress.compress.metadata.jpeg_segments import JpegStream, Segment


def trimmed_headers(stream: JpegStream) -> dict[Segment, bytes]:
    """The headers that can be shorter than they are: their new bytes, empty for those that go altogether."""
    blank = {}
    for segment in stream.headers:
        body = stream.payload(segment)
        if body and not body.strip(b"\0"):
            blank[segment] = b""
    return blank
