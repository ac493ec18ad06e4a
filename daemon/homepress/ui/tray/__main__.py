"""`python -m homepress.ui.tray SOCKET STATE SETTINGS`: the desktop agent, once it is locked in."""

import signal
import sys
from pathlib import Path

from homepress.ui.tray.agent import AgentPaths, run_agent


def main(arguments: list[str]) -> int:
    """Run the agent; the exit code."""
    socket, state, settings_file = map(Path, arguments)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return run_agent(AgentPaths(socket, state, settings_file))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
