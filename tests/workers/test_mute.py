"""A worker behind its lock uses no name of any file, and answers what it would answer without the lock."""

import dataclasses
import io
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms

from compress import pngs, sources
from homepress.base.formats import FORMATS, ImageType, sniff
from homepress.compress import Compressed, MetadataPolicy, Recipe, Unchanged, compress
from homepress.compress.model import loaded_alone
from homepress.workers import Checker, DeathKind, Limits, Slot, WorkerDied, tool
from homepress.workers.process import module_command
from homepress.workers.protocol import plain
from support import wait_for
from workers.mischief import PROGRAM, slot, tell

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="traced with strace"),
    pytest.mark.skipif(not shutil.which("strace"), reason="needs strace"),
    pytest.mark.filterwarnings("ignore"),
]

CHILD, CHECKER = "homepress.workers.child", "homepress.workers.checker_child"
READY = '\\"version\\"'
"""In a trace, what a worker says when it is locked."""

RECIPES = {
    "usual": Recipe(),
    "lossless": Recipe(floor=None),
    "share": Recipe(metadata=MetadataPolicy.SHARE),
    "strip": Recipe(metadata=MetadataPolicy.STRIP),
    "small": Recipe(max_edge=48),
    "fit": Recipe(fit_under=3000),
    **{f"to {kind}": Recipe(convert_to=kind) for kind, known in FORMATS.items() if known.target},
}


def traced(traces: Path, *program: str) -> tuple[str, ...]:
    """A command line that writes down each call that takes a name, one file a thread.

    The program stays our own child, and strace outlives it (-DD).
    """
    traces.mkdir(exist_ok=True)
    calls = "trace=%file,write,fstat,?fstatfs,?getcwd"
    return ("strace", "-DD", "-ff", "-q", "-s", "60", "-e", calls, "-o", str(traces / "t"), *program)


def names_used(traces: Path) -> list[str]:
    """The calls that took a name after their worker was ready; once all that was traced has ended."""
    wait_for(lambda: all("\n+++ " in f"\n{text}" for text in _texts(traces)), what="the traces to end")
    later, ready = [], False
    for text in _texts(traces):
        # Threads say nothing, and are started when all is loaded.
        ready |= READY in text
        later += (text.partition(READY)[2].partition("\n")[2] if READY in text else text).splitlines()
    assert ready, "no worker is seen: the trace is blind"
    return [call for call in later if re.match(r"\w+\(", call) and not call.startswith(("write(", "getcwd("))]


def _texts(traces: Path) -> list[str]:
    return [path.read_text(errors="replace") for path in traces.iterdir()]


def pictures() -> Iterator[tuple[str, bytes]]:
    """One of each kind that can be made here, some broken ones, and some that are none."""
    photo = sources.photo(96, 72)
    kinds = (ImageType.JPEG, ImageType.PNG, ImageType.WEBP, ImageType.AVIF, ImageType.HEIC, ImageType.BMP)
    for kind in kinds:
        yield f"{kind}", sources.source(kind, photo).data
    yield "see-through png", sources.source(ImageType.PNG, sources.photo(96, 72, alpha=True)).data
    yield "palette png", sources.saved(photo.quantize(16), "PNG")
    yield "deep png", pngs.png(pngs.samples(2, 16, 64, 48), 2, 16)
    yield "gif", sources.saved(photo.quantize(64), "GIF")
    yield "tiff", sources.saved(photo, "TIFF", compression="tiff_lzw")
    yield "grey jpeg", sources.saved(photo.convert("L"), "JPEG")
    yield "cmyk jpeg", sources.saved(photo.convert("CMYK"), "JPEG")
    for moving in ("GIF", "PNG", "WEBP"):
        yield f"moving {moving}", sources.animation(moving)
    jxl = compress(sources.saved(photo, "JPEG"), Recipe(floor=None, convert_to=ImageType.JXL))
    if isinstance(jxl, Compressed):
        yield "jxl", jxl.data
    yield "no picture", b"no picture"
    yield "svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    yield (
        "endless png",
        pngs.png(pngs.samples(2, 8, 4, 4), 2, 8).replace(
            (4).to_bytes(4, "big") * 2, (60_000).to_bytes(4, "big") * 2, 1
        ),
    )


