"""Which of our modules and functions one picture and one undo run through in the daemon.

    python benchmarks/route.py [--list]

The real daemon watches a folder, without a tray, and every call of a function of ours is noted
(sys.setprofile). A JPEG of 12 MP is copied in and undone. What else the daemon does in those seconds is
counted too; a worker is a process of its own and is not.
"""

import argparse
import json
import runpy
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import FrameType

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.watching.pictures import photograph
from benchmarks.watching.program import daemon, homepress, homepress_json, is_replaced, until

OURS = f"{Path(__file__).resolve().parent.parent / 'daemon' / 'homepress'}/"
Call = tuple[float, str, str, str]
"""When (time.monotonic), in which module, which function, on which thread."""


def noted(calls_file: Path, arguments: Sequence[str]) -> None:
    """Run the program in this process with these arguments; write the calls of our functions to a file."""
    calls: list[tuple[float, str, str, int]] = []

    def note(frame: FrameType, event: str, _argument: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(OURS):
            calls.append((time.monotonic(), code.co_filename, code.co_qualname, threading.get_ident()))

    threading.setprofile(note)
    sys.setprofile(note)
    sys.argv = ["homepress", *arguments]
    try:
        runpy.run_module("homepress", run_name="__main__")
    finally:
        sys.setprofile(None)
        calls_file.write_text(json.dumps(calls), encoding="utf-8")


def timed(deed: Callable[[], None]) -> tuple[float, float]:
    """When a deed began and when it was over, as the daemon reads the clock."""
    begun = time.monotonic()
    deed()
    return begun, time.monotonic()


def picture(home: Path, path: Path, data: bytes) -> None:
    """Copy a picture in, and wait until the history has it."""
    path.write_bytes(data)
    until(partial(is_replaced, path, len(data)), 60, path.name)
    until(lambda: bool(homepress_json(home, "history")), 60, "the history")


def show(what: str, calls: Sequence[Call], span: tuple[float, float], listed: bool) -> None:
    """Print a line about the calls in a span of time, and the modules where they are asked for."""
    within = [call for call in calls if span[0] <= call[0] <= span[1]]
    modules = {call[1] for call in within}
    functions = {call[1:3] for call in within}
    threads = {call[3] for call in within}
    print(f"{what}: {len(modules)} modules, {len(functions)} functions, {len(within)} calls, ", end="")
    print(f"{len(threads)} threads")
    for module in sorted(modules) if listed else ():
        print(f"    {module.removeprefix(OURS)}: {sum(1 for found in functions if found[0] == module)}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--list", action="store_true", help="name the modules, with their functions")
    parser.add_argument("--inside", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        noted(Path(arguments.inside[0]), arguments.inside[1:])
        return
    with tempfile.TemporaryDirectory(prefix="homepress-route-") as name:
        place = Path(name)
        home, folder = place / "home", place / "watched"
        home.mkdir()
        folder.mkdir()
        calls_file, path = place / "calls.json", folder / "photograph.jpg"
        data = photograph(1)
        program = (sys.executable, __file__, "--inside", str(calls_file))
        with daemon(home, folder, "--no-tray", program=program):
            made = timed(lambda: picture(home, path, data))
            undone = timed(lambda: print(homepress(home, "undo", str(path)).strip()))
        calls = [tuple(call) for call in json.loads(calls_file.read_text(encoding="utf-8"))]
        show("one JPEG", calls, made, arguments.list)
        show("one undo", calls, undone, arguments.list)


if __name__ == "__main__":
    main()
