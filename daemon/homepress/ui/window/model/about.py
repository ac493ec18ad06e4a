"""What Homepress is built on, read from what is installed."""

import re
from importlib import metadata

_PROGRAM = "homepress"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LONGEST = 80


def built_on() -> list[str]:
    """Each package that this installation needs and has, with its version and licence."""
    found = []
    for name in _needed():
        try:
            about = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue  # needed on another system
        licence = _licence(about)
        found.append(f"{name} {about['Version']}" + (f" ({licence})" if licence else ""))
    return found


def _needed() -> list[str]:
    """The names in the program's own requirements; those of extras, such as for development, do not count."""
    try:
        lines = metadata.requires(_PROGRAM) or []
    except metadata.PackageNotFoundError:
        return []
    names = (_NAME.match(line) for line in lines if "extra ==" not in line)
    return [name.group().lower() for name in names if name]


def _licence(about: metadata.PackageMetadata) -> str:
    """The name of a licence; some packages have its whole text there, and name it in a classifier only."""
    for key in ("License-Expression", "License"):
        if key in about and len(about[key]) < _LONGEST and "\n" not in about[key]:
            return about[key]
    named = [line for line in about.get_all("Classifier") or [] if line.startswith("License ::")]
    return named[0].rpartition(" :: ")[2] if named else ""
