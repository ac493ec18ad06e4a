"""The desktop around us: bus, tray, notices, start at login."""

from collections.abc import Iterable, Iterator

from homepress.app.doctor.finding import Finding, broken, good, worth_knowing
from homepress.app.doctor.installation import Installation
from homepress.app.doctor.system import this_system
from homepress.desktop.autostart import autostart


def session(whole: Installation) -> Iterable[Finding]:
    """What there is of a desktop."""
    return this_system().desktop(whole.old_tray)


def start_at_login(_: Installation) -> Iterator[Finding]:
    """Whether Homepress will really start at the next login."""
    state = autostart().state()
    why = f": {state.reason}" if state.reason else ""
    if not state.on:
        text = f"it does not start at login{why}"
        yield worth_knowing("start at login", text, "homepress autostart on")
    elif state.starts:
        yield good("start at login", f"it starts, by {state.place}{why}")
    else:
        text = f"it is to start at login and will not{why}"
        yield broken("start at login", text, "homepress autostart on")
