"""What the icon stands on, as the desktop's portal tells it, or its files."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.buses import FakeProgram, private_bus
from homepress.desktop.dbus import BusError, Call, Connection, Reply
from homepress.ui.tray.icon import PanelTheme
from homepress.ui.tray.linux import panel_theme, theme_from_files

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the portal is of Linux")


@pytest.fixture(autouse=True)
def no_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home whose desktop has said nothing yet; its folder of settings."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_CURRENT_DESKTOP", "GTK_THEME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / ".config"


@pytest.fixture
def bus() -> Iterator[str]:
    with private_bus() as address:
        yield address


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"color-scheme": 2, "contrast": 0}, PanelTheme.LIGHT),
        ({"color-scheme": 1, "contrast": 0}, PanelTheme.DARK),
        ({"color-scheme": 2, "contrast": 1}, PanelTheme.CONTRAST),
        ({"color-scheme": 2}, PanelTheme.LIGHT),
        ({"color-scheme": 0, "contrast": 0}, PanelTheme.DARK),
    ],
)
def test_the_portal_is_believed(bus: str, settings: dict[str, int], expected: PanelTheme) -> None:
    def read(call: Call) -> Reply:
        key = call.body[1]
        if key not in settings:
            raise BusError("no such setting", "org.freedesktop.portal.Error.NotFound")
        return Reply("v", (("v", ("u", settings[key])),))

    name, path = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
    FakeProgram(bus, name, path, {"Read": read})
    connection = Connection(bus)
    assert panel_theme(connection) is expected
    connection.close()


def test_without_a_portal_the_panel_counts_as_dark(bus: str) -> None:
    connection = Connection(bus)
    assert panel_theme(connection) is PanelTheme.DARK
    connection.close()


def test_without_a_portal_the_files_are_believed(bus: str, no_files: Path) -> None:
    write(no_files, GTK, "[Settings]\ngtk-theme-name=Adwaita\n")
    connection = Connection(bus)
    assert panel_theme(connection) is PanelTheme.LIGHT
    connection.close()


GTK = "gtk-3.0/settings.ini"
KDE = "kdeglobals"
XFCE = "xfce4/xfconf/xfce-perchannel-xml"
CHANNEL = '<channel name="x" version="1.0">\n  <property name="{}" type="{}" value="{}"/>\n</channel>\n'


def write(config: Path, name: str, text: str) -> None:
    (config / name).parent.mkdir(parents=True, exist_ok=True)
    (config / name).write_bytes(text.encode("utf-8", "surrogateescape"))


@pytest.mark.parametrize(
    ("environment", "files", "expected"),
    [
        ({}, {}, None),
        ({"GTK_THEME": "Adwaita:dark"}, {GTK: "gtk-theme-name=Adwaita"}, PanelTheme.DARK),
        ({"GTK_THEME": "Adwaita"}, {GTK: "gtk-application-prefer-dark-theme=1"}, PanelTheme.LIGHT),
        ({"GTK_THEME": "HighContrastInverse"}, {}, PanelTheme.CONTRAST),
        ({}, {GTK: "[Settings]\ngtk-theme-name = Arc-Dark \n"}, PanelTheme.DARK),
        ({}, {GTK: "gtk-theme-name=Mint-Y-Dark-Aqua"}, PanelTheme.DARK),
        ({}, {GTK: "gtk-theme-name=Darkness"}, PanelTheme.LIGHT),
        ({}, {GTK: "gtk-theme-name=Adwaita\ngtk-application-prefer-dark-theme=true"}, PanelTheme.DARK),
        ({}, {GTK: "gtk-font-name=Inter 10"}, None),
        ({}, {GTK: "\udcff"}, None),
        (
            {"XDG_CURRENT_DESKTOP": "XFCE"},
            {
                f"{XFCE}/xfce4-panel.xml": CHANNEL.format("dark-mode", "bool", "true"),
                f"{XFCE}/xsettings.xml": CHANNEL.format("ThemeName", "string", "Greybird"),
            },
            PanelTheme.DARK,
        ),
        (
            {"XDG_CURRENT_DESKTOP": "XFCE"},
            {
                f"{XFCE}/xfce4-panel.xml": CHANNEL.format("dark-mode", "bool", "false"),
                f"{XFCE}/xsettings.xml": CHANNEL.format("ThemeName", "string", "Greybird"),
            },
            PanelTheme.LIGHT,
        ),
        (
            {"XDG_CURRENT_DESKTOP": "XFCE"},
            {
                f"{XFCE}/xfce4-panel.xml": CHANNEL.format("dark-mode", "bool", "true"),
                f"{XFCE}/xsettings.xml": CHANNEL.format("ThemeName", "string", "HighContrast"),
            },
            PanelTheme.CONTRAST,
        ),
        ({}, {f"{XFCE}/xsettings.xml": CHANNEL.format("ThemeName", "string", "Greybird")}, None),
        (
            {"XDG_CURRENT_DESKTOP": "KDE"},
            {KDE: "[Colors:Window]\nForegroundNormal=252,252,252\nBackgroundNormal=42,46,50\n"},
            PanelTheme.DARK,
        ),
        (
            {"XDG_CURRENT_DESKTOP": "KDE"},
            {KDE: "[Colors:View]\nBackgroundNormal=0,0,0\n\n[Colors:Window]\nBackgroundNormal=239,240,241\n"},
            PanelTheme.LIGHT,
        ),
        ({"XDG_CURRENT_DESKTOP": "KDE"}, {KDE: "[Colors:View]\nBackgroundNormal=0,0,0\n"}, None),
    ],
)
def test_what_the_files_say(
    no_files: Path, environment: dict[str, str], files: dict[str, str], expected: PanelTheme | None
) -> None:
    for name, text in files.items():
        write(no_files, name, text)
    assert theme_from_files(environment, no_files.parent) is expected
