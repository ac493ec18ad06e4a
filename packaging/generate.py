"""`make generate`: writes again what is made from the code and kept in the repository."""

from pathlib import Path

from call_table import with_table
from icon_files import icon_files
from rooms import drawing, imports_between_rooms

from homepress.settings.reference import reference_text
from homepress.ui.cli.manual import FILES, completion, manual

ROOT = Path(__file__).resolve().parent.parent
SERVICE_FILES, DOCS = ROOT / "service-files", ROOT / "docs"


def main() -> None:
    """The manual page, the completions, the icons, the settings reference, the picture of the rooms, and the
    table of system calls.
    """
    (SERVICE_FILES / "man" / "homepress.1").write_text(manual(), encoding="utf-8")
    for shell, name in FILES.items():
        (SERVICE_FILES / "completions" / name).write_text(completion(shell), encoding="utf-8")
    for name, content in icon_files():
        (SERVICE_FILES / "icons" / name).write_bytes(content)
    (DOCS / "settings.md").write_text(reference_text(), encoding="utf-8")
    privacy = DOCS / "privacy.md"
    privacy.write_text(with_table(privacy.read_text(encoding="utf-8")), encoding="utf-8")
    (DOCS / "images" / "rooms.svg").write_text(drawing(imports_between_rooms()), encoding="utf-8")


if __name__ == "__main__":
    main()
