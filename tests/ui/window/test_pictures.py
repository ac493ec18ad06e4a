"""Opening pictures to look at them: bounded, upright, and where they differ."""

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from homepress.daemon.commands import viewer
from homepress.ui.cli.commands.window import pictures_apart
from homepress.ui.window.model import pictures
from homepress.ui.window.model.difference import measured
from homepress.ui.window.model.pictures import NotShownError, Pair, sheet, thumbnail


@pytest.fixture(scope="module", autouse=True)
def worker() -> Iterator[None]:
    """Decodes, as in the real window."""
    with pictures_apart():
        yield


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)  # type: ignore[arg-type]  # of the codec
    return path


def test_the_tile_that_differs_most_is_found(tmp_path: Path) -> None:
    image = Image.effect_noise((1024, 768), 40).convert("RGB")
    before = saved(tmp_path / "a.png", image)
    changed = image.copy()
    changed.paste((255, 0, 0), (900, 640, 940, 680))
    after = saved(tmp_path / "b.png", changed)
    pair = measured(Pair(sheet(before), sheet(after)))
    assert pair.worst is not None
    assert pair.worst[0] == pytest.approx(920 / 1024, abs=64 / 1024)
    assert pair.worst[1] == pytest.approx(660 / 768, abs=64 / 768)
    assert pair.worst_level > 50, "most of the tile is another colour"


def test_equal_pictures_have_no_difference(tmp_path: Path) -> None:
    image = Image.effect_noise((300, 200), 40).convert("RGB")
    path = saved(tmp_path / "a.png", image)
    assert measured(Pair(sheet(path), sheet(path))).worst_level == 0


def test_a_tiny_picture_is_compared_too(tmp_path: Path) -> None:
    one = saved(tmp_path / "a.png", Image.new("RGB", (3, 1), "black"))
    other = saved(tmp_path / "b.png", Image.new("RGB", (3, 1), "white"))
    assert measured(Pair(sheet(one), sheet(other))).worst_level == pytest.approx(255, abs=1)


def test_a_result_of_another_shape_is_shown_without_difference(tmp_path: Path) -> None:
    one = saved(tmp_path / "a.png", Image.new("RGB", (400, 100)))
    other = saved(tmp_path / "b.png", Image.new("RGB", (100, 400)))
    pair = measured(Pair(sheet(one), sheet(other)))
    assert not pair.matches
    assert pair.worst is None


def test_a_resized_result_is_compared_at_the_size_of_its_source(tmp_path: Path) -> None:
    image = Image.linear_gradient("L").resize((800, 600)).convert("RGB")
    one = saved(tmp_path / "a.png", image)
    other = saved(tmp_path / "b.png", image.resize((400, 300)))
    pair = measured(Pair(sheet(one), sheet(other)))
    assert pair.matches
    assert pair.worst_level < 3


def test_pictures_are_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = saved(tmp_path / "a.jpg", Image.new("RGB", (300, 200)), exif=exif)
    assert sheet(path).size == (200, 300)


def test_what_is_transparent_stands_on_white(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.new("RGBA", (64, 64), (0, 0, 0, 0)))
    assert set(sheet(path).overview.data) == {255}


def test_16_bit_grey_keeps_its_brightness(tmp_path: Path) -> None:
    image = Image.new("I;16", (64, 64), 0x8000)
    path = saved(tmp_path / "a.png", image)
    assert sheet(path).overview.data[0] == pytest.approx(128, abs=1)


def test_too_many_pixels_are_refused_before_they_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MOST_PIXELS", 1000)
    path = saved(tmp_path / "a.png", Image.new("RGB", (100, 100)))
    with pytest.raises(NotShownError, match="100 × 100"):
        sheet(path)


def test_large_pictures_are_held_smaller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_OVERVIEW", 250)
    path = saved(tmp_path / "a.png", Image.new("RGB", (1000, 600)))
    found = sheet(path)
    assert found.size == (1000, 600)
    assert found.overview.size == (250, 150)
    assert found.is_reduced


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\xff\xd8\xff" + b"x" * 500])
def test_what_is_no_picture_says_so(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    with pytest.raises(NotShownError):
        thumbnail(path, 44)


def test_a_file_cut_short_is_not_shown(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.effect_noise((400, 300), 60).convert("RGB").save(buffer, "JPEG")
    path = tmp_path / "a.jpg"
    path.write_bytes(buffer.getvalue()[:3000])
    with pytest.raises(NotShownError):
        sheet(path)


def test_nothing_is_decoded_in_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "a.png", Image.new("RGB", (64, 64)))

    def never(*_: object) -> None:
        raise AssertionError("this process can reach other programs, and opened a picture")

    monkeypatch.setattr("PIL.Image.open", never)
    assert thumbnail(path, 20).size == (20, 20)
    assert sheet(path).size == (64, 64)


def test_a_wide_picture_fills_its_square(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", Image.new("RGB", (4000, 300), "red"))
    assert thumbnail(path, 44).size == (44, 44)
    assert pictures.small(path, 1000).size == (1000, 75)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotShownError, match="not there any more"):
        sheet(tmp_path / "gone.png")


def test_pictures_that_are_opened_at_the_same_moment_share_one_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = threading.Barrier(2)
    closed: list[object] = []

    class FakeViewer:
        def __init__(self) -> None:
            both.wait(30)  # neither is ready before the other one was begun

        def open(self, *_: object) -> object:
            return self

        def close(self) -> None:
            closed.append(self)

    monkeypatch.setattr(pictures, "_opener", None)  # the module's own is put back
    monkeypatch.setattr(viewer, "Viewer", FakeViewer)
    used: list[object] = []
    with pictures_apart():
        opener: Any = pictures._opener
        opening = [
            threading.Thread(target=lambda: used.append(opener(tmp_path, 0, False, 1, 1))) for _ in range(2)
        ]
        for each in opening:
            each.start()
        for each in opening:
            each.join(60)
        used.append(opener(tmp_path, 0, False, 1, 1))
    assert len(used) == 3
    assert set(used) == set(closed)
    assert len(closed) == 1
