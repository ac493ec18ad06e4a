"""The known-answer check: all is well here, and a codec that errs is found out."""

import sys

import numpy as np
import pytest

from homepress.base.formats import ImageType
from homepress.compress import selfcheck, selfcheck_formats, webp
from homepress.compress.model import Fault, Recipe, trusted
from homepress.compress.pixels import decode
from homepress.compress.png.coded import CodedPicture
from homepress.compress.selfcheck import check_codecs, codec_versions


def test_the_codecs_that_are_installed_are_all_right() -> None:
    assert check_codecs() == ()


def test_versions_are_told() -> None:
    versions = codec_versions()
    assert {"pillow", "oxipng-pybind", "numpy", "webp"} <= versions.keys()
    assert all(versions.values())


def test_folders_are_listed_once_whatever_is_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a worker's lock they cannot be."""
    codec_versions()
    codec_versions.cache_clear()
    monkeypatch.setattr(sys, "path", [])
    alone = codec_versions(ImageType.JPEG)
    assert {"pillow", "numpy"} <= alone.keys()
    assert alone.items() < codec_versions().items()


def wrong_png(picture: CodedPicture, **_options: object) -> CodedPicture:
    return CodedPicture(picture.header, picture.palette, picture.transparency, b"\0" + picture.stream[1:])


def faults_of(kind: ImageType) -> list[Fault]:
    return [fault for fault in check_codecs() if fault.image_type is kind]


def test_a_coder_that_raises_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selfcheck_formats, "recode", wrong_png)
    assert [fault.even_lossless for fault in faults_of(ImageType.PNG)] == [True]


def test_a_lossless_coder_that_changes_a_pixel_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    right = webp.encode_lossless

    def wrong(image: object) -> bytes:
        changed = np.array(image)
        changed[5, 5, 0] ^= 1
        from PIL import Image

        return right(Image.fromarray(changed))

    monkeypatch.setattr(webp, "encode_lossless", wrong)
    assert [fault.even_lossless for fault in faults_of(ImageType.WEBP)] == [True]


def test_a_lossy_coder_that_is_far_off_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webp.WebpCodec, "decode", lambda _self, _data: selfcheck.sharp_picture())
    faults = faults_of(ImageType.WEBP)
    assert [fault.even_lossless for fault in faults] == [False]
    assert "scores" in faults[0].what or "changed" in faults[0].what


def test_a_decoder_that_passes_over_missing_data_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgiving(data: bytes) -> object:
        return np.asarray(decode(data, ("JPEG",)))

    monkeypatch.setattr(selfcheck, "decode_strictly", forgiving)
    faults = faults_of(ImageType.JPEG)
    assert [(fault.even_lossless, fault.what) for fault in faults] == [
        (True, "a JPEG that is cut short passes as whole")
    ]


def test_a_metric_that_errs_forbids_all_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selfcheck, "full_score", lambda _source, _result: 99.0)
    recipe = Recipe(floor=80.0)
    faults = check_codecs()
    for kind in (ImageType.JPEG, ImageType.PNG, ImageType.WEBP):
        left = trusted(recipe, kind, faults)
        assert left is not None
        assert left.floor is None
