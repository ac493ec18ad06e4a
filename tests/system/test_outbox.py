"""A folder that hands on what it makes, and can hand on nothing: said wherever one looks, until it can."""

import io
import json
from pathlib import Path

import pytest

from support import wait_for
from system.pictures import jpeg, photo, write
from system.program import Program


def see_through(seed: int) -> bytes:
    """A PNG that a JPEG cannot hold."""
    picture = photo(seed, (300, 200))
    picture.putalpha(128)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def outbox(program: Program, inbox: Path, out: Path) -> None:
    """Watch a folder whose pictures are to arrive in another one, as JPEGs."""
    lines = [
        "[[folder]]",
        f"path = {json.dumps(str(inbox))}",
        'mode = "output"',
        f"output = {json.dumps(str(out))}",
        'convert = { png = "jpeg" }',
        "settle_seconds = 0.3",
        'min_size = "0"',
    ]
    (program.home / "settings.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.slow
def test_an_outbox_that_delivers_nothing_is_a_problem_until_it_delivers(
    program: Program, inbox: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    outbox(program, inbox, out)
    program.start()
    for number in range(2):
        write(inbox / f"{number}.png", see_through(number))
    wait_for(lambda: len(program.lines("history")) == 2, within=60, what="two results")
    assert not program.status()["problems"], "two may be chance"
    write(inbox / "2.png", see_through(2))
    wait_for(lambda: program.status()["problems"], within=60, what="a problem")
    status = program.status()
    told = status["folders"][0]["problem"]
    assert status["state"] == "problem"
    assert f"None of the last 3 pictures came out in {out} as you asked" in told
    assert "transparen" in told and "homepress history" in told
    assert told in program.run("status", code=None)
    assert not list(out.glob("*.jpg")), "nothing may look like what was asked for"

    program.stop()
    program.start()
    assert program.status()["folders"][0]["problem"] == told, "a restart is no cure"

    write(inbox / "whole.jpg", jpeg(7, (300, 200)))
    wait_for(lambda: not program.status()["problems"], within=60, what="the end of the problem")
    assert [path.name for path in out.glob("*.jpg")] == ["whole.jpg"]
