"""What tests of the tray look at from outside."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from support import wait_for
from system.program import Program

if TYPE_CHECKING:
    from desktop.buses import IconSeen


def agents(program: Program) -> list[int]:
    """Process ids of the agents of this home."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"homepress.ui.tray" in words and os.fsencode(program.home / "state") in words:
            found.append(int(entry.name))
    return found


def wait_label(icon: "IconSeen", start: str) -> str:
    """The first label that begins with these words, once there is one."""
    return wait_for(
        lambda: next((label for label in icon.labels() if label.startswith(start)), ""),
        what=f"{start} in {icon.labels()}",
    )


def folder_entry(icon: "IconSeen", end: str) -> str:
    """The label of the one folder's entry that ends so; the folder's name may be shortened."""
    (label,) = [label for label in icon.labels() if label.startswith("Folders > ") and label.endswith(end)]
    return label
