"""A worker that lies: run in the worker's place by `Slot(program=...)`, with the name of the lie.

One of its codecs errs, or all that it gives back as a result is something else, with the best score.
"""

import hashlib
import io
import sys
from collections.abc import Callable
from typing import Any

from PIL import Image

from homepress.base.formats import ImageType, sniff
from homepress.compress import Compressed, Recipe, ScoreKind, selfcheck_formats, webp
from homepress.compress.jpeg.encoder import RateDistortionEncoder
from homepress.compress.metadata import parse_jpeg, picture_only, swap_primary
from homepress.compress.metadata.jpeg_container import replace_parts, replaceable_parts
from homepress.compress.metadata.jpeg_file import read_jpeg_file
from homepress.compress.png import recode
from homepress.compress.png.coded import CodedPicture
from homepress.workers import child
from homepress.workers.child import Job
from homepress.workers.dimensions import read_dimensions


def lie_about_jpeg() -> None:
    """Whatever quality is asked for, it is a poor one."""
    honest = RateDistortionEncoder.encode
    RateDistortionEncoder.encode = (  # type: ignore[method-assign]  # the lie
        lambda self, picture, sampling, quality, sample: honest(self, picture, sampling, 12.0, sample)
    )


def load_and_lie_in_a_worker_for_jpegs(only: ImageType | None) -> Job:
    """The same, but where all codecs are loaded."""
    if only is ImageType.JPEG:
        lie_about_jpeg()
    return child.compress_with_codecs(only)


def lie_about_png() -> None:
    """Lossless, but for the first byte of the stream."""

    def lie(picture: CodedPicture, *_: Any, **__: Any) -> CodedPicture:
        return CodedPicture(picture.header, picture.palette, picture.transparency, b"\0" + picture.stream[1:])

    selfcheck_formats.recode = recode.recode = lie  # type: ignore[attr-defined]  # the lie


def lie_about_webp() -> None:
    """It ends the process."""

    def lie(_: object) -> bytes:
        raise SystemExit(3)

    webp.encode_lossless = lie  # type: ignore[assignment]  # the lie


def lie_about_dead_jpeg() -> None:
    """It ends the process."""

    def lie(*_: object) -> bytes:
        raise SystemExit(3)

    RateDistortionEncoder.encode = lie  # type: ignore[assignment]  # the lie


def _whole(image: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, quality=40)
    return out.getvalue()


def magic_bytes(source: bytes, kind: str, size: tuple[int, int]) -> bytes:
    """Nothing but what a format begins with."""
    return source[:12] + b"and now for something completely different"


def header(source: bytes, kind: str, size: tuple[int, int]) -> bytes:
    """All that a header says, and no pixels."""
    return _whole(Image.new("RGB", size), kind)[: len(source) // 2].ljust(len(source) // 3, b"x")


def one_colour(source: bytes, kind: str, size: tuple[int, int]) -> bytes:
    """A picture of the right size with nothing on it."""
    return _whole(Image.new("RGB", size, (128, 120, 100)), kind)


def another(source: bytes, kind: str, size: tuple[int, int]) -> bytes:
    """Its own picture, upside down."""
    with Image.open(io.BytesIO(source)) as image:
        return _whole(image.convert("RGB").resize(size).transpose(Image.Transpose.ROTATE_180), kind)


def cut(source: bytes, kind: str, size: tuple[int, int]) -> bytes:
    """Its own picture, of which a third is black."""
    with Image.open(io.BytesIO(source)) as image:
        shown = image.convert("RGB").resize(size)
    shown.paste((0, 0, 0), (0, 2 * size[1] // 3, *size))
    return _whole(shown, kind)


def small(source: bytes, kind: str, size: tuple[int, int]) -> bytes:
    """Its own picture, with half the pixels."""
    with Image.open(io.BytesIO(source)) as image:
        return _whole(image.convert("RGB").resize((size[0] // 2, size[1] // 2)), kind)


def nothing_attached(source: bytes, kind: str, size: tuple[int, int]) -> bytes:
    """Its own picture as it is, and nothing behind it."""
    return source[: parse_jpeg(source).end]


def another_attached(source: bytes, kind: str, size: tuple[int, int]) -> bytes:
    """Its own picture as it is; what is attached has other pixels, and is found where the indexes say."""
    places = replaceable_parts(read_jpeg_file(source))
    others = {}
    for start, end in places:
        stream = parse_jpeg(source[start:end])
        edge = (stream.frame.width, stream.frame.height)
        other = Image.new("L" if len(stream.frame.components) == 1 else "RGB", edge)
        out = io.BytesIO()
        other.save(out, "JPEG", quality=20)
        others[start] = swap_primary(stream.data, picture_only(parse_jpeg(out.getvalue())))
    return replace_parts(source, others)


ABOUT_ATTACHED = {made.__name__: made for made in (nothing_attached, another_attached)}
"""For JPEGs with something attached."""

GARBAGE = {made.__name__: made for made in (magic_bytes, header, one_colour, another, cut, small)}


def giving(garbage: Callable[[bytes, str, tuple[int, int]], bytes]) -> Job:
    """A job that gives garbage for every picture, with the best score."""
    child.compress_with_codecs()  # garbage takes codecs too, and behind the lock none is loaded

    def job(source: bytes, recipe: Recipe) -> Compressed:
        kind = sniff(source[:64])
        facts = read_dimensions(source, kind) if kind else None
        if kind is None or facts is None:
            raise ValueError("no picture")
        target = recipe.convert_to or kind
        size = (facts.width, facts.height)
        data = garbage(source, str(target), size)
        digest = hashlib.sha256(data).hexdigest()
        said = read_dimensions(data, target)
        if said is not None:
            size = (said.width, said.height)
        return Compressed(data, digest, target, kind, *size, 100.0, ScoreKind.FULL, True, "trust me")

    return job


LIES = {
    "jpeg": lie_about_jpeg,
    "dead jpeg": lie_about_dead_jpeg,
    "png": lie_about_png,
    "webp": lie_about_webp,
    "none": lambda: None,
}

if __name__ == "__main__":
    name = sys.argv.pop(1)
    garbage = GARBAGE | ABOUT_ATTACHED
    if name in garbage:
        child.work(lambda _: giving(garbage[name]))
    elif name == "jpeg alone":
        child.work(load_and_lie_in_a_worker_for_jpegs)
    else:
        LIES[name]()
        child.work(child.compress_with_codecs)
