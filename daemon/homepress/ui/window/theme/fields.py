"""Styles of what is filled in and moved: fields, drop-down lists, switches, scroll bars."""

import tkinter as tk
from dataclasses import replace
from typing import Any

from homepress.ui.window.theme.drawing import Box
from homepress.ui.window.theme.icons import Icon, drawn
from homepress.ui.window.theme.palette import mixed
from homepress.ui.window.theme.sheets import Sheets
from homepress.ui.window.theme.switches import switch_image


def field(sheets: Sheets, surface: str, control: str, root: tk.Misc) -> str:
    """A field to type into ("TEntry") or a list that drops down ("TCombobox")."""
    c, ground = sheets.colours, sheets.ground(surface)
    shape = Box((40, 32), 8, ground, c.card, c.edge)
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
    """A switch, told apart by the place of its knob."""
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
    thumb = Box((8, 40), 4, ground, mixed(c.edge, c.page, 0.25))
    name, mark, trough = f"{surface}.Vertical.TScrollbar", f"{surface}.thumb", f"{surface}.trough"
    sheets.back(mark, thumb, [(("active",), replace(thumb, fill=c.edge))], border=4)
    sheets.back(trough, Box((12, 12), 1, ground), border=4)
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
