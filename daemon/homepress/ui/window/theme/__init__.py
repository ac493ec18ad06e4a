"""How the window looks: colours, fonts and icons, put on Qt's Fusion style."""

from homepress.ui.window.theme.icons import Icon, paint_icon
from homepress.ui.window.theme.palette import Palette
from homepress.ui.window.theme.theme import Theme

__all__ = ["Icon", "Palette", "Theme", "paint_icon"]
