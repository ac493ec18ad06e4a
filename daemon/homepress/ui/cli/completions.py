"""Makes the completions that shells load: `python -m homepress.ui.cli.completions SHELL`.

They ask `homepress` itself what fits, so that they never fall behind its commands.
"""

import sys

from click.shell_completion import get_completion_class

from homepress.ui.cli.main import program

FILES = {"bash": "homepress.bash", "zsh": "_homepress", "fish": "homepress.fish"}
"""The name of the file in `service-files/completions/`, as each shell looks for it, by the shell's name."""

_VARIABLE = "_HOMEPRESS_COMPLETE"
"""How click knows that a shell asks (click, "Shell Completion")."""


def completion(shell: str) -> str:
    """The script for one shell.

    Raises:
        KeyError: there is none for it.
    """
    if shell not in FILES:
        raise KeyError(shell)
    kind = get_completion_class(shell)
    assert kind is not None
    asking = kind(program, {}, "homepress", _VARIABLE)
    # Not `source()`, which for bash starts the bash of this computer and judges its version.
    return (asking.source_template % asking.source_vars()).strip() + "\n"


if __name__ == "__main__":
    sys.stdout.write(completion(sys.argv[1]))
