"""The program put together: the daemon, and the same service in-process for when no daemon runs.

Nothing imports this but the command line.
"""

from homepress.app.connect import connect_or_local, prepare_client, try_doors
from homepress.app.daemon import RunOptions, run_daemon
from homepress.app.login import bring_back_tray

__all__ = ["RunOptions", "bring_back_tray", "connect_or_local", "prepare_client", "run_daemon", "try_doors"]
