"""What the bundled program starts with: the command line, or one of its own modules with `-m MODULE`.

Homepress starts its workers, its tray and its window as `PYTHON -m MODULE`. In a bundle the program itself is
the Python, so it understands that much, for its own modules and no others.
"""

import runpy
import sys

_OWN = "homepress"


def main() -> None:
    """Be what the arguments ask for."""
    if len(sys.argv) > 2 and sys.argv[1] == "-m" and sys.argv[2].partition(".")[0] == _OWN:
        module = sys.argv[2]
        sys.argv = [sys.argv[0], *sys.argv[3:]]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        return
    from homepress.__main__ import main as command_line

    sys.exit(command_line())


if __name__ == "__main__":
    main()
