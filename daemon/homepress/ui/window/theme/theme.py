"""One look, ready for use: the ttk styles, lengths in pixels of this screen, named fonts, icons made once."""

import functools
import sys
import tkinter as tk
from collections.abc import Sequence
from dataclasses import dataclass, replace
from tkinter import font as tkfont
from tkinter import ttk
from typing import Any, Literal, TypeAlias

from PIL import Image, ImageDraw

from homepress.base.paths import shipped
from homepress.ui.window.start import WindowLook
from homepress.ui.window.theme.drawing import OVERSAMPLING, BoxShape, Icon, box, drawn, photo, stretched
from homepress.ui.window.theme.palette import DARK, LIGHT, Palette, mixed


@dataclass(frozen=True, slots=True)
class Measure:
    """Colours and lengths of one look on one screen.

    Attributes:
        palette: the colours.
        scale: pixels of the screen for each pixel of the design.
    """

    palette: Palette
    scale: float

    def px(self, length: float) -> int:
        """A length of the design in pixels of this screen; never 0 unless it is."""
        return max(1, round(length * self.scale)) if length else 0


# The pictures of switches and boxes to tick.

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


# The pictures that ttk elements are made of: each is drawn once, when it is first wanted, and kept alive.

SURFACES = ("page", "card", "nav")

State: TypeAlias = tuple[tuple[str, ...], BoxShape]
"""How a control looks in some states of ttk, such as ("focus", "active")."""


class Sheets:
    """Makes elements for one look.

    Attributes:
        measure, style, colours: what they are made with.
    """

    def __init__(self, measure: Measure, root: tk.Misc) -> None:
        self.measure = measure
        self.style = ttk.Style(root)
        self.colours: Palette = measure.palette
        self._root = root
        self._boxes: dict[tuple[BoxShape, int], tk.PhotoImage] = {}
        self._others: list[tk.PhotoImage] = []

    def ground(self, surface: str) -> str:
        """The colour of a surface."""
        return self.colours.page if surface == "page" else self.colours.card

    def keep(self, image: Image.Image) -> tk.PhotoImage:
        """The image for Tk, kept alive."""
        self._others.append(photo(image, self._root))
        return self._others[-1]

    def back(
        self,
        name: str,
        usual: BoxShape,
        states: Sequence[State] = (),
        *,
        border: int,
        padding: tuple[int, int] = (0, 0),
    ) -> None:
        """Make an element from boxes with a stretching middle; lengths in pixels of the design."""
        px = self.measure.px
        pictures: Any = [(*words, self._picture(shape, border)) for words, shape in states]
        more: dict[str, Any] = {"width": px(usual.size[0]), "height": px(usual.size[1])}
        if padding != (0, 0):
            more["padding"] = (px(padding[0]), px(padding[1]))
        self.style.element_create(
            name,
            "image",
            self._picture(usual, border),
            *pictures,
            border=px(border),
            sticky="nswe",
            **more,
        )

    def _picture(self, shape: BoxShape, border: int) -> tk.PhotoImage:
        if (shape, border) not in self._boxes:
            image = box(self._scaled(shape))
            length = self.measure.px(border)
            large = (max(image.width, self.measure.px(160)), max(image.height, self.measure.px(80)))
            self._boxes[shape, border] = photo(stretched(image, length, large), self._root)
        return self._boxes[shape, border]

    def _scaled(self, shape: BoxShape) -> BoxShape:
        px = self.measure.px
        width, height = shape.size
        return replace(
            shape,
            size=(px(width), px(height)),
            radius=px(shape.radius),
            margin=px(shape.margin),
            outline_width=px(shape.outline_width),
            ring_width=px(shape.ring_width),
        )


# Styles of what is pressed: buttons, the entries of the side bar, and choices in a row.

_BORDER = 12


