"""How the window looks: colours, fonts, icons, and the ttk style that is drawn with Pillow."""

from homepress.ui.window.theme.icons import Icon
from homepress.ui.window.theme.palette import DARK, LIGHT, Palette, contrast
from homepress.ui.window.theme.theme import Theme

__all__ = ["DARK", "LIGHT", "Icon", "Palette", "Theme", "contrast"]
