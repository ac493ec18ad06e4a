"""Pictures that need more memory than a worker has: done where there is room, else said with figures."""

import io
from pathlib import Path

import pytest
from PIL import Image

from support import wait_for
from system.pictures import write
from system.program import Program

FIGURES = "of memory, and Homepress may use 500 MB; raise worker_memory in the settings"


def flat(width: int, height: int) -> bytes:
    """A large JPEG that costs little."""
    out = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(out, "JPEG", quality=95)
    return out.getvalue()


def allow(program: Program, size: str, folders: str = "") -> None:
    text = f'[daemon]\nworker_memory = "{size}"\n{folders}'
    (program.home / "settings.toml").write_text(text, encoding="utf-8")


@pytest.mark.slow
def test_a_watched_picture_waits_with_figures_until_it_is_allowed_more(program: Program, inbox: Path) -> None:
    program.watch(inbox, quality=40)
    watched = (program.home / "settings.toml").read_text(encoding="utf-8") + 'convert = { jpeg = "avif" }\n'
    allow(program, "500 MB", watched)
    program.start()
    path = write(inbox / "panorama.jpg", flat(2600, 1950))
    wait_for(lambda: program.status()["state"] == "problem", within=60, what="the problem to be shown")
    status = program.status()
    (problem,) = status["problems"]
    assert FIGURES in problem and str(path) in problem
    (waiting,) = status["waiting_files"]
    assert FIGURES in waiting["reason"]
    assert program.lines("history", "--json") == [], "nothing is remembered of it"
    allow(program, "4 GB", watched)
    wait_for(path.with_suffix(".avif").exists, within=120, what="it to be done")
    wait_for(lambda: program.status()["state"] == "idle", what="the problem to be over")


@pytest.mark.slow
def test_somebody_who_asks_for_it_hears_it_before_any_work(program: Program, inbox: Path) -> None:
    path = write(inbox / "panorama.jpg", flat(8160, 6144))
    allow(program, "500 MB")
    before = path.read_bytes()
    (told,) = [
        line
        for line in program.lines("compress", "--convert", "avif", "--json", str(path), code=1)
        if "path" in line
    ]
    assert told["outcome"] == "failed"
    assert told["reason"].startswith("it needs about 3.") and FIGURES in told["reason"]
    assert told["seconds"] == 0
    assert path.read_bytes() == before and list(inbox.iterdir()) == [path]


@pytest.mark.slow
def test_50_megapixels_become_a_webp(program: Program, inbox: Path) -> None:
    path = write(inbox / "panorama.jpg", flat(8160, 6144))
    program.run("compress", "--in-place", "--convert", "webp", str(path), timeout=500)
    with Image.open(path.with_suffix(".webp")) as result:
        assert result.size == (8160, 6144)
    assert not path.exists()
