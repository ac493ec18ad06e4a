"""Homepress: a daemon that watches folders and makes each new image smaller, on this computer only."""

__version__ = "0.1.0"
