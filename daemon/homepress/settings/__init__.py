"""What the user asked for: the typed model, its TOML file, presets, and where everything is.

`load` gives `Settings` or raises `SettingsError` with every problem found. `LiveSettings` keeps the last good
ones for a running daemon. Changes that keep the user's comments are in the submodule `edit`; `reference`
makes the JSON schema and the page of docs. These two are imported only by those who need them.
"""

from homepress import HOME_VARIABLE
from homepress.settings.check import (
    Problem,
    SettingsError,
    check_value,
    setting,
    text_from_value,
    typed_value,
    value_from_text,
)
from homepress.settings.load import LiveSettings, Preset, load, load_preset, parse, preset_names
from homepress.settings.model import (
    DAEMON_FIELDS,
    FOLDER_FIELDS,
    DaemonSettings,
    Field,
    FolderSettings,
    Settings,
    TomlValue,
    Widget,
    folder_named,
    to_toml,
    usable_cores,
)
from homepress.settings.values import Quality, Size, SourceFormat, TargetFormat

__all__ = [
    "DAEMON_FIELDS",
    "FOLDER_FIELDS",
    "HOME_VARIABLE",
    "DaemonSettings",
    "Field",
    "FolderSettings",
    "LiveSettings",
    "Preset",
    "Problem",
    "Quality",
    "Settings",
    "SettingsError",
    "Size",
    "SourceFormat",
    "TargetFormat",
    "TomlValue",
    "Widget",
    "check_value",
    "folder_named",
    "load",
    "load_preset",
    "parse",
    "preset_names",
    "setting",
    "text_from_value",
    "to_toml",
    "typed_value",
    "usable_cores",
    "value_from_text",
]
