"""Notices: short texts that the desktop shows for a while.

There are two places for them, one for problems and one for results; a new notice takes the place of the old
one, so they never pile up.
"""

from homepress.desktop.notices.interface import Button, Notice, Notifier, Picture, Slot, Unshown
from homepress.desktop.notices.linux import BusNotifier

__all__ = ["BusNotifier", "Button", "Notice", "Notifier", "Picture", "Slot", "Unshown"]
