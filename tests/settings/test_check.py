"""Checking a single key while somebody types."""

from pathlib import Path

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from homepress.settings import (
    DAEMON_FIELDS,
    FOLDER_FIELDS,
    SettingsError,
    Widget,
    check_value,
    parse,
    text_from_value,
    to_toml,
    value_from_text,
)

FIELDS = DAEMON_FIELDS | FOLDER_FIELDS


def test_no_key_is_in_both_tables() -> None:
    assert not DAEMON_FIELDS.keys() & FOLDER_FIELDS.keys()


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("quality", " safe ", "safe"),
        ("quality", "85", 85),
        ("quality", "85.5", 85.5),
        ("workers", "auto", "auto"),
        ("min_size", "16 KB", "16 KB"),
        ("recursive", "True", True),
        ("include", "*.jpg, *.png\n*.webp,", ["*.jpg", "*.png", "*.webp"]),
        ("convert", 'heic = jpeg, bmp="png"', {"heic": "jpeg", "bmp": "png"}),
        ("exclude", '["*.png", "a, b*"]', ["*.png", "a, b*"]),
        ("convert", '{ heic = "jpeg" }', {"heic": "jpeg"}),
        ("settle_seconds", "2", 2),
        ("output", "", ""),
        ("preset", "", ""),
    ],
)
def test_what_is_typed_becomes_what_the_file_would_hold(key: str, text: str, value: object) -> None:
    assert value_from_text(key, text) == value
    assert check_value(key, text) is None


@pytest.mark.parametrize("key", FIELDS)
def test_a_default_survives_being_shown_and_typed_again(key: str) -> None:
    default = FIELDS[key].default
    if default is not None:
        assert value_from_text(key, text_from_value(default)) == default
        assert check_value(key, text_from_value(default)) is None


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("quality", "balancd"),
        ("quality", "12"),
        ("workers", "0"),
        ("min_size", "16"),
        ("include", ""),
        ("path", "Pictures"),
        ("convert", "heic = jpg"),
        ("convert", "heic"),
        ("recursive", "yes"),
        ("settle_seconds", "inf"),
        ("notify", "Errors"),
        ("max_edge", "1.5"),
    ],
)
def test_the_window_says_what_the_file_would_say(key: str, text: str) -> None:
    value = {key: value_from_text(key, text)}
    document = {"daemon": value} if key in DAEMON_FIELDS else {"folder": [{"path": "~/a"} | value]}
    with pytest.raises(SettingsError) as caught:
        parse(tomlkit.dumps(document), Path("settings.toml"))
    (problem,) = caught.value.problems
    said = check_value(key, text)
    assert said is not None
    assert said.endswith(problem.message)


def test_an_unknown_key_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        check_value("qualty", "safe")
    with pytest.raises(KeyError):
        check_value("daemon.quality", "safe")


def test_a_key_may_be_named_with_its_table() -> None:
    assert check_value("folder.quality", "saftey") == check_value("quality", "saftey")
    assert value_from_text("daemon.workers", "3") == 3


@pytest.mark.slow
@given(st.sampled_from(sorted(FIELDS)), st.text(max_size=20))
def test_anything_may_be_typed(key: str, text: str) -> None:
    assert check_value(key, text) != ""


@pytest.mark.parametrize("key", FIELDS)
def test_every_key_tells_a_window_all_it_needs(key: str) -> None:
    field = FIELDS[key]
    assert field.title and field.help.endswith(".")
    assert (field.widget in (Widget.CHOICE, Widget.CHOICE_OR_NUMBER)) == bool(field.choices)
    if field.widget in (Widget.NUMBER, Widget.CHOICE_OR_NUMBER):
        assert field.least is not None and field.most is not None and field.least < field.most
    assert field.required == (key == "path")


def test_choices_are_in_the_order_of_the_design() -> None:
    assert FIELDS["quality"].choices == ("lossless", "safe", "balanced", "small")
    assert FIELDS["mode"].choices == ("replace", "output")
    assert FIELDS["workers"].choices == ("auto",)


def test_only_settings_become_toml() -> None:
    with pytest.raises(TypeError):
        to_toml(object())
