"""How far the HDR picture of a result is from that of its source, gain map and all.

    python -m benchmarks.hdr FOLDER_OR_FILE... [--page docs/benchmarks/hdr.md] [--witness ultrahdr_app]

Every HEIC, AVIF and JPEG with a gain map becomes a JPEG, as large as it is and with an edge of 2048. From
source and result the HDR picture is put together here, in linear light, by the formulas of ISO 21496-1, of
Adobe's hdrgm and of Apple, with nothing of the program's own code but its reader of HEIF items; Pillow,
pillow-heif and exiftool read the rest. The two are compared as they look on a screen whose white has 203
nits: PU21 (Mantiuk, Azimi 2021) on luminance, its PSNR with a peak of 256 as is usual, and the error in
powers of two. `--witness` is the sample program of libultrahdr: it has to accept each result that it may,
and its own HDR picture is compared with the source's too.
"""

import argparse
import dataclasses
import io
import json
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image

from homepress.base.formats import ImageType, sniff
from homepress.compress import Compressed, Extra, Recipe, compress
from homepress.compress.metadata.heif_parts import HeifItems

Light = NDArray[np.float32]
_WHITE = 203.0
"""Nits of the white that every screen shows (ITU-R BT.2408)."""
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
_PU21 = (0.353487901, 0.3734658629, 8.277049286e-05, 0.9062562627, 0.09150303166, 0.9099517204, 596.3148142)
"""The paper's "banding and glare"."""
_PEAK = 256.0
_EDGE = 2048
_FOUND_BY_EXIFTOOL = ("-HDRHeadroom", "-HDRGain", "-HDRGainMapHeadroom")
_NAMES = ("GainMapMin", "GainMapMax", "Gamma", "OffsetSDR", "OffsetHDR")
_ISO = b"urn:iso:std:iso:ts:21496:-1\0"


@dataclass(frozen=True)
class Hdr:
    """A picture and its gain map as they are stored.

    Attributes:
        base: height x width x 3, sRGB's curve.
        gain: height x width x 1 or 3.
        columns: minimum, maximum (powers of two), gamma, offsets; each with one value or three.
        apple: how many times brighter than white Apple's formula makes it; 0 for the other formula.
    """

    base: Image.Image
    gain: Image.Image
    columns: tuple[tuple[float, ...], ...] = ()
    apple: float = 0.0

    def light(self) -> Light:
        """The HDR picture in linear light, white being 1."""
        base = _linear(np.asarray(self.base.convert("RGB"), np.float32) / 255.0)
        gain = self.gain if self.gain.mode in ("L", "RGB") else self.gain.convert("RGB")
        values = np.asarray(gain.resize(self.base.size, Image.Resampling.BILINEAR), np.float32) / 255.0
        if values.ndim == 2:
            values = values[..., None]
        if self.apple:
            values = values[..., :1]
            coded = np.where(values < 0.081, values / 4.5, ((values + 0.099) / 1.099) ** (1 / 0.45))
            return np.asarray(base * (1.0 + (self.apple - 1.0) * coded), np.float32)
        low, high, gamma, base_offset, hdr_offset = (np.array(each, np.float32) for each in self.columns)
        stops = low + (high - low) * values ** (1.0 / gamma)
        return np.asarray((base + base_offset) * np.exp2(stops) - hdr_offset, np.float32)


@dataclass
class Row:
    """What came of one picture in one way."""

    name: str
    asked: str
    how: str
    bytes: int = 0
    peak: tuple[float, float] = (0.0, 0.0)
    psnr: float = 0.0
    base_psnr: float = 0.0
    stops: tuple[float, float] = (0.0, 0.0)
    witness: str = ""


