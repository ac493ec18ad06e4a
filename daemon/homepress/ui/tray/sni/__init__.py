"""The tray icon on Linux, as a pystray backend: StatusNotifierItem and com.canonical.dbusmenu over D-Bus.

Freedesktop's draft of StatusNotifierItem and libdbusmenu's com.canonical.dbusmenu.xml say what goes over the
bus. KDE, XFCE, LXQt, waybar, Cinnamon, MATE, and GNOME with its AppIndicator extension show such icons.
"""

from homepress.ui.tray.sni.icon import WATCHER, Icon
from homepress.ui.tray.sni.item import Pixmaps

__all__ = ["WATCHER", "Icon", "Pixmaps"]
