"""Homepress with one of its locks left off, to show that the proof notices: `unlocked.py LOCK WORD...`."""

import sys

from homepress import privacy
from homepress.ui.cli.main import main

if __name__ == "__main__":
    lock = f"lock_{sys.argv[1]}"
    assert hasattr(privacy, lock)
    setattr(privacy, lock, lambda *_, **__: privacy.Lock(network=False))
    sys.exit(main(sys.argv[2:]))