def main() -> int:
    """Convert, put together, compare, print; 1 where a result is not accepted by the witness."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", type=Path, nargs="+")
    parser.add_argument("--witness", default=shutil.which("ultrahdr_app"))
    parser.add_argument("--page", type=Path)
    parser.add_argument("--keep", type=Path, help="a folder for the results")
    arguments = parser.parse_args()
    pillow_heif.register_heif_opener()
    rows = []
    for path in _files(arguments.paths):
        for row in _rows(path, arguments.witness, arguments.keep):
            print(row, file=sys.stderr, flush=True)
            rows.append(row)
    lines = list(table(rows))
    print(*lines, sep="\n")
    if arguments.page:
        arguments.page.write_text(_with_table(arguments.page.read_text("utf-8"), lines), "utf-8")
    return 1 if any(row.witness == "refused" for row in rows) else 0


def _files(paths: Iterable[Path]) -> list[Path]:
    return [one for path in paths for one in (sorted(path.iterdir()) if path.is_dir() else [path])]


def _rows(path: Path, witness: str | None, keep: Path | None) -> Iterator[Row]:
    data = path.read_bytes()
    kind = sniff(data[:64])
    source = read(data, kind)
    if kind is None or source is None:
        return
    light = source.light()
    for asked, edge in (("as it is", 0), (f"edge {_EDGE}", _EDGE)):
        if edge and max(source.base.size) <= edge:
            continue
        convert = ImageType.JPEG if kind is not ImageType.JPEG else None
        recipe = Recipe(floor=80.0, convert_to=convert, max_edge=edge, bigger=True)
        result = compress(data, recipe)
        if not isinstance(result, Compressed):
            yield Row(path.name, asked, f"left alone: {result}")
            continue
        if keep:
            keep.mkdir(parents=True, exist_ok=True)
            (keep / f"{path.name}.{asked.replace(' ', '-')}.jpg").write_bytes(result.data)
        made = read(result.data, ImageType.JPEG)
        if made is None:
            how = "dropped" if Extra.HDR in result.dropped else "LOST"
            yield Row(path.name, asked, how, len(result.data))
            continue
        row = Row(path.name, asked, "Apple's" if made.apple else "Ultra HDR", len(result.data))
        yield _compared(row, source, light, made, result.data, witness)


def _compared(row: Row, source: Hdr, light: Light, made: Hdr, data: bytes, witness: str | None) -> Row:
    wanted, shown = _fitted(light, made.base.size), made.light()
    base = _fitted(_linear(np.asarray(source.base.convert("RGB"), np.float32) / 255.0), made.base.size)
    error = _stops(shown) - _stops(wanted)
    return dataclasses.replace(
        row,
        peak=(_peak(wanted), _peak(shown)),
        psnr=psnr(wanted, shown),
        base_psnr=psnr(base, _linear(np.asarray(made.base.convert("RGB"), np.float32) / 255.0)),
        stops=(float(np.abs(error).mean()), float(np.quantile(np.abs(error), 0.99))),
        witness=_witnessed(witness, data, wanted) if witness and not made.apple else "",
    )


# Light.


def _linear(coded: Light) -> Light:
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _fitted(light: Light, size: tuple[int, int]) -> Light:
    """The same picture at another size, averaged in linear light."""
    if (light.shape[1], light.shape[0]) == size:
        return light
    planes = [
        np.asarray(Image.fromarray(light[..., channel]).resize(size, Image.Resampling.LANCZOS))
        for channel in range(3)
    ]
    return np.stack(planes, axis=-1)


def _peak(light: Light) -> float:
    return float(np.quantile(light @ _LUMA, 0.9999))


def _stops(light: Light) -> Light:
    return np.asarray(np.log2(np.maximum(light @ _LUMA, 0.0) + 1 / 64), np.float32)


def psnr(wanted: Light, shown: Light) -> float:
    """PU21-PSNR of two pictures in linear light, in decibels."""
    error = float(np.mean((_pu21(wanted @ _LUMA) - _pu21(shown @ _LUMA)) ** 2))
    return float(10.0 * np.log10(_PEAK**2 / max(error, 1e-12)))


def _pu21(luminance: Light) -> Light:
    """What an eye makes of light, white being 1; 100 nits come out as 256."""
    first, second, third, fourth, fifth, sixth, seventh = _PU21
    power = np.clip(luminance * _WHITE, 0.005, 10_000.0) ** fourth
    seen = ((first + second * power) / (1.0 + third * power)) ** fifth - sixth
    return np.asarray(np.maximum(seventh * seen, 0.0), np.float32)


# Reading.


def read(data: bytes, kind: ImageType | None) -> Hdr | None:
    """A picture with its gain map; None where it has none that brightens it."""
    if kind is ImageType.JPEG:
        return _read_jpeg(data)
    return _read_heif(data, kind) if kind in (ImageType.HEIC, ImageType.AVIF) else None


def _read_jpeg(data: bytes) -> Hdr | None:
    base = _opened(data)
    for start, size in _appended(data):
        gain_data = data[start : start + size]
        gain = _opened(gain_data)
        gain = gain if gain.mode == "L" else gain.convert("RGB")
        columns = _adobe(gain_data) or _iso(gain_data.partition(_ISO)[2])
        if columns:
            return Hdr(base, gain, columns)
        if b"hdrgainmap" in gain_data and (headroom := _apple(data, gain_data)):
            return Hdr(base, gain, apple=headroom)
    return None


def _opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def _appended(data: bytes) -> Iterator[tuple[int, int]]:
    """Where the pictures of the multi-picture index stand (CIPA DC-007), but the first."""
    at = data.find(b"MPF\0") + 4
    if at < 4:
        return
    order = "<" if data[at : at + 2] == b"II" else ">"
    first = at + struct.unpack_from(order + "I", data, at + 4)[0]
    for number in range(struct.unpack_from(order + "H", data, first)[0]):
        tag, _, count, value = struct.unpack_from(order + "HHII", data, first + 2 + 12 * number)
        if tag == 0xB002:
            for entry in range(1, count // 16):
                _, size, offset = struct.unpack_from(order + "III", data, at + value + 16 * entry)
                yield at + offset, size


def _read_heif(data: bytes, kind: ImageType | None) -> Hdr | None:
    items = HeifItems(data)
    tone_map = items.tone_map()
    if kind is ImageType.AVIF:
        if tone_map is None:
            return None
        base = _opened(data)
        gain = _opened(items.as_picture(tone_map[1][-1]))
    else:
        file = pillow_heif.open_heif(data)
        kinds = file.info.get("aux", {})
        number = next((of[0] for name, of in kinds.items() if "gainmap" in name), None)
        if number is None:
            return None
        base, gain = file.to_pillow(), file.get_aux_image(number).to_pillow()
    gain = gain if gain.mode == "L" else gain.convert("RGB")
    if tone_map is not None:
        columns = _iso(items.content(tone_map[0])[1:])
        return Hdr(base, gain, columns) if columns else None
    headroom = _apple(data, data)
    return Hdr(base, gain, apple=headroom) if headroom else None


def _adobe(data: bytes) -> tuple[tuple[float, ...], ...]:
    """The values of hdrgm in an XMP packet, as attributes or as lists of three; empty without them."""
    if b"hdrgm:GainMapMax" not in data:
        return ()
    columns = []
    for name, usual in zip(_NAMES, (0.0, 1.0, 1.0, 1 / 64, 1 / 64), strict=True):
        word = name.encode()
        found = re.search(rb"hdrgm:" + word + rb'\s*=\s*["\']([-+.\deE]+)', data)
        block = re.search(rb"<hdrgm:" + word + rb">(.*?)</hdrgm:", data, re.DOTALL)
        values = [found[1]] if found else re.findall(rb"li>\s*([-+.\deE]+)", block[1]) if block else []
        columns.append(tuple(map(float, values)) or (usual,))
    return tuple(columns)


def _iso(block: bytes) -> tuple[tuple[float, ...], ...]:
    """The same of ISO 21496-1's binary block; empty where there is none, or where the base is HDR."""
    if len(block) < 61 or block[:2] != b"\0\0":
        return ()
    count = 3 if block[4] & 0x80 else 1
    head = struct.unpack_from(">IIII", block, 5)
    if head[0] * head[3] > head[2] * head[1]:
        return ()
    channels = [struct.unpack_from(">iIiIIIiIiI", block, 21 + 40 * number) for number in range(count)]
    return tuple(tuple(each[at] / each[at + 1] for each in channels) for at in range(0, 10, 2))


