"""Runs command lines of the program in one home, each in a process of its own.

The interpreter is loaded once and forked for each command, which is ten times as fast. Standard input has one
JSON list of argument lists; standard output gets one JSON object a command.
"""

import importlib
import json
import os
import sys
import tempfile
import traceback

LOADED = ("homepress.ui.cli", "homepress.daemon.service", "homepress.store.store", "homepress.workers.host")
"""Modules that many commands need: loaded before the first of them."""


def run(arguments: list[str]) -> dict[str, object]:
    """One command in a child; its exit code and all that it printed."""
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            try:
                from homepress.ui.cli import main

                code = main(arguments)
                sys.stdout.flush()
            except SystemExit as error:
                code = error.code if isinstance(error.code, int) else 1
            except BaseException:  # noqa: BLE001  a boundary: what came out is what is looked at
                traceback.print_exc()
                sys.stderr.flush()
                code = 99
            os._exit(code)
        _, status = os.waitpid(child, 0)
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    return {"arguments": arguments, "code": os.waitstatus_to_exitcode(status), "output": text}


def main() -> None:
    """See the module."""
    for module in LOADED:
        importlib.import_module(module)
    for arguments in json.load(sys.stdin):
        sys.stdout.write(json.dumps(run(arguments)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
