"""The ttk style: every visible part of a control is a picture with stretching middle, drawn for this scale.

Styles are named "<surface>.<role>.T<Control>": the surface ("page" or "card") is what the control stands on.
"""

import tkinter as tk
from collections.abc import Iterator
from dataclasses import replace
from tkinter import ttk
from typing import TYPE_CHECKING, Any

from PIL import Image

from homepress.ui.window.theme.drawing import Box, box, photo
from homepress.ui.window.theme.icons import Icon, drawn
from homepress.ui.window.theme.palette import mixed
from homepress.ui.window.theme.switches import check_image, switch_image

if TYPE_CHECKING:
    from homepress.ui.window.theme.theme import Theme

SURFACES = ("page", "card", "nav")
_MARGIN = 3
"""Pixels of the design around a control, for the ring that shows where the keyboard is."""


def apply(theme: "Theme", root: tk.Misc) -> list[tk.PhotoImage]:
    """Style all ttk controls of `root`; the images to keep alive."""
    maker = _Maker(theme, root)
    maker.everything()
    maker.labels()
    maker.buttons()
    maker.fields()
    maker.switches()
    maker.bars()
    return maker.kept


class _Maker:
    def __init__(self, theme: "Theme", root: tk.Misc) -> None:
        self.kept: list[tk.PhotoImage] = []
        self._theme = theme
        self._root = root
        self._style = ttk.Style(root)
        self._style.theme_use("clam")
        self._colours = theme.palette

    def everything(self) -> None:
        """What holds unless something else is said."""
        c = self._colours
        self._style.configure(
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
        for surface, ground in self._grounds():
            self._style.configure(f"{surface}.TFrame", background=ground)
        card = self._box(Box((40, 40), 12, c.card, c.line))
        self._element("Card.back", card, border=14)
        self._style.layout("outlined.TFrame", [("Card.back", {"sticky": "nswe"})])
        self._style.configure("line.TFrame", background=c.line)

    def labels(self) -> None:
        """Text: by role and by what it stands on."""
        c = self._colours
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
        for surface, ground in self._grounds():
            for role, (ink, font) in inks.items():
                self._style.configure(
                    f"{surface}.{role}.TLabel", background=ground, foreground=ink, font=f"hp-{font}"
                )
        for kind, ink, ground in (
            ("warning", c.warning, c.warning_soft),
            ("bad", c.bad, c.bad_soft),
            ("good", c.accent, c.soft),
        ):
            self._element(f"{kind}.notice", self._box(Box((32, 32), 8, ground)), border=10)
            self._style.layout(f"{kind}.notice.TFrame", [(f"{kind}.notice", {"sticky": "nswe"})])
            self._style.configure(f"{kind}.notice.TLabel", background=ground, foreground=ink, font="hp-body")
            self._style.configure(f"{kind}.text.TLabel", background=ground, foreground=c.text, font="hp-body")

    def buttons(self) -> None:
        """Buttons, the entries of the side bar, and choices in a row."""
        c = self._colours
        quiet = mixed(c.line, c.edge, 0.4)  # its text tells a button; fields need their edge
        plain = Box((40, 38), 8, c.card, quiet, margin=_MARGIN)
        ghost = Box((40, 38), 8, None, None, margin=_MARGIN)
        kinds = {
            "plain": (plain, c.raised, c.text, "body"),
            "primary": (
                Box((40, 38), 8, c.fill, None, margin=_MARGIN),
                mixed(c.fill, c.text, 0.15),
                c.on_fill,
                "strong",
            ),
            "ghost": (ghost, c.raised, c.accent, "strong"),
            "danger": (replace(plain, outline=c.bad), c.bad_soft, c.bad, "body"),
        }
        for kind, (shape, hovered, ink, font) in kinds.items():
            name = f"{kind}.button"
            self._pressable(name, shape, hovered)
            for surface, ground in self._grounds():
                self._button_style(f"{surface}.{kind}.TButton", name, ground, ink, font)
        entry = Box((40, 40), 9, None, None, margin=_MARGIN)
        self._pressable("nav.button", entry, c.raised)
        self._pressable("chosen.button", replace(entry, fill=c.soft), c.soft)
        self._button_style("entry.TButton", "nav.button", c.card, c.text, "body", anchor="w")
        self._button_style("chosen.TButton", "chosen.button", c.card, c.accent, "strong", anchor="w")
        self._segments()

    def _segments(self) -> None:
        c = self._colours
        off = Box((40, 36), 8, c.card, mixed(c.line, c.edge, 0.4), margin=_MARGIN)
        on = Box((40, 36), 8, c.soft, c.accent, outline_width=2, margin=_MARGIN)
        self._style.element_create(
            "segment.back",
            "image",
            self._box(off),
            ("selected", "focus", self._box(replace(on, ring=c.focus))),
            ("focus", self._box(replace(off, ring=c.focus))),
            ("selected", self._box(on)),
            ("active", self._box(replace(off, fill=c.raised))),
            border=self._theme.px(12),
            padding=(self._theme.px(12), self._theme.px(6)),
            sticky="nswe",
        )
        for surface, ground in self._grounds():
            style = f"{surface}.segment.TRadiobutton"
            label: list[Any] = [("Radiobutton.label", {"sticky": "nswe"})]
            self._style.layout(style, [("segment.back", {"sticky": "nswe", "children": label})])
            self._style.configure(
                style, background=ground, foreground=c.text, font="hp-body", anchor="center"
            )
            self._style.map(style, background=[("active", ground)], foreground=[("selected", c.accent)])

    def fields(self) -> None:
        """Entries and drop-down lists, right and wrong ones."""
        c = self._colours
        shape = Box((40, 38), 8, c.card, c.edge, margin=_MARGIN)
        wrong = replace(shape, outline=c.bad, outline_width=2)
        self._style.element_create(
            "field.back",
            "image",
            self._box(shape),
            ("focus", self._box(replace(shape, outline=c.focus, outline_width=1, ring=c.focus))),
            ("invalid", self._box(wrong)),
            ("disabled", self._box(replace(shape, fill=c.page, outline=c.line))),
            border=self._theme.px(12),
            padding=(self._theme.px(11), self._theme.px(7)),
            sticky="nswe",
        )
        arrow = photo(drawn(Icon.DOWN, self._theme.px(16), c.muted), self._root)
        self.kept.append(arrow)
        self._style.element_create("field.arrow", "image", arrow, sticky="")
        text: list[Any] = [("Entry.textarea", {"sticky": "nswe"})]
        inside: list[Any] = [
            ("field.arrow", {"side": "right", "sticky": "ns"}),
            ("Combobox.textarea", {"sticky": "nswe"}),
        ]
        for surface, ground in self._grounds():
            for control, parts in (("TEntry", text), ("TCombobox", inside)):
                self._field_style(f"{surface}.{control}", ground, parts)
        self._list_of_combobox()

    def _field_style(self, style: str, ground: str, parts: list[Any]) -> None:
        c = self._colours
        self._style.layout(style, [("field.back", {"sticky": "nswe", "children": parts})])
        self._style.configure(style, foreground=c.text, fieldbackground=c.card, background=ground)
        self._style.map(
            style,
            background=[("active", ground)],
            fieldbackground=[("disabled", c.page), ("readonly", c.card)],
            foreground=[("disabled", c.muted)],
            selectbackground=[("readonly", c.card)],
            selectforeground=[("readonly", c.text)],
        )

    def _list_of_combobox(self) -> None:
        c = self._colours
        for option, value in {
            "background": c.card,
            "foreground": c.text,
            "selectBackground": c.soft,
            "selectForeground": c.accent,
            "font": "hp-body",
            "borderWidth": "0",
            "highlightThickness": "0",
        }.items():
            self._root.option_add(f"*TCombobox*Listbox.{option}", value)

    def switches(self) -> None:
        """Switches, told apart by the place of their knob, and boxes to tick."""
        for name, draw in (("Switch", switch_image), ("Tick", check_image)):
            images = {
                (on, focus): self._keep(draw(self._theme, on=on, focus=focus))
                for on in (False, True)
                for focus in (False, True)
            }
            self._style.element_create(
                f"{name}.mark",
                "image",
                images[False, False],
                ("selected", "focus", images[True, True]),
                ("focus", images[False, True]),
                ("selected", images[True, False]),
                sticky="w",
            )
            parts: list[Any] = [("Checkbutton.label", {"side": "left", "sticky": ""})]
            for surface, ground in self._grounds():
                style = f"{surface}.{name}.TCheckbutton"
                self._style.layout(style, [(f"{name}.mark", {"side": "left"}), *parts])
                self._style.configure(style, background=ground, foreground=self._colours.text)
                self._style.map(style, background=[("active", ground)])

    def bars(self) -> None:
        """Scroll bars, without arrows."""
        c, px = self._colours, self._theme.px
        thumb = Box((12, 40), 4, mixed(c.edge, c.page, 0.25), margin=2)
        for surface, ground in self._grounds():
            style = f"{surface}.Vertical.TScrollbar"
            name = f"{surface}.thumb"
            self._style.element_create(
                name,
                "image",
                self._box(thumb),
                ("active", self._box(replace(thumb, fill=c.edge))),
                border=(0, px(8)),
                sticky="ns",
            )
            self._style.configure(style, troughcolor=ground, background=ground, width=px(12), borderwidth=0)
            trough = f"{surface}.trough"
            self._element(trough, self._box(Box((12, 12), 0, ground)), border=1)
            thumb_part: Any = (name, {"sticky": "nswe"})
            self._style.layout(style, [(trough, {"sticky": "ns", "children": [thumb_part]})])

    # -- making

    def _grounds(self) -> Iterator[tuple[str, str]]:
        c = self._colours
        return iter(zip(SURFACES, (c.page, c.card, c.card), strict=True))

    def _box(self, shape: Box) -> tk.PhotoImage:
        """A box whose lengths are those of the design."""
        px = self._theme.px
        width, height = shape.size
        return self._keep(
            box(
                replace(
                    shape,
                    size=(px(width), px(height)),
                    radius=px(shape.radius),
                    margin=px(shape.margin),
                    outline_width=px(shape.outline_width),
                    ring_width=px(shape.ring_width),
                )
            )
        )

    def _keep(self, image: Image.Image) -> tk.PhotoImage:
        made = photo(image, self._root)
        self.kept.append(made)
        return made

    def _element(self, name: str, image: tk.PhotoImage, border: int, sticky: str = "nswe") -> None:
        self._style.element_create(name, "image", image, border=self._theme.px(border), sticky=sticky)

    def _pressable(self, name: str, shape: Box, hovered: str) -> None:
        c, px = self._colours, self._theme.px
        disabled = replace(shape, fill=c.page, outline=c.line) if shape.fill else shape
        both: Any = ("focus", "active", self._box(replace(shape, fill=hovered, ring=c.focus)))
        self._style.element_create(
            name,
            "image",
            self._box(shape),
            ("disabled", self._box(disabled)),
            both,
            ("focus", self._box(replace(shape, ring=c.focus))),
            ("active", self._box(replace(shape, fill=hovered))),
            border=px(12),
            padding=(px(14), px(8)),
            sticky="nswe",
        )

    def _button_style(
        self, style: str, back: str, ground: str, ink: str, font: str, anchor: str = "center"
    ) -> None:
        label: list[Any] = [("Button.label", {"sticky": "nswe"})]
        self._style.layout(style, [(back, {"sticky": "nswe", "children": label})])
        self._style.configure(
            style, background=ground, foreground=ink, font=f"hp-{font}", anchor=anchor, width=0
        )
        self._style.map(
            style, background=[("active", ground)], foreground=[("disabled", self._colours.muted)]
        )