def button(sheets: Sheets, surface: str, kind: str) -> str:
    """A button: plain, primary, ghost or danger."""
    c, ground = sheets.colours, sheets.ground(surface)
    quiet = mixed(c.line, c.edge, 0.4)  # its text tells a button; fields need their edge
    plain = BoxShape((40, 32), 8, ground, c.card, quiet)
    shape, hovered, ink, font = {
        "plain": (plain, c.raised, c.text, "body"),
        "primary": (
            replace(plain, fill=c.fill, outline=None),
            mixed(c.fill, c.text, 0.15),
            c.on_fill,
            "strong",
        ),
        "ghost": (replace(plain, fill=ground, outline=None), c.raised, c.accent, "strong"),
        "danger": (replace(plain, outline=c.bad), c.bad_soft, c.bad, "body"),
    }[kind]
    back = f"{surface}.{kind}.back"
    off = shape if kind == "ghost" else replace(shape, fill=c.page, outline=c.line)
    sheets.back(back, shape, _pressed(sheets, shape, hovered, off), border=_BORDER, padding=(14, 6))
    name = f"{surface}.{kind}.TButton"
    _labelled(sheets, name, back, (ground, ink, font), space=6)
    return name


def entry(sheets: Sheets, *, chosen: bool) -> str:
    """An entry of the side bar."""
    c = sheets.colours
    shape = BoxShape((40, 36), 8, c.card, c.soft if chosen else c.card)
    back = "chosen.back" if chosen else "entry.back"
    hovered = c.soft if chosen else c.raised
    sheets.back(back, shape, _pressed(sheets, shape, hovered, shape), border=_BORDER, padding=(10, 7))
    name = "chosen.TButton" if chosen else "entry.TButton"
    look = (c.card, c.accent, "strong") if chosen else (c.card, c.text, "body")
    _labelled(sheets, name, back, look, space=12)
    sheets.style.configure(name, anchor="w")
    return name


def segment(sheets: Sheets, surface: str) -> str:
    """One of several choices in a row."""
    c, ground = sheets.colours, sheets.ground(surface)
    off = BoxShape((40, 32), 8, ground, c.card, mixed(c.line, c.edge, 0.4))
    on = replace(off, fill=c.soft, outline=c.accent, outline_width=2)
    states: list[State] = [
        (("selected", "focus"), replace(on, ring=c.focus)),
        (("focus",), replace(off, ring=c.focus)),
        (("selected",), on),
        (("active",), replace(off, fill=c.raised)),
    ]
    back = f"{surface}.segment.back"
    sheets.back(back, off, states, border=_BORDER, padding=(14, 6))
    name = f"{surface}.segment.TRadiobutton"
    label: list[Any] = [("Radiobutton.label", {"sticky": "nswe"})]
    sheets.style.layout(name, [(back, {"sticky": "nswe", "children": label})])
    sheets.style.configure(name, background=ground, foreground=c.text, font="hp-body", anchor="center")
    sheets.style.map(name, background=[("active", ground)], foreground=[("selected", c.accent)])
    return name


def _pressed(sheets: Sheets, shape: BoxShape, hovered: str, off: BoxShape) -> list[State]:
    ring = sheets.colours.focus
    return [
        (("disabled", "focus"), replace(off, ring=ring)),  # greyed while it had the keyboard
        (("disabled",), off),
        (("focus", "active"), replace(shape, fill=hovered, ring=ring)),
        (("focus",), replace(shape, ring=ring)),
        (("active",), replace(shape, fill=hovered)),
    ]


def _labelled(sheets: Sheets, name: str, back: str, look: tuple[str, str, str], space: int) -> None:
    ground, ink, font = look
    label: list[Any] = [("Button.label", {"sticky": "nswe"})]
    gap: Any = sheets.measure.px(space)
    sheets.style.layout(name, [(back, {"sticky": "nswe", "children": label})])
    sheets.style.configure(
        name, background=ground, foreground=ink, font=f"hp-{font}", anchor="center", width=0, space=gap
    )
    sheets.style.map(name, background=[("active", ground)], foreground=[("disabled", sheets.colours.muted)])


# Styles of what is filled in and moved: fields, drop-down lists, switches, scroll bars.


