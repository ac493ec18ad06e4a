"""`make generate`: writes again what is made from the code and kept in the repository."""

from pathlib import Path

from homepress.ui.cli.completions import FILES, completion
from homepress.ui.cli.manual import manual

SERVICE_FILES = Path(__file__).resolve().parent.parent / "service-files"


def main() -> None:
    """The manual page and the completions."""
    (SERVICE_FILES / "man" / "homepress.1").write_text(manual(), encoding="utf-8")
    for shell, name in FILES.items():
        (SERVICE_FILES / "completions" / name).write_text(completion(shell), encoding="utf-8")


if __name__ == "__main__":
    main()
