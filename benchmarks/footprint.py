"""What each kind of work takes of memory: the figures of `compress/footprint.py`, measured anew.

    python benchmarks/footprint.py [--megapixels 12 50] [--json FILE]

Each picture is worked on by a process of its own, which has loaded every codec and has no limit. What counts
is its peak of addresses (proc(5), VmPeak), which is what the limit of a worker bounds, less what it had
before the picture; beside it stand the memory in use (VmHWM) and what a worker would be given.
"""

import argparse
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from PIL import Image

from benchmarks.watching.pictures import photograph
from homepress.base.formats import ImageType
from homepress.compress import Recipe
from homepress.compress.engine import compress, load_codecs
from homepress.compress.footprint import PictureHeader, bytes_to_compress
from homepress.compress.likeness import difference
from homepress.workers.dimensions import read_dimensions
from homepress.workers.process import environment

_ASPECT = 4 / 3
_TARGETS = ("", "jpeg", "png", "webp", "avif", "jxl")
_COMPARED = "compared"
_LOSSLESS = "lossless"
_KINDS_OF_JPEG: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("4:4:4", "RGB", {"subsampling": 0}),
    ("progressive", "RGB", {"progressive": True}),
    ("grey", "L", {}),
    ("inks", "CMYK", {}),
)
"""Name, Pillow's mode and options of what is only made smaller in place."""


def _pictures(megapixels: float) -> Iterator[tuple[ImageType, str, bytes]]:
    """A photograph, noise, a drawing, a drawing that is transparent, and a photograph in kinds of JPEG."""
    height = round((megapixels * 1e6 / _ASPECT) ** 0.5 / 16) * 16
    size = (round(height * _ASPECT / 16) * 16, height)
    yield ImageType.JPEG, "photograph", photograph(1, size)
    coarse = io.BytesIO()
    Image.merge("RGB", [Image.effect_noise(size, 80) for _ in "RGB"]).save(coarse, "JPEG", quality=95)
    yield ImageType.JPEG, "noise", coarse.getvalue()
    ramp = Image.linear_gradient("L").resize(size)
    for mode, name in (("RGB", "drawing"), ("RGBA", "transparent")):
        image = ramp.convert(mode)
        if mode == "RGBA":
            image.putalpha(ramp)
        out = io.BytesIO()
        image.save(out, "PNG", compress_level=1)
        yield ImageType.PNG, name, out.getvalue()
    with Image.open(io.BytesIO(photograph(1, size))) as photo:
        for name, mode, options in _KINDS_OF_JPEG:
            out = io.BytesIO()
            photo.convert(mode).save(out, "JPEG", quality=92, **options)
            yield ImageType.JPEG, name, out.getvalue()


def _recipe(asked: str) -> Recipe:
    if asked == _LOSSLESS:
        return Recipe(floor=None)
    return Recipe(convert_to=ImageType(asked) if asked else None, bigger=True)


def _peaks() -> tuple[int, int]:
    """Addresses and memory in use at their highest, in bytes."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("ascii").splitlines())
    return int(lines["VmPeak"].split()[0]) * 1024, int(lines["VmHWM"].split()[0]) * 1024


def _be_measured(asked: str) -> None:
    """In the process of one picture, which comes through the standard input."""
    load_codecs()
    before = _peaks()
    source = sys.stdin.buffer.read()
    if asked == _COMPARED:
        difference(source, source)
    else:
        compress(source, _recipe(asked))
    print(json.dumps([after - begun for after, begun in zip(_peaks(), before, strict=True)]))


def _measure(source: bytes, asked: str) -> tuple[int, int]:
    command = [sys.executable, "-P", __file__, "--measured", asked]
    done = subprocess.run(
        command, input=source, capture_output=True, check=True, env={**environment(), "PYTHONPATH": ""}
    )
    addresses, in_use = json.loads(done.stdout)
    return addresses, in_use


def _given(kind: ImageType, source: bytes, asked: str) -> int:
    size = read_dimensions(source, kind)
    assert size is not None
    header = PictureHeader(kind, size.width, size.height, len(source), size.inks)
    return bytes_to_compress(header, _recipe(asked))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megapixels", type=float, nargs="+", default=[12, 50])
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--measured", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measured is not None:
        _be_measured(arguments.measured)
        return
    figures = []
    for megapixels in arguments.megapixels:
        for kind, name, source in _pictures(megapixels):
            in_place = name in {each for each, _, _ in _KINDS_OF_JPEG}
            for asked in ("", _LOSSLESS) if in_place else (*_TARGETS, _LOSSLESS, _COMPARED):
                addresses, in_use = _measure(source, asked)
                row: dict[str, object] = {
                    "megapixels": megapixels,
                    "picture": name,
                    "asked": asked or "in place",
                }
                row["addresses_a_pixel"] = round(addresses / megapixels / 1e6, 1)
                row["in_use_a_pixel"] = round(in_use / megapixels / 1e6, 1)
                if asked != _COMPARED:
                    row["given_a_pixel"] = round(_given(kind, source, asked) / megapixels / 1e6, 1)
                figures.append(row)
                print(json.dumps(row), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
