"""Headers, containers and metadata at the byte level: no codec, no pixel.

Everything here takes bytes and gives bytes or frozen values, in time linear in its input, and raises nothing
but `Malformed` (not a whole, well-formed file) and `Refused` (well-formed, but not safely rewritten).
"""

from homepress.compress.metadata.embedded import Embedded, jpeg_profile, jpeg_profile_segments, read_embedded
from homepress.compress.metadata.errors import Malformed, Refused, RewriteRefusal
from homepress.compress.metadata.jpeg_container import swap_primary
from homepress.compress.metadata.jpeg_file import JpegContents, JpegFile, describe_jpeg, read_jpeg_file
from homepress.compress.metadata.jpeg_segments import (
    Component,
    FrameHeader,
    JpegStream,
    Process,
    Segment,
    parse_jpeg,
    picture_only,
)
from homepress.compress.metadata.jpeg_tables import (
    ColourModel,
    QuantTable,
    Scan,
    colour_model,
    component_tables,
    read_scans,
)
from homepress.compress.metadata.location import has_location
from homepress.compress.metadata.scrub import Stripped, share, strip
from homepress.compress.metadata.scrub_tags import share_exif, share_xmp
from homepress.compress.metadata.webp import swap_webp_picture

__all__ = [
    "ColourModel",
    "Component",
    "Embedded",
    "FrameHeader",
    "JpegContents",
    "JpegFile",
    "JpegStream",
    "Malformed",
    "Process",
    "QuantTable",
    "Refused",
    "RewriteRefusal",
    "Scan",
    "Segment",
    "Stripped",
    "colour_model",
    "component_tables",
    "describe_jpeg",
    "has_location",
    "jpeg_profile",
    "jpeg_profile_segments",
    "parse_jpeg",
    "picture_only",
    "read_embedded",
    "read_jpeg_file",
    "read_scans",
    "share",
    "share_exif",
    "share_xmp",
    "strip",
    "swap_primary",
    "swap_webp_picture",
]
