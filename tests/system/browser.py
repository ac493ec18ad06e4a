"""A browser without a window, spoken to through two pipes (Chrome DevTools Protocol): no port is opened."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

PROGRAM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--remote-debugging-pipe",
)
# The browser reads its orders from descriptor 3 and answers on 4.
_SHELL = 'exec "$0" "$@" 3<&{orders} 4>&{answers}'

Message = dict[str, Any]


class Page:
    """One page in a browser of its own.

    Attributes:
        requests: the address of everything that the page asked for.
    """

    def __init__(self, file: Path, profile: Path) -> None:
        read_orders, self._orders = os.pipe()
        self._answers, write_answers = os.pipe()
        shell = _SHELL.format(orders=read_orders, answers=write_answers)
        self._browser = subprocess.Popen(
            ["bash", "-c", shell, PROGRAM, *_OPTIONS, f"--user-data-dir={profile}"],
            pass_fds=[read_orders, write_answers],
            stderr=subprocess.DEVNULL,
        )
        os.close(read_orders)
        os.close(write_answers)
        self._rest = b""
        self._number = 0
        self._session = ""
        self.requests: list[str] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Network", "Page", "Accessibility"):
            self.ask(f"{domain}.enable")
        self.ask("Page.navigate", url=file.as_uri())
        while self._hear().get("method") != "Page.loadEventFired":
            pass

    def ask(self, method: str, **parameters: object) -> Message:
        """Give an order; its result."""
        self._number += 1
        order: Message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            order["sessionId"] = self._session
        os.write(self._orders, json.dumps(order).encode() + b"\0")
        while (answer := self._hear()).get("id") != self._number:
            pass
        assert "error" not in answer, answer
        result: Message = answer["result"]
        return result

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript gives."""
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def press(self, key: str, code: int) -> None:
        """Press a key on whatever has the keyboard."""
        for kind in ("rawKeyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def tree(self) -> list[tuple[str, str]]:
        """Role and name of everything that a screen reader is told."""
        nodes = self.ask("Accessibility.getFullAXTree")["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes
            if not node["ignored"]
        ]

    def close(self) -> None:
        """End the browser."""
        os.close(self._orders)
        os.close(self._answers)
        self._browser.kill()
        self._browser.wait(20)

    def _hear(self) -> Message:
        while b"\0" not in self._rest:
            if not (more := os.read(self._answers, 1 << 16)):
                raise AssertionError("the browser has ended")
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\0")
        message: Message = json.loads(line)
        if message.get("method") == "Network.requestWillBeSent":
            self.requests.append(message["params"]["request"]["url"])
        return message