def field(sheets: Sheets, surface: str, control: str, root: tk.Misc) -> str:
    """A field to type into ("TEntry") or a list that drops down ("TCombobox")."""
    c, ground = sheets.colours, sheets.ground(surface)
    shape = BoxShape((40, 32), 8, ground, c.card, c.edge)
    back = f"{surface}.{control}.back"
    states = [
        (("focus",), replace(shape, outline=c.focus, outline_width=2)),
        (("invalid",), replace(shape, outline=c.bad, outline_width=2)),
        (("disabled",), replace(shape, fill=c.page, outline=c.line)),
    ]
    sheets.back(back, shape, states, border=12, padding=(11, 6))
    parts: list[Any] = [("Entry.textarea", {"sticky": "nswe"})]
    if control == "TCombobox":
        arrow = f"{surface}.arrow"
        picture = sheets.keep(drawn(Icon.DOWN, sheets.measure.px(16), c.muted))
        sheets.style.element_create(arrow, "image", picture, sticky="")
        text: Any = ("Combobox.textarea", {"sticky": "nswe"})
        parts = [(arrow, {"side": "right", "sticky": "ns"}), text]
        _list_of_combobox(sheets, root)
    name = f"{surface}.{control}"
    sheets.style.layout(name, [(back, {"sticky": "nswe", "children": parts})])
    sheets.style.configure(name, foreground=c.text, fieldbackground=c.card, background=ground)
    sheets.style.map(
        name,
        background=[("active", ground)],
        fieldbackground=[("disabled", c.page), ("readonly", c.card)],
        foreground=[("disabled", c.muted)],
        selectbackground=[("readonly", c.card)],
        selectforeground=[("readonly", c.text)],
    )
    return name


def switch(sheets: Sheets, surface: str) -> str:
    """A switch; the place of its knob shows its state."""
    ground, name = sheets.ground(surface), f"{surface}.Switch.TCheckbutton"
    images = {
        (on, focus): sheets.keep(switch_image(sheets.measure, ground, on=on, focus=focus))
        for on in (False, True)
        for focus in (False, True)
    }
    mark = f"{surface}.Switch.mark"
    sheets.style.element_create(
        mark,
        "image",
        images[False, False],
        ("selected", "focus", images[True, True]),
        ("focus", images[False, True]),
        ("selected", images[True, False]),
        sticky="w",
    )
    label: Any = ("Checkbutton.label", {"side": "left", "sticky": ""})
    sheets.style.layout(name, [(mark, {"side": "left"}), label])
    sheets.style.configure(name, background=ground, foreground=sheets.colours.text)
    sheets.style.map(name, background=[("active", ground)])
    return name


def scroll_bar(sheets: Sheets, surface: str) -> str:
    """A scroll bar without arrows."""
    c, ground = sheets.colours, sheets.ground(surface)
    thumb = BoxShape((8, 40), 4, ground, mixed(c.edge, c.page, 0.25))
    name, mark, trough = f"{surface}.Vertical.TScrollbar", f"{surface}.thumb", f"{surface}.trough"
    sheets.back(mark, thumb, [(("active",), replace(thumb, fill=c.edge))], border=4)
    sheets.back(trough, BoxShape((12, 12), 1, ground), border=4)
    sheets.style.configure(name, troughcolor=ground, background=ground, borderwidth=0)
    inside: Any = (mark, {"sticky": "ns"})
    sheets.style.layout(name, [(trough, {"sticky": "ns", "children": [inside]})])
    return name


def _list_of_combobox(sheets: Sheets, root: tk.Misc) -> None:
    c = sheets.colours
    for option, value in {
        "background": c.card,
        "foreground": c.text,
        "selectBackground": c.soft,
        "selectForeground": c.accent,
        "font": "hp-body",
        "borderWidth": "0",
        "highlightThickness": "0",
    }.items():
        root.option_add(f"*TCombobox*Listbox.{option}", value)


# The ttk styles: every visible part of a control is a picture with stretching middle, drawn for this scale.
#
# Styles are named "<surface>.<role>.T<Control>": the surface ("page", "card" or "nav") is what the control
# stands on. A style is made when the first control asks for it: the window is seen before all are drawn.


