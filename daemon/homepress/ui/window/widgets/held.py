"""What the window holds of a picture, and how that is drawn."""

from dataclasses import dataclass, field, replace

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, qRgb

from homepress.ui.window.model.difference import heat
from homepress.ui.window.model.pictures import WHOLE, Part, Pixels, Sheet, Viewport


@dataclass(slots=True)
class HeldPicture:
    """A picture as it is held.

    Attributes:
        sheet: where its parts come from; None while there is no picture.
        label: what stands on it.
        levels: all of it at several sizes, the largest first.
        detail: a part of it in full, as far as there is one.
        part: which part that is.
        seen: what is seen of it now, drawn once.
    """

    sheet: Sheet | None = None
    label: str = ""
    levels: list[QImage] = field(default_factory=list)
    detail: QImage | None = None
    part: Part = WHOLE
    seen: QImage | None = None

    def hold(self, sheet: Sheet) -> None:
        """Take a picture, or a better copy of it."""
        self.keep(image_of(sheet.overview))
        self.sheet = replace(sheet, overview=replace(sheet.overview, data=b""))  # once is enough
        self.detail = self.seen = None

    def keep(self, whole: QImage) -> None:
        """Make the levels of an image, each half of the one before."""
        self.levels = [whole]
        while min(self.levels[-1].width(), self.levels[-1].height()) > 256:
            half = self.levels[-1].size() / 2
            smooth = Qt.TransformationMode.SmoothTransformation
            self.levels.append(self.levels[-1].scaled(half, Qt.AspectRatioMode.IgnoreAspectRatio, smooth))

    def draw(self, painter: QPainter, view: Viewport, fine: bool) -> None:
        """Draw what the view shows of it."""
        wanted = view.width * view.zoom
        whole = next((one for one in reversed(self.levels) if one.width() >= wanted), self.levels[0])
        layers = [(whole, WHOLE)]
        if self.detail is not None and wanted > whole.width():
            layers = (
                [(self.detail, self.part)] if covers(self.part, view) else [*layers, (self.detail, self.part)]
            )
        for image, part in layers:
            left, top = view.place(part[0] * view.width, part[1] * view.height)
            right, bottom = view.place(part[2] * view.width, part[3] * view.height)
            target = QRectF(left, top, right - left, bottom - top)
            enlarged = target.width() >= 2 * image.width()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, fine and not enlarged)
            painter.drawImage(target, image, QRectF(image.rect()))


def covers(part: Part, view: Viewport) -> bool:
    """Whether a part holds all that is seen."""
    left, top, right, bottom = view.seen()[0]
    slack = 1e-6
    return (
        part[0] * view.width <= left + slack
        and part[1] * view.height <= top + slack
        and part[2] * view.width >= right - slack
        and part[3] * view.height >= bottom - slack
    )


def image_of(pixels: Pixels) -> QImage:
    """Pixels as Qt draws them fastest; the copy is its own."""
    width, height = pixels.size
    made = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return made.convertToFormat(QImage.Format.Format_RGB32)


_HEAT = [qRgb(*heat(level)) for level in range(256)]


def difference(one: QImage, other: QImage) -> QImage:
    """Where two images of the same size differ, brightest where most."""
    both = one.copy()
    painter = QPainter(both)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Difference)
    painter.drawImage(0, 0, other)
    painter.end()
    return _heated(both.convertToFormat(QImage.Format.Format_Grayscale8))


def heat_map(pixels: Pixels) -> QImage:
    """Differences in the colours of `heat`."""
    width, height = pixels.size
    return _heated(QImage(pixels.data, width, height, width, QImage.Format.Format_Grayscale8).copy())


def _heated(grey: QImage) -> QImage:
    grey.reinterpretAsFormat(QImage.Format.Format_Indexed8)
    grey.setColorTable(_HEAT)
    return grey.convertToFormat(QImage.Format.Format_RGB32)
