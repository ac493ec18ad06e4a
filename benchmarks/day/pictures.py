"""Ten thousand small JPEGs, each another file, and a compressor that costs nothing and can be counted."""

import hashlib
import io
from collections import Counter
from pathlib import Path

from PIL import Image

from homepress.base.formats import ImageType
from homepress.compress import Compressed, Recipe, ScoreKind
from homepress.workers import CodecReport

_FILLER = b"\xff\xfe" + (1202).to_bytes(2, "big") + b"x" * 1200
"""A comment that compressing takes out."""


class Pictures:
    """Makes pictures, and knows what belongs to each."""

    def __init__(self) -> None:
        made = io.BytesIO()
        Image.linear_gradient("L").resize((64, 64)).save(made, "JPEG", quality=90)
        self._body = made.getvalue()[2:]

    def source(self, number: int) -> bytes:
        """A picture as a camera would write it."""
        return self._head(number) + _FILLER + self._body

    def result(self, number: int) -> bytes:
        """What becomes of it."""
        return self._head(number) + self._body

    def _head(self, number: int) -> bytes:
        return b"\xff\xd8\xff\xfe\x00\x0a" + number.to_bytes(8, "big")

    def write(self, folder: Path, number: int) -> None:
        """Put one into a folder."""
        (folder / f"{number:05}.jpg").write_bytes(self.source(number))

    def is_done(self, path: Path) -> bool:
        """Whether a file is the result of the picture of its name."""
        return path.read_bytes() == self.result(int(path.stem))

    def is_whole(self, path: Path) -> bool:
        """Whether a file is the picture of its name, or its result."""
        number = int(path.stem)
        return path.read_bytes() in (self.source(number), self.result(number))


class Compressor:
    """In the place of a worker's slot: takes the comment out, and counts how often for each picture."""

    pid = 1

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()

    def check_codecs(self, known: dict[str, str]) -> CodecReport:
        """See `homepress.workers.Slot`."""
        return CodecReport(versions=known, faults=None)

    def compress(self, source: bytes, recipe: Recipe) -> Compressed:
        """See `homepress.workers.Slot`."""
        self.times[hashlib.sha256(source).hexdigest()] += 1
        data = source.replace(_FILLER, b"", 1)
        digest, kind = hashlib.sha256(data).hexdigest(), ImageType.JPEG
        return Compressed(data, digest, kind, kind, 64, 64, 90.0, ScoreKind.SAMPLED, False, "simulated")