class Styles:
    """Gives the names of styles, each made once."""

    def __init__(self, measure: Measure, root: tk.Misc) -> None:
        """Set what holds unless something else is said, and the styles of text."""
        self._sheets = Sheets(measure, root)
        self._root = root
        self._sheets.style.theme_use("clam")
        self._base()
        self._labels()
        # One cache for each instance: a style belongs to its window.
        self.button = functools.cache(self._button)
        self.entry = functools.cache(self._entry)
        self.segment = functools.cache(self._segment)
        self.field = functools.cache(self._field)
        self.switch = functools.cache(self._switch)
        self.scroll_bar = functools.cache(self._scroll_bar)
        self.notice = functools.cache(self._notice)
        self.card = functools.cache(self._card)

    def _button(self, surface: str, kind: str) -> str:
        return button(self._sheets, surface, kind)

    def _entry(self, chosen: bool) -> str:
        return entry(self._sheets, chosen=chosen)

    def _segment(self, surface: str) -> str:
        return segment(self._sheets, surface)

    def _field(self, surface: str, control: str) -> str:
        return field(self._sheets, surface, control, self._root)

    def _switch(self, surface: str) -> str:
        return switch(self._sheets, surface)

    def _scroll_bar(self, surface: str) -> str:
        return scroll_bar(self._sheets, surface)

    def _card(self) -> str:
        c, style = self._sheets.colours, self._sheets.style
        self._sheets.back("Card.back", BoxShape((40, 40), 12, c.page, c.card, c.line), border=14)
        style.layout("outlined.TFrame", [("Card.back", {"sticky": "nswe"})])
        return "outlined.TFrame"

    def _notice(self, tone: str, surface: str) -> str:
        """The style of its frame; its mark and its text have "<tone>.notice.TLabel", "<tone>.text.TLabel"."""
        c, style = self._sheets.colours, self._sheets.style
        ink, ground = {
            "warning": (c.warning, c.warning_soft),
            "bad": (c.bad, c.bad_soft),
            "good": (c.accent, c.soft),
        }[tone]
        name = f"{surface}.{tone}.notice"
        self._sheets.back(name, BoxShape((32, 32), 8, self._sheets.ground(surface), ground), border=10)
        style.layout(f"{name}.TFrame", [(name, {"sticky": "nswe"})])
        style.configure(f"{tone}.notice.TLabel", background=ground, foreground=ink, font="hp-body")
        style.configure(f"{tone}.text.TLabel", background=ground, foreground=c.text, font="hp-body")
        return f"{name}.TFrame"

    def _base(self) -> None:
        c, style = self._sheets.colours, self._sheets.style
        style.configure(
            ".",
            background=c.page,
            foreground=c.text,
            font="hp-body",
            borderwidth=0,
            focuscolor=c.focus,
            insertcolor=c.text,
            selectbackground=c.soft,
            selectforeground=c.text,
        )
        for surface in SURFACES:
            style.configure(f"{surface}.TFrame", background=self._sheets.ground(surface))
        style.configure("line.TFrame", background=c.line)
        self._dialogs()

    def _dialogs(self) -> None:
        """Controls of Tk's own dialogs, which know no styles but the plain ones of ttk."""
        c, style, px = self._sheets.colours, self._sheets.style, self._sheets.measure.px
        edges = {"bordercolor": c.edge, "lightcolor": c.card, "darkcolor": c.card}
        for name in ("TButton", "TMenubutton", "TEntry"):
            style.configure(name, background=c.card, fieldbackground=c.card, borderwidth=1, **edges)
            style.map(name, background=[("disabled", c.page), ("active", c.raised)])
        style.configure("TButton", relief="raised", anchor="center", padding=(px(10), px(4)))
        style.configure("TMenubutton", relief="raised", arrowcolor=c.muted, padding=(px(8), px(3)))
        style.configure("TEntry", padding=(px(6), px(3)))
        style.configure("TScrollbar", background=c.line, troughcolor=c.page, arrowcolor=c.muted)
        style.map("TLabel", background=[("disabled", c.page)], foreground=[("disabled", c.muted)])

    def _labels(self) -> None:
        """Text: by role and by what it stands on."""
        c = self._sheets.colours
        inks = {
            "body": (c.text, "body"),
            "strong": (c.text, "strong"),
            "muted": (c.muted, "body"),
            "small": (c.muted, "small"),
            "title": (c.text, "title"),
            "heading": (c.text, "heading"),
            "figure": (c.accent, "figure"),
            "accent": (c.accent, "strong"),
            "good": (c.good, "body"),
            "warning": (c.warning, "body"),
            "bad": (c.bad, "body"),
            "mono": (c.text, "mono"),
        }
        space: Any = self._sheets.measure.px(6)
        for surface in SURFACES:
            ground = self._sheets.ground(surface)
            for role, (ink, font) in inks.items():
                self._sheets.style.configure(
                    f"{surface}.{role}.TLabel",
                    background=ground,
                    foreground=ink,
                    font=f"hp-{font}",
                    space=space,
                )


