"""`make generate`: writes again what is made from the code and kept in the repository."""

from pathlib import Path

from call_table import with_table
from icon_files import icon_files
from rooms import drawing, imports_between_rooms

from homepress.compress.parts import table as parts_table
from homepress.privacy.roles import table as roles_table
from homepress.settings.reference import reference_text, schema_text
from homepress.ui.cli.manual import FILES, completion, manual

_PARTS = ("<!-- parts -->\n", "<!-- end of parts -->")
_ROLES = ("<!-- made by `make generate` from privacy/roles.py -->\n\n", "\n<!-- end -->")

ROOT = Path(__file__).resolve().parent.parent
SERVICE_FILES, DOCS = ROOT / "service-files", ROOT / "docs"


def put(page: Path, marks: tuple[str, str], text: str) -> None:
    """Write a text into a page again, between its two marks."""
    before, _, rest = page.read_text(encoding="utf-8").partition(marks[0])
    page.write_text(f"{before}{marks[0]}{text}{marks[1]}{rest.partition(marks[1])[2]}", encoding="utf-8")


def main() -> None:
    """Everything that is made: manual, completions, icons, settings and their schema, rooms, tables."""
    (SERVICE_FILES / "man" / "homepress.1").write_text(manual(), encoding="utf-8")
    for shell, name in FILES.items():
        (SERVICE_FILES / "completions" / name).write_text(completion(shell), encoding="utf-8")
    for name, content in icon_files():
        (SERVICE_FILES / "icons" / name).write_bytes(content)
    (ROOT / "config" / "settings.schema.json").write_text(schema_text(), encoding="utf-8")
    (DOCS / "settings.md").write_text(reference_text(), encoding="utf-8")
    privacy = DOCS / "privacy.md"
    put(privacy, _ROLES, roles_table())
    privacy.write_text(with_table(privacy.read_text(encoding="utf-8")), encoding="utf-8")
    put(DOCS / "formats.md", _PARTS, parts_table())
    (DOCS / "images" / "rooms.svg").write_text(drawing(imports_between_rooms()), encoding="utf-8")


if __name__ == "__main__":
    main()