def _apple(data: bytes, gain: bytes) -> float:
    """Apple's headroom by the tags that exiftool finds; 0 where they are missing."""
    told = _tags(gain).get("HDRGainMapHeadroom")
    if told:
        return float(told)
    tags = _tags(data)
    if "HDRHeadroom" not in tags or "HDRGain" not in tags:
        return 0.0
    bright, gain_value = float(tags["HDRHeadroom"]), float(tags["HDRGain"])
    slope, at = (-20.0, 1.8) if bright < 1.0 else (-70.0, 3.0)
    if gain_value > 0.01:
        slope, at = (-0.101, 1.601) if bright < 1.0 else (-0.303, 2.303)
    return float(2.0 ** max(slope * gain_value + at, 0.0))


def _tags(data: bytes) -> dict[str, str]:
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        file.write(data)
        file.flush()
        command = ["exiftool", "-json", "-n", *_FOUND_BY_EXIFTOOL, file.name]
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    found: list[dict[str, str]] = json.loads(done.stdout or b"[]")
    return found[0] if found else {}


# The witness.


def _witnessed(program: str, data: bytes, wanted: Light) -> str:
    """What libultrahdr makes of a result: refused, or the PSNR of its picture against the source's."""
    with tempfile.TemporaryDirectory() as scratch:
        source, out = Path(scratch, "source.jpg"), Path(scratch, "out.raw")
        source.write_bytes(data)
        command = [program, "-m", "1", "-j", str(source), "-z", str(out), "-o", "0", "-O", "4"]
        done = subprocess.run(command, capture_output=True, check=False, timeout=300)
        height, width, _ = wanted.shape
        if done.returncode or not out.exists() or out.stat().st_size != 8 * width * height:
            return "refused"
        shown = np.fromfile(out, np.float16).reshape(height, width, 4)[..., :3].astype(np.float32)
    return f"{psnr(wanted, shown):.1f}"


