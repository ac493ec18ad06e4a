"""The real worker under Python's audit hooks: the first thing that has to do with a network ends it.

Run in the worker's place by `Slot(program=...)`.
"""

import os
import sys

from homepress.workers import child

EVENTS = (
    "socket.",
    "urllib.",
    "http.",
    "ftplib.",
    "smtplib.",
    "webbrowser.",
    "subprocess.",
    "os.system",
    "os.exec",
)
EXIT_CODE = 99


def hook(event: str, arguments: tuple[object, ...]) -> None:
    if event.startswith(EVENTS):
        sys.stderr.write(f"a worker raised {event} {arguments}\n")
        sys.stderr.flush()
        os._exit(EXIT_CODE)


if __name__ == "__main__":
    sys.addaudithook(hook)
    child.main()
