"""The table of numbers: what is not measured says so, what misses its goal says no, nothing is left out."""

import importlib
import shlex
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import pytest

from support import REPOSITORY

sys.path.append(str(REPOSITORY))

page: ModuleType = importlib.import_module("benchmarks.goals.page")
rows: ModuleType = importlib.import_module("benchmarks.goals.rows")
runs: ModuleType = importlib.import_module("benchmarks.goals.runs")

_PROGRAM = {"pictures": 15, "saved_primary": 0.6, "kept": 15, "cpu_seconds_per_megapixel": 0.1}
_MET = {"figure": "1 s", "met": True, "numbers": {"seconds": 1.0}}
FIGURES: dict[str, Any] = {
    "quality": {
        "camera": {
            "Homepress balanced": {**_PROGRAM, "worst_score": 80.1},
            "caesiumclt -q80": {**_PROGRAM, "worst_score": 74.0, "cpu_seconds_per_megapixel": 0.2},
        }
    },
    "curves": {
        "curves": {"camera": {"own rate-distortion": {"70": 0.91, "80": 0.9, "90": 0.88}}},
        "judges": {
            "camera": {
                "SSIMULACRA2": {"70": 0.9, "80": 0.89, "90": 0.88},
                "butteraugli, worst pixel": {"80": 1.2},
                "HaarPSI": {"80": 1.02},
            }
        },
    },
    "lossless": {
        "JPEG": {"share": 0.89, "different": 0, "pictures": 15},
        "PNG": {"share": 0.83, "different": 0, "pictures": 15},
    },
    "memory": {"24": {"megabytes": 211.0}, "100": {"megabytes": 686.0}},
    "lock": {"cost_percent_cpu": 0.5, "cost_percent_wall": 1.0, "pictures": 100},
    "sockets": {
        "tests": {"passed": 3, "failed": 0, "not_run": 0},
        "prove": {"holds": True, "processes": 2, "attempts": 30, "allowed": 0},
    },
    "latency": dict.fromkeys(("latency-jpeg", "latency-png"), _MET),
    "trees": dict.fromkeys(("known-tree", "came-while-off"), _MET),
    "bursts": {"flat": {"figure": "", "met": True, "numbers": {"missing": 0, "twice": 0, "known_s": 2.0}}},
    "idle": {"idle": _MET},
    "torture": [
        {"what": "kill", "cases": 9, "violations": [], "good": True}
        | {"must_fail": False, "peer": False, "skipped": ""}
    ],
}  # fmt: skip


def numbers(figures: Mapping[str, Any]) -> dict[str, Any]:
    results = {name: runs.Result(found, 1.0, "", "2026-01-01", name) for name, found in figures.items()}
    return {number.what: number for number in rows.numbers(results)}


def test_everything_can_be_met() -> None:
    found = numbers(FIGURES)
    assert all(number.met for number in found.values() if number.goal)
    assert sum(bool(number.goal) for number in found.values()) == 15


def test_what_was_not_run_is_not_measured() -> None:
    found = numbers({})
    assert all(number.met is None and "not measured" in number.measured for number in found.values())


@pytest.mark.parametrize(
    ("run", "change", "what"),
    [
        ("quality", {"camera": {"Homepress balanced": {**_PROGRAM, "worst_score": 78.9}}}, "worst picture"),
        ("curves", {"curves": {"camera": {"own rate-distortion": {"70": 0.93, "80": 0.9}}}}, "JPEG bytes"),
        (
            "curves",
            {"judges": {"camera": {"HaarPSI": {"80": 0.97}}}},
            "the same by each of five judges",
        ),
        (
            "curves",
            {"judges": {"camera": {"HaarPSI": {"70": 0.9, "80": 1.04}, "SSIMULACRA2": {"80": 0.8}}}},
            "the same by each of five judges",
        ),
        ("lossless", {"JPEG": {"share": 0.8, "different": 1, "pictures": 1}}, "lossless JPEG"),
        ("memory", {"24": {"megabytes": 221.0}, "100": {"megabytes": 690.0}}, "peak memory"),
        (
            "sockets",
            {
                "tests": {"passed": 3, "failed": 0, "not_run": 0},
                "prove": {"holds": False, "processes": 2, "attempts": 30, "allowed": 1},
            },
            "internet sockets",
        ),
    ],
)
def test_a_goal_that_is_missed_is_not_met(run: str, change: Any, what: str) -> None:
    found = numbers(FIGURES | {run: change})
    assert next(number.met for name, number in found.items() if name.startswith(what)) is False


def test_a_case_that_failed_is_not_measured() -> None:
    failed = {"idle": {"figure": "failed with exit code 1", "met": False, "numbers": {}}}
    assert numbers(FIGURES | {"idle": failed})["idle daemon and tray, 100,000 files"].met is None


@pytest.mark.parametrize("run", runs.RUNS, ids=lambda run: run.name)
def test_every_command_is_one(run: Any) -> None:
    for arguments in (run.full, run.quick):
        script = arguments[1].replace(".", "/") if arguments[0] == "-m" else arguments[0]
        assert (REPOSITORY / script).exists()
    assert shlex.split(run.command())


def test_the_page_has_every_number_with_its_command() -> None:
    results = {
        name: runs.Result(found, 61.0, "", "2026-01-01", f"run {name}") for name, found in FIGURES.items()
    }
    text = page.page(rows.numbers(results), results)
    assert "15 of 15 goals met, 0 not measured" in text
    assert all(f"`run {run.name}` | 2026-01-01 | 61 |" in text for run in runs.RUNS)


def test_the_readme_has_a_place_for_the_table() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    table = page.readme_table(FIGURES["quality"]["camera"])
    changed = page.with_table(readme, table)
    assert "| caesiumclt -q80 | 60.0 % | 74.0 | 0.200 | 15 of 15 |" in changed
    assert page.with_table(changed, "x").count("\nx\n") == 1
    with pytest.raises(ValueError, match="no place"):
        page.with_table("nothing", table)
