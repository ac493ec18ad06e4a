"""`python -m homepress.ui.tray SOCKET STATE SETTINGS`: the desktop agent, once it is locked in."""

import logging
import signal
import sys
from pathlib import Path

from homepress.ui.tray.agent import Places, run_agent


def main(arguments: list[str]) -> int:
    """Run the agent; the exit code."""
    socket, state, settings_file = map(Path, arguments)
    places = Places(socket, state, settings_file)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    logging.basicConfig(
        filename=places.log, filemode="w", level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    return run_agent(places)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
