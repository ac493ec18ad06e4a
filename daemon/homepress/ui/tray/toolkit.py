"""pystray, imported with care, and the menu tree as pystray has it.

pystray chooses its backend while it is imported and stops with whatever error that backend meets, so on
Linux it is imported with its dummy backend and the real ones are tried one by one. A backend of our own
derives from its `Icon`, which is private to pystray: hence the bound on its version.
"""

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

from homepress.ui.tray.actions import Action
from homepress.ui.tray.menu import SEPARATOR, Entry

_VARIABLE = "PYSTRAY_BACKEND"


def _import() -> Any:
    before = os.environ.get(_VARIABLE)
    if sys.platform not in ("win32", "darwin"):
        os.environ[_VARIABLE] = "dummy"
    try:
        return importlib.import_module("pystray")
    finally:
        if before is None:
            os.environ.pop(_VARIABLE, None)
        else:
            os.environ[_VARIABLE] = before


_pystray = _import()

Menu: Any = _pystray.Menu
"""pystray's menu, also for its `SEPARATOR`."""

MenuItem: Any = _pystray.MenuItem
"""pystray's menu item."""

BaseIcon: Any = importlib.import_module("pystray._base").Icon
"""What every backend of pystray derives from."""


class TreeItem(MenuItem):  # type: ignore[misc]  # pystray has no types
    """A menu item that knows what it does: two items with the same key do the same."""

    def __init__(self, entry: Entry, do: Callable[[Action], None]) -> None:
        action = entry.action
        if entry.children:
            click: Any = as_pystray(entry.children, do)
        elif action is not None:

            def click(_icon: object, _item: object) -> None:
                do(action)
        else:
            click = None
        super().__init__(
            entry.label,
            click,
            checked=None if entry.checked is None else lambda _: bool(entry.checked),
            default=entry.default,
            enabled=bool(entry.children) or action is not None,
        )
        self.key = action


def as_pystray(entries: tuple[Entry, ...], do: Callable[[Action], None]) -> Any:
    """A pystray menu of a tree; `do` gets the action of the entry that was clicked."""
    return Menu(*(Menu.SEPARATOR if entry == SEPARATOR else TreeItem(entry, do) for entry in entries))
