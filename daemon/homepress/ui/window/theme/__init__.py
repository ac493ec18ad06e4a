"""How the window looks: colours, fonts, icons, and the ttk style that is drawn with Pillow."""

from homepress.ui.window.theme.drawing import Icon
from homepress.ui.window.theme.palette import Palette
from homepress.ui.window.theme.theme import Theme

__all__ = ["Icon", "Palette", "Theme"]