# The table.


_COLUMNS = (
    *("picture", "asked", "result", "bytes", "peak, times white", "HDR, dB", "base alone, dB"),
    *("HDR by libultrahdr, dB", "error in stops, mean and 99 %"),
)


def table(rows: Iterable[Row]) -> Iterator[str]:
    """The table in Markdown."""
    yield f"| {' | '.join(_COLUMNS)} |"
    yield "|---" * len(_COLUMNS) + "|"
    for row in rows:
        if not row.psnr:
            yield f"| {row.name} | {row.asked} | {row.how} | {row.bytes or ''} | | | | | |"
            continue
        peak, stops = (" → ".join(f"{each:.2f}" for each in row.peak), "{:.3f}, {:.3f}".format(*row.stops))
        yield (
            f"| {row.name} | {row.asked} | {row.how} | {row.bytes:,} | {peak} | {row.psnr:.1f} "
            f"| {row.base_psnr:.1f} | {row.witness} | {stops} |"
        )


def _with_table(page: str, lines: list[str]) -> str:
    begin, end = "<!-- table -->\n", "<!-- end of table -->"
    before, _, rest = page.partition(begin)
    return before + begin + "\n".join(lines) + "\n" + end + rest.partition(end)[2]


if __name__ == "__main__":
    sys.exit(main())
