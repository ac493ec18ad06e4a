"""Making controls in one line, styled for what they stand on."""

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import Literal

from homepress.ui.window.theme import Icon, Theme

Role = Literal[
    "body",
    "strong",
    "muted",
    "small",
    "title",
    "heading",
    "figure",
    "accent",
    "good",
    "warning",
    "bad",
    "mono",
]
Kind = Literal["plain", "primary", "ghost", "danger"]
Tone = Literal["warning", "bad", "good"]


_NARROWEST = 60
"""Pixels; no text of the window stands in a narrower place."""


class Panel(ttk.Frame):
    """A frame that knows its surface: "page", "card" or "nav"."""

    def __init__(self, parent: tk.Misc, surface: str = "", padding: object = 0) -> None:
        self.surface = surface or surface_of(parent)
        super().__init__(parent, style=f"{self.surface}.TFrame", padding=padding)  # type: ignore[arg-type]  # any length


class PagePanel(Panel):
    """The panel of a page; most pages have nothing to do when they are left."""

    def left(self) -> None:
        """Another page comes to the front."""


class Card(Panel):
    """A white sheet with round corners."""

    def __init__(self, parent: tk.Misc, theme: Theme, padding: tuple[int, int] = (20, 16)) -> None:
        super().__init__(parent, "card", (theme.px(padding[0]), theme.px(padding[1])))
        self.configure(style=theme.styles.card())


class WidgetFactory:
    """Makes controls."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.px = theme.px

    def label(
        self, parent: tk.Misc, text: str = "", role: Role = "body", *, wrap: int = 0, icon: Icon | None = None
    ) -> ttk.Label:
        """Text; `wrap` is the width, in pixels of the design, at which it breaks."""
        made = ttk.Label(parent, text=text, style=f"{surface_of(parent)}.{role}.TLabel", justify="left")
        if wrap:
            made.configure(wraplength=self.px(wrap))
        if icon:
            colours = self.theme.palette
            ink = {
                "good": colours.good,
                "warning": colours.warning,
                "bad": colours.bad,
                "small": colours.muted,
            }
            made.configure(image=self.theme.icon(icon, 16, ink.get(role, colours.text)), compound="left")
        return made

    def flowing(self, parent: tk.Misc, text: str = "", role: Role = "muted") -> ttk.Label:
        """Text that breaks where its own width ends."""
        made = self.label(parent, text, role)
        flow(made)
        return made

    def button(
        self,
        parent: tk.Misc,
        text: str,
        command: Callable[[], object],
        kind: Kind = "plain",
        icon: Icon | None = None,
    ) -> ttk.Button:
        """A button; Return presses it as the space bar does."""
        made = ttk.Button(
            parent,
            text=text,
            command=command,
            style=self.theme.styles.button(surface_of(parent), kind),
        )
        if icon:
            colours = self.theme.palette
            ink = {"primary": colours.on_fill, "ghost": colours.accent, "danger": colours.bad}
            made.configure(
                image=self.theme.icon(icon, 16, ink.get(kind, colours.text)),
                compound="left",
            )
        made.bind("<Return>", lambda _: made.invoke())
        return made

    def switch(
        self, parent: tk.Misc, on: bool, changed: Callable[[bool], object], text: str = ""
    ) -> ttk.Checkbutton:
        """A switch that says in words too how it stands."""
        value = tk.BooleanVar(parent, value=on)

        def tell() -> None:
            made.configure(text=text or _on_or_off(value.get()))
            changed(value.get())

        made = ttk.Checkbutton(
            parent,
            variable=value,
            command=tell,
            text=text or _on_or_off(on),
            style=self.theme.styles.switch(surface_of(parent)),
        )
        made.value = value  # type: ignore[attr-defined]  # Tk forgets a variable that nobody holds
        made.bind("<Return>", lambda _: made.invoke())
        return made

    def segments(
        self,
        parent: tk.Misc,
        choices: Sequence[tuple[str, str]],
        chosen: str,
        changed: Callable[[str], object],
    ) -> tuple[Panel, tk.StringVar]:
        """Choices in a row, of which one holds; pairs of a word and its label. Arrow keys move along."""
        row = Panel(parent)
        value = tk.StringVar(row, value=chosen)
        buttons = [
            ttk.Radiobutton(
                row,
                text=label,
                value=word,
                variable=value,
                command=lambda: changed(value.get()),
                style=self.theme.styles.segment(row.surface),
            )
            for word, label in choices
        ]
        for at, button in enumerate(buttons):
            button.grid(row=0, column=at, padx=(self.px(6) if at else 0, 0))
            for key, step in (("<Left>", -1), ("<Right>", 1)):
                neighbour = buttons[(at + step) % len(buttons)]
                button.bind(key, lambda _, n=neighbour: (n.focus_set(), n.invoke()))  # type: ignore[misc]
            button.bind("<Return>", lambda _, b=button: b.invoke())  # type: ignore[misc]
        return row, value

    def entry(self, parent: tk.Misc, text: str = "", width: int = 24) -> tuple[ttk.Entry, tk.StringVar]:
        """A field to type into, and what is in it."""
        value = tk.StringVar(parent, value=text)
        style = self.theme.styles.field(surface_of(parent), "TEntry")
        made = ttk.Entry(parent, textvariable=value, width=width, font="hp-body", style=style)
        made.value = value  # type: ignore[attr-defined]  # Tk forgets a variable that nobody holds
        _bind_select_all(made)
        return made, value

    def choice(
        self, parent: tk.Misc, words: Sequence[str], chosen: str, changed: Callable[[str], object]
    ) -> ttk.Combobox:
        """A list that drops down."""
        style = self.theme.styles.field(surface_of(parent), "TCombobox")
        made = ttk.Combobox(
            parent, values=list(words), state="readonly", font="hp-body", width=18, style=style
        )
        made.set(chosen)
        _bind_select_all(made)

        def tell(_: object) -> None:
            made.selection_clear()
            changed(made.get())

        made.bind("<<ComboboxSelected>>", tell)
        made.bind("<Return>", lambda _: made.event_generate("<Down>"))
        return made

    def notice(
        self, parent: tk.Misc, text: str, tone: Tone, *actions: tuple[str, Callable[[], object]]
    ) -> ttk.Frame:
        """What has to be known, on a ground of its own, with what can be done about it."""
        icons = {"warning": Icon.WARNING, "bad": Icon.WARNING, "good": Icon.CHECK}
        ink = {"warning": "warning", "bad": "bad", "good": "accent"}[tone]
        frame = ttk.Frame(
            parent,
            style=self.theme.styles.notice(tone, surface_of(parent)),
            padding=(self.px(14), self.px(10)),
        )
        frame.columnconfigure(1, weight=1)
        colour = str(getattr(self.theme.palette, ink))
        mark = ttk.Label(frame, image=self.theme.icon(icons[tone], 18, colour), style=f"{tone}.notice.TLabel")
        mark.grid(row=0, column=0, sticky="n", padx=(0, self.px(10)))
        words = ttk.Label(frame, text=text, style=f"{tone}.text.TLabel", justify="left")
        words.grid(row=0, column=1, sticky="we")
        flow(words)
        for at, (label, command) in enumerate(actions):
            self.button(frame, label, command).grid(row=0, column=2 + at, padx=(self.px(8), 0))
        return frame


def _bind_select_all(field: ttk.Entry) -> None:
    """Control-A marks everything, as in other programs; Tk's own on X11 goes to the beginning."""

    def select(_: object) -> str:
        field.selection_range(0, "end")
        field.icursor("end")
        return "break"

    field.bind("<Control-a>", select)


