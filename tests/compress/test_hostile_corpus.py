"""The hostile set: nothing is changed but what is whole, and that keeps all it had."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from homepress.base.formats import SNIFF_BYTES, sniff, type_by_name
from homepress.compress import Compressed, Recipe, Unchanged, compress
from homepress.compress.metadata import read_embedded

pytestmark = [pytest.mark.corpus, pytest.mark.filterwarnings("ignore")]

WHOLE = {
    "exif-samples__image01137.jpg": "XMP without Exif",
    "exiv2__exiv2-bug937.jpg": "a directory of the Exif block in front of the main one",
    "gen__png-trailing-4k-random.png": "4 KiB behind the end, which stay there",
    "image__pal8badindex.bmp.png": "how a damaged BMP is to be shown, as a sound PNG",
    "image__resize-with-alpha-original.png": "an Exif block in a PNG",
    "jpeg-decoder__multiple-0xff-before-eoi.jpg": "a fill byte before the end",
    "libgd__bug00067_000_exp.png": "what libgd's test expects",
    "libgd__bug00079_exp.png": "what libgd's test expects",
    "libgd__bug00351_exp.png": "what libgd's test expects",
    "mdx__18f9baf3834980f4b80a3e82ad45be48.png": "text behind the picture data",
}
"""Sound pictures that are in the set all the same, and what is odd about them."""
SHOWN = ("icc_profile", "exif", "xmp", "dpi", "gamma", "comment", "photoshop", "transparency")


@pytest.mark.slow
def test_only_whole_pictures_are_changed_and_they_keep_all_they_had(corpus_dir: Path) -> None:
    changed = set()
    for path in sorted((corpus_dir / "hostile").iterdir()):
        source = path.read_bytes()
        kind = sniff(source[:SNIFF_BYTES])
        if type_by_name(path.name) is not kind:
            continue  # the pipeline does not even ask
        result = compress(source, Recipe())
        if isinstance(result, Unchanged):
            assert str(result)
            continue
        changed.add(path.name)
        check_nothing_is_lost(source, result)
    assert changed <= WHOLE.keys()


def check_nothing_is_lost(source: bytes, result: Compressed) -> None:
    before, after = (Image.open(io.BytesIO(data)) for data in (source, result.data))
    assert (before.size, before.mode == "L") == (after.size, after.mode == "L")
    assert [before.info.get(name) for name in SHOWN] == [after.info.get(name) for name in SHOWN]
    assert read_embedded(source) == read_embedded(result.data)
    if result.lossless:
        first, second = (np.asarray(image.convert("RGBA")) for image in (before, after))
        assert np.array_equal(first, second)
    else:
        assert result.score >= 80.0
