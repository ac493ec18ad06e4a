"""Run Homepress with a wall clock that is wrong: python wrongclock.py FILE ARGUMENT...

FILE holds how many seconds the clock is ahead, and is read anew each time that the clock is looked at. The
other clocks are left alone, as they are where somebody sets a clock. (libfaketime, which could do the same
for any program, makes `time.sleep` and waits with a time limit fail.)
"""

import runpy
import sys
import time
from pathlib import Path


def main() -> None:
    """Change the clock and become Homepress."""
    offset, true = Path(sys.argv.pop(1)), time.time
    time.time = lambda: true() + float(offset.read_text("ascii"))
    sys.argv[0] = "homepress"
    runpy.run_module("homepress", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
