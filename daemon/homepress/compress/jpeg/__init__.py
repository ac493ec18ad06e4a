"""Coding pictures as JPEG: encoders behind one interface, and the fewest bytes for the same coefficients."""

from homepress.compress.jpeg.model import Coding, EncodedSample, Encoder, Sampling
from homepress.compress.jpeg.smallest import optimise

__all__ = ["Coding", "EncodedSample", "Encoder", "Sampling", "optimise"]
