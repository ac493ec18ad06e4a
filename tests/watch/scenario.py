"""Scenarios that need a process of their own: under another user, or with a kernel limit of its own.

Run as `python scenario.py NAME FOLDER`; prints one JSON object.
"""

import dataclasses
import json
import os
import sys
import time
from pathlib import Path

import watchdog

from homepress.watch import this_system
from homepress.watch.folder import Inbox
from homepress.watch.linux import openness
from support import wait_for
from watch.harness import FAST, JPEG, Watching, watching


def describe(run: Watching) -> dict[str, object]:
    state = run.state()
    return {
        "status": state.status,
        "problem": state.problem,
        "watch": state.watch,
        "directories": state.directories,
        "names": sorted(run.sink.names()),
    }


def limit(folder: Path) -> None:
    """Fewer watches than folders; a picture dropped into each folder afterwards."""
    Path("/proc/sys/user/max_inotify_watches").write_text("20")
    with watching(folder) as run:
        wait_for(lambda: run.state().status == "partly watched")
        before = describe(run)
        for directory in sorted(folder.iterdir()):
            (directory / f"{directory.name}.jpg").write_bytes(JPEG)
        run.wait_arrivals(len(os.listdir(folder)))
        run.wait_settled()
        after = describe(run)
    print(json.dumps({"before": before, "after": after, "arrivals": len(run.sink.arrivals)}))


def instances(folder: Path) -> None:
    """Not a single observer to be had."""
    Path("/proc/sys/user/max_inotify_instances").write_text("0")
    with watching(folder) as run:
        state = describe(run)
        (folder / "a.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)
    print(json.dumps(state))


def unreadable(folder: Path) -> None:
    """A folder without permission, which then gets it, and loses it again."""
    folder.chmod(0)
    with watching(folder) as run:
        first = describe(run)
        folder.chmod(0o700)
        wait_for(lambda: run.state().status == "watching")
        (folder / "a.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)
        folder.chmod(0o600)
        wait_for(lambda: run.state().status == "unreadable")
        folder.chmod(0o700)
        wait_for(lambda: run.state().status == "watching")
        (folder / "b.jpg").write_bytes(JPEG)
        run.wait_arrivals(2)
        (folder / "inner").mkdir(mode=0)
        run.watch.rescan()
        last = wait_for(lambda: describe(run) if run.state().problem else None)
        (folder / "secret.jpg").write_bytes(JPEG)
        (folder / "secret.jpg").chmod(0o200)
        time.sleep(1)
        run.wait_settled()
    print(json.dumps({"first": first, "last": last, "names": sorted(run.sink.names())}))


def other_watchdog(folder: Path) -> None:
    """A file found by events while no scan falls due, and one of which no event comes."""
    shortcoming = this_system().shortcoming()
    with watching(folder, timing=dataclasses.replace(FAST, poll=3600.0)) as run:
        (folder / "a.jpg").write_bytes(JPEG)
        run.wait_arrivals(1)
        state, by_events = describe(run), sorted(run.sink.names())
    with watching(folder, timing=dataclasses.replace(FAST, scan=3600.0), memory=run.memory) as again:
        (folder.parent / "b.jpg").write_bytes(JPEG)
        Inbox.file_event = lambda *_: None  # type: ignore[method-assign, assignment]
        os.link(folder.parent / "b.jpg", folder / "b.jpg")
        os.unlink(folder.parent / "b.jpg")
        again.wait_arrivals(1)
    told = {"watchdog": watchdog.__file__, "shortcoming": shortcoming, "state": state}
    print(json.dumps(told | {"by events": by_events, "by scans": sorted(os.listdir(folder))}))


def leases(folder: Path) -> None:
    """Asks for leases while another process opens the file for writing as fast as it can.

    SIGIO has its default action here: a broken lease would end this process.
    """
    path = folder / "file"
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        writes, until = 0, time.monotonic() + 1.5
        while time.monotonic() < until:
            os.close(os.open(path, os.O_WRONLY))
            writes += 1
        os.write(writer, str(writes).encode())
        os._exit(0)
    seen = set()
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        fd = os.open(path, os.O_RDONLY)
        seen.add(openness(fd, os.fsencode(path)).name)
        os.close(fd)
    print(json.dumps({"results": sorted(seen), "writes": int(os.read(reader, 100))}))


if __name__ == "__main__":
    scenarios = {
        "limit": limit,
        "instances": instances,
        "unreadable": unreadable,
        "other-watchdog": other_watchdog,
        "leases": leases,
    }
    scenarios[sys.argv[1]](Path(sys.argv[2]))