def flow(label: ttk.Label) -> None:
    """Break the text of a label where the label ends. It has to stand in a column that takes what is left."""
    label.configure(width=1)  # asks for no width of its own, else column and text would widen each other

    def break_at(event: "tk.Event[tk.Misc]") -> None:
        # On the way to its place a label is narrow for a moment, which must not make it a tower of letters.
        if event.width >= _NARROWEST and str(label.cget("wraplength")) != str(event.width):
            label.configure(wraplength=event.width)

    label.bind("<Configure>", break_at, add=True)


def surface_of(parent: tk.Misc) -> str:
    """What a control in `parent` stands on."""
    return str(getattr(parent, "surface", "page"))


def _on_or_off(on: bool) -> str:
    return "On" if on else "Off"


# Texts that are cut with an ellipsis where their room ends.


def ellipsize(measure: Callable[[str], int], text: str, room: int, *, at_end: bool) -> str:
    """The text, cut to `room` pixels: a name at its end, a path at its beginning."""
    if measure(text) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(_shortened(text, middle, at_end)) <= room:
            low = middle
        else:
            high = middle - 1
    return _shortened(text, low, at_end)


def _shortened(text: str, length: int, at_end: bool) -> str:
    return f"{text[:length]}…" if at_end else f"…{text[len(text) - length :]}"


def keep_ellipsized(
    theme: Theme, label: ttk.Label, role: str, *, beside: tk.Misc | None = None, at_end: bool = True
) -> None:
    """Cut the text of a label to the width of the panel it stands in, whenever that changes.

    Args:
        role: of the label, for its font.
        beside: stands to the right of it in the same panel and is not to be covered.
    """
    text = str(label.cget("text"))
    measure = theme.font(role).measure

    def fit(event: "tk.Event[tk.Misc]") -> None:
        taken = beside.winfo_reqwidth() + theme.px(16) if beside is not None else 0
        fitting = ellipsize(measure, text, event.width - taken, at_end=at_end)
        if fitting != str(label.cget("text")):
            label.configure(text=fitting)

    label.master.bind("<Configure>", fit, add=True)


# The head of a page: its title and a line on what it is for.


def header(parent: Panel, kit: WidgetFactory, title: str, about: str = "") -> Panel:
    """A title at the top of a page; what goes to its right may be gridded into column 1 of the panel."""
    frame = Panel(parent)
    frame.columnconfigure(0, weight=1)
    frame.rowconfigure(0, minsize=kit.px(36))  # with and without a button beside it
    line = Panel(frame)
    line.grid(row=0, column=0, sticky="we")
    name = kit.label(line, title, "title")
    name.grid(row=0, column=0, sticky="w")
    keep_ellipsized(kit.theme, name, "title")
    if about:
        kit.flowing(frame, about).grid(row=1, column=0, columnspan=2, sticky="we", pady=(kit.px(4), 0))
    return frame
