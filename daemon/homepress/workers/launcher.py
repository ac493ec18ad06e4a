"""Starts processes from one thread that lasts as long as the program.

Linux sends a worker its death signal when the *thread* that started it ends, not the process (prctl(2),
PR_SET_PDEATHSIG). So no slot starts its process from whatever thread happens to call it.
"""

import queue
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import Future

Popen = subprocess.Popen[bytes]


class _Launcher:
    def __init__(self) -> None:
        self._requests: queue.SimpleQueue[tuple[Callable[[], Popen], Future[Popen]]] = queue.SimpleQueue()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    def launch(self, start: Callable[[], Popen]) -> Popen:
        with self._guard:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._serve, name="worker launcher", daemon=True)
                self._thread.start()
        outcome: Future[Popen] = Future()
        self._requests.put((start, outcome))
        return outcome.result()

    def _serve(self) -> None:
        while True:
            start, outcome = self._requests.get()
            try:
                outcome.set_result(start())
            except BaseException as error:  # noqa: BLE001  raised again by the caller's outcome.result()
                outcome.set_exception(error)


_launcher = _Launcher()


def launch(start: Callable[[], Popen]) -> Popen:
    """Run `start` in the lasting thread and give its process, or raise what it raised."""
    return _launcher.launch(start)
