"""`make generate`: writes again what is made from the code and kept in the repository."""

from pathlib import Path

from call_table import with_table
from icon_files import icon_files
from rooms import drawing, imports_between_rooms

from homepress.compress.parts import table as parts_table
from homepress.settings.reference import reference_text
from homepress.ui.cli.manual import FILES, completion, manual

_PARTS = ("<!-- parts -->\n", "<!-- end of parts -->")

ROOT = Path(__file__).resolve().parent.parent
SERVICE_FILES, DOCS = ROOT / "service-files", ROOT / "docs"


def with_parts(page: str) -> str:
    """docs/formats.md with the table of parts as the code has it now."""
    before, _, rest = page.partition(_PARTS[0])
    return f"{before}{_PARTS[0]}{parts_table()}{_PARTS[1]}{rest.partition(_PARTS[1])[2]}"


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
    formats = DOCS / "formats.md"
    formats.write_text(with_parts(formats.read_text(encoding="utf-8")), encoding="utf-8")
    (DOCS / "images" / "rooms.svg").write_text(drawing(imports_between_rooms()), encoding="utf-8")


if __name__ == "__main__":
    main()
