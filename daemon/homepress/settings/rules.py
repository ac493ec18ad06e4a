"""What single keys cannot tell: settings of one folder that do not fit each other."""

from collections.abc import Iterator
from dataclasses import dataclass

from homepress.settings.model import FolderSettings
from homepress.settings.values import path_key


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two keys that do not fit each other.

    Attributes:
        key: the one to change.
        other: the one it does not fit.
        message: why, and what to do.
    """

    key: str
    other: str
    message: str


def conflicts(folder: FolderSettings) -> Iterator[Conflict]:
    """The conflicts within one folder."""
    if folder.mode == "output" and folder.output is None:
        yield Conflict("mode", "output", 'mode = "output" also needs output, the folder that results go to')
    if folder.mode != "output" and folder.output is not None:
        yield Conflict(
            "output", "mode", 'has a meaning only with mode = "output"; add that line or remove this one'
        )
    if folder.output is not None and path_key(folder.output) == path_key(folder.path):
        yield Conflict("output", "path", "is the watched folder itself; expected another folder")
    if folder.max_size and folder.min_size.bytes > folder.max_size.bytes:
        message = (
            f'nothing is both above min_size = "{folder.min_size}" and below max_size = "{folder.max_size}"'
        )
        yield Conflict("max_size", "min_size", message)
    if folder.fit_under and folder.quality.floor is None:
        message = (
            'lossless pictures cannot be made to fit under a size; set another quality, such as "balanced"'
        )
        yield Conflict("fit_under", "quality", message)
