"""What can be asked of file managers."""

from typing import Protocol


class FileManagerError(OSError):
    """The entries cannot be added or removed; the text says why."""


class FileManagers(Protocol):
    """The file managers of one system."""

    def add(self) -> list[str]:
        """Add the entries; where each now is. Raises `FileManagerError`."""

    def remove(self) -> list[str]:
        """Take all entries away; what was there. Raises `FileManagerError`."""
