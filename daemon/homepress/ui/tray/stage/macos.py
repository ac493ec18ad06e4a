"""macOS: the icon belongs to the main thread, which runs the event loop of AppKit."""

import importlib
from collections.abc import Callable
from typing import Any

from homepress.ui.tray.stage.pystray_only import PystrayStage


def call_after() -> Any:
    """PyObjC's way into the main thread: it has the work done there later, and never waits for it."""
    return importlib.import_module("PyObjCTools.AppHelper").callAfter


class MacosStage(PystrayStage):
    """An icon whose every change is made by the main thread; macOS ends a program that does otherwise."""

    def __init__(self) -> None:
        after = call_after()

        def on_main(work: Callable[[], None]) -> None:
            after(work)

        super().__init__(on_main)
