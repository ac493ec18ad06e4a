"""The menu's "Start at login": whether it is ticked, and what a click on it does."""

from homepress.desktop.autostart import autostart, autostarts


def starts() -> bool:
    """Whether Homepress starts at the next login; asked for and impossible counts as not."""
    return autostart().state().starts


def set_start(on: bool) -> None:
    """Start at login in the usual way, or in none. Raises `AutostartError`."""
    if on:
        autostarts()[0].enable()
        return
    for way in autostarts():
        way.disable()
