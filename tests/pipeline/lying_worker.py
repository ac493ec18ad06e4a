"""A worker with one codec that lies: run in the worker's place by `Slot(program=...)`, with its name."""

import sys
from typing import Any

from homepress.compress import selfcheck, webp
from homepress.compress.jpeg.encoder import RateDistortionEncoder
from homepress.compress.png import recode
from homepress.compress.png.pixels import CodedPicture
from homepress.workers import child


def lie_about_jpeg() -> None:
    """Whatever quality is asked for, it is a poor one."""
    honest = RateDistortionEncoder.encode
    RateDistortionEncoder.encode = (  # type: ignore[method-assign]  # the lie
        lambda self, pixels, sampling, quality, sample: honest(self, pixels, sampling, 12.0, sample)
    )


def lie_about_png() -> None:
    """Lossless, but for the first byte of the stream."""

    def lie(picture: CodedPicture, *_: Any, **__: Any) -> CodedPicture:
        return CodedPicture(picture.header, picture.palette, picture.transparency, b"\0" + picture.stream[1:])

    selfcheck.recode = recode.recode = lie  # type: ignore[attr-defined]  # the lie


def lie_about_webp() -> None:
    """It ends the process."""

    def lie(_: object) -> bytes:
        raise SystemExit(3)

    webp.encode_lossless = lie  # type: ignore[assignment]  # the lie


if __name__ == "__main__":
    {"jpeg": lie_about_jpeg, "png": lie_about_png, "webp": lie_about_webp, "none": lambda: None}[
        sys.argv.pop(1)
    ]()
    child.work(child.compress_with_codecs)
