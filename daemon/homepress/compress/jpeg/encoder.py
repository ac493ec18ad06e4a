"""What an encoder of JPEGs offers, whoever made it."""

import enum
from typing import Protocol

from homepress.compress.raster import Pixels, Windowed


class Sampling(enum.StrEnum):
    """How much of the colour is kept: all of it, or one value for each four pixels."""

    FULL = "4:4:4"
    QUARTER = "4:2:0"


class Sample(Protocol):
    """A sample of a picture (tiles side by side), ready to be tried at several qualities."""

    def decoded(self, quality: float) -> Pixels:
        """What a decoder makes of the sample coded at a quality."""
        ...

    def size(self, quality: float) -> int:
        """About how many bytes the sample takes at a quality, for comparing samplings with each other."""
        ...


class Encoder(Protocol):
    """Codes pictures as JPEG at a real-valued quality on jpegli's scale (about libjpeg's)."""

    name: str
    """What the history calls it."""

    def sample(self, pixels: Pixels, sampling: Sampling) -> Sample:
        """Prepare a sample; its width must be a multiple of 16 pixels."""
        ...

    def encode(self, picture: Windowed, sampling: Sampling, quality: float, sample: Sample) -> bytes:
        """Code a whole picture.

        Args:
            picture: grey, in colours that become YCbCr, or in inks that become YCCK.
            sampling: of its colours; ignored for grey.
            quality: as tried on the sample.
            sample: what `sample` made of parts of the same picture, which may steer the coding.

        Returns:
            A JPEG stream from SOI to EOI, without metadata, in any coding that every decoder reads.
        """
        ...