# What the system says about looks: whether it is dark, and how many pixels make a length.
if sys.platform == "win32":
    from homepress.ui.window.theme import windows as system
elif sys.platform == "darwin":
    from homepress.ui.window.theme import macos as system
else:
    from homepress.ui.window.theme import linux as system

_FAMILIES = (
    "Inter",
    "Segoe UI Variable",
    "Segoe UI",
    "SF Pro Text",
    "Cantarell",
    "Ubuntu",
    "Noto Sans",
    "Roboto",
    "Open Sans",
    "DejaVu Sans",
)
_FONTS: dict[str, tuple[int, Literal["normal", "bold"]]] = {
    "body": (13, "normal"),
    "strong": (13, "bold"),
    "small": (12, "normal"),
    "title": (21, "bold"),
    "heading": (15, "bold"),
    "figure": (24, "bold"),
}
_TEXT_DPI = 72.0
_BRAND = "service-files/icons/homepress-128.png"


class Theme:
    """Colours, lengths, fonts and icons of a window.

    Attributes:
        measure: what every drawing starts from.
        palette: its colours.
        scale: its pixels of the screen for each pixel of the design.
        styles: of ttk controls, by what they stand on.
    """

    @staticmethod
    def prepare() -> None:
        """What has to come before the first window."""
        system.prepare()

    def __init__(self, root: tk.Tk, look: WindowLook) -> None:
        """Style everything in `root`."""
        self._root = root
        dark = system.is_dark() if look.dark is None else look.dark
        scale = look.scale or system.scale(root.winfo_fpixels("1i"))
        self.measure = Measure(DARK if dark else LIGHT, scale)
        self.palette: Palette = self.measure.palette
        self.scale = scale
        root.tk.call("tk", "scaling", self.scale * 96 / _TEXT_DPI)
        self._icons: dict[tuple[Icon, int, str], tk.PhotoImage] = {}
        self._ticks: dict[tuple[str, bool], tk.PhotoImage] = {}
        self._fonts = self._make_fonts()
        self.styles = Styles(self.measure, root)

    def px(self, length: float) -> int:
        """A length of the design in pixels of this screen; never 0 unless it is."""
        return self.measure.px(length)

    def font(self, role: str) -> tkfont.Font:
        """The font of a role: body, strong, small, title, heading, figure or mono."""
        return self._fonts[role]

    def icon(self, icon: Icon, size: int = 18, colour: str = "") -> tk.PhotoImage:
        """An icon; `size` in pixels of the design."""
        key = (icon, self.px(size), colour or self.palette.text)
        if key not in self._icons:
            self._icons[key] = photo(drawn(*key), self._root)
        return self._icons[key]

    def tick(self, ground: str, *, on: bool) -> tk.PhotoImage:
        """A box to tick, for a canvas of the colour `ground`."""
        if (ground, on) not in self._ticks:
            self._ticks[ground, on] = photo(check_image(self.measure, ground, on=on), self._root)
        return self._ticks[ground, on]

    def brand(self, size: int) -> tk.PhotoImage:
        """The icon of the program; `size` in pixels of the design."""
        side = self.px(size)
        with Image.open(shipped(_BRAND)) as image:
            return photo(image.convert("RGBA").resize((side, side), Image.Resampling.LANCZOS), self._root)

    def _make_fonts(self) -> dict[str, tkfont.Font]:
        there = set(tkfont.families(self._root))
        default = tkfont.nametofont("TkDefaultFont", root=self._root).actual("family")
        family = next((name for name in _FAMILIES if name in there), default)
        fonts = {
            role: tkfont.Font(
                self._root, name=f"hp-{role}", family=family, size=-self.px(size), weight=weight
            )
            for role, (size, weight) in _FONTS.items()  # negative sizes are pixels
        }
        mono = tkfont.nametofont("TkFixedFont", root=self._root).actual("family")
        fonts["mono"] = tkfont.Font(self._root, name="hp-mono", family=mono, size=-self.px(12))
        return fonts
