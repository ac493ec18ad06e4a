"""The last look at a result before it may take a source's place: does it still say all the source said?"""

from PIL import Image

from homepress.compress.recipe import MetadataPolicy

_ORIENTATION = 0x0112  # Exif tag
_DISPLAY = ("icc_profile", "gamma", "chromaticity", "transparency", "background")
_METADATA = ("exif", "xmp", "comment", "photoshop", "dpi")


def first_difference(
    source: Image.Image, result: Image.Image, metadata: MetadataPolicy = MetadataPolicy.KEEP
) -> str:
    """What a result in the same format lost of its source, in words; empty when it lost nothing.

    Compared are the size in pixels, mode, frames, what decides how pixels are shown (colour profile,
    orientation) and, with the policy KEEP, the metadata blocks byte for byte as Pillow reads them. Pixels
    are not: see `pixels.fingerprint` and the score.
    """
    if source.size != result.size:
        return f"the size is {result.size[0]} by {result.size[1]} pixels"
    if source.mode != result.mode:
        return f"the mode is {result.mode}, not {source.mode}"
    if getattr(source, "n_frames", 1) != getattr(result, "n_frames", 1):
        return "the number of frames differs"
    names = _DISPLAY + (_METADATA if metadata is MetadataPolicy.KEEP else ())
    for name in names:
        if source.info.get(name) != result.info.get(name):
            return f"{name} differs"
    if metadata is not MetadataPolicy.STRIP and orientation(source) != orientation(result):
        return "the orientation differs"
    return ""


def orientation(picture: Image.Image) -> int:
    """The Exif orientation from 1 to 8; 1 when there is none or it cannot be read."""
    try:
        value = picture.getexif().get(_ORIENTATION, 1)
    except (OSError, SyntaxError, ValueError, TypeError, KeyError):  # Pillow on a broken Exif block
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
