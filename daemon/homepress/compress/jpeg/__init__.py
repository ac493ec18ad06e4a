"""Coding pictures as JPEG: encoders behind one interface, and mozjpeg's lossless pass."""

from homepress.compress.jpeg.encoder import optimise
from homepress.compress.jpeg.model import Encoder, Sample, Sampling

__all__ = ["Encoder", "Sample", "Sampling", "optimise"]