def broken(whole: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    for name in ("jpeg", "png", "webp", "avif", "heic", "gif", "tiff", "jxl"):
        if data := whole.get(name):
            yield f"half of {name}", data[: len(data) // 2]
    yield "noise in png", whole["png"][:100] + bytes(50) + whole["png"][150:]


def comparable(answer: Compressed | Unchanged) -> Compressed | Unchanged:
    """Without what differs from run to run, in the words that a worker may use."""
    if isinstance(answer, Compressed):
        return answer
    detail = re.sub(r"0x[0-9a-f]+", "0x", answer.detail)
    return dataclasses.replace(answer, detail=plain(detail))


def compare(given: Mapping[str, bytes], recipes: Mapping[str, Recipe], trace: Path) -> None:
    """Each picture with each recipe: in this process without a lock, and in a traced worker."""
    worker = Slot(Limits(), background=False, program=traced(trace, *module_command(CHILD)))
    differ = []
    try:
        for name, data in given.items():
            for how, recipe in recipes.items():
                expected = comparable(compress(data, recipe))
                if comparable(worker.compress(data, recipe)) != expected:
                    differ.append((name, how))
    finally:
        worker.close()
    assert differ == []
    assert names_used(trace) == []


@pytest.fixture(autouse=True)
def no_helper(monkeypatch: pytest.MonkeyPatch) -> None:
    """What another program makes of a GIF is another matter."""
    monkeypatch.setattr(tool, "gifsicle", lambda: None)


@pytest.mark.slow
def test_every_kind_and_recipe_gives_the_same_as_without_a_lock(tmp_path: Path) -> None:
    whole = dict(pictures())
    compare(whole, RECIPES, tmp_path / "trace")


def kinds_of_jpeg() -> Iterator[tuple[str, bytes]]:
    """Those whose ways part: colours, profiles, Exif, coarse ones, several pictures in one file."""
    photo = sources.photo(96, 72)
    fine = {"quality": 97}
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    yield "plain", sources.saved(photo, "JPEG", **fine)
    yield "coarse", sources.saved(photo, "JPEG", quality=40)
    yield "progressive", sources.saved(photo, "JPEG", progressive=True, **fine)
    yield "grey", sources.saved(photo.convert("L"), "JPEG", **fine)
    yield "cmyk", sources.saved(photo.convert("CMYK"), "JPEG", **fine)
    yield "profile", sources.saved(photo, "JPEG", icc_profile=profile, **fine)
    exif = Image.Exif()
    exif[0x0112] = 6
    yield "turned", sources.saved(photo, "JPEG", exif=exif, **fine)
    yield "several", sources.saved(photo, "MPO", save_all=True, append_images=[photo], **fine)


@pytest.mark.slow
def test_a_worker_that_has_the_code_of_jpeg_alone_does_too(tmp_path: Path) -> None:
    recipes = {how: RECIPES[how] for how in ("usual", "lossless")}
    given = dict(kinds_of_jpeg())
    assert all(
        loaded_alone(sniff(data[:64]), recipe) for data in given.values() for recipe in recipes.values()
    )
    compare(given, recipes, tmp_path / "whole")
    compare({"half": given["plain"][: len(given["plain"]) // 2]}, recipes, tmp_path / "half")


@pytest.mark.corpus
@pytest.mark.slow
def test_it_does_with_jpegs_from_everywhere(corpus_dir: Path, tmp_path: Path) -> None:
    """Also with those that attack, and in the process that looks."""
    paths = [path for path in sorted(corpus_dir.rglob("*.jp*g")) if path.stat().st_size < 100_000]
    given = {str(path): path.read_bytes() for path in paths[::4]}
    given = {name: data for name, data in given.items() if sniff(data[:64]) is ImageType.JPEG}
    compare(given, {"usual": RECIPES["usual"]}, tmp_path / "trace")
    looks_at(given, tmp_path / "look")


@pytest.mark.slow
def test_broken_pictures_do_too(tmp_path: Path) -> None:
    """Each ends its worker, so there are few."""
    compare(dict(broken(dict(pictures()))), {"to webp": RECIPES["to webp"]}, tmp_path / "trace")


@pytest.mark.corpus
@pytest.mark.slow
def test_pictures_from_everywhere_do_too(corpus_dir: Path, tmp_path: Path) -> None:
    """The smallest and the middle one of each kind in each folder of the corpus."""
    kinds: dict[tuple[str, str], list[Path]] = {}
    for path in sorted(corpus_dir.rglob("*.*"), key=lambda path: path.stat().st_size):
        kinds.setdefault((path.parent.name, path.suffix.lower()), []).append(path)
    chosen = {each for paths in kinds.values() for each in (paths[0], paths[len(paths) // 4])}
    given = {str(path): path.read_bytes() for path in chosen if path.stat().st_size < 200_000}
    compare(given, {how: RECIPES[how] for how in ("usual", "to webp")}, tmp_path / "trace")


@pytest.mark.slow
def test_all_else_that_a_worker_is_asked(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    worker = Slot(Limits(), background=False, program=traced(trace, *module_command(CHILD)))
    try:
        for data in dict(pictures()).values():
            try:
                worker.view(data, 32, True, 1 << 20, 1 << 24, 60.0)
            except ValueError:
                continue
            assert worker.tells_place(data) in (True, False)
        assert worker.check_codecs({}).faults == []
    finally:
        worker.close()
    # The coder of HEIC, which only the check uses, asks how many processors there are, and does without.
    asked = [call for call in names_used(trace) if '"/sys/devices/system/cpu/' not in call]
    assert [call for call in asked if '"/proc/stat"' not in call] == []


@pytest.mark.slow
def test_the_one_that_looks(tmp_path: Path) -> None:
    looks_at(dict(kinds_of_jpeg()), tmp_path / "JPEGs alone")
    looks_at(dict(pictures()), tmp_path / "all")


def looks_at(given: Mapping[str, bytes], trace: Path) -> None:
    """Have a traced process compare pictures with themselves."""
    looks = Checker(Limits(), program=traced(trace, *module_command(CHECKER)))
    try:
        for data in given.values():
            try:
                looks.check(data, data)
            except WorkerDied as died:
                assert died.kind is DeathKind.UNCHECKED
    finally:
        looks.close()
    assert names_used(trace) == []


@pytest.mark.slow
def test_faults_and_their_traces(tmp_path: Path) -> None:
    """A report of a fault reads no source file."""
    trace = tmp_path / "trace"
    worker = slot(program=traced(trace, *PROGRAM))
    deeds: dict[str, dict[str, Any]] = {
        "blow": {},
        "warn": {},
        "fail_unseen": {},
        "memory": {"size": 3 << 30},
    }
    for deed, arguments in deeds.items():
        try:
            tell(worker, deed, **arguments)
        except WorkerDied:
            continue
    worker.close()
    assert names_used(trace) == []


def test_the_trace_sees_a_name(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    worker = slot(program=traced(trace, *PROGRAM))
    tell(worker, "read", path="/etc/passwd")
    worker.close()
    assert '"/etc/passwd"' in names_used(trace)[0]


@pytest.mark.slow
def test_a_picture_too_large_for_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that needs more than was computed for it."""
    monkeypatch.setattr("homepress.workers.slot.needed_to_compress", lambda *_: 0)
    trace = tmp_path / "trace"
    limits = Limits(memory_bytes=700 << 20)
    worker = Slot(limits, background=False, program=traced(trace, *module_command(CHILD)))
    out = io.BytesIO()
    Image.new("RGB", (9000, 9000), (200, 10, 90)).save(out, "PNG")
    with pytest.raises(WorkerDied) as died:
        worker.compress(out.getvalue(), Recipe(convert_to=ImageType.WEBP, max_edge=8000))
    worker.close()
    assert died.value.kind is DeathKind.OUT_OF_MEMORY
    assert names_used(trace) == []
