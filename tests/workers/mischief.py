"""Telling a misbehaving worker what to do."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from homepress.compress import Compressed, Recipe, Unchanged
from homepress.workers import Limits, Slot

PNG = b"\x89PNG\r\n\x1a\n"

PROGRAM = (sys.executable, "-I", str(Path(__file__).with_name("misbehaving.py")))


def slot(limits: Limits | None = None, program: Sequence[str] = PROGRAM) -> Slot:
    """A slot whose worker does what it is told, at normal priority so that busy machines do not stop it."""
    return Slot(limits or Limits(), background=False, program=program)


def tell(worker: Slot, deed: str, *, within: float = 120.0, **arguments: Any) -> str:
    """Have a worker do something; "done: ..." or "refused: ..."."""
    source = json.dumps({"do": deed, "with": arguments}).encode()
    result = worker.compress(source, Recipe(), within)
    assert isinstance(result, Unchanged)
    return result.detail


def ask_for(worker: Slot, size: int) -> Compressed:
    """Have a worker give a result of so many bytes, at least those of the order."""
    order = json.dumps({"do": "give", "with": {"size": size}}).encode()
    result = worker.compress((PNG + order).ljust(size), Recipe())
    assert isinstance(result, Compressed)
    return result
