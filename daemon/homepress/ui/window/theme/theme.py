"""One look, ready for use: the Fusion style with our colours, followed while the desktop changes its own."""

import sys
import threading
from typing import Any, Protocol

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPalette, QPixmap
from PySide6.QtWidgets import QApplication

from homepress.base.paths import shipped
from homepress.ui.window.start import WindowLook
from homepress.ui.window.theme.icons import Icon, line_icon
from homepress.ui.window.theme.palette import CONTRAST_DARK, CONTRAST_LIGHT, DARK, LIGHT, Palette
from homepress.ui.window.theme.sheet import style_sheet


class _DesktopLook(Protocol):
    """What a system says of its looks where Qt does not."""

    def is_dark(self) -> bool:
        """Whether the desktop asks for dark windows."""

    def wants_contrast(self) -> bool:
        """Whether the desktop asks for high contrast."""


def _desktop_look() -> _DesktopLook:
    if sys.platform == "win32":
        from homepress.ui.window.theme import windows

        return windows
    if sys.platform == "darwin":
        from homepress.ui.window.theme import macos

        return macos
    from homepress.ui.window.theme import linux

    return linux


_FAMILIES = ("Inter", "Cantarell", "Ubuntu", "Noto Sans", "Roboto", "Open Sans", "DejaVu Sans")
_GENERIC = ("sans serif", "sans", "sans-serif")
_LEAST_POINTS = 9.75
_BRAND = "service-files/icons/homepress-128.png"


class Theme(QObject):
    """Colours, fonts and icons of the window.

    Attributes:
        changed: emitted after the colours became others; style sheet and icons follow by themselves.
    """

    changed = Signal()
    _read = Signal(bool, bool)

    def __init__(self, app: QApplication, look: WindowLook) -> None:
        """Put the look on the application.

        Args:
            app: the one application.
            look: what somebody asked for by hand; the rest is as the desktop has it.
        """
        super().__init__(app)
        self._app = app
        self._look = look
        self._desktop = _desktop_look()
        self._dark, self._contrast = self._desktop.is_dark(), self._desktop.wants_contrast()
        app.setStyle("Fusion")
        app.setFont(_body_font(app.font()))
        self._body = app.font().pointSizeF()
        self.palette: Palette = LIGHT
        self._apply()
        self._follow()

    def colour(self, name: str) -> QColor:
        """A colour of the palette by its name, such as "accent"."""
        return QColor(getattr(self.palette, name))

    def icon(self, icon: Icon, ink: str = "text") -> QIcon:
        """A line icon in a colour of the palette; it changes with the theme."""
        return line_icon(icon, lambda: self.colour(ink))

    def brand(self, size: int) -> QPixmap:
        """The icon of the program, `size` by `size` device-independent pixels."""
        ratio = self._app.devicePixelRatio()
        made = QPixmap(str(shipped(_BRAND))).scaled(
            QSize(size, size) * ratio,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        made.setDevicePixelRatio(ratio)
        return made

    def _apply(self) -> None:
        """Put the colours on that fit what is asked for now."""
        dark = self._is_dark() if self._look.dark is None else self._look.dark
        pairs = ((LIGHT, CONTRAST_LIGHT), (DARK, CONTRAST_DARK))
        palette = pairs[dark][self._wants_contrast()]
        if palette is self.palette and self._app.styleSheet():
            return
        self.palette = palette
        self._app.setPalette(_qt_palette(palette))
        self._app.setStyleSheet(style_sheet(palette, self._body))
        self.changed.emit()

    def _is_dark(self) -> bool:
        scheme = getattr(QGuiApplication.styleHints(), "colorScheme", lambda: None)()  # Qt 6.5
        name = getattr(scheme, "name", "Unknown")
        return self._dark if name == "Unknown" else name == "Dark"

    def _wants_contrast(self) -> bool:
        if self._look.contrast is not None:
            return self._look.contrast
        hints: Any = QGuiApplication.styleHints()
        if hasattr(hints, "accessibility"):  # Qt 6.10
            return self._contrast or hints.accessibility().contrastPreference().name == "HighContrast"
        return self._contrast

    def _follow(self) -> None:
        hints: Any = QGuiApplication.styleHints()
        if hasattr(hints, "colorSchemeChanged"):
            hints.colorSchemeChanged.connect(self._apply)
        if hasattr(hints, "accessibility"):
            hints.accessibility().contrastPreferenceChanged.connect(self._apply)
        # The desktop itself is asked again whenever the window comes to the front: where Qt does not know.
        self._read.connect(self._take)
        self._app.applicationStateChanged.connect(self._ask_desktop)

    def _ask_desktop(self, state: Qt.ApplicationState) -> None:
        if state is Qt.ApplicationState.ApplicationActive:
            desktop, read = self._desktop, self._read.emit

            def ask() -> None:
                read(desktop.is_dark(), desktop.wants_contrast())

            threading.Thread(target=ask, name="look", daemon=True).start()

    def _take(self, dark: bool, contrast: bool) -> None:
        self._dark, self._contrast = dark, contrast
        self._apply()


def _body_font(font: QFont) -> QFont:
    """The desktop's own font, or where it names none, the first of a list; never smaller than is readable."""
    if font.family().casefold() in _GENERIC:
        there = set(QFontDatabase.families())
        font.setFamily(next((name for name in _FAMILIES if name in there), font.family()))
    font.setPointSizeF(max(_LEAST_POINTS, font.pointSizeF()))
    return font


def _qt_palette(palette: Palette) -> QPalette:
    """The colours as Fusion wants them, for what the style sheet leaves to it."""
    made = QPalette()
    role = QPalette.ColorRole
    roles: dict[QPalette.ColorRole, str] = {
        role.Window: palette.page,
        role.WindowText: palette.text,
        role.Base: palette.card,
        role.AlternateBase: palette.raised,
        role.Text: palette.text,
        role.Button: palette.card,
        role.ButtonText: palette.text,
        role.BrightText: palette.bad,
        role.Highlight: palette.fill,
        role.HighlightedText: palette.on_fill,
        role.Link: palette.accent,
        role.LinkVisited: palette.accent,
        role.ToolTipBase: palette.card,
        role.ToolTipText: palette.text,
        role.PlaceholderText: palette.muted,
    }
    for which, colour in roles.items():
        made.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, which, QColor(palette.muted))
    return made
