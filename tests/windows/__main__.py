"""`make windows`: the real program and the tests of every room under a Windows Python, on Linux by Wine.

Without arguments: the rig is made in `build/windows` (or in what HOMEPRESS_RIG names), then run the tests of
the program's day and those of each room without the slow ones, two parts at a time; at the end comes a table
of what passed, what failed, and what does not apply there and why. `--only ROOM ...` runs some of them, as
`make test` does. Other arguments are a Python command line to run in the rig, such as `-m homepress doctor`.

HOMEPRESS_KILLS says how often the program is killed in the middle of work (5), HOMEPRESS_SHOTS names a folder
for screenshots of what people see.
"""

import compileall
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from windows.rig import REPOSITORY, CannotBuild, Rig, install_programs

PARTS = {
    "store": ("tests/store",),
    "daemon": ("tests/daemon",),
    "compress": ("tests/compress",),
    "the program": ("tests/windows",),
    "ui": ("tests/ui",),
    "watch": ("tests/watch",),
    "workers": ("tests/workers",),
    "privacy": ("tests/privacy",),
    "settings": ("tests/settings",),
    "control": ("tests/control",),
    "desktop": ("tests/desktop",),
    "base": ("tests/base",),
}
"""What pytest runs there, by part; the longest first, so that both cores have work until the end."""
SHORT = {
    "the program, in short": tuple(
        f"tests/windows/test_{name}.py" for name in ("round_trip", "processes", "appcontainer", "imports")
    )
}
"""A part of "the program" for those who name what they want."""
FACES = "faces"
"""The part that is driven from here, after the others."""
AT_ONCE = 2
PYTEST = (
    *("-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout", "900", "-m", "not slow"),
    *("--hypothesis-profile", "few"),  # of tests/conftest.py: Wine is slow
)
SCREEN = {"Xvfb": ("xvfb",), "xdotool": ("xdotool",), "import": ("imagemagick",)}
"""Programs that show and click what people see: Debian packages that have them."""
LIMIT_SECONDS = 3600.0
CANNOT_BUILD = 2
"""The exit code where there is no Wine, and nobody may install it."""

_COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped)\b")
_LAST = re.compile(r"\d (passed|failed|error|skipped)\b.* in [\d.]+s\b")
_REASON = re.compile(r"^not run: (\d+), (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Result:
    """How one part went.

    Attributes:
        reasons: of the tests that do not apply, each with how many they are.
    """

    name: str
    code: int
    seconds: float
    counts: Counter[str]
    reasons: Counter[str]

    @classmethod
    def of(cls, name: str, code: int, seconds: float, printed: str) -> "Result":
        """Read what pytest printed; without its last line, as after a crash, nothing is counted."""
        last = next((each for each in reversed(printed.splitlines()) if _LAST.search(each)), "")
        counts = Counter({word.rstrip("s"): int(number) for number, word in _COUNT.findall(last)})
        reasons = Counter({reason: int(number) for number, reason in _REASON.findall(printed)})
        return cls(name, code, seconds, counts, reasons)


def main(arguments: list[str]) -> int:
    os.chdir(REPOSITORY)
    rig, only = Rig.usual(), arguments[1:] if arguments[:1] == ["--only"] else []
    try:
        rig.build()
    except CannotBuild as reason:
        print(f"not run: {reason}")
        return CANNOT_BUILD
    # Each process that the tests start would compile every module anew: they may leave no files behind.
    compileall.compile_dir(rig.python / "Lib", quiet=2, workers=AT_ONCE)
    with rig.wine.awake():
        if arguments and not only:
            code, printed = _run(rig, *arguments)
            print(printed, end="", flush=True)
            return code
        with ThreadPoolExecutor(AT_ONCE) as pool:
            parts = [name for name in only or PARTS if name != FACES]
            results = list(pool.map(lambda name: _part(rig, name), parts))
        if not only or FACES in only:
            results.append(_faces(rig))
    print("\n".join(table(results)))
    return int(any(result.code for result in results))


def table(results: list[Result]) -> Iterator[str]:
    """One line a part, all of them, and the reasons of what does not apply."""
    yield f"\n{'room':<12} {'passed':>7} {'failed':>7} {'not applicable':>15} {'seconds':>8}"
    total: Counter[str] = Counter()
    for each in results:
        ended = "" if each.code == 0 or each.counts else f"  ended with exit code {each.code}"
        yield f"{each.name:<12} {_columns(each.counts)} {each.seconds:>8.0f}{ended}"
        total += each.counts
    yield f"{'all':<12} {_columns(total)}"
    yield "\nnot applicable:"
    for reason, number in sum((each.reasons for each in results), Counter[str]()).most_common():
        yield f"{number:>5}  {reason}"
    failed = [each.name for each in results if each.code]
    yield f"\nfailed: {', '.join(failed)}" if failed else "\nall parts passed"


def _columns(counts: Counter[str]) -> str:
    return f"{counts['passed']:>7} {counts['failed'] + counts['error']:>7} {counts['skipped']:>15}"


def _part(rig: Rig, name: str) -> Result:
    began = time.monotonic()
    code, printed = _run(rig, *PYTEST, *(PARTS | SHORT)[name])
    seconds = time.monotonic() - began
    verdict = "passed" if code == 0 else f"exit code {code}"
    print(f"{printed}{name}: {verdict} in {seconds:.0f} s", flush=True)
    return Result.of(name, code, seconds, printed)


def _faces(rig: Rig) -> Result:
    """Tray, window and notices: driven from here, where mouse and keyboard are."""
    began, name = time.monotonic(), FACES
    try:
        install_programs(SCREEN)
    except CannotBuild as reason:
        print(f"{name}: not run: {reason}")
        return Result.of(name, 1, 0.0, "")
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/windows/faces")
    environment = {**os.environ, "HOMEPRESS_RIG": str(rig.folder.resolve())}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    seconds = time.monotonic() - began
    print(f"{done.stdout}{name}: exit code {done.returncode} in {seconds:.0f} s", flush=True)
    return Result.of(name, done.returncode, seconds, done.stdout)


def _run(rig: Rig, *command: str) -> tuple[int, str]:
    names = ("HOMEPRESS_KILLS", "HOMEPRESS_SEED")
    asked = {name: os.environ[name] for name in names if name in os.environ}
    try:
        return rig.run(*command, within=LIMIT_SECONDS, PYTHONUTF8="1", PYTHONDONTWRITEBYTECODE="1", **asked)
    except subprocess.TimeoutExpired as late:
        return 1, str(late.output)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
