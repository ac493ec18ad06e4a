"""Every format is known in one place, and the rooms do with each what stands there."""

from typing import get_args

import pytest
from PIL import Image

from homepress.base.formats import FORMATS, ImageType, type_by_name
from homepress.compress.convert import read, write
from homepress.compress.metadata import scrub
from homepress.settings.values import SourceFormat, TargetFormat
from support import REPOSITORY


def test_the_words_of_the_settings() -> None:
    """`Literal`s have to be written out for type checkers."""
    assert set(get_args(SourceFormat)) == {kind.value for kind, each in FORMATS.items() if each.source}
    assert set(get_args(TargetFormat)) == {kind.value for kind, each in FORMATS.items() if each.target}


def test_readers_and_writers_of_conversions() -> None:
    assert set(read._READERS) == {kind for kind, each in FORMATS.items() if each.source}
    assert set(write._WRITERS) == {kind for kind, each in FORMATS.items() if each.target}


def test_editors_of_metadata() -> None:
    scrubbed = {kind for kind, each in FORMATS.items() if each.scrubbed}
    assert set(scrub._SHARE) == set(scrub._STRIP) == scrubbed


@pytest.mark.parametrize("kind", ImageType)
def test_a_format_and_its_suffixes(kind: ImageType) -> None:
    assert {type_by_name(f"a{suffix.upper()}") for suffix in FORMATS[kind].suffixes} == {kind}
    assert kind.suffix == FORMATS[kind].suffixes[0]


@pytest.mark.parametrize("kind", ImageType)
def test_a_format_is_told_to_people(kind: ImageType) -> None:
    """The page of formats says what becomes of each, of one that is left alone too."""
    name = {ImageType.JXL: "JPEG XL", ImageType.WEBP: "WebP"}.get(kind, kind.name)
    assert name in (REPOSITORY / "docs" / "formats.md").read_text(encoding="utf-8")


def test_names_are_those_of_pillow() -> None:
    Image.init()
    named = {name for each in FORMATS.values() for name in each.pillow}
    assert named <= set(Image.OPEN) | set(Image.SAVE)  # an MPO is opened as JPEG first
