"""Bytes that mean harm, or just mistakes: every format, every request, a verdict and never an exception."""

import io
import random

import pytest
from PIL import Image

from compress import images, pngs
from compress.metadata.exif_builder import exif_block
from homepress.base.formats import ImageType
from homepress.compress import MetadataPolicy, Recipe, compress, gif
from homepress.compress.model import Compressed, Unchanged
from homepress.compress.pixels import TooManyPixels
from support import corpus


def saved(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture = Image.fromarray(images.photo(40, 30))
    more = (
        {"save_all": True, "append_images": [picture.rotate(90)], "duration": 9}
        if options.pop("many", 0)
        else {}
    )
    picture.save(out, kind, **more, **options)
    return out.getvalue()


def seeds() -> dict[str, bytes]:
    exif = exif_block()
    return {
        "png": pngs.png(pngs.samples(6, 8, 30, 20), 6, 8, before=((b"eXIf", exif),)),
        "indexed": pngs.png(pngs.flat(3, 4, 30, 20), 3, 4, interlaced=True, transparency=b"\1\2"),
        "apng": saved("PNG", many=1),
        "webp": saved("WEBP", lossless=True, exif=exif),
        "lossy webp": saved("WEBP", quality=98),
        "animated webp": saved("WEBP", many=1, lossless=True),
        "gif": saved("GIF", many=1),
        "tiff": saved("TIFF"),
        "bmp": saved("BMP"),
        "avif": saved("AVIF", quality=60, exif=exif),
    }


pytestmark = pytest.mark.filterwarnings("ignore")  # Pillow warns of much that is wrong in these

SEEDS = seeds()
REQUESTS = [
    Recipe(floor=None),
    Recipe(floor=40.0, convert_to=ImageType.PNG),
    Recipe(floor=40.0, convert_to=ImageType.JPEG, max_edge=20),
    Recipe(floor=None, metadata=MetadataPolicy.SHARE),
    Recipe(floor=None, metadata=MetadataPolicy.STRIP),
]


def mangled(data: bytes, rng: random.Random) -> bytes:
    """The bytes with a few of them changed, cut out, doubled or at the end missing."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(out))
        what = rng.randrange(5)
        if what == 0:
            out[at] ^= 1 << rng.randrange(8)
        elif what == 1:
            out[at : at + 4] = rng.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"))
        elif what == 2:
            del out[at : at + rng.randrange(1, 40)]
        elif what == 3:
            out[at:at] = out[at : at + rng.randrange(1, 40)]
        else:
            del out[at + 1 :]
    return bytes(out)


@pytest.mark.parametrize("name", SEEDS)
def test_mangled_pictures_get_a_verdict(name: str) -> None:
    rng = random.Random(name)
    for round_number in range(60):
        data = mangled(SEEDS[name], rng)
        result = compress(data, REQUESTS[round_number % len(REQUESTS)])
        assert isinstance(result, Compressed | Unchanged)
        if name == "gif":
            try:
                gif.judge(SEEDS["gif"], data)
                gif.judge(data, SEEDS["gif"])
            except TooManyPixels:
                pass


@pytest.mark.corpus
@pytest.mark.parametrize("request_number", range(len(REQUESTS)))
def test_the_hostile_corpus_gets_verdicts(request_number: int) -> None:
    folder = corpus()
    if folder is None:
        pytest.skip("the corpus is not here")
    paths = sorted(path for path in (folder / "hostile").iterdir() if path.stat().st_size < 20_000)
    for path in paths[request_number :: len(REQUESTS)]:
        data = path.read_bytes()
        if not data.startswith(b"\xff\xd8"):  # JPEG has its own tests
            assert isinstance(compress(data, REQUESTS[request_number]), Compressed | Unchanged), path
