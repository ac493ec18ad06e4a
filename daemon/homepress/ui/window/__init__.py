"""The window: settings, activity, before and after, statistics.

A short-lived process of its own. It reads the ledger and the settings file; what it changes, it changes
through the daemon or through `settings.edit`.
"""

from homepress.ui.window.start import (
    MISSING_TOOLKIT,
    NoDisplayError,
    NoToolkitError,
    OpenRequest,
    WindowLook,
    close_window,
    run,
)

__all__ = [
    "MISSING_TOOLKIT",
    "NoDisplayError",
    "NoToolkitError",
    "OpenRequest",
    "WindowLook",
    "close_window",
    "run",
]
