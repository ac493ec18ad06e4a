"""What is asked beyond the same picture in fewer bytes: another format, fewer pixels, less metadata."""

import dataclasses
import hashlib
import importlib
from collections.abc import Callable
from typing import cast

from homepress.base.formats import FORMATS, SNIFF_BYTES, ImageType, sniff
from homepress.base.units import enumeration
from homepress.compress import savings
from homepress.compress.aim import TooManyBytes
from homepress.compress.convert import jpeg_to_jxl, scrubbing
from homepress.compress.convert.along import frame_count
from homepress.compress.convert.jxl import held_boxes, read_header
from homepress.compress.convert.picture import ANIMATED, CannotConvert, Picture
from homepress.compress.convert.resize import resized
from homepress.compress.convert.write import EncodedFile, EncodeOptions, quickly_coded, write_picture
from homepress.compress.engine import left_alone
from homepress.compress.fit.fit import CannotFit, Fitting
from homepress.compress.inventory import naming_lost
from homepress.compress.metadata import Malformed, Refused, has_location, parse_jpeg
from homepress.compress.metadata.embedded import read_embedded
from homepress.compress.metadata.gain_map import with_directory
from homepress.compress.metadata.heif_parts import HeifItems, heif_extras
from homepress.compress.metadata.jpeg_file import Media, read_jpeg_file
from homepress.compress.metadata.jpeg_segments import EXTENDED_XMP_SIGNATURE
from homepress.compress.metadata.jpeg_tail import held_extras, taken_out
from homepress.compress.model import Compressed, Extra, MetadataPolicy, Reason, Recipe, Unchanged, no_image
from homepress.compress.pixels import Undecodable, not_read, open_picture
from homepress.compress.savings import fitted_size

_SCRUBBED_ONLY = frozenset({ImageType.HEIC, ImageType.AVIF, ImageType.JXL})
"""Formats whose metadata goes though their pixels are not coded anew."""

_INKS = 4
_VALUES = {
    "16-bit": "its 16 bits a channel would become 8",
    "deep": "its 10 or 12 bits a channel would become 8",
    "cmyk": "its inks would become sRGB",
}
"""Parts without which pixels are not what they were."""
_LOSSY = frozenset({ImageType.JPEG, ImageType.HEIC, ImageType.AVIF})
_HOPELESS = 10
"""How many times its lossy source a PNG is, coded quickly, that need not be coded well: the best coding took
at least a quarter of the quick one's bytes, a palette of few colours a seventh."""
_FAR = 1.5
"""How many times the size that is asked for a picture has to take for normal compression to be doubted."""


def compress(source: bytes, recipe: Recipe) -> Compressed | Unchanged:
    """Convert, resize, fit or scrub one picture, whatever of it is asked.

    Args:
        source: the bytes of the file.
        recipe: what is asked.

    Returns:
        The result, or why there is none. It is smaller by the minimum saving; only where metadata was to go
        and nothing else was to be gained, a file of at most the same size will do.

    Raises:
        TooManyPixels: the picture is too large to decode.
    """
    kind = sniff(source[:SNIFF_BYTES])
    if kind is None:
        return no_image(source)
    try:
        return naming_lost(_compress(source, kind, recipe), source, recipe)
    except (Malformed, Undecodable) as error:
        return not_read(error, kind)
    except Refused as refused:
        return Unchanged(Reason.CANNOT_KEEP_WHOLE, str(refused), kind)
    except CannotConvert as error:
        return Unchanged(Reason.CANNOT_CONVERT, str(error), kind)
    except CannotFit as error:
        return Unchanged(Reason.CANNOT_FIT, str(error), kind)


