"""What compresses: a worker in its sandbox, the codecs, gifsicle."""

import json
import subprocess
from collections.abc import Iterator

from homepress.base.formats import ImageType
from homepress.base.units import size
from homepress.compress import Compressed, Recipe
from homepress.compress.footprint import most_pixels
from homepress.daemon.commands.prove import sample_png
from homepress.daemon.doctor.finding import Finding, Installation, broken, good, this_system, worth_knowing
from homepress.desktop.launching import NO_WINDOW
from homepress.workers import Limits, MemoryBudget, Slot, WorkerDied
from homepress.workers.command import environment, is_bundled, module_command
from homepress.workers.tool import Tool
from homepress.workers.tool import gifsicle as find_gifsicle

_INSTALL_AGAIN = "pipx reinstall homepress     (or: python -m pip install --force-reinstall homepress)"
_INSTALL_WITH_PIPX = "this bundle came without it; use instead: pipx install homepress"
_IMPORT_SECONDS = 60.0
_TOOL_SECONDS = 30.0
_MOST_OUTPUT = 10_000
_LOSSLESS = Recipe(floor=None)
_USUAL_PIXELS = 12_000_000
"""Of a telephone's photograph."""


def worker(_: Installation) -> Iterator[Finding]:
    """Start a worker, have it compress a sample, and ask which locks it reached."""
    slot = Slot(Limits(), background=False)
    try:
        result = slot.compress(sample_png(), _LOSSLESS)
        hello = slot.lock
        faults = slot.check_codecs({}).faults or []
    except WorkerDied as died:
        yield broken("worker", f"pictures cannot be compressed: {died}", _INSTALL_AGAIN)
        return
    finally:
        slot.close()
    if not isinstance(result, Compressed):
        yield broken("worker", f"a sample did not become smaller: {result.reason}", _INSTALL_AGAIN)
    else:
        yield good("worker", f"a sample picture became {len(result.data):,} from {len(sample_png()):,} bytes")
    for fault in faults:
        yield broken("codecs", str(fault), _INSTALL_AGAIN)
    if not faults:
        yield good("codecs", "small pictures come back from each as they should")
    if hello is None:
        return
    yield from this_system().file_sandbox(hello.files)
    for missing in hello.missing:
        yield worth_knowing("sandbox", missing, "see what holds all the same: homepress prove")


def memory(whole: Installation) -> Iterator[Finding]:
    """How large pictures may be, by the settings and by what is free now."""
    budget = MemoryBudget(whole.settings.daemon.worker_memory.bytes)
    if not budget.most or not budget.free:
        yield worth_knowing(
            "memory", "the system does not say how much there is, so no picture is refused for it"
        )
        return
    text = f"large pictures may take {size(budget.most)}, and {size(budget.free)} are free for them now"
    pixels = most_pixels(min(budget.most, budget.free), ImageType.AVIF)
    text = f"{text}: enough for pictures of {pixels // 1_000_000} megapixels in any format"
    if most_pixels(budget.most, ImageType.AVIF) < _USUAL_PIXELS:
        yield worth_knowing("memory", text, "raise worker_memory: homepress settings edit")
    else:
        yield good("memory", text)


def codecs(_: Installation) -> Iterator[Finding]:
    """Import each codec, in a process of its own: one that does not suit this processor ends it."""
    command = module_command("homepress.daemon.doctor.codecs_child")
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env=environment(),
            timeout=_IMPORT_SECONDS,
            check=False,
            creationflags=NO_WINDOW,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        yield broken("codecs", f"they could not be tried: {error}", _INSTALL_AGAIN)
        return
    unfinished = ""
    for line in done.stdout.splitlines():
        answer = json.loads(line)
        unfinished = answer["name"] if "begun" in answer else ""
        if "begun" not in answer:
            yield _codec(**answer)
    if unfinished:
        text = f"importing it ended the process (exit code {done.returncode})"
        yield broken(f"codec {unfinished}", text, _INSTALL_AGAIN)


def _codec(name: str, version: str, error: str, what: str, needed: bool) -> Finding:
    topic = f"codec {name}"
    if not error:
        return good(topic, f"{version}, for {what}")
    if needed:
        return broken(topic, f"no {what}: {error}", _INSTALL_AGAIN)
    fix = _INSTALL_WITH_PIPX if is_bundled() else f"pipx inject homepress {name}"
    return worth_knowing(topic, f"not here ({error}): no {what}", fix)


def gifsicle(_: Installation) -> Iterator[Finding]:
    """Run gifsicle as a worker does, in its sandbox."""
    program = find_gifsicle()
    if program is None:
        text = "it is not here: GIFs stay as they are"
        yield worth_knowing("gifsicle", text, this_system().getting("gifsicle"))
        return
    try:
        told = Tool([str(program), "--version"], Limits()).run(b"", _TOOL_SECONDS, _MOST_OUTPUT)
    except WorkerDied as died:
        yield broken("gifsicle", f"{program} does not start: {died}", this_system().getting("gifsicle"))
        return
    version = told.output.decode("utf-8", "replace").partition("\n")[0].strip()
    yield good("gifsicle", f"{version}, {program}")
