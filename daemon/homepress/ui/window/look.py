"""What somebody asked of the window's looks; apart from the theme, which cannot be had without a toolkit."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody asked for by hand; None leaves it to the system.

    Attributes:
        dark: the dark theme or the light one.
        scale: pixels on the screen for one of the design, 1.0 to 4.0.
    """

    dark: bool | None = None
    scale: float | None = None
