"""The kernel that the store works with: that of the system we run on."""

import sys

from homepress.store.fs.base import Kernel


def system_kernel() -> Kernel:
    """The kernel of the system that this runs on."""
    if sys.platform == "win32":
        from homepress.store.fs.windows import WindowsKernel

        return WindowsKernel()
    if sys.platform == "darwin":
        from homepress.store.fs.macos import MacKernel

        return MacKernel()
    from homepress.store.fs.linux import LinuxKernel

    return LinuxKernel()
