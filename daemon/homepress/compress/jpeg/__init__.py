"""Coding pictures as JPEG: encoders behind one interface, and mozjpeg's lossless pass."""

from homepress.compress.jpeg.encoder import optimise
from homepress.compress.jpeg.model import EncodedSample, Encoder, Sampling

__all__ = ["EncodedSample", "Encoder", "Sampling", "optimise"]
