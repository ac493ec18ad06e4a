"""Behind the lock every codec gives what it gives without: nothing that one needs is missing in the list."""

import contextlib
import functools
import io
import os
import sys
from collections.abc import Iterator

import pytest
from PIL import Image

from compress.images import photo
from homepress.base.formats import ImageType
from homepress.compress import Compressed, MetadataPolicy, Recipe, compress
from homepress.workers import Limits, Slot
from workers.mischief import slot, tell, tell_heic


@pytest.fixture(scope="module")
def worker() -> Iterator[Slot]:
    with contextlib.closing(Slot(Limits(), background=False)) as made:
        yield made


@functools.cache
def source(name: str) -> bytes:
    """A picture that each format codes badly enough to be made smaller."""
    picture, out = Image.fromarray(photo(96, 128)), io.BytesIO()
    if name == "HEIF":
        pytest.importorskip("pillow_heif").from_pillow(picture).save(out, quality=-1)
    elif name == "JPEG XL":
        return result(compress(source("PNG"), Recipe(floor=None, convert_to=ImageType.JXL)))
    elif name == "APNG":
        other = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        picture.save(out, "PNG", save_all=True, append_images=[other], compress_level=0)
    else:
        options = {"compress_level": 0} if name == "PNG" else {"quality": 100}
        picture.save(out, name, **({} if name in ("TIFF", "BMP", "GIF") else options))
    return out.getvalue()


def result(answer: object) -> bytes:
    assert isinstance(answer, Compressed), answer
    return answer.data


@pytest.mark.parametrize("to", [ImageType.JPEG, ImageType.WEBP, ImageType.AVIF, ImageType.JXL, ImageType.PNG])
@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP", "AVIF", "JPEG XL", "HEIF", "TIFF", "BMP"])
def test_a_conversion_is_the_same(worker: Slot, name: str, to: ImageType) -> None:
    recipe = Recipe(convert_to=to)
    assert worker.compress(source(name), recipe) == compress(source(name), recipe)


@pytest.mark.parametrize("recipe", [Recipe(), Recipe(floor=None), Recipe(metadata=MetadataPolicy.STRIP)])
@pytest.mark.parametrize("name", ["PNG", "APNG", "JPEG", "WEBP", "AVIF", "JPEG XL", "HEIF", "TIFF"])
def test_a_result_in_place_is_the_same(worker: Slot, name: str, recipe: Recipe) -> None:
    assert worker.compress(source(name), recipe) == compress(source(name), recipe)


def test_all_codecs_pass_their_check(worker: Slot) -> None:
    assert worker.check_codecs({}).faults == []


def test_a_look_decodes_every_format(worker: Slot) -> None:
    for name in ("PNG", "JPEG", "WEBP", "AVIF", "JPEG XL", "HEIF", "TIFF", "GIF"):
        found = worker.look(source(name), source("PNG"), closely=False)
        assert getattr(found, "mean", 99.0) < 8, name


@pytest.mark.skipif(sys.platform != "linux", reason="the lock of Linux")
def test_only_a_heic_that_is_decoded_has_a_worker_with_threads() -> None:
    with contextlib.closing(slot()) as worker:
        assert tell(worker, "thread") == "refused: PermissionError"
        first = worker.pid
        assert tell_heic(worker, "thread", convert=False) == "refused: PermissionError", "it is left alone"
        assert worker.pid == first
        assert tell_heic(worker, "thread", convert=True) == "done: True"
        second = worker.pid
        assert tell_heic(worker, "fork", convert=True) == "refused: PermissionError"
        assert worker.pid == second
        assert tell(worker, "thread") == "refused: PermissionError"
        assert len({first, second, worker.pid, os.getpid()}) == 4
