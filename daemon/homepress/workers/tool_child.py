"""The process that locks itself and then becomes a helper program, which inherits the lock."""

import os
import signal
import sys
from pathlib import Path

import msgspec

from homepress import privacy
from homepress.workers.host import host
from homepress.workers.protocol import NOT_STARTED, ToolConfig

_FIRST_BEYOND_STANDARD = 3


def main() -> None:
    """Become the program that the configuration names."""
    config = msgspec.json.decode(sys.argv[1], type=ToolConfig)
    host.die_with_parent(config.parent)
    host.close_from(_FIRST_BEYOND_STANDARD)
    if config.background:
        host.yield_to_others()
    tool = os.fsdecode(config.command[0])
    lock = privacy.lock_tool(Path(tool), host.system_libraries(), config.limits)
    if config.must_lock and not lock.network:
        print(f"{tool!a}: not started without a lock: {'; '.join(lock.missing)}", file=sys.stderr)  # noqa: T201
        sys.exit(NOT_STARTED)
    # Python ignores it, and a program would go on writing into a closed pipe.
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execv(tool, config.command)
    except OSError as error:
        print(f"{tool!a}: {error.strerror}", file=sys.stderr)  # noqa: T201  told to the daemon
        sys.exit(NOT_STARTED)


if __name__ == "__main__":
    main()
