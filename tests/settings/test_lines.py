"""The line of every key, however a file is laid out."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homepress.settings.check import SettingsError
from homepress.settings.load import parse
from homepress.settings.toml import key_lines, statements

# Statements, each with the lines that a reader would count in it and the key that it sets.
DECORATIONS = [
    "",
    "   ",
    "# plain",
    "  # [daemon] \"' ]]]",
    '# """ never closed',
]
VALUES = [
    "1",
    '"text # no comment"  # a comment',
    "'single \" [ quote'",
    '"""\nmulti # no\n[line]\n"""',
    "'''\nx = 1\n[[folder]]\n''' # c",
    '"""two quotes at the end"""""',
    '"""one quote at the end"""" # " [',
    '"""a \\""" b\n"""',
    '"\\\\"',
    "[\n  1, # ]\n  2,\n]",
    '[["a"], [ "]", \'[\' ],\n]',
    '{ a = "}", b = { c = [1,\n2] } }',
    '""',
    "''",
    '""""""',
    "2020-01-01T00:00:00Z",
    "nan",
]
KEYS = ["{}", '"{}"', "'{}'", "{}.sub", '  {} . "s u b"']


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[tuple[str | int, ...], int]]:
    """A valid document, and the line on which each of its keys begins."""
    lines: list[str] = []
    expected: dict[tuple[str | int, ...], int] = {}
    table: tuple[str | int, ...] = ()
    folders = 0
    for number in range(draw(st.integers(1, 8))):
        lines += draw(st.lists(st.sampled_from(DECORATIONS), max_size=2))
        name = f"k{number}"
        match draw(st.sampled_from(["key", "key", "key", "table", "folder", "sub"])):
            case "key":
                form, value = draw(st.sampled_from(KEYS)), draw(st.sampled_from(VALUES))
                expected[(*table, name)] = len(lines) + 1
                lines += f"{form.format(name)} = {value}".split("\n")
                continue
            case "table":
                table, header = (name,), f"[{name}] # c"
            case "folder":
                table, header = ("folder", folders), " [[ folder ]]"
                folders += 1
            case _ if folders:
                table, header = ("folder", folders - 1, name), f"[folder.'{name}']"
            case _:
                continue
        expected[table] = len(lines) + 1
        lines.append(header)
    return "\n".join(lines) + draw(st.sampled_from(["", "\n", "\n\n# end"])), expected


@given(documents(), st.sampled_from(["\n", "\r\n"]))
def test_each_key_is_found_on_its_line(case: tuple[str, dict[tuple[str | int, ...], int]], end: str) -> None:
    text, expected = case
    text = text.replace("\n", end)
    tomllib.loads(text)
    found = key_lines(text)
    assert {path: found.get(path) for path in expected} == expected


@given(st.text("[]{}\"'#=\\\n\r ab1", max_size=40))
def test_statements_joined_are_the_text(text: str) -> None:
    parts = list(statements(text))
    assert "".join(part.text for part in parts) == text
    assert [part.line for part in parts] == [
        1 + "".join(part.text for part in parts[:at]).count("\n") for at in range(len(parts))
    ]


@pytest.mark.parametrize("last", ["[daemon]\r", "workers = 2\r", "[[folder]]\r", "# end\r"])
def test_a_last_line_that_ends_in_a_carriage_return_alone_counts(last: str) -> None:
    """As some editors leave it; what is wrong elsewhere in the file still gets its line."""
    with pytest.raises(SettingsError, match="toml:1: qualty"):
        parse(f'qualty = "small"\n{last}', Path("/nowhere/settings.toml"))
