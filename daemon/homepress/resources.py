"""Where the files that ship with the program are: `config/` and `service-files/`.

In an installed package they lie in `homepress/_share`; in a checkout they lie at the top of the repository.
A leaf: every room may import it, it imports none.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """The path of a shipped folder or file such as `config/default.toml`.

    Raises:
        FileNotFoundError: neither the installed package nor the checkout has it.
    """
    for base in (_PACKAGE / "_share", _PACKAGE.parent.parent):
        if (found := base / name).exists():
            return found
    raise FileNotFoundError(f"{name} is not part of this installation; install Homepress again")
