"""Random valid settings, as plain data of a TOML document."""

from typing import Any, get_args

from hypothesis import strategies as st

from homepress.settings.values import SourceFormat, TargetFormat

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=8).filter(
    lambda name: name.strip() not in ("", ".", "..")
)
SIZES = st.builds(
    lambda number, gap, unit: f"{number}{gap}{unit}",
    st.one_of(st.integers(1, 999_999), st.sampled_from(["1.5", "0.25", "12.125"])),
    st.sampled_from(["", " "]),
    st.sampled_from(["B", "KB", "kb", "MB", "GiB", "kIb", "TB"]),
)
_PATTERNS = st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=6), max_size=3)

DAEMON = st.fixed_dictionaries(
    {},
    optional={
        "workers": st.just("auto") | st.integers(1, 64),
        "pause_on_power_saver": st.booleans(),
        "notify": st.sampled_from(["errors", "summary", "never"]),
        "originals_max": SIZES.filter(lambda size: not size.startswith("0")),
        "worker_memory": st.sampled_from(["", "0", "500 MB", "1.5 GB", "8 GiB"]),
    },
)
FOLDER_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "quality": st.sampled_from(["safe", "balanced", "small"]) | st.integers(30, 100) | st.floats(30, 100),
    "metadata": st.sampled_from(["keep", "share", "strip"]),
    "preset": st.just(""),
    "recursive": st.booleans(),
    "include": _PATTERNS.filter(bool),
    "exclude": _PATTERNS,
    "min_size": SIZES | st.sampled_from(["", "0"]),
    "max_edge": st.integers(0, 100_000),
    "fit_under": SIZES | st.just(""),
    "convert": st.dictionaries(
        st.sampled_from(get_args(SourceFormat)), st.sampled_from(get_args(TargetFormat)), max_size=3
    ),
    "existing": st.sampled_from(["leave", "compress"]),
    "originals_keep_days": st.integers(0, 36_500),
    "settle_seconds": st.floats(0.1, 3600) | st.integers(1, 3600),
    "watch": st.sampled_from(["auto", "native", "poll"]),
    "untrusted": st.sampled_from(["auto", "yes", "no"]),
    "enabled": st.booleans(),
}
PATHS = NAMES.map(lambda name: f"~/watched/{name}") | NAMES.map(lambda name: f"~/{name}")


@st.composite
def folders(draw: st.DrawFn) -> dict[str, Any]:
    """A valid `[[folder]]`."""
    folder = {"path": draw(PATHS)}
    if draw(st.booleans()):
        folder |= {"mode": "output", "output": draw(NAMES.map(lambda name: f"~/results/{name}"))}
    return folder | draw(st.fixed_dictionaries({}, optional=FOLDER_VALUES))


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A valid document."""
    unique = st.lists(folders(), max_size=3, unique_by=lambda folder: folder["path"])
    document = {"daemon": draw(DAEMON), "folder": draw(unique)}
    return {table: values for table, values in document.items() if values}
