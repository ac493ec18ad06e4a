"""The window: settings, activity, before and after, statistics.

A short-lived process of its own. It reads the ledger and the settings file; what it changes, it changes
through the daemon or through `settings.edit`.
"""

from homepress.ui.window.start import (
    NoDisplayError,
    NoToolkitError,
    OpenRequest,
    WindowLook,
    close_window,
    run,
)

__all__ = [
    "NoDisplayError",
    "NoToolkitError",
    "OpenRequest",
    "WindowLook",
    "close_window",
    "run",
]
