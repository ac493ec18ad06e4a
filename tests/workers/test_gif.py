"""GIFs through both processes: gifsicle makes a candidate, the worker judges it."""

import io
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from homepress.base.formats import ImageType
from homepress.compress import Compressed, Reason, Recipe, Unchanged
from homepress.workers import DeathKind, Limits, Slot, WorkerDied, tool
from homepress.workers.tool import Tool
from support import wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="programs of Linux")


@pytest.fixture
def worker() -> Iterator[Slot]:
    made = Slot(Limits(), background=False)
    yield made
    made.close()


def animation(frames: int = 12) -> bytes:
    """A ball that moves over a drawn ground, every frame stored in full."""
    pictures = []
    for number in range(frames):
        picture = Image.new("P", (240, 180), 1)
        picture.putpalette([channel for index in range(256) for channel in (index, 255 - index, 90)])
        pen = ImageDraw.Draw(picture)
        for line in range(0, 240, 7):
            pen.line([(line, 0), (240 - line, 180)], fill=line)
        pen.ellipse([number * 15, 60, number * 15 + 40, 100], fill=200)
        pictures.append(picture)
    out = io.BytesIO()
    pictures[0].save(
        out, "GIF", save_all=True, append_images=pictures[1:], duration=80, loop=3, optimize=False, disposal=0
    )
    return out.getvalue()


def instead_of_gifsicle(monkeypatch: pytest.MonkeyPatch, *command: str) -> None:
    """Run another program where gifsicle would be."""

    class Other(Tool):
        def __init__(self, _command: Sequence[str], limits: Limits, *, background: bool) -> None:
            super().__init__(command, limits, background=background)

    monkeypatch.setattr("homepress.workers.slot.Tool", Other)
    monkeypatch.setattr("homepress.workers.tool.gifsicle", lambda: Path(command[0]))


@pytest.mark.slow
def test_an_animation_gets_smaller_and_shows_the_same(worker: Slot) -> None:
    if tool.gifsicle() is None:
        pytest.skip("gifsicle is not installed")
    source = animation()
    result = worker.compress(source, Recipe())
    assert isinstance(result, Compressed), result
    assert (result.image_type, result.lossless) == (ImageType.GIF, True)
    assert len(result.data) < len(source)
    before, after = Image.open(io.BytesIO(source)), Image.open(io.BytesIO(result.data))
    count = before.n_frames  # type: ignore[attr-defined]  # Pillow does not say so
    assert after.n_frames == count  # type: ignore[attr-defined]  # Pillow does not say so
    for number in range(count):
        before.seek(number)
        after.seek(number)
        assert before.convert("RGBA").tobytes() == after.convert("RGBA").tobytes()
        assert before.info["duration"] == after.info["duration"]


@pytest.mark.slow
def test_without_gifsicle_a_gif_stays_and_says_why(worker: Slot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("homepress.workers.tool.gifsicle", lambda: None)
    result = worker.compress(animation(), Recipe())
    assert isinstance(result, Unchanged)
    assert result.reason is Reason.FORMAT_LEFT_ALONE and "gifsicle" in result.detail


@pytest.mark.slow
def test_a_broken_gif_is_not_given_to_gifsicle(worker: Slot, monkeypatch: pytest.MonkeyPatch) -> None:
    instead_of_gifsicle(monkeypatch, "/nonexistent/gifsicle")
    result = worker.compress(animation()[:3000], Recipe())
    assert isinstance(result, Unchanged) and result.reason is Reason.BROKEN


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (("/bin/sh", "-c", "echo not a gif"), Reason.VERIFY_FAILED),
        (("/bin/cat",), Reason.SAVES_TOO_LITTLE),
        (("/usr/bin/head", "-c", "4000"), Reason.VERIFY_FAILED),
        (("/bin/cat", "bad frame"), Reason.CANNOT_KEEP_WHOLE),
        (("/bin/true",), Reason.VERIFY_FAILED),
    ],
)
def test_a_bad_candidate_is_never_taken(
    worker: Slot, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], reason: Reason
) -> None:
    instead_of_gifsicle(monkeypatch, *command)
    result = worker.compress(animation(), Recipe())
    assert isinstance(result, Unchanged) and result.reason is reason, result
    assert ("did not take it" in result.detail) == (reason is Reason.CANNOT_KEEP_WHOLE)


@pytest.mark.slow
def test_another_picture_as_candidate_is_refused(worker: Slot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Smaller, whole, and wrong: as long as the source but with one frame missing."""
    source, other = animation(12), animation(3)
    octal = "".join(f"\\{byte:03o}" for byte in other)
    instead_of_gifsicle(monkeypatch, "/bin/sh", "-c", f"printf '{octal}'")
    result = worker.compress(source, Recipe())
    assert isinstance(result, Unchanged) and result.reason is Reason.VERIFY_FAILED
    assert "frames differs" in result.detail


@pytest.mark.slow
def test_a_crash_of_gifsicle_costs_its_picture(worker: Slot, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch, pytest.raises(WorkerDied, match="SIGSEGV"):
        instead_of_gifsicle(patch, "/bin/sh", "-c", "kill -SEGV $$")
        worker.compress(animation(), Recipe())
    assert worker.compress(b"no picture", Recipe())


@pytest.mark.slow
def test_closing_ends_gifsicle_too(worker: Slot, monkeypatch: pytest.MonkeyPatch) -> None:
    caught: list[WorkerDied] = []
    instead_of_gifsicle(monkeypatch, "/bin/sleep", "600")

    def work() -> None:
        try:
            worker.compress(animation(), Recipe())
        except WorkerDied as died:
            caught.append(died)

    working = threading.Thread(target=work)
    working.start()
    wait_for(lambda: worker._tool, what="the program's start")
    worker.close()
    working.join(30)
    assert [died.kind for died in caught] == [DeathKind.STOPPED]
