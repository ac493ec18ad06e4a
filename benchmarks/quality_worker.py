"""Compresses the files named on standard input in one process, as a worker of the daemon does."""

import os
import shutil
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is loaded

from homepress.compress import Compressed, Recipe, compress


def main(quality: str, output: Path) -> None:
    recipe = Recipe(floor=None if quality == "lossless" else float(quality))
    for line in sys.stdin.read().splitlines():
        file = Path(line)
        result = compress(file.read_bytes(), recipe)
        if isinstance(result, Compressed):
            (output / file.name).write_bytes(result.data)
        else:
            shutil.copyfile(file, output / file.name)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