def _compress(source: bytes, kind: ImageType, recipe: Recipe) -> Compressed | Unchanged:
    if recipe.metadata is MetadataPolicy.STRIP and not _is_scrubbed_only(kind, recipe):
        recipe = dataclasses.replace(recipe, drop=frozenset(Extra))
    work = source
    dropped: tuple[Extra, ...] = ()
    if kind is ImageType.JPEG:
        work, dropped = taken_out(source, recipe.drop)
    elif Extra.MAKER in recipe.drop and (behind := scrubbing.appended_bytes(source, kind)):
        work, dropped = source[:-behind], (Extra.MAKER,)
    result = _run(work, kind, recipe)
    if not dropped:
        return result
    if isinstance(result, Unchanged) and recipe.convert_to in (None, kind):
        size = open_picture(work, FORMATS[kind].pillow).size
        result = scrubbing.without_metadata(source, work, kind, size, result, "parts taken out")
    if isinstance(result, Unchanged):
        return result
    return dataclasses.replace(result, dropped=(*dropped, *result.dropped))


def _run(source: bytes, kind: ImageType, recipe: Recipe) -> Compressed | Unchanged:
    target = recipe.convert_to or kind
    if _is_scrubbed_only(kind, recipe):
        return _scrubbed_only(source, kind, recipe)
    whole = (kind, target) == (ImageType.JPEG, ImageType.JXL) and not (recipe.max_edge or recipe.fit_under)
    if whole and len(parse_jpeg(source).frame.components) < _INKS:  # libjxl takes no inks
        return jpeg_to_jxl.compress(source, recipe)
    if target is not kind:
        return _made_anew(source, kind, target, recipe)
    if _is_too_large(source, kind, recipe.max_edge):
        return _resized_in_place(source, kind, recipe)
    fitting = _begun_fitting(source, kind, recipe)
    if fitting is not None and fitting.needs_a_lower_floor:
        return _made_anew(source, kind, kind, recipe, fitting)
    result = _in_place(source, kind, recipe)
    if result is None:
        return _made_anew(source, kind, kind, recipe)
    if recipe.fit_under and _bytes_of(result, source) > recipe.fit_under:
        tried = isinstance(result, Compressed) and not result.lossless
        return _fitted_in_place(source, kind, recipe, fitting, floor_tried=tried)
    return result


def _scrubbed_only(source: bytes, kind: ImageType, recipe: Recipe) -> Compressed | Unchanged:
    """A picture of a format that is left alone: its metadata may go all the same."""
    if 0 < recipe.fit_under < len(source) and kind in _SCRUBBED_ONLY:
        raise CannotFit(
            f"{kind.value.upper()} gets smaller only when it is converted: "
            "use --convert jpeg, or the folder's setting convert"
        )
    left = _refused_drop(source, kind, recipe) or left_alone(kind)
    if recipe.metadata is MetadataPolicy.KEEP or kind not in _SCRUBBED_ONLY:
        return left
    scrubbed = scrubbing.scrub(source, recipe.metadata)
    if scrubbed is None or scrubbed == source:
        return left
    if has_location(scrubbed):
        return Unchanged(Reason.VERIFY_FAILED, "it still tells where it was taken", kind)
    size = read_size(source, kind)
    result = scrubbing.without_metadata(source, scrubbed, kind, size, left_alone(kind))
    if not isinstance(result, Compressed):
        return result
    missed = []
    if recipe.max_edge and max(size) > recipe.max_edge:
        missed.append("not resized")
    if staying := _not_taken_out(scrubbed, kind, recipe):
        missed.append(staying)
    if not missed:
        return result
    return dataclasses.replace(result, missed=f"{', '.join(missed)}: {Reason.FORMAT_LEFT_ALONE}")


def _refused_drop(source: bytes, kind: ImageType, recipe: Recipe) -> Unchanged | None:
    """Why a picture that stays as it is holds what was to be dropped; None where it does not."""
    if staying := _not_taken_out(source, kind, recipe):
        why = f"{staying}: {Reason.FORMAT_LEFT_ALONE}"
        return Unchanged(Reason.CANNOT_CONVERT, why, kind, said=True)
    return None


def _is_scrubbed_only(kind: ImageType, recipe: Recipe) -> bool:
    return recipe.convert_to in (None, kind) and not FORMATS[kind].compressor


