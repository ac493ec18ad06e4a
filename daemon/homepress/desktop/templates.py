"""Filling in the files of `service-files/`: `@NAME@` stands for a value that is already quoted."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from homepress.resources import shipped

_HOLE = re.compile(r"@([A-Z_]+)@")


def filled(template: str, values: Mapping[str, str]) -> str:
    """The text of a template with every hole filled. Raises `KeyError` for a hole without value."""
    text = shipped(f"service-files/{template}").read_text(encoding="utf-8")
    return _HOLE.sub(lambda hole: values[hole[1]], text)


def config_home() -> Path:
    """The user's folder of settings (XDG Base Directory Specification)."""
    return _xdg("XDG_CONFIG_HOME", ".config")


def data_home() -> Path:
    """The user's folder of data (XDG Base Directory Specification)."""
    return _xdg("XDG_DATA_HOME", ".local/share")


def _xdg(variable: str, default: str) -> Path:
    # A relative path is to be ignored, says the specification.
    value = os.environ.get(variable, "")
    return Path(value) if os.path.isabs(value) else Path.home() / default


def write(file: Path, text: str, *, mode: int = 0o644) -> None:
    """Write a small file of ours so that it is the old or the new one at every instant."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.new")
    new.write_text(text, encoding="utf-8", errors="surrogateescape", newline="\n")
    new.chmod(mode)
    new.replace(file)
