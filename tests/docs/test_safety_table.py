"""The commands of the table in docs/safety.md name tests that exist."""

import re
import shlex
import sys

import pytest

from support import REPOSITORY

sys.path.append(str(REPOSITORY))
from benchmarks.torture.__main__ import TRIALS

ROWS = re.findall(
    r"^\| (\d+)\. .*? \| `(.*?)` \|", (REPOSITORY / "docs" / "safety.md").read_text(encoding="utf-8"), re.M
)


def test_every_line_of_the_list_is_there_once() -> None:
    assert [int(number) for number, _ in ROWS] == list(range(1, 19))


@pytest.mark.parametrize(("number", "command"), ROWS)
def test_a_command_runs_something(number: str, command: str) -> None:
    words = shlex.split(command)
    if words[0] == "python":
        assert words[:3] == ["python", "-m", "benchmarks.torture"]
        assert words[3] in TRIALS
        return
    assert words[0] == "pytest"
    at = words.index("-k") if "-k" in words else len(words)
    files = [
        file
        for place in words[1:at]
        for file in (
            [REPOSITORY / place] if place.endswith(".py") else (REPOSITORY / place).glob("test_*.py")
        )
    ]
    names = {name for file in files for name in re.findall(r"def (test_\w+)", file.read_text("utf-8"))}
    assert names
    for part in words[at + 1].split(" or ") if at < len(words) else ():
        assert any(part in name for name in names), f"{part}: no such test"
