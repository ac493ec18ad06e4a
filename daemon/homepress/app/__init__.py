"""The program put together: the daemon, and the same service in-process for when no daemon runs.

Nothing imports this but the command line.
"""

from homepress.app.connect import connect_or_local, prepare_client
from homepress.app.daemon import RunOptions, run_daemon

__all__ = ["RunOptions", "connect_or_local", "prepare_client", "run_daemon"]
