"""`python -m homepress.ui.window PAGE PICTURE THEME SCALE`: the window alone, in a process locked before.

The command line locks itself and then becomes this program: so nothing that only the command line needs stays
in memory.
"""

import sys

from homepress.settings import Paths
from homepress.ui.window.instance import Wish
from homepress.ui.window.start import NoDisplayError, NoToolkitError, run
from homepress.ui.window.theme.system import Look

_NO_WINDOW = 1


def main(arguments: list[str]) -> int:
    """Run; the exit code. Each argument may be empty."""
    page, picture, theme, scale = arguments
    look = Look(dark={"dark": True, "light": False}.get(theme), scale=float(scale) if scale else None)
    try:
        return run(Paths.from_environment(), Wish(page=page, picture=picture), look)
    except (NoToolkitError, NoDisplayError) as error:
        sys.stderr.write(f"homepress: {error}\n")
        return _NO_WINDOW


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
