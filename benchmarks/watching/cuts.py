"""The case of the scale benchmark in which pictures of every format come cut short, and whole later."""

import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.watching.bench import Row
from benchmarks.watching.program import daemon, homepress_json

_LONGEST = 240.0
_SETTLED = 20.0
_WAYS = 6

# Pillow's name of the format, suffix, options of its encoder.
_KINDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "jpeg": ("JPEG", "jpg", {"quality": 90}),
    "progressive jpeg": ("JPEG", "jpg", {"quality": 90, "progressive": True}),
    "png": ("PNG", "png", {}),
    "gif": ("GIF", "gif", {}),
    "lossy webp": ("WEBP", "webp", {"quality": 90}),
    "lossless webp": ("WEBP", "webp", {"lossless": True}),
    "tiff": ("TIFF", "tif", {"compression": "tiff_lzw"}),
    "bmp": ("BMP", "bmp", {}),
    "avif": ("AVIF", "avif", {}),
}


def pictures() -> dict[str, tuple[bytes, str]]:
    """Bytes and suffix of one picture a format; those that this Pillow cannot write are left out."""
    from PIL import Image

    image = Image.effect_noise((500, 400), 50).resize((1000, 800)).convert("RGB")
    made = {}
    for name, (kind, suffix, options) in _KINDS.items():
        out = io.BytesIO()
        try:
            image.save(out, kind, **options)
        except (KeyError, OSError):
            continue
        made[name] = out.getvalue(), suffix
    return made


def cuts(data: bytes) -> Iterator[bytes]:
    """A picture short of 1, 2, 12 bytes, of a hundredth, of half, and with zeros for its second half."""
    size = len(data)
    for less in (1, 2, 12, size // 100, size // 2):
        yield data[: size - less]
    yield data[: size // 2] + bytes(size - size // 2)


def cut_pictures(folder: Path) -> Iterator[tuple[Path, bytes, bytes]]:
    """Where each cut picture goes, what is left of it, and the whole of it; no two are alike."""
    for number in range(_WAYS):
        for name, (data, suffix) in pictures().items():
            yield folder / f"{name} {number}.{suffix}", list(cuts(data))[number], data


def cut_files(place: Path) -> Row:
    """Cut pictures stay as they are; once they are whole, they are dealt with."""
    home, folder = place / "home", place / "watched"
    home.mkdir()
    folder.mkdir()
    whole: dict[Path, bytes] = {}
    written: dict[Path, bytes] = {}
    with daemon(home, folder, "--no-tray"):
        settings = home / "settings.toml"
        settings.write_text(settings.read_text() + 'min_size = "0"\n')
        time.sleep(2)
        for path, part, data in cut_pictures(folder):
            path.write_bytes(part)
            written[path], whole[path] = part, data
        time.sleep(_SETTLED)
        touched = [path.name for path, part in written.items() if path.read_bytes() != part]
        for path, data in whole.items():
            path.write_bytes(data)
        missing = _wait_for_all(home, set(whole))
    return Row(
        case=f"{len(whole)} cut pictures, {len(whole) // _WAYS} formats, each in six ways; made whole later",
        figure=f"{len(touched)} touched while broken{_named(touched)}, {missing} never dealt with once whole",
        goal="none replaced when broken",
        met=not touched and not missing,
        numbers={"touched": len(touched), "missing": missing},
    )


def _named(names: list[str]) -> str:
    return f" ({', '.join(names)})" if names else ""


def _wait_for_all(home: Path, paths: set[Path]) -> int:
    """How many have no outcome as they are now, after a while."""
    end = time.monotonic() + _LONGEST
    while True:
        done = {Path(entry["path"]) for entry in homepress_json(home, "history") if _is_of_now(entry)}
        if paths <= done or time.monotonic() > end:
            return len(paths - done)
        time.sleep(2)


def _is_of_now(entry: dict[str, object]) -> bool:
    """Whether an entry tells of a picture that was found whole."""
    return entry["outcome"] == "compressed" or "broken" not in str(entry["reason"])
