"""A daemon whose workers answer garbage: no picture is replaced by it, and the others are compressed."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import wait_for
from system.lyingworkers import LIES
from system.pictures import jpeg, write
from system.program import Program

LAUNCHER = Path(__file__).with_name("lyingworkers.py")
HONEST = (400, 300)
BATCHES = 4


class Deceived(Program):
    """A program whose daemon has workers that lie about pictures of certain widths."""

    def command(self, *arguments: str) -> list[str]:
        """The command line of one command."""
        if arguments[0] != "run":
            return super().command(*arguments)
        return [sys.executable, str(LAUNCHER), *arguments]


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Deceived]:
    """Its daemon is ended with the test."""
    made = Deceived(tmp_path / "home")
    yield made
    made.close()


def outcome_of(program: Program, picture: Path) -> str:
    """What the history has of a picture; empty while there is nothing."""
    return str(program.outcomes().get(str(picture), {}).get("outcome", ""))


@pytest.mark.slow
@pytest.mark.parametrize("first", range(BATCHES))  # a pause before each new try: several daemons at once
def test_garbage_replaces_no_picture_and_the_folder_goes_on(
    program: Deceived, inbox: Path, first: int
) -> None:
    lies = dict(list(LIES.items())[first::BATCHES])
    program.watch(inbox)
    program.start()
    kept: dict[Path, bytes] = {}
    for number, (width, lie) in enumerate(lies.items()):
        picture = write(inbox / f"{lie}.jpg", jpeg(number, (width, 300)))
        kept[picture] = picture.read_bytes()
        wait_for(lambda picture=picture: outcome_of(program, picture), what=f"the answer {lie} to be refused")
        honest = write(inbox / f"after-{lie}.jpg", jpeg(50 + number, HONEST))
        wait_for(
            lambda honest=honest: outcome_of(program, honest) == "compressed",
            what=f"the picture after the answer {lie}",
        )
    assert {picture.name: outcome_of(program, picture) for picture in kept} == dict.fromkeys(
        (picture.name for picture in kept), "failed"
    )
    assert all(picture.read_bytes() == data for picture, data in kept.items())
    assert sorted(os.listdir(inbox)) == sorted(
        f"{each}.jpg" for lie in lies.values() for each in (lie, f"after-{lie}")
    )
    program.stop()


@pytest.mark.slow
def test_one_lie_after_the_other_stops_replacing_in_that_folder_alone(
    program: Deceived, inbox: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    program.watch(inbox, other)
    program.start()
    width = next(width for width, lie in LIES.items() if lie == "one_colour")
    pictures = [write(inbox / f"{number}.jpg", jpeg(number, (width, 300))) for number in range(6)]
    before = [picture.read_bytes() for picture in pictures]

    def problem() -> str:
        return {folder["path"]: folder["problem"] for folder in program.status()["folders"]}[str(inbox)]

    wait_for(lambda: "did not look like their pictures" in problem(), within=180, what="replacing to stop")
    theirs = write(other / "a.jpg", jpeg(60, HONEST))
    wait_for(lambda: outcome_of(program, theirs) == "compressed", what="the other folder's picture")
    assert [picture.read_bytes() for picture in pictures] == before
    program.stop()
