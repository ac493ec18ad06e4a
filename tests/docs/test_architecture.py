"""The page of the architecture names functions and files: each of them is there."""

import ast
import re
from collections.abc import Iterator

import pytest

from support import REPOSITORY

PAGE = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
PACKAGE = REPOSITORY / "daemon" / "homepress"
WAY = re.findall(r"^\| `([\w/]+\.py)` \| `([\w.]+)` \|", PAGE, re.MULTILINE)


def defined(tree: ast.AST, within: str = "") -> Iterator[str]:
    """Functions, methods and classes by their qualified names."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield within + node.name
            yield from defined(node, f"{within}{node.name}.")


@pytest.mark.parametrize(("module", "name"), WAY)
def test_the_way_of_a_picture_leads_through_functions_that_are_there(module: str, name: str) -> None:
    names = set(defined(ast.parse((PACKAGE / module).read_text(encoding="utf-8"))))
    assert name in names


def test_the_way_has_a_line_for_each_room_that_a_picture_passes() -> None:
    assert {module.split("/")[0] for module, _ in WAY} == {"watch", "daemon", "store", "workers", "compress"}


def test_files_that_the_page_names_are_there() -> None:
    for name in set(re.findall(r"`((?:\w+/)+\w+\.py)`", PAGE)):
        assert (PACKAGE / name).is_file() or (REPOSITORY / name).is_file(), name
