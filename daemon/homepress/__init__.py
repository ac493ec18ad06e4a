"""Homepress: a daemon that watches folders and makes each new image smaller, on this computer only."""

__version__ = "0.1.0"

HOME_VARIABLE = "HOMEPRESS_HOME"
"""Names a folder that holds everything of one Homepress: settings, ledger, originals, socket."""
