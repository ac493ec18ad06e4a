"""The files that are shipped or made from the model: all up to date, all in agreement."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from homepress.base.paths import shipped
from homepress.settings import DAEMON_FIELDS, FOLDER_FIELDS, Settings, SettingsError, load, parse
from homepress.settings.reference import reference_text, schema, schema_text
from settings.strategies import documents
from support import REPOSITORY

SCHEMA = jsonschema.Draft202012Validator(schema())


def test_the_default_file_watches_nothing_and_changes_nothing() -> None:
    assert load(shipped("config/default.toml")) == Settings()


def test_the_default_file_has_every_key_with_its_default_and_a_line_about_it() -> None:
    text = shipped("config/default.toml").read_text(encoding="utf-8")
    uncommented = re.sub(r"^# (?=\[\[folder|[a-z_]+ = )", "", text, flags=re.MULTILINE)
    document = tomllib.loads(uncommented)
    daemon, (folder,) = document["daemon"], document["folder"]
    assert daemon == {key: field.default for key, field in DAEMON_FIELDS.items()}
    assert folder == {key: field.default for key, field in FOLDER_FIELDS.items()} | {
        "path": "~/Pictures/Homepress"
    }
    assert [*daemon, *folder] == [*DAEMON_FIELDS, *FOLDER_FIELDS]
    lines = uncommented.splitlines()
    for at, line in enumerate(lines):
        if re.match(r"[a-z_]+ = ", line):
            assert lines[at - 1].startswith("#"), f"nothing is said about {line}"


@pytest.mark.parametrize(
    ("file", "arguments", "text"),
    [
        ("config/settings.schema.json", ["schema"], schema_text()),
        ("docs/settings.md", [], reference_text()),
    ],
)
def test_a_made_file_is_up_to_date(file: str, arguments: list[str], text: str) -> None:
    command = [sys.executable, "-m", "homepress.settings.reference", *arguments]
    assert (REPOSITORY / file).read_text(encoding="utf-8") == text, f"run: {' '.join(command)} > {file}"
    made = subprocess.run(command, capture_output=True, check=True, env={"PYTHONUTF8": "1"})
    assert made.stdout.decode("utf-8").replace(os.linesep, "\n") == text


def test_the_schema_is_one_and_describes_every_key() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    tables = schema()["properties"]
    for table in (tables["daemon"], tables["folder"]["items"]):
        assert table["additionalProperties"] is False
        for key, described in table["properties"].items():
            assert described["title"] and described["description"], key
            assert "default" in described or key in table["required"], key
    assert "null" not in json.dumps(schema())


@pytest.mark.parametrize("file", [shipped("config/default.toml")])
def test_the_shipped_files_fit_the_schema(file: Path) -> None:
    assert SCHEMA.is_valid(tomllib.loads(file.read_text(encoding="utf-8")))


@given(documents())
def test_what_loads_fits_the_schema(document: dict[str, object]) -> None:
    SCHEMA.validate(document)


@given(
    st.sampled_from(["daemon", "folder"]),
    st.sampled_from([*DAEMON_FIELDS, *FOLDER_FIELDS, "qualty"]),
    st.one_of(
        st.sampled_from(["auto", "errors", "safe", "output", "1 KB", "1 kB", "1.5 MiB", "", "0", "~/a"]),
        st.integers(-2, 200),
        # A whole number written as 2.0 is an integer to JSON Schema, not to TOML.
        st.floats(allow_nan=False, width=16).filter(lambda number: not number.is_integer()),
        st.booleans(),
        st.lists(st.sampled_from(["", "*"]), max_size=2),
        st.dictionaries(st.sampled_from(["jpeg", "jpg", "svg"]), st.sampled_from(["png", "svg"]), max_size=1),
    ),
)
def test_schema_and_loader_judge_values_alike(table: str, key: str, value: object) -> None:
    inside = {key: value}
    document: dict[str, object] = (
        {"daemon": inside} if table == "daemon" else {"folder": [{"path": "~/b"} | inside]}
    )
    try:
        parse(tomlkit.dumps(document), Path("settings.toml"))
    except SettingsError as error:
        # What a schema cannot know: is a path full or a size enough, is there such a preset, do keys agree.
        beyond = ("full path", "preset", "above 0", "min_size", "lossless", "is the watched", '"500 MB"')
        if not any(word in str(error) for word in beyond):
            assert not SCHEMA.is_valid(document)
    else:
        assert SCHEMA.is_valid(document)