def _not_taken_out(data: bytes, kind: ImageType, recipe: Recipe) -> str:
    """That a picture of a format that is left alone holds what was to be dropped; empty where it does not."""
    held: list[str] = []
    if kind is ImageType.JXL:
        held = [words for extra, words in held_boxes(data).items() if extra in recipe.drop]
    elif kind in (ImageType.HEIC, ImageType.AVIF):
        held = [one.words for one in heif_extras(data) if one.extra in recipe.drop]
    names = [_of_it(words) for words in dict.fromkeys(held)]
    if not names:
        return ""
    verb = "were" if len(names) > 1 or names[0].endswith("pictures") else "was"
    return f"{enumeration(names)} {verb} not taken out"


def _of_it(words: str) -> str:
    """ "a depth map" as "its depth map"."""
    bare = words.removeprefix("an ").removeprefix("a ")
    return words if words.startswith("data ") else f"its {bare}"


def read_size(source: bytes, kind: ImageType) -> tuple[int, int]:
    """Width and height as a HEIC, AVIF or JPEG XL stores them.

    Raises:
        Malformed: its header does not say.
    """
    if kind is ImageType.JXL:
        header = read_header(source)
        return header.width, header.height
    items = HeifItems(source)
    for box in items.properties(items.primary):
        if box.kind == b"ispe":
            content = box.content(source)
            return int.from_bytes(content[4:8], "big"), int.from_bytes(content[8:12], "big")
    raise Malformed("a picture of no size")


def _resized_in_place(source: bytes, kind: ImageType, recipe: Recipe) -> Compressed | Unchanged:
    """Fewer pixels in the same format; a picture that may not lose pixels just gets fewer bytes."""
    try:
        return _made_anew(source, kind, kind, recipe)
    except CannotConvert as error:
        result = _in_place(source, kind, recipe)
        if not isinstance(result, Compressed) or _misses(result, recipe):
            raise
        return dataclasses.replace(result, missed=f"not resized: {error}")


def _begun_fitting(source: bytes, kind: ImageType, recipe: Recipe) -> Fitting | None:
    """The search for a size, where a picture as good as is wished for may be far too large, else None."""
    if kind not in (ImageType.JPEG, ImageType.PNG) or not 0 < _FAR * recipe.fit_under < len(source):
        return None
    try:
        picture = scrubbing.read_scrubbed(source, kind, recipe)
        _refuse_heavy(picture, recipe.fit_under)
        return Fitting(picture, kind, EncodeOptions(recipe.floor, recipe.palette), recipe.fit_under)
    except (CannotConvert, Refused):  # it may still fit with all that it holds
        return None


def _fitted_in_place(
    source: bytes, kind: ImageType, recipe: Recipe, fitting: Fitting | None, *, floor_tried: bool
) -> Compressed | Unchanged:
    try:
        return _made_anew(source, kind, kind, recipe, fitting, floor_tried=floor_tried)
    except CannotConvert as error:
        raise CannotFit(str(error)) from error


def _misses(result: Compressed, recipe: Recipe) -> bool:
    return 0 < recipe.fit_under < len(result.data)


def _in_place(source: bytes, kind: ImageType, recipe: Recipe) -> Compressed | Unchanged | None:
    """The same picture in the same format with less metadata; None if the pixels have to be turned for it."""
    module = importlib.import_module(f"homepress.compress.{FORMATS[kind].compressor}")
    run = cast(Callable[[bytes, Recipe], Compressed | Unchanged], module.compress)
    plain = Recipe(floor=recipe.floor, palette=recipe.palette)
    if recipe.metadata is MetadataPolicy.KEEP:
        return run(source, plain)
    scrubbed = scrubbing.scrub(source, recipe.metadata)
    if scrubbed is None:
        return None
    result = run(scrubbed, plain)
    if isinstance(result, Compressed) or scrubbed == source:
        return result
    size = open_picture(scrubbed, FORMATS[kind].pillow).size
    return scrubbing.without_metadata(source, scrubbed, kind, size, result)


