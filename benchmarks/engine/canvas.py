"""The HTML canvas of headless Chromium, which is how tools that run in a browser compress."""

import base64
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.engine.process import Cost, measured

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-extensions", "--no-first-run")
_PAGE = """<!doctype html><meta charset="utf-8"><img id="source" src="data:{kind};base64,{data}"><pre></pre>
<script>
addEventListener("load", () => {{
  const source = document.getElementById("source"), canvas = document.createElement("canvas");
  canvas.width = source.naturalWidth;
  canvas.height = source.naturalHeight;
  canvas.getContext("2d").drawImage(source, 0, 0);
  source.remove();
  document.querySelector("pre").textContent = canvas.toDataURL("{target}", {quality});
  document.querySelector("script").remove();
}});
</script>"""
_RESULT = re.compile(r"<pre>data:[a-z/]+;base64,([A-Za-z0-9+/=]+)</pre>")


def missing() -> str:
    """Why it cannot run here; empty if it can."""
    return "" if _browser() else "Chromium is not installed: apt-get install chromium"


def run(target: str, quality: float) -> Callable[[Sequence[Path], Path], Cost]:
    """How pictures are drawn on a canvas and saved from it; one browser a picture, its start included.

    Args:
        target: the MIME type that is asked for.
        quality: from 0 to 1, as the canvas takes it.
    """

    def over(files: Sequence[Path], output: Path) -> Cost:
        costs = [_one(file, output / file.name, target, quality) for file in files]
        return Cost(sum(cost.cpu_seconds for cost in costs), max(cost.peak_rss_mb for cost in costs))

    return over


def _browser() -> str | None:
    return next(filter(None, map(shutil.which, _PROGRAMS)), None)


def _one(file: Path, output: Path, target: str, quality: float) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        page, dump = Path(folder, "page.html"), Path(folder, "dump.html")
        data = base64.b64encode(file.read_bytes()).decode()
        kind = "image/png" if file.suffix == ".png" else "image/jpeg"
        page.write_text(_PAGE.format(kind=kind, data=data, target=target, quality=quality))
        options = [*_OPTIONS, f"--user-data-dir={folder}/profile", "--dump-dom", page.as_uri()]
        shell = 'dump=$1; shift; exec "$@" > "$dump"'
        cost = measured(["sh", "-c", shell, "sh", str(dump), _browser() or "", *options])
        found = _RESULT.search(dump.read_text())
        if found is None:
            raise RuntimeError(f"the browser gave nothing for {file.name}")
        output.write_bytes(base64.b64decode(found[1]))
        return cost
