"""Resting while the computer saves power.

The daemon cannot look for itself: it may not connect to any bus. The desktop agent sees the change and tells.
"""


class PowerSaver:
    """What was told about the power, and what the user made of it."""

    def __init__(self) -> None:
        self.saving = False
        """Whether the computer saves power, as far as was told."""
        self._overridden = False

    @property
    def resting(self) -> bool:
        """Whether the computer saves power and the user did not ask for work all the same."""
        return self.saving and not self._overridden

    def report(self, saving: bool) -> None:
        """The computer saves power now, or does not. What the user asked for holds until it stops saving."""
        self.saving = saving
        if not saving:
            self._overridden = False

    def override(self) -> None:
        """Work all the same, until the computer has stopped saving power."""
        self._overridden = self.saving
