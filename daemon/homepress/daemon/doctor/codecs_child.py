"""The process that imports every codec, one after the other, and says so before and after each.

Standard output has one JSON object a line: `{"name", "begun": true}`, then `{"name", "version", "error",
"what", "needed"}`. The last name that was begun and not finished is what ended the process.
"""

import importlib
import importlib.metadata
import json
import sys
from typing import NamedTuple


class ProbedCodec(NamedTuple):
    """A package, the module to import, what is lost without it, and whether a plain installation has it."""

    name: str
    module: str
    what: str
    needed: bool = True


CODECS = (
    ProbedCodec("pillow", "PIL._imaging", "decoding and encoding"),
    ProbedCodec("numpy", "numpy", "measuring quality"),
    ProbedCodec("oxipng-pybind", "oxipng", "lossless PNG"),
    ProbedCodec("mozjpeg-lossless-optimization", "mozjpeg_lossless_optimization", "lossless JPEG"),
    ProbedCodec("simplejpeg", "simplejpeg", "decoding JPEG"),
    ProbedCodec("pillow-heif", "pillow_heif", "reading HEIC", needed=False),
    ProbedCodec("pillow-jxl-plugin", "pillow_jxl", "JPEG XL", needed=False),
)
"""All there are; those that are not needed come with a richer installation."""


def main() -> None:
    """Try them all."""
    for codec in CODECS:
        _say(name=codec.name, begun=True)
        version = error = ""
        try:
            importlib.import_module(codec.module)
            version = importlib.metadata.version(codec.name)
        except importlib.metadata.PackageNotFoundError:
            version = "of unknown version"
        except (ImportError, OSError) as problem:
            error = str(problem)
        _say(name=codec.name, version=version, error=error, what=codec.what, needed=codec.needed)


def _say(**values: object) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
