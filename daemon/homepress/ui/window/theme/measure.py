"""What every drawing of a look starts from: its colours, and the pixels of this screen."""

from dataclasses import dataclass

from homepress.ui.window.theme.palette import Palette


@dataclass(frozen=True, slots=True)
class Measure:
    """Colours and lengths of one look on one screen.

    Attributes:
        palette: the colours.
        scale: pixels of the screen for each pixel of the design.
    """

    palette: Palette
    scale: float

    def px(self, length: float) -> int:
        """A length of the design in pixels of this screen; never 0 unless it is."""
        return max(1, round(length * self.scale)) if length else 0
