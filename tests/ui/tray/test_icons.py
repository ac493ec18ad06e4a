"""The icon: told apart by shape, visible on any panel, and the same in its files as on the panel."""

import io
import itertools
import xml.etree.ElementTree as ET

import pytest
from PIL import Image

from homepress import resources
from homepress.ui.tray.faces import STEPS, Face, Panel, State, rgba
from homepress.ui.tray.icons import files
from homepress.ui.tray.shapes import Box, Layer, Polygon, Ring, pixels
from homepress.ui.tray.stage.linux import pixmaps

GROUNDS = {Panel.DARK: 40, Panel.LIGHT: 235, Panel.CONTRAST: 0}


def grey(face: Face, size: int = 22, ground: int | None = None) -> list[int]:
    """The icon on its panel, as somebody sees it who sees no colours."""
    drawn = Image.frombytes("RGBA", (size, size), rgba(face, size))
    tone = GROUNDS[face.panel] if ground is None else ground
    panel = Image.new("RGBA", drawn.size, (tone, tone, tone, 255))
    panel.alpha_composite(drawn)
    return list(panel.convert("L").tobytes())


@pytest.mark.parametrize("panel", list(Panel))
def test_states_differ_without_colour(panel: Panel) -> None:
    looks = {state: grey(Face(state, STEPS // 2, panel)) for state in State}
    for one, other in itertools.combinations(State, 2):
        far = sum(abs(a - b) > 60 for a, b in zip(looks[one], looks[other], strict=True))
        assert far >= 40, f"{one} and {other} differ in {far} of 484 pixels"


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("ground", [0, 40, 235, 255])
def test_the_icon_is_seen_on_any_panel(state: State, ground: int) -> None:
    for panel in Panel:
        tones = grey(Face(state, 4, panel), ground=ground)
        assert max(abs(tone - ground) for tone in tones) > 70


def test_progress_is_seen_step_by_step() -> None:
    rings = [rgba(Face(State.WORKING, step), 22) for step in range(STEPS + 1)]
    assert len(set(rings)) == STEPS + 1


def test_pixels_go_over_the_bus_as_argb() -> None:
    for width, height, argb in pixmaps(Face(State.IDLE)):
        shown = rgba(Face(State.IDLE), width)
        assert width == height
        middle = 4 * (width * (height // 4) + width // 6)
        red, green, blue, alpha = shown[middle : middle + 4]
        assert tuple(argb[middle : middle + 4]) == (alpha, red, green, blue)


def test_the_files_are_what_the_program_draws() -> None:
    folder = resources.shipped("service-files/icons")
    made = dict(files())
    assert {path.name for path in folder.iterdir()} == made.keys()
    for name, content in made.items():
        if name.endswith(".svg"):
            assert (folder / name).read_bytes() == content, "run: python -m homepress.ui.tray.icons FOLDER"
            assert ET.fromstring(content).tag.endswith("svg")
        else:
            with Image.open(folder / name) as kept, Image.open(io.BytesIO(content)) as drawn:
                assert kept.size == drawn.size
                assert kept.tobytes() == drawn.tobytes()


def test_shapes_have_their_size() -> None:
    white = (255, 255, 255, 255)
    for shape, area in [
        (Box(10, 10, 50, 30), 800.0),
        (Polygon(((10, 10), (50, 10), (10, 50))), 800.0),
        (Ring(20, 4), 502.7),
        (Ring(20, 4, 0.5), 251.3 + 12.6),
    ]:
        drawn = pixels([Layer(shape, white)], 64)
        assert sum(drawn[3::4]) / 255 == pytest.approx(area, rel=0.03)
