"""Each line of the threat model in docs/privacy.md names tests that exist, or says: not promised."""

import re

import pytest

from support import REPOSITORY

_PAGE = (REPOSITORY / "docs" / "privacy.md").read_text("utf-8")
MODEL = _PAGE.partition("\n## Threat model\n")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| (can|cannot) \| (.+?) \| (.+?) \|$", MODEL, re.M)
NOTHING = "not promised"


def test_everybody_who_matters_is_in_it() -> None:
    parties = re.findall(r"^\*\*(.+?)\*\*", MODEL, re.M)
    for word in ("picture", "worker", "helper", "daemon", "tray", "user", "program that runs as you"):
        assert any(word in party for party in parties), word
    assert len(ROWS) == MODEL.count("\n| ca"), "a line that is not read"


@pytest.mark.parametrize(("verb", "what", "shown"), ROWS, ids=[row[1][:40] for row in ROWS])
def test_a_line_names_tests_that_exist(verb: str, what: str, shown: str) -> None:
    if shown == NOTHING:
        assert verb == "can", f"{what}: a promise without a test"
        return
    named = re.findall(r"`(tests/[\w/]+\.py)((?:::\w+)+)`", shown)
    assert named, shown
    assert len(named) == shown.count("`") // 2, "something in code is no test"
    for file, names in named:
        text = (REPOSITORY / file).read_text("utf-8")
        *classes, test = names.split("::")[1:]
        assert f"def {test}(" in text, f"{file}{names}"
        assert bool(classes) == (f"\n    def {test}(" in text), (
            f"{file}{names}: a class is missing or too many"
        )
        assert all(f"\nclass {name}:" in text for name in classes), f"{file}{names}"
