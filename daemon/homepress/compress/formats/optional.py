"""Codecs that are not part of a plain installation."""

import functools
import importlib
from types import ModuleType

from homepress.compress.formats.picture import CannotConvert


@functools.cache
def codec(module: str, package: str, what: str) -> ModuleType:
    """Import a codec.

    Args:
        module: name to import.
        package: name to install.
        what: what it reads or writes, for the message.

    Raises:
        CannotConvert: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise CannotConvert(f"{what} needs the package {package}, which is not installed") from error
