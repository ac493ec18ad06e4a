"""The report in a real browser: nothing is loaded, the slider moves, everything has a name."""

import base64
import hashlib
import http.server
import re
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from system.pictures import jpeg, write
from system.program import Program

_BROWSER = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)


@pytest.fixture
def report(program: Program, inbox: Path, tmp_path: Path) -> Path:
    """A report on one picture whose name is a trap."""
    write(inbox / '"><script>alert(1)<script>.jpg'.replace("/", ""), jpeg(1))
    program.watch(inbox, existing="compress")
    program.run("run", "--once", "--no-tray")
    file = tmp_path / "report.html"
    program.run("report", "--no-open", "--output", str(file))
    return file


def test_nothing_in_it_comes_from_elsewhere(report: Path) -> None:
    text = report.read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]
    assert re.findall(r"https?://|src=\"(?!data:)|<link|@import|url\(", text) == []
    assert "<script>alert" not in text
    assert report.stat().st_mode & 0o077 == 0, "pictures are in it"


@pytest.mark.skipif(not _BROWSER, reason="needs chromium")
def test_the_slider_works_under_the_policy_and_nothing_is_asked_for(report: Path, tmp_path: Path) -> None:
    asked: list[str] = []

    class Listening(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    # The hand on the slider is a script too: the policy has to let this one through, and only this one more.
    hand = "const s=document.querySelector('input');s.value=80;s.dispatchEvent(new Event('input'))"
    digest = base64.b64encode(hashlib.sha256(hand.encode()).digest()).decode()
    text = report.read_text("utf-8")
    assert text.count("script-src ") == 1
    text = text.replace("script-src ", f"script-src 'sha256-{digest}' ")
    driven = tmp_path / "driven.html"
    driven.write_text(text.replace("</body>", f"<script>{hand}</script></body>"), encoding="utf-8")
    try:
        whole, moved = (_dom(file, proxy.server_port, tmp_path) for file in (report, driven))
    finally:
        proxy.shutdown()
        proxy.server_close()
    assert [path for path in asked if "report" in path or "http" not in path] == []
    assert "--at: 80%" in moved
    for image in re.findall(r"<img[^>]*>", whole):
        assert re.search(r'alt="[^"]+"', image)
    assert re.search(r'<input[^>]*aria-label="Divider of', whole)
    assert re.search(r'<svg[^>]*role="img"[^>]*aria-label="[^"]+', whole.replace("\n", " "))


def _dom(file: Path, proxy: int, place: Path) -> str:
    """The page as the browser has it after its scripts have run."""
    done = subprocess.run(
        [
            _BROWSER,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            f"--user-data-dir={place / 'browser'}",
            f"--proxy-server=127.0.0.1:{proxy}",
            "--dump-dom",
            file.as_uri(),
        ],
        capture_output=True,
        timeout=90,
        check=True,
    )
    return done.stdout.decode()