def _is_too_large(source: bytes, kind: ImageType, max_edge: int) -> bool:
    return bool(max_edge) and max(open_picture(source, FORMATS[kind].pillow).size) > max_edge


def _bytes_of(result: Compressed | Unchanged, source: bytes) -> int:
    return len(result.data if isinstance(result, Compressed) else source)


def _made_anew(
    source: bytes,
    kind: ImageType,
    target: ImageType,
    recipe: Recipe,
    fitting: Fitting | None = None,
    *,
    floor_tried: bool = False,
) -> Compressed | Unchanged:
    """The picture decoded, sized and written in the target format.

    Args:
        source: the bytes of the file.
        kind: its format.
        target: the format of the result.
        recipe: what is asked.
        fitting: the search for a size, if it has begun.
        floor_tried: whether a result that keeps the floor was made, and does not fit.
    """
    if not FORMATS[target].target:
        if kind is ImageType.GIF and frame_count(source, "GIF") > 1:  # no other format takes it either
            raise CannotConvert(ANIMATED)
        raise CannotConvert(f"{target.value.upper()} is not written anew; convert it, to WebP for example")
    picture = fitting.picture if fitting else scrubbing.read_scrubbed(source, kind, recipe)
    if recipe.fit_under:
        _refuse_heavy(picture, recipe.fit_under)
    if recipe.floor is None and (part := next((each for each in picture.dropped if each in _VALUES), "")):
        raise CannotConvert(f"{_VALUES[part]}, which is not without loss")
    shown = resized(picture, fitted_size(picture.size, recipe.max_edge))
    hurries = kind in _LOSSY and target is not kind and not (recipe.bigger or recipe.fit_under)
    options = EncodeOptions(recipe.floor, recipe.palette, most=len(source) if hurries else 0)
    if (quick := _hopeless(source, kind, shown, target, recipe)) is not None:
        return _not_worth_it(len(source), kind, quick, target, about=True)
    if recipe.fit_under:
        written, shown = _fitted(shown, target, options, recipe.fit_under, fitting, floor_tried=floor_tried)
    else:
        try:
            found = write_picture(shown, target, options)
        except TooManyBytes as error:
            return _not_worth_it(len(source), kind, error.about, target, about=True)
        if found is None:
            return Unchanged(Reason.FLOOR_NOT_REACHED, source_type=kind)
        written = found
    if lost := _lost_metadata(shown, written.data, target):
        return Unchanged(Reason.VERIFY_FAILED, lost, kind)
    if not savings.is_worth_it(
        len(source),
        len(written.data),
        recipe,
        lossless=written.lossless and _has_all_values(shown, picture),
        converted=target is not kind,
        resized=shown.size != picture.size,
    ):
        return _not_worth_it(len(source), kind, len(written.data), target)
    return _handed_over(kind, target, written, shown, picture)


def _fitted(
    shown: Picture,
    target: ImageType,
    options: EncodeOptions,
    limit: int,
    fitting: Fitting | None,
    *,
    floor_tried: bool,
) -> tuple[EncodedFile, Picture]:
    """A picture under a size: with all its bits if that does, else with 8 a channel, fewer pixels and all."""
    if shown.deep is not None and options.floor is not None:
        written = write_picture(shown, target, options)
        if written is not None and len(written.data) <= limit:
            return written, shown
        shown, fitting = shown.with_8_bits(), None
    return (fitting or Fitting(shown, target, options, limit)).write(floor_tried=floor_tried)


def _has_all_values(shown: Picture, picture: Picture) -> bool:
    """Whether a picture has as many pixels as its source, of as many bits and the same colours."""
    return shown.size == picture.size and not any(part in _VALUES for part in shown.dropped)


