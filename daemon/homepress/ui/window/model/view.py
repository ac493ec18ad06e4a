"""What part of a picture is seen: zoom and place, in plain numbers."""

from dataclasses import dataclass, replace

_LARGEST = 16.0


@dataclass(frozen=True, slots=True)
class View:
    """A picture of `width` by `height` pixels seen through an area of `across` by `down` screen pixels.

    Attributes:
        zoom: screen pixels for each pixel of the picture.
        x, y: the point of the picture in the middle of the area.
        fitted: whether the whole picture shall be seen, whatever the area's size.
    """

    width: int
    height: int
    across: int
    down: int
    zoom: float = 1.0
    x: float = 0.0
    y: float = 0.0
    fitted: bool = True

    def fit(self) -> "View":
        """The whole picture; small pictures are not enlarged."""
        zoom = min(self.across / max(1, self.width), self.down / max(1, self.height), 1.0)
        return replace(self, zoom=max(zoom, 1e-4), x=self.width / 2, y=self.height / 2, fitted=True)

    def resized(self, across: int, down: int) -> "View":
        """The same through an area of another size."""
        view = replace(self, across=max(1, across), down=max(1, down))
        return view.fit() if self.fitted else view._kept()

    def zoomed(self, factor: float, at: tuple[float, float] | None = None) -> "View":
        """Larger or smaller by a factor; the picture's point under `at` (in the area) stays where it is."""
        at = at or (self.across / 2, self.down / 2)
        least = min(self.fit().zoom, 1.0)
        zoom = min(_LARGEST, max(least, self.zoom * factor))
        px, py = self.point(*at)
        x = px - (at[0] - self.across / 2) / zoom
        y = py - (at[1] - self.down / 2) / zoom
        return replace(self, zoom=zoom, x=x, y=y, fitted=False)._kept()

    def at_full_size(self) -> "View":
        """One pixel of the picture on one of the screen."""
        return self.zoomed(1.0 / self.zoom)

    def panned(self, dx: float, dy: float) -> "View":
        """Moved by pixels of the screen: the picture follows the hand."""
        return replace(self, x=self.x - dx / self.zoom, y=self.y - dy / self.zoom, fitted=False)._kept()

    def centred(self, x: float, y: float) -> "View":
        """With a point of the picture in the middle."""
        return replace(self, x=x, y=y, fitted=False)._kept()

    def point(self, x: float, y: float) -> tuple[float, float]:
        """The picture's point at a place of the area."""
        return self.x + (x - self.across / 2) / self.zoom, self.y + (y - self.down / 2) / self.zoom

    def place(self, x: float, y: float) -> tuple[float, float]:
        """The place in the area of a point of the picture."""
        return (x - self.x) * self.zoom + self.across / 2, (y - self.y) * self.zoom + self.down / 2

    def seen(self) -> tuple[tuple[float, float, float, float], tuple[int, int, int, int]]:
        """The part of the picture that is seen, and where in the area it stands: left, top, right, bottom."""
        left, top = (max(0.0, value) for value in self.point(0, 0))
        right, bottom = self.point(self.across, self.down)
        right, bottom = min(float(self.width), right), min(float(self.height), bottom)
        if right <= left or bottom <= top:
            return (0.0, 0.0, 1.0, 1.0), (0, 0, 1, 1)
        x0, y0 = self.place(left, top)
        x1, y1 = self.place(right, bottom)
        stands = (round(x0), round(y0), max(round(x0) + 1, round(x1)), max(round(y0) + 1, round(y1)))
        return (left, top, right, bottom), stands

    def _kept(self) -> "View":
        """With no empty margin where the picture is larger than the area; what fits is in the middle."""

        def axis(middle: float, length: int, room: int) -> float:
            if length * self.zoom <= room:
                return length / 2
            half = room / self.zoom / 2
            return min(length - half, max(half, middle))

        return replace(self, x=axis(self.x, self.width, self.across), y=axis(self.y, self.height, self.down))
