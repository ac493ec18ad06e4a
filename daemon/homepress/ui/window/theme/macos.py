"""Looks on macOS, for a Qt that does not know them."""

import subprocess

_STYLE = ("read", "-g", "AppleInterfaceStyle")
_CONTRAST = ("read", "com.apple.universalaccess", "increaseContrast")


def is_dark() -> bool:
    """Whether the user chose the dark appearance."""
    return _defaults(_STYLE) == b"Dark"


def wants_contrast() -> bool:
    """Whether the user chose to increase contrast."""
    return _defaults(_CONTRAST) == b"1"


def _defaults(arguments: tuple[str, ...]) -> bytes:
    try:
        done = subprocess.run(["/usr/bin/defaults", *arguments], capture_output=True, timeout=1, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return b""
    return done.stdout.strip()
