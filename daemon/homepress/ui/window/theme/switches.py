"""The pictures of switches and boxes to tick."""

from PIL import Image, ImageDraw

from homepress.ui.window.theme.drawing import OVERSAMPLING
from homepress.ui.window.theme.measure import Measure

_RING = 2
_ROOM = 3
_SWITCH = (44, 24)
_BOX = 18
_AFTER = 8
"""Pixels of the design between a mark and its text."""


def switch_image(measure: Measure, ground: str, *, on: bool, focus: bool) -> Image.Image:
    """A switch: the knob is right when it is on, left when it is off; a ring where the keyboard is."""
    c, unit = measure.palette, measure.scale * OVERSAMPLING
    width, height = measure.px(_SWITCH[0]) * OVERSAMPLING, measure.px(_SWITCH[1]) * OVERSAMPLING
    image = Image.new("RGB", (width + measure.px(_AFTER) * OVERSAMPLING, height), ground)
    draw = ImageDraw.Draw(image)
    if focus:
        draw.rounded_rectangle(
            (0, 0, width - 1, height - 1), height / 2, outline=c.focus, width=round(_RING * unit)
        )
    room = _ROOM * unit if focus else 0
    body = (room, room, width - 1 - room, height - 1 - room)
    half = (height - 2 * room) / 2
    if on:
        draw.rounded_rectangle(body, half, fill=c.fill)
    else:
        draw.rounded_rectangle(body, half, fill=c.card, outline=c.edge, width=round(2 * unit))
    knob = half - (3 if on else 5) * unit
    x = body[2] - half if on else body[0] + half
    y = height / 2
    draw.ellipse((x - knob, y - knob, x + knob, y + knob), fill=c.on_fill if on else c.edge)
    return image.reduce(OVERSAMPLING)


def check_image(measure: Measure, ground: str, *, on: bool) -> Image.Image:
    """A box to tick."""
    c, unit = measure.palette, measure.scale * OVERSAMPLING
    side = measure.px(_BOX) * OVERSAMPLING
    image = Image.new("RGB", (side, side), ground)
    draw = ImageDraw.Draw(image)
    fill, edge = (c.fill, c.fill) if on else (c.card, c.edge)
    shape = (0, 0, side - 1, side - 1)
    draw.rounded_rectangle(shape, 5 * unit, fill=fill, outline=edge, width=round(1.5 * unit))
    if on:
        tick = [(x * unit, y * unit) for x, y in ((4.5, 9.5), (7.8, 12.8), (13.5, 5.8))]
        draw.line(tick, fill=c.on_fill, width=round(2.2 * unit), joint="curve")
    return image.reduce(OVERSAMPLING)
