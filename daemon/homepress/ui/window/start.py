"""Opening the window, or having the one that is open come to the front."""

import importlib.util
from collections.abc import Callable

from homepress.control.service import ProbedProcess
from homepress.settings import Paths
from homepress.ui.testimony import probe_self, stand_witness
from homepress.ui.window.instance import Instance, Wish
from homepress.ui.window.look import Look

MISSING_TOOLKIT = (
    "The window needs tkinter, which this Python does not have. Install it with your system's packages: "
    "python3-tk (Debian, Ubuntu), python3-tkinter (Fedora), tk (Arch), python-tk (Homebrew). "
    "Everything can be done on the command line too; see: homepress --help"
)


class NoToolkitError(Exception):
    """This Python has no tkinter; the text names the package to install."""


class NoDisplayError(Exception):
    """There is no display to open a window on; the text says what was tried."""


def run(paths: Paths, wish: Wish, look: Look, probe_worker: Callable[[], list[ProbedProcess]]) -> int:
    """Show the window until it is closed; returns at once when another one took over the wish.

    Args:
        paths: whose window it is.
        wish: what it shows first.
        look: how it looks.
        probe_worker: has the worker that decodes pictures for it try every way out, if there is one.

    Raises:
        NoToolkitError: tkinter is missing.
        NoDisplayError: no display can be reached.
        OSError: the runtime folder cannot be used.
    """
    if importlib.util.find_spec("_tkinter") is None:
        raise NoToolkitError(MISSING_TOOLKIT)
    import tkinter

    instance = Instance.claim(paths, wish)
    if instance is None:
        return 0
    try:
        from homepress.ui.window.frame import Frame

        try:
            frame = Frame(look)
            frame.show()
        except tkinter.TclError as error:
            raise NoDisplayError(f"The window cannot be opened: {error}") from error
        # Only now, when the window is seen: it brings with it what reads ledger and settings.
        from homepress.ui.window.shell import Shell

        def probe() -> list[ProbedProcess]:
            own = probe_self()
            return own and [*own, *probe_worker()]

        shell = Shell(frame, paths, wish, probe)
        instance.hear(shell.wished)
        witness = stand_witness(paths.socket, "window", probe)
        try:
            shell.run()
        finally:
            if witness is not None:
                witness.close()
    finally:
        instance.close()
    return 0
