"""Fuzzes one target until the time is over: `python tests/fuzz/one.py TARGET [libFuzzer arguments]`."""

import sys
from pathlib import Path

import atheris

sys.path[0] = str(Path(__file__).resolve().parent.parent)

# Only what is imported in here tells the fuzzer which lines an input reached.
with atheris.instrument_imports(include=["homepress", "fuzz.targets", "fuzz.messages"]):
    from fuzz.targets import run


def main() -> None:
    """Hand the target to atheris, which ends the process."""
    name, *arguments = sys.argv[1:]
    atheris.Setup([sys.argv[0], *arguments], lambda data: run(name, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
