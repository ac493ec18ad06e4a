"""Styles of what is pressed: buttons, the entries of the side bar, and choices in a row."""

from dataclasses import replace
from typing import Any

from homepress.ui.window.theme.drawing import Box
from homepress.ui.window.theme.palette import mixed
from homepress.ui.window.theme.sheets import Sheets, State

_BORDER = 12


def button(sheets: Sheets, surface: str, kind: str) -> str:
    """A button: plain, primary, ghost or danger."""
    c, ground = sheets.colours, sheets.ground(surface)
    quiet = mixed(c.line, c.edge, 0.4)  # its text tells a button; fields need their edge
    plain = Box((40, 32), 8, ground, c.card, quiet)
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
    shape = Box((40, 36), 8, c.card, c.soft if chosen else c.card)
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
    off = Box((40, 32), 8, ground, c.card, mixed(c.line, c.edge, 0.4))
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


def _pressed(sheets: Sheets, shape: Box, hovered: str, off: Box) -> list[State]:
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
