"""Coding pictures as JPEG: encoders behind one interface, and mozjpeg's lossless pass."""

from homepress.compress.jpeg.encoder import Encoder, Sample, Sampling
from homepress.compress.jpeg.lossless import optimise

__all__ = ["Encoder", "Sample", "Sampling", "optimise"]
