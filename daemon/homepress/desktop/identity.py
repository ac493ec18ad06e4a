"""The names by which the systems around us know the program."""

NAME = "Homepress"
"""As people read it."""

PROGRAM = "homepress"
"""As commands, icons and files have it."""

APP_ID = "io.github.homepress"
"""Where a system wants a reversed domain name: D-Bus interfaces, launchd labels."""
