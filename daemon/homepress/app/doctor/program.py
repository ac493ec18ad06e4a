"""The program itself: Python, the window's toolkit, the network lock."""

import importlib
import platform
import struct
import sys
import sysconfig
from collections.abc import Iterator

import homepress
from homepress import privacy
from homepress.app.doctor.finding import Finding, broken, good, worth_knowing
from homepress.app.doctor.installation import Installation
from homepress.app.doctor.system import this_system
from homepress.workers.command import is_bundled

_OLDEST = (3, 11)


def python(_: Installation) -> Iterator[Finding]:
    """The Python that runs us."""
    bits = 8 * struct.calcsize("P")
    threads = ", free-threaded" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    text = f"{platform.python_version()}, {bits} bits{threads}, for Homepress {homepress.__version__}"
    if sys.version_info < _OLDEST:
        oldest = ".".join(map(str, _OLDEST))
        yield broken(
            "Python", text, f"install Homepress with Python {oldest} or newer: pipx install homepress"
        )
    elif bits < 64:
        yield worth_knowing("Python", f"{text}; large pictures need 64 bits", "install a Python of 64 bits")
    else:
        yield good("Python", text)


def window_toolkit(_: Installation) -> Iterator[Finding]:
    """Whether the window can be opened."""
    try:
        toolkit = importlib.import_module("tkinter")
    except ImportError as error:
        text = f"there is no tkinter ({error}): no window; tray and command line do all it does"
        # A bundle has all of it but the system's own libraries of the display.
        missing = "x11" if is_bundled() else "tkinter"
        yield worth_knowing("window", text, this_system().getting(missing))
        return
    yield good("window", f"tkinter with Tk {toolkit.TkVersion}")


def network_lock(whole: Installation) -> Iterator[Finding]:
    """Whether the system refuses us the network, measured in this process and in the daemon."""
    if privacy.state() != "locked":
        text = "the system does not refuse this program the network; nothing is ever sent all the same"
        yield worth_knowing("network lock", text, "see what could not be had: homepress prove")
    elif whole.daemon is not None and whole.daemon.network != "locked":
        text = f"the daemon (process {whole.daemon.pid}) is not locked out of the network"
        yield worth_knowing("network lock", text, "see what could not be had: homepress prove")
    else:
        who = "this command and the daemon" if whole.daemon is not None else "this command"
        yield good("network lock", f"measured: the system refuses {who} the network")
