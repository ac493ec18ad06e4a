"""The pictures of switches and boxes to tick."""

from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from homepress.ui.window.theme.drawing import OVERSAMPLING
from homepress.ui.window.theme.palette import rgb

if TYPE_CHECKING:
    from homepress.ui.window.theme.theme import Theme

_RING = 2
_ROOM = 3


def switch_image(theme: "Theme", *, on: bool, focus: bool) -> Image.Image:
    """A switch: the knob is right when it is on, left when it is off."""
    c, unit = theme.palette, theme.scale * OVERSAMPLING
    width, height = theme.px(48), theme.px(28)
    image = Image.new("RGBA", (width * OVERSAMPLING, height * OVERSAMPLING), (*rgb(c.edge), 0))
    draw = ImageDraw.Draw(image)
    outer = (0, 0, image.width - 1, image.height - 1)
    if focus:
        draw.rounded_rectangle(outer, image.height / 2, outline=c.focus, width=round(_RING * unit))
    room = _ROOM * unit
    body = (room, room, image.width - 1 - room, image.height - 1 - room)
    half = (image.height - 2 * room) / 2
    if on:
        draw.rounded_rectangle(body, half, fill=c.fill)
    else:
        draw.rounded_rectangle(body, half, fill=c.card, outline=c.edge, width=round(2 * unit))
    knob = half - (3 if on else 5) * unit
    x = body[2] - half if on else body[0] + half
    y = image.height / 2
    draw.ellipse((x - knob, y - knob, x + knob, y + knob), fill=c.on_fill if on else c.edge)
    return image.reduce(OVERSAMPLING)


def check_image(theme: "Theme", *, on: bool, focus: bool) -> Image.Image:
    """A box to tick, with the space before its text."""
    c, unit = theme.palette, theme.scale * OVERSAMPLING
    side, room = theme.px(26), theme.px(6)
    image = Image.new("RGBA", ((side + room) * OVERSAMPLING, side * OVERSAMPLING), (*rgb(c.edge), 0))
    draw = ImageDraw.Draw(image)
    end = side * OVERSAMPLING - 1
    if focus:
        draw.rounded_rectangle((0, 0, end, end), 7 * unit, outline=c.focus, width=round(_RING * unit))
    inner = (_ROOM * unit, _ROOM * unit, end - _ROOM * unit, end - _ROOM * unit)
    if on:
        draw.rounded_rectangle(inner, 5 * unit, fill=c.fill)
        tick = [(8 * unit, 13.5 * unit), (11.5 * unit, 17 * unit), (18 * unit, 9.5 * unit)]
        draw.line(tick, fill=c.on_fill, width=round(2.2 * unit), joint="curve")
    else:
        draw.rounded_rectangle(inner, 5 * unit, fill=c.card, outline=c.edge, width=round(1.5 * unit))
    return image.reduce(OVERSAMPLING)
