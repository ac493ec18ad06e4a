"""The system that we run on, as far as watching is concerned."""

import sys

from homepress.watch.interface import System


def this_system() -> System:
    """The one we run on."""
    if sys.platform == "win32":
        from homepress.watch import windows

        return windows
    if sys.platform == "darwin":
        from homepress.watch import macos

        return macos
    from homepress.watch import linux

    return linux
