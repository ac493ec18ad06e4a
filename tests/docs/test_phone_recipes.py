"""The commands of README and recipes, on pictures as phones make them: each does what the page says."""

import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from compress import phones
from docs import pages
from homepress.compress.metadata.jpeg_file import read_jpeg_file
from homepress.compress.metadata.jpeg_tail import held_extras
from homepress.compress.model import Extra
from support import REPOSITORY
from system.program import Program

PHONES: dict[str, Callable[[], bytes]] = {
    "iphone.heic": phones.iphone_heic,
    "galaxy.heic": phones.galaxy_heic,
    "vision.heic": phones.vision_heic,
    "pixel.jpg": phones.ultra_hdr,
    "motion.jpg": phones.motion_photo,
    "vivo.jpg": phones.with_trailer,
}
HELD = {
    "iphone": {Extra.HDR, Extra.DEPTH},
    "galaxy": {Extra.HDR, Extra.MAKER},
    "vision": {Extra.PICTURES},
    "pixel": {Extra.HDR},
    "motion": {Extra.MOTION},
    "vivo": {Extra.MAKER},
}
SMALLER = {"500 KB": "40 KB", "1200": "320", "2048": "320"}
"""What the pages ask of real pictures, and what says as much of these small ones."""
RECIPES = [REPOSITORY / "README.md", REPOSITORY / "docs" / "recipes.md"]


def lines(start: str) -> list[str]:
    found = [line for page in RECIPES for block in pages.blocks(page) for line in block.commands()]
    return sorted({line for line in found if line.startswith(start)})


@pytest.fixture(scope="session")
def pictures() -> dict[str, bytes]:
    """Made once: coding a HEIC takes seconds."""
    return {name: make() for name, make in PHONES.items()}


@pytest.fixture
def folder(tmp_path: Path, pictures: dict[str, bytes]) -> Path:
    made = tmp_path / "phone"
    made.mkdir()
    for name, picture in pictures.items():
        (made / name).write_bytes(picture)
    return made


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    made = Program(tmp_path / "home")
    yield made
    made.close()


def results(folder: Path) -> dict[str, set[Extra]]:
    """What the JPEGs in a folder hold beside their pictures, by the names of phones."""
    return {path.stem: set(held_extras(read_jpeg_file(path.read_bytes()))) for path in folder.glob("*.jpg")}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("line", [line for line in lines("homepress compress ") if " - " not in line])
def test_a_command_does_what_it_says(line: str, folder: Path, program: Program, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = [SMALLER.get(word, word) for word in shlex.split(line)[1:]]
    if "--in-place" not in words and "--output" not in words:
        words.insert(1, f"--output={out}")
    preset = words[words.index("--preset") + 1] if "--preset" in words else ""
    shared = preset in ("share", "email")
    places = [number for number, word in enumerate(words) if word.startswith("~/")]
    words[places[-1]] = str(folder)
    if len(places) > 1:
        words[places[0]] = str(out)
    records = program.lines(*[word for word in words if word != "--json"], code=None)
    assert len(records) == len(PHONES)
    for record in records:
        name = Path(record["path"]).stem
        if record["path"].endswith(".heic") and "--convert" not in words and not shared:
            why = "cannot_fit" if "--fit-under" in words else "format_left_alone"
            assert record["cause"] == why or "--metadata" in words, record
            assert why != "cannot_fit" or "--convert jpeg" in record["reason"]
            continue
        assert record["outcome"] == "compressed", record
        made = Path(record["output"] or record["path"])
        assert read_jpeg_file(made.read_bytes())
        if "--fit-under" in words:
            assert record["after_bytes"] <= 40_000
        if "--max-edge" in words:
            assert max(Image.open(made).size) == 320
        extras = set(held_extras(read_jpeg_file(made.read_bytes())))
        gone = HELD[name] if "--drop" in words or shared else set()
        if "--metadata" in words:  # a trailer that may tell something private goes with what is private
            gone = gone | (HELD[name] & {Extra.MAKER})
        assert extras == HELD[name] - gone
        assert set(record["dropped"]) - {"properties"} == gone


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "line", [line for line in lines("homepress folder add ") if re.search(r"--preset (share|web)", line)]
)
def test_a_folder_whose_results_are_for_others_gives_all_of_them(
    line: str, folder: Path, program: Program, tmp_path: Path
) -> None:
    words = shlex.split(line)[1:]
    places = [number for number, word in enumerate(words) if word.startswith("~/")]
    out = tmp_path / "out"
    words[places[0]], words[places[1]] = str(folder), str(out)
    program.run(*words, "--existing", "compress")
    program.run("run", "--once")
    assert results(out) == {name: set() for name in HELD}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_heic_becomes_jpeg_with_all_that_it_holds(folder: Path, program: Program) -> None:
    blocks = [block.text for block in pages.blocks(RECIPES[1]) if 'heic = "jpeg"' in block.text]
    (table,) = tomllib.loads(blocks[0])["folder"]
    assert table["preset"] == "photos"
    program.watch(folder, preset="photos", existing="compress")
    settings = program.home / "settings.toml"
    settings.write_text(settings.read_text() + 'convert = { heic = "jpeg" }\n')
    program.run("run", "--once")
    assert results(folder) == HELD
    assert not list(folder.glob("*.heic"))
