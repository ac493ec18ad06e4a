"""The icon: told apart by shape, visible on any panel, and the same in its files as on the panel."""

import importlib
import io
import itertools
import xml.etree.ElementTree as ET

import pytest
from PIL import Image

from homepress.base.paths import shipped
from homepress.ui.tray.icon import (
    STEPS,
    IconState,
    Layer,
    PanelTheme,
    Polygon,
    Ring,
    RoundedBox,
    Symbol,
    icon_state,
    rgba,
    rgba_pixels,
)
from homepress.ui.tray.menu import TrayState
from homepress.ui.tray.sni import pixmaps
from support import REPOSITORY
from ui.tray.test_menu import status

BACKGROUNDS = {PanelTheme.DARK: 40, PanelTheme.LIGHT: 235, PanelTheme.CONTRAST: 0}


def grey(icon: IconState, size: int = 22, ground: int | None = None) -> list[int]:
    """The icon on its panel, as somebody sees it who sees no colours."""
    drawn = Image.frombytes("RGBA", (size, size), rgba(icon, size))
    tone = BACKGROUNDS[icon.theme] if ground is None else ground
    panel = Image.new("RGBA", drawn.size, (tone, tone, tone, 255))
    panel.alpha_composite(drawn)
    return list(panel.convert("L").tobytes())


@pytest.mark.parametrize("panel", list(PanelTheme))
def test_states_differ_without_colour(panel: PanelTheme) -> None:
    looks = {state: grey(IconState(state, STEPS // 2, panel)) for state in Symbol}
    for one, other in itertools.combinations(Symbol, 2):
        far = sum(abs(a - b) > 60 for a, b in zip(looks[one], looks[other], strict=True))
        assert far >= 40, f"{one} and {other} differ in {far} of 484 pixels"


@pytest.mark.parametrize("state", list(Symbol))
@pytest.mark.parametrize("ground", [0, 40, 235, 255])
def test_the_icon_is_seen_on_any_panel(state: Symbol, ground: int) -> None:
    for panel in PanelTheme:
        tones = grey(IconState(state, 4, panel), ground=ground)
        assert max(abs(tone - ground) for tone in tones) > 70


def test_progress_is_seen_step_by_step() -> None:
    rings = [rgba(IconState(Symbol.WORKING, step), 22) for step in range(STEPS + 1)]
    assert len(set(rings)) == STEPS + 1


def test_pixels_go_over_the_bus_as_argb() -> None:
    for width, height, argb in pixmaps(IconState(Symbol.IDLE)):
        shown = rgba(IconState(Symbol.IDLE), width)
        assert width == height
        middle = 4 * (width * (height // 4) + width // 6)
        red, green, blue, alpha = shown[middle : middle + 4]
        assert tuple(argb[middle : middle + 4]) == (alpha, red, green, blue)


@pytest.mark.slow
def test_the_files_are_what_the_program_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(REPOSITORY / "packaging")
    icon_files = importlib.import_module("icon_files").icon_files
    folder = shipped("service-files/icons")
    made = dict(icon_files())
    assert {path.name for path in folder.iterdir()} == made.keys()
    for name, content in made.items():
        if name.endswith(".svg"):
            assert (folder / name).read_bytes() == content, "run: make generate"
            assert ET.fromstring(content).tag.endswith("svg")
        else:
            with Image.open(folder / name) as kept, Image.open(io.BytesIO(content)) as drawn:
                assert kept.size == drawn.size
                assert kept.tobytes() == drawn.tobytes()


def test_shapes_have_their_size() -> None:
    white = (255, 255, 255, 255)
    for shape, area in [
        (RoundedBox(10, 10, 50, 30), 800.0),
        (Polygon(((10, 10), (50, 10), (10, 50))), 800.0),
        (Ring(20, 4), 502.7),
        (Ring(20, 4, 0.5), 251.3 + 12.6),
    ]:
        drawn = rgba_pixels([Layer(shape, white)], 64)
        assert sum(drawn[3::4]) / 255 == pytest.approx(area, rel=0.03)


def test_a_crash_looks_like_a_problem_and_a_stop_does_not() -> None:
    assert icon_state(TrayState(None, crashed=True), PanelTheme.DARK).symbol is Symbol.PROBLEM
    assert icon_state(TrayState(None), PanelTheme.DARK).symbol is Symbol.STOPPED


def test_the_icon_says_the_state_and_the_progress() -> None:
    assert icon_state(TrayState(None), PanelTheme.DARK).symbol is Symbol.STOPPED
    assert icon_state(TrayState(status(state="problem")), PanelTheme.DARK).symbol is Symbol.PROBLEM
    steps = [icon_state(TrayState(status(state="working"), n, 16), PanelTheme.DARK).step for n in range(17)]
    assert steps == sorted(steps)
    assert (steps[0], steps[-1]) == (0, STEPS)
