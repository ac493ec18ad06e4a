"""The settings of a running program: read again on demand, the last good ones kept."""

from pathlib import Path

from homepress.settings.load import load
from homepress.settings.model import Settings
from homepress.settings.problem import SettingsError


class LiveSettings:
    """Holds the last good settings of a file and what is wrong with it now.

    Attributes:
        current: the last settings that could be used; the defaults, with no folder, if none ever could.
        error: what is wrong with the file as it stands; None when `current` is what it says.
    """

    def __init__(self, file: Path) -> None:
        self.current = Settings()
        self.error: SettingsError | None = None
        self._file = file
        self.reload()

    def reload(self) -> bool:
        """Read the file again; whether `current` or `error` is now another."""
        before = (self.current, str(self.error))
        try:
            self.current, self.error = load(self._file), None
        except SettingsError as error:
            self.error = error
        return before != (self.current, str(self.error))
