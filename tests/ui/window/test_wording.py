"""Settings are said in words: every value has a label, and no word of the file reaches the page."""

import pytest

from homepress.base.paths import shipped
from homepress.settings import DAEMON_FIELDS, FOLDER_FIELDS, Field, Widget, preset_names
from homepress.ui.window.model.snapshot import Remedy, in_words, remedies
from homepress.ui.window.model.wording import FORMATS, PRESETS, applies, quality_words, wording

FIELDS = [*DAEMON_FIELDS.values(), *FOLDER_FIELDS.values()]
SHOWN = [field for field in FIELDS if field.key not in ("path", "enabled")]
ids = [f"{field.table}.{field.key}" for field in SHOWN]


@pytest.mark.parametrize("field", SHOWN, ids=ids)
def test_every_value_that_can_be_chosen_has_words(field: Field) -> None:
    words = wording(field)
    assert set(field.choices) - {"all"} <= words.options.keys()
    assert all(text and text != value for value, text in words.options.items() if not value.isdigit())
    if field.widget in (Widget.SIZE, Widget.PATTERNS, Widget.FOLDER) and not words.options:
        assert words.example, "a field says what may be typed into it"


@pytest.mark.parametrize("field", SHOWN, ids=ids)
def test_no_word_of_the_file_is_shown(field: Field) -> None:
    words = wording(field)
    shown = " ".join((words.title, words.help, *words.options.values()))
    assert not [other.key for other in FIELDS if "_" in other.key and other.key in shown]
    assert '"' not in shown and " = " not in shown


def test_every_preset_and_format_has_a_name() -> None:
    assert set(preset_names(shipped("config/presets"))) <= PRESETS.keys()
    assert set(FOLDER_FIELDS["convert"].schema["propertyNames"]["enum"]) <= FORMATS.keys()


def test_what_does_not_apply_is_hidden() -> None:
    output, keep = FOLDER_FIELDS["output"], FOLDER_FIELDS["originals_keep_days"]
    assert applies(output, {"mode": "output"}) and not applies(output, {"mode": "replace"})
    assert applies(keep, {"mode": "replace"}) and not applies(keep, {"mode": "output"})


def test_a_quality_in_two_words() -> None:
    assert quality_words("balanced") == "Balanced quality"
    assert quality_words("85") == "Quality 85"


@pytest.mark.parametrize(
    ("problem", "words", "steps"),
    [
        (
            "~/Gone: it is not there; watching goes on by itself when it is back, or: "
            "homepress folder remove '/home/anna/My Gone.d'",
            "~/Gone: it is not there; watching goes on by itself when it is back",
            [Remedy.LOCATE, Remedy.IGNORE, Remedy.REMOVE],
        ),
        (
            "Five results were undone. Look at a few pictures there, then go on with: homepress resume",
            "Five results were undone. Look at a few pictures there, then go on",
            [Remedy.RESUME],
        ),
        (
            "FAT. Say where results are to go: homepress folder remove /a, then "
            "homepress folder add /a --output DIR",
            "FAT. Say where results are to go",
            [Remedy.OUTPUT],
        ),
        ("The disk is full.", "The disk is full.", []),
    ],
)
def test_a_problem_has_buttons_in_place_of_commands(problem: str, words: str, steps: list[Remedy]) -> None:
    assert in_words(problem) == words
    assert remedies(problem) == steps
