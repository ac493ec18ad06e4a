"""From figures to the lines of the table: what is to be reached, what was measured, whether it was."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.goals.runs import Result

Results = Mapping[str, Result]

_FIVE = ("SSIMULACRA2", "butteraugli, 3-norm", "MS-SSIM", "HaarPSI", "PSNR-HVS-M")
_MOST_OF_A_JUDGE, _MOST_OF_ALL = 1.03, 0.96

OURS, PEER = "Homepress balanced", "caesiumclt -q80"


@dataclass(frozen=True)
class Number:
    """One line.

    Attributes:
        what: what is measured.
        goal: what is to be reached.
        measured: what was.
        met: whether that is enough; None where it could not be measured, or there is no goal.
        runs: names of the runs that it comes from.
    """

    what: str
    goal: str
    measured: str
    met: bool | None
    runs: tuple[str, ...]


@dataclass(frozen=True)
class _Line:
    """How one line is made: `read` takes the figures of its runs and gives text and verdict."""

    what: str
    goal: str
    runs: tuple[str, ...]
    read: Callable[..., tuple[str, bool | None]]

    def number(self, results: Results) -> Number:
        missing = [name for name in self.runs if name not in results or results[name].figures is None]
        if missing:
            problems = [results[name].problem if name in results else f"{name} not run" for name in missing]
            return Number(self.what, self.goal, f"not measured: {'; '.join(problems)}", None, self.runs)
        try:
            measured, met = self.read(*(results[name].figures for name in self.runs))
        except (KeyError, StopIteration) as error:
            return Number(self.what, self.goal, f"not measured: no figure for {error}", None, self.runs)
        return Number(self.what, self.goal, measured, met, self.runs)


def numbers(results: Results) -> list[Number]:
    """Every line of the table, measured or not."""
    return [line.number(results) for line in _LINES]


def _curves(figures: Any) -> tuple[str, bool | None]:
    told, worst = [], 0.0
    for pictures, encoders in figures["curves"].items():
        by_score = encoders["own rate-distortion"]
        worst = max(worst, *by_score.values())
        told.append(f"{pictures} {' / '.join(f'{by_score[score]:.3f}' for score in sorted(by_score))}")
    if not told:
        raise KeyError("Squoosh: npm install @jsquash/jpeg, and HOMEPRESS_BENCH_NODE")
    return "; ".join(told), worst <= 0.92


def _judges(figures: Any) -> tuple[str, bool | None]:
    """Each judge, and the mean of the five; what is not installed is missing from both."""
    lines, met = [], True
    for pictures, judges in figures["judges"].items():
        for judge, by_score in judges.items():
            ratios = " / ".join(f"{by_score[score]:.3f}" for score in sorted(by_score))
            lines.append(f"{pictures}, {judge}: {ratios}")
        five = [judges[judge]["80"] for judge in _FIVE if "80" in judges.get(judge, ())]
        if not five:
            raise KeyError(f"a judge of {pictures} at 80")
        mean = sum(five) / len(five)
        lines.append(f"{pictures}, mean of {len(five)} at 80: {mean:.3f}")
        met = met and max(five) <= _MOST_OF_A_JUDGE and mean <= _MOST_OF_ALL
    if not lines:
        raise KeyError("Squoosh: npm install @jsquash/jpeg, and HOMEPRESS_BENCH_NODE")
    return "; ".join(lines), met


def _worst_picture(figures: Any) -> tuple[str, bool | None]:
    programs = figures["camera"]
    ours = programs[OURS]["worst_score"]
    peers = ", ".join(
        f"{name} {found['worst_score']:.1f} at {1 - found['saved_primary']:.1%}"
        for name, found in programs.items()
        if not name.startswith("Homepress") and "lossless" not in name
    )
    left = 1 - programs[OURS]["saved_primary"]
    return f"{ours:.1f} at {left:.1%} of the bytes of the pictures ({peers})", ours >= 79


def _processor(figures: Any) -> tuple[str, bool | None]:
    ours, peer = (figures["camera"][name]["cpu_seconds_per_megapixel"] for name in (OURS, PEER))
    return f"{ours / peer:.2f} ({ours:.3f} s against {peer:.3f} s a megapixel)", ours <= peer


def _lossless(kind: str, goal: float) -> Callable[[Any], tuple[str, bool | None]]:
    def read(figures: Any) -> tuple[str, bool | None]:
        found = figures[kind]
        text = f"{found['share']:.3f}, {found['different']} of {found['pictures']} with other pixels"
        if peers := found.get("peers"):
            others = ", ".join(f"{name} {share:.3f}" for name, share in peers.items())
            text += "; of the coded pictures alone, metadata and what is appended left out,"
            text += f" {found['coded_share']:.3f} ({others})"
        photographs = figures.get(f"{kind} photographs")
        if photographs:
            text += f" (photographs saved as {kind}: {photographs['share']:.3f}, {photographs['different']})"
        different = sum(set_of["different"] for set_of in figures.values())
        return text, found["share"] <= goal and not different

    return read


def _scale(case: str) -> Callable[[Any], tuple[str, bool | None]]:
    def read(figures: Any) -> tuple[str, bool | None]:
        row = figures[case]
        # A case that failed has no figures.
        return row["figure"], row["met"] if row["numbers"] else None

    return read


def _bursts(figures: Any) -> tuple[str, bool | None]:
    counted = [row["numbers"] for row in figures.values()]
    lost, twice = (int(sum(row.get(key, 0) for row in counted)) for key in ("missing", "twice"))
    slowest = max(row.get("known_s", 0.0) for row in counted)
    text = f"{len(figures)} ways: {lost} missing, {twice} twice; all known after {slowest:.1f} s at most"
    return text, all(row["met"] for row in figures.values())


def _memory(figures: Any) -> tuple[str, bool | None]:
    sizes = sorted(figures, key=float)
    told = " / ".join(f"{figures[size]['megabytes']:.0f} MB" for size in sizes)
    goals = {"24": 220.0, "100": 700.0}
    met = (
        all(figures[size]["megabytes"] <= goals[size] for size in goals)
        if goals.keys() <= set(sizes)
        else None
    )
    return f"{told} ({', '.join(sizes)} megapixels)", met


def _torture(figures: Any) -> tuple[str, bool | None]:
    ours = [
        outcome for outcome in figures if not (outcome["must_fail"] or outcome["peer"] or outcome["skipped"])
    ]
    wrong = sum(len(outcome["violations"]) for outcome in ours)
    skipped = [outcome["what"] for outcome in figures if outcome["skipped"]]
    text = f"{wrong} violations in {sum(outcome['cases'] for outcome in ours):,} cases"
    if skipped:
        text += f"; not run: {', '.join(skipped)}"
    return text, not wrong and all(outcome["good"] for outcome in figures)


def _sockets(figures: Any) -> tuple[str, bool | None]:
    tests, prove = figures["tests"], figures["prove"]
    text = (
        f"{prove['allowed']} of {prove['attempts']} ways let through in {prove['processes']} processes; "
        f"{tests['passed']} of {sum(tests.values())} days traced or without a network as they should be"
    )
    return text, prove["holds"] and not prove["allowed"] and not tests["failed"] and not tests["not_run"]


def _lock(figures: Any) -> tuple[str, bool | None]:
    cost = [f"{figures[f'cost_percent_{kind}']:+.1f} %" for kind in ("cpu", "wall")]
    return f"{cost[0]} processor time, {cost[1]} on the clock, {figures['pictures']} VGA pictures", None


_LINES = (
    _Line(
        "JPEG bytes at equal SSIMULACRA2 70 / 80 / 90, against MozJPEG 4:2:0 with trellis as Squoosh uses it",
        "<= 0.92",
        ("curves",),
        _curves,
    ),
    _Line(
        "the same by each of five judges, where MozJPEG scores 70 / 80 / 90",
        "at 80 <= 1.03 each, mean <= 0.96",
        ("curves",),
        _judges,
    ),
    _Line(
        "worst picture of a set of camera JPEGs at `balanced`, full score",
        ">= 79",
        ("quality",),
        _worst_picture,
    ),
    _Line(
        "CPU per megapixel, camera JPEG at `balanced`, search included, against Caesium in the same run",
        "<= 1.0",
        ("quality",),
        _processor,
    ),
    _Line(
        "lossless JPEG, share of the source",
        "<= 0.895, no pixel differs",
        ("lossless",),
        _lossless("JPEG", 0.895),
    ),
    _Line(
        "lossless PNG (screenshots, drawings), share of the source",
        "<= 0.835, no pixel differs",
        ("lossless",),
        _lossless("PNG", 0.835),
    ),
    _Line(
        "12 MP photo: copy finished to result in place",
        "settle time (2 s) + <= 1.2 s",
        ("latency",),
        _scale("latency-jpeg"),
    ),
    _Line(
        "1080p PNG screenshot: the same", "settle time (2 s) + <= 1.5 s", ("latency",), _scale("latency-png")
    ),
    _Line(
        "idle daemon and tray, 100,000 files",
        "<= 0.1 % of a core, <= 70 MB together",
        ("idle",),
        _scale("idle"),
    ),
    _Line("peak memory of a worker, 24 MP / 100 MP JPEG", "<= 220 MB / <= 700 MB", ("memory",), _memory),
    _Line("100,000-file tree: start to watching", "<= 5 s warm", ("trees",), _scale("known-tree")),
    _Line("1,000 files that came while it was off, queued", "<= 10 s", ("trees",), _scale("came-while-off")),
    _Line("10,000-file bursts, moved-in trees, overflow", "every file exactly once", ("bursts",), _bursts),
    _Line(
        "kill -9, power cut, full disk, user edits at the same moment",
        "zero bytes of a user lost",
        ("torture",),
        _torture,
    ),
    _Line("internet sockets", "zero, and the kernel says no", ("sockets",), _sockets),
    _Line("what the lock of a worker costs", "", ("lock",), _lock),
)
