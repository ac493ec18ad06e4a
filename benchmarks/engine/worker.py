"""Compresses the files named on standard input in one process, as a worker of the daemon does.

worker.py FLOOR|lossless|fit BYTES OUTPUT [--discard]
"""

import shutil
import sys
from pathlib import Path

from homepress.compress import Compressed, Recipe, compress


def _recipe(words: list[str]) -> Recipe:
    if words[0] == "fit":
        return Recipe(fit_under=int(words[1]))
    return Recipe(floor=None if words[0] == "lossless" else float(words[0]))


def main(arguments: list[str]) -> None:
    discard = arguments[-1] == "--discard"
    *words, folder = arguments[:-1] if discard else arguments
    recipe = _recipe(words)
    for line in sys.stdin.read().splitlines():
        file, output = Path(line), Path(folder, Path(line).name)
        result = compress(file.read_bytes(), recipe)
        if discard:
            continue
        if isinstance(result, Compressed):
            output.write_bytes(result.data)
        else:
            shutil.copyfile(file, output)


if __name__ == "__main__":
    main(sys.argv[1:])
