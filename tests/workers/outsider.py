"""A stand-in for a daemon that has its workers started from outside its lock. Prints JSON.

Run as a program: `outsider.py wait`, which stays until it is ended, or `outsider.py locked`.
"""

import json
import sys
import threading
from pathlib import Path

from homepress.workers import launcher
from homepress.workers.process import environment

sys.path.insert(0, str(Path(__file__).parent.parent))

from workers.mischief import PROGRAM, slot, tell


def wait() -> None:
    """Two workers, one idle and one at work for ever; print the launcher's id and theirs, and stay."""
    idle, busy = slot(), slot()
    tell(idle, "compute")
    tell(busy, "compute")
    threading.Thread(target=lambda: tell(busy, "loop", within=600), daemon=True).start()
    outside = launcher.launcher()
    assert outside is not None
    print(json.dumps([outside.pid, idle.pid, busy.pid]), flush=True)
    threading.Event().wait()


def orphan() -> None:
    """As `wait`, but the workers would not notice their parent's end by themselves."""
    outside = launcher.launcher()
    assert outside is not None
    pipes = [outside.start((*SLEEPER, "600")) for _ in range(2)]
    print(json.dumps([outside.pid, *(each.pid for each in pipes)]), flush=True)
    threading.Event().wait()


SLEEPER = (sys.executable, "-c", "import sys, time; time.sleep(float(sys.argv[1]))")

if __name__ == "__main__":
    launcher.begin([PROGRAM, SLEEPER], environment())
    {"wait": wait, "orphan": orphan}[sys.argv[1]]()