def _refuse_heavy(picture: Picture, limit: int) -> None:
    """See that what stands behind a picture leaves room for it.

    Raises:
        CannotFit: it does not.
    """
    held = {Extra.MAKER: len(picture.trailer)} if picture.trailer else {}
    if picture.tail is not None:
        held = held_extras(picture.tail.file)
    if picture.maps:
        held[Extra.DEPTH] = sum(map(len, picture.maps))
    heavy = {extra: size for extra, size in held.items() if extra is not Extra.HDR}
    if sum(heavy.values()) > limit:
        names = ", ".join(extra.value for extra in heavy)
        raise CannotFit(
            f"{sum(heavy.values()):,} bytes of it are not the picture; to take them out, drop {names}"
        )
    metadata = picture.beside - sum(held.values())
    if metadata > limit:
        raise CannotFit(f"{metadata:,} bytes of it are metadata; to take that out, metadata strip")


def _hopeless(
    source: bytes, kind: ImageType, shown: Picture, target: ImageType, recipe: Recipe
) -> int | None:
    """The bytes of a PNG that was coded quickly, where no effort can bring it under those of its source."""
    if target is not ImageType.PNG or kind not in _LOSSY or recipe.bigger or recipe.fit_under:
        return None
    size = len(quickly_coded(shown).stream)
    return size if size > _HOPELESS * len(source) else None


def _not_worth_it(
    before: int, kind: ImageType, after: int, target: ImageType, *, about: bool = False
) -> Unchanged:
    """Why a result does not take its source's place: by its bytes, often more in another format."""
    reason = Reason.WOULD_BE_BIGGER if after > before else Reason.SAVES_TOO_LITTLE
    sizes = f"{'about ' if about else ''}{after:,} bytes as {target.upper()}, {before:,} as {kind.upper()}"
    return Unchanged(reason, "" if target is kind else sizes, kind)


def _handed_over(
    kind: ImageType, target: ImageType, written: EncodedFile, shown: Picture, picture: Picture
) -> Compressed:
    notes = [] if shown.size == picture.size else [f"resized to {shown.size[0]} x {shown.size[1]}"]
    return Compressed(
        data=written.data,
        sha256=hashlib.sha256(written.data).hexdigest(),
        image_type=target,
        source_type=kind,
        width=shown.size[0],
        height=shown.size[1],
        score=round(written.score, 2),
        score_kind=written.kind,
        lossless=written.lossless and _has_all_values(shown, picture),
        method=", ".join((written.method, *notes)),
        dropped=shown.dropped,
    )


def _lost_metadata(picture: Picture, data: bytes, target: ImageType) -> str:
    """What of its metadata a written file does not give back; empty when it is all there."""
    found = read_embedded(data)
    packet = _wanted_xmp(picture, data)
    profile = None if target is ImageType.JXL else picture.icc
    extended = tuple(
        header[4:] for header in picture.jpeg_headers if header[4:].startswith(EXTENDED_XMP_SIGNATURE)
    )
    blocks = (
        ("the Exif block", _one(picture.exif), found.exif),
        ("the XMP packet", (*_one(packet), *extended), found.xmp),
        ("the colour profile", _one(profile), _one(found.icc)),
    )
    for name, wanted, there in blocks:
        if there != wanted:
            return f"{name} differs"
    for other, behind in zip(picture.others, _further(picture, data), strict=True):
        if lost := _lost_metadata(other, behind, target):
            return f"of a further picture, {lost}"
    return ""


def _further(picture: Picture, data: bytes) -> list[bytes]:
    """The further pictures of a written file, which stand behind its maps."""
    if not picture.others:
        return []
    parts = read_jpeg_file(data).parts
    places = sorted({(part.start, part.end) for part in parts if part.media is Media.JPEG})
    return [data[start:end] for start, end in places[-len(picture.others) :]]


def _one(block: bytes | None) -> tuple[bytes, ...]:
    return () if block is None else (block,)


def _wanted_xmp(picture: Picture, data: bytes) -> bytes | None:
    """The XMP packet that a written file should have: the picture's, with the list of what is appended."""
    if picture.tail is not None:
        return picture.tail.packet(picture.xmp)
    if picture.gain is None or picture.gain.curve is None:
        return picture.xmp
    return with_directory(picture.xmp, read_jpeg_file(data).directory.items[1:])
