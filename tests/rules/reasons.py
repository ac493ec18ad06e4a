"""The texts that say why a picture stays as it is, wherever they are, and what they may not hold."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support import REPOSITORY

PACKAGE = REPOSITORY / "daemon" / "homepress"
ROOMS = ("compress", "workers", "store", "watch", "daemon")

ERRORS = frozenset(
    {
        *("CannotConvert", "CannotFit", "Malformed", "NotParsed", "Refused", "Undecodable", "KindNotRead"),
        *("BrokenPicture", "TooManyPixels", "Refusal", "Busy", "Changed", "Vanished", "VerifyFailed"),
        *("StoreFull", "Degraded", "DriveAway", "OriginalsAway", "IncompleteError", "DoubtfulError"),
        *("EndlessError",),
    }
)
"""Errors whose text reaches a reader; whoever catches one may put it into another."""
CALLS = ERRORS | {"Unchanged", "JobResult", "unknown_data", "_damaged"}
ENUMS = frozenset({"Reason", "RewriteRefusal", "Skip", "Waiting", "Completeness"})
TABLES = frozenset(
    {"LEFT_OUT", "_IN_WORDS", "IN_WORDS", "_UNREAD", "_DISPLAY", "_METADATA", "_COLOURS", "_LOST"}
)
VARIABLES = frozenset({"reason", "detail"})

_CODE = re.compile(
    r"\b0x|object at|\btag (?=[0-9a-f]*\d)[0-9a-f]*[a-f][0-9a-f]*\b|\b[A-Z]\w*(?:Error|Exception|Warning)\b"
    r"|`|<class|Traceback|\blib(?:jxl|heif|webp|png|jpeg|tiff)\b|\bSIG[A-Z]+\b|errno",
)
_WORDS = re.compile(
    r"says of itself|is not so\b|data of a kind|of another kind|whoever|had back|taken back|of late|beneath"
    r"|so many|\bmend|whole number|for good\b|\bis told\b|stands for|goes for|clothes",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ReasonText:
    """A text with the place where it stands; what is put in at run time is `…`."""

    place: str
    text: str


def in_code(text: str) -> str:
    """What in a reason only a programmer can read; empty when nothing is."""
    found = _CODE.search(text)
    return found[0] if found else ""


def to_avoid(text: str) -> str:
    """What in a reason is no plain English; empty when nothing is."""
    found = _WORDS.search(text)
    return found[0] if found else ""


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Every module that can say why, parsed."""
    for room in ROOMS:
        for path in sorted((PACKAGE / room).rglob("*.py")):
            yield path.relative_to(PACKAGE).as_posix(), _parsed(path)


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def reasons() -> Iterator[ReasonText]:
    """All of them."""
    for name, tree in trees():
        for node in ast.walk(tree):
            for expression in _said(node):
                for text in _texts(expression):
                    yield ReasonText(f"{name}:{expression.lineno}", text)


def _said(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions in a statement or call that reach a reader."""
    if isinstance(node, ast.Call) and _name(node.func) in CALLS:
        yield from node.args
        yield from (each.value for each in node.keywords if each.arg in ("reason", "problem"))
    elif isinstance(node, ast.ClassDef) and node.name in ENUMS:
        yield from (each.value for each in node.body if isinstance(each, ast.Assign))
    elif (
        isinstance(node, ast.Assign) and any(_name(target) in TABLES | VARIABLES for target in node.targets)
    ) or (isinstance(node, ast.keyword) and node.arg in ("missed", "detail")):
        yield node.value


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _texts(expression: ast.expr) -> Iterator[str]:
    """The texts in an expression, those with gaps as one."""
    if isinstance(expression, ast.JoinedStr):
        yield "".join(each.value if isinstance(each, ast.Constant) else "…" for each in expression.values)
    elif isinstance(expression, ast.Constant):
        if isinstance(expression.value, str):
            yield expression.value
    else:
        for child in ast.iter_child_nodes(expression):
            if isinstance(child, ast.expr):
                yield from _texts(child)


def others_words() -> Iterator[str]:
    """Where a reason is made of the text of an error that is not ours, such as a library's."""
    for name, tree in trees():
        for handler in (node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)):
            if handler.name is None or handler.type is None or _caught(handler.type) <= ERRORS:
                continue
            for node in ast.walk(handler):
                if isinstance(node, ast.Call) and _name(node.func) in CALLS and _shows(node, handler.name):
                    yield f"{name}:{node.lineno}"


def _caught(node: ast.expr) -> set[str]:
    return {_name(each) for each in (node.elts if isinstance(node, ast.Tuple) else [node])}


def _shows(call: ast.Call, variable: str) -> bool:
    """Whether the text of an error is put into what a call is given."""
    for node in ast.walk(call):
        inside = node.value if isinstance(node, ast.FormattedValue) else None
        if isinstance(node, ast.Call) and _name(node.func) == "str" and node.args:
            inside = node.args[0]
        if isinstance(inside, ast.Name) and inside.id == variable:
            return True
    return False
