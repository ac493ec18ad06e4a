"""Headers, containers and metadata at the byte level: no codec, no pixel.

Everything here takes bytes and gives bytes or frozen values, in time linear in its input, and raises nothing
but `Malformed` (not a whole, well-formed file) and `Refused` (well-formed, but not safely rewritten).
"""

from homepress.compress.metadata.errors import Malformed, Refusal, Refused
from homepress.compress.metadata.jpeg_container import swap_primary
from homepress.compress.metadata.jpeg_describe import JpegContents, describe_jpeg
from homepress.compress.metadata.jpeg_frame import Component, Frame, Process
from homepress.compress.metadata.jpeg_segments import JpegStream, Segment, parse_jpeg, picture_only
from homepress.compress.metadata.jpeg_tables import (
    ColourModel,
    QuantTable,
    Scan,
    colour_model,
    component_tables,
    read_scans,
)

__all__ = [
    "ColourModel",
    "Component",
    "Frame",
    "JpegContents",
    "JpegStream",
    "Malformed",
    "Process",
    "QuantTable",
    "Refusal",
    "Refused",
    "Scan",
    "Segment",
    "colour_model",
    "component_tables",
    "describe_jpeg",
    "parse_jpeg",
    "picture_only",
    "read_scans",
    "swap_primary",
]
