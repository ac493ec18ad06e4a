"""The colours, by what they are for. A test holds every text and every mark to the contrast of WCAG 2.2."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """One theme; each colour is #rrggbb.

    Attributes:
        page: behind everything.
        card: behind what belongs together.
        raised: behind what the pointer is on.
        text: what is read.
        muted: what is read second.
        line: between things; decoration only.
        edge: the edge of a control that can be used.
        accent: text and marks that lead the eye.
        fill: the body of the one most important button and of switches that are on.
        on_fill: text and marks on `fill`.
        soft: behind what is chosen.
        focus: the ring around what the keyboard is on.
        good, warning, bad: text and marks of states; the words say the same.
        warning_soft, bad_soft: behind such texts.
    """

    name: str
    page: str
    card: str
    raised: str
    text: str
    muted: str
    line: str
    edge: str
    accent: str
    fill: str
    on_fill: str
    soft: str
    focus: str
    good: str
    warning: str
    bad: str
    warning_soft: str
    bad_soft: str


LIGHT = Palette(
    name="light",
    page="#f4f6f8",
    card="#ffffff",
    raised="#edf1f4",
    text="#17202b",
    muted="#536070",
    line="#dde3e9",
    edge="#808b98",
    accent="#0b6b63",
    fill="#0d766e",
    on_fill="#ffffff",
    soft="#def1ee",
    focus="#1d5fd6",
    good="#17693a",
    warning="#855000",
    bad="#b3261e",
    warning_soft="#fdf2dd",
    bad_soft="#fcebe9",
)

DARK = Palette(
    name="dark",
    page="#14181d",
    card="#1c2127",
    raised="#262d35",
    text="#e8edf2",
    muted="#a3afbc",
    line="#313942",
    edge="#717e8c",
    accent="#5ed3c5",
    fill="#35b5a6",
    on_fill="#04211e",
    soft="#17352f",
    focus="#8cb8ff",
    good="#6fd197",
    warning="#f0b95b",
    bad="#ff9a90",
    warning_soft="#33291a",
    bad_soft="#3a2221",
)

CONTRAST_LIGHT = Palette(
    name="light-contrast",
    page="#ffffff",
    card="#ffffff",
    raised="#e6e6e6",
    text="#000000",
    muted="#1f1f1f",
    line="#000000",
    edge="#000000",
    accent="#003d38",
    fill="#003d38",
    on_fill="#ffffff",
    soft="#d5f5ef",
    focus="#0000d0",
    good="#00401c",
    warning="#5c2e00",
    bad="#8c0000",
    warning_soft="#fff6e0",
    bad_soft="#fff0ee",
)

CONTRAST_DARK = Palette(
    name="dark-contrast",
    page="#000000",
    card="#000000",
    raised="#2b2b2b",
    text="#ffffff",
    muted="#e6e6e6",
    line="#ffffff",
    edge="#ffffff",
    accent="#7ff5e6",
    fill="#7ff5e6",
    on_fill="#000000",
    soft="#003a34",
    focus="#ffe94d",
    good="#8cf5b4",
    warning="#ffd27a",
    bad="#ffb8b0",
    warning_soft="#2b1e00",
    bad_soft="#330400",
)


def rgb(colour: str) -> tuple[int, int, int]:
    """The three bytes of #rrggbb."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mixed(one: str, other: str, share: float) -> str:
    """`one` with a share (0 to 1) of `other` in it."""
    parts = (round(a + (b - a) * share) for a, b in zip(rgb(one), rgb(other), strict=True))
    return "#" + "".join(f"{part:02x}" for part in parts)
