"""Where fuzzing starts: small files of every kind, made here, and small ones of the corpus where it is."""

import hashlib
import io
import os
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
from PIL import Image

from compress.metadata.exif_builder import apple_note, exif_block
from compress.metadata.jpeg_builder import (
    LAYOUTS,
    box,
    picture,
    sef_trailer,
    segment,
    video,
    with_headers,
    xmp_packet,
)
from compress.metadata.private import PRIVATE_XMP, private_headers
from homepress.base.formats import ImageType, sniff
from homepress.base.results import FileOutcome, ProbeAttempt, RecentPicture
from homepress.compress import Compressed, Reason, ScoreKind, Unchanged
from homepress.compress.model import Fault
from homepress.control import wire
from homepress.control.service import (
    CompressRequest,
    FolderAnswer,
    FolderRequest,
    OriginalsRequest,
    UndoRequest,
)
from homepress.control.wire import METHODS
from homepress.store.model import JobPlan, Metadata, encode, encode_sidecar
from homepress.workers.protocol import (
    CodecReport,
    ComparedPictures,
    CompressedResult,
    Located,
    PreviewSizes,
    ProbeAnswers,
    TaskFailure,
    UnchangedResult,
    WorkerReady,
    write_frame,
)
from support import corpus

MOST_BYTES = 20_000


def _image(kind: str, *, frames: int = 1, **options: object) -> bytes:
    images = [Image.new("RGB", (9, 7), (20 * index, 90, 200)) for index in range(frames)]
    more = {"save_all": True, "append_images": images[1:], "loop": 0} if frames > 1 else {}
    out = io.BytesIO()
    images[0].save(out, kind, **more, **options)
    return out.getvalue()


def _jpegs() -> list[bytes]:
    tiny = partial(picture, size=(16, 16))
    coded = [
        tiny(1),
        tiny(1, mode="L"),
        tiny(1, mode="CMYK"),
        tiny(1, progressive=True),
        tiny(1, keep_rgb=True),
    ]
    profile = segment(0xE2, b"ICC_PROFILE\0\1\1profile")
    return [
        *coded,
        *(layout() for layout in LAYOUTS.values()),
        with_headers(tiny(2), [*private_headers(), profile]),
    ]


def _exifs() -> list[bytes]:
    return [exif_block("<"), exif_block(">"), exif_block(maker_note=apple_note()), exif_block(gps=False)]


def _xmps() -> list[bytes]:
    return [xmp_packet(""), xmp_packet(PRIVATE_XMP, attributes=' xmp:Rating="5"'), b"<a/>"]


def _pngs() -> list[bytes]:
    with_exif = _image("PNG", exif=exif_block(), icc_profile=zlib.compress(b"profile"))
    return [_image("PNG"), with_exif, _image("PNG", frames=2)]


def _webps() -> list[bytes]:
    full = _image("WEBP", exif=exif_block(), xmp=xmp_packet(PRIVATE_XMP), icc_profile=b"profile")
    return [_image("WEBP"), _image("WEBP", lossless=True), _image("WEBP", frames=2), full]


def _gifs() -> list[bytes]:
    return [_image("GIF"), _image("GIF", frames=2, comment=b"a comment")]


def _boxes() -> list[bytes]:
    heif = _image("AVIF", exif=exif_block(), xmp=xmp_packet(PRIVATE_XMP), icc_profile=b"profile")
    return [video(), heif, box(b"ftyp", b"isom") + box(b"moov", box(b"meta", bytes(4) + box(b"hdlr", b"")))]


def _webp_frames() -> list[bytes]:
    return [data[data.index(b"VP8 ") + 8 :] for data in (_image("WEBP", quality=q) for q in (5, 50, 95))]


def _jxl_headers() -> list[bytes]:
    jxl = bytes.fromhex("ff0a7f0b08101000")
    in_boxes = box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl \0\0\0\0jxl ")
    return [jxl, in_boxes + box(b"jxlc", jxl), in_boxes + box(b"jxlp", b"\0\0\0\0" + jxl)]


def _files() -> list[bytes]:
    """One of every format, for what looks at whole files; some with a tail."""
    plain = [_image(kind) for kind in ("BMP", "TIFF", "GIF", "PNG", "WEBP", "AVIF")]
    drawing = b"<svg xmlns='http://www.w3.org/2000/svg'></svg>"
    return [*plain, *_jpegs(), _pngs()[2], _gifs()[1], *_jxl_headers(), drawing, *_packed_tiffs()]


def _packed_tiffs() -> list[bytes]:
    return [_image("TIFF", compression="tiff_lzw"), _image("TIFF", frames=2)]


_ANSWER = _image("PNG")
ANSWERED = _ANSWER + bytes(5_000)
"""The source that the seeds of the answers are about."""


def _answers() -> list[bytes]:
    body = _ANSWER
    result = Compressed(
        data=b"",
        sha256=hashlib.sha256(body).hexdigest(),
        image_type=ImageType.PNG,
        source_type=ImageType.PNG,
        width=9,
        height=7,
        score=91.5,
        score_kind=ScoreKind.SAMPLED,
        lossless=False,
        method="a method",
    )
    said = [
        (CompressedResult(compressed=result, cpu_seconds=0.25), body),
        (
            UnchangedResult(
                unchanged=Unchanged(Reason.BROKEN, "cut", ImageType.PNG, transient=True), helper=True
            ),
            b"",
        ),
        (TaskFailure(out_of_memory=True, text="none left"), b""),
    ]
    return [_framed(answer, body) for answer, body in said]


def _framed(answer: msgspec.Struct, body: bytes) -> bytes:
    out = io.BytesIO()
    write_frame(out, answer, body)  # type: ignore[arg-type]  # it only writes
    return out.getvalue()


def _worker_lives() -> list[bytes]:
    """A greeting, then an answer of every kind."""
    hello = WorkerReady(version="1.0", network="locked", files=7, missing=["a word"])
    said = [
        ProbeAnswers(attempts=[ProbeAttempt("TCP", False, "EACCES: Permission denied")]),
        CodecReport(versions={"JPEG": "1"}, faults=[Fault(ImageType.PNG, True, "it lies")]),
        Located(located=True),
        ComparedPictures(mean=0.5, worst=2.0, contrast=60.0),
    ]
    viewed = _framed(PreviewSizes(size=(2, 1), full_size=(4, 2)), bytes(6))
    lives = [*_answers(), *(_framed(answer, b"") for answer in said), viewed]
    greeting = _framed(hello, b"")
    return [greeting, greeting + b"".join(lives), *(greeting + life for life in lives)]


def _on_the_socket(*messages: bytes) -> bytes:
    return b"".join(len(message).to_bytes(4, "big") + message for message in messages)


def _conversations() -> list[bytes]:
    """Every call that a client can make."""
    hello = wire.encode(wire.Hello(wire.VERSION))
    whole = [
        METHODS["status"].call(),
        METHODS["wait"].call(0, 0.0),
        METHODS["pause"].call(1_800_000_000.5),
        METHODS["recent"].call(20),
        METHODS["compress"].call(CompressRequest(paths=["/p/a.jpg"], quality="balanced", convert="webp")),
        METHODS["undo"].call(UndoRequest(paths=["/p/\udcff.jpg"], last=2, since=1.5, folder="/p")),
        METHODS["accept_originals"].call(OriginalsRequest(ids=[1, 2], older_than_days=0.5)),
        METHODS["add_folder"].call(FolderRequest(path="/p", existing="compress", originals_keep_days=3)),
        METHODS["check_folder"].call("/p", 20, FolderRequest(path="/p")),
        METHODS["change_folder"].call("/p", {"quality": "small", "convert": None}),
        METHODS["enable_folder"].call("/p", False),
        METHODS["forget"].call("/p", None),
        METHODS["stop"].call(),
    ]
    calls = [wire.encode(call) for call in whole]
    return [_on_the_socket(hello, *calls), *(_on_the_socket(hello, call) for call in calls)]


def _service_answers() -> list[bytes]:
    picture = RecentPicture(
        id=1, time=1.5, path="/p/a.jpg", source="/p/a.jpg", before_bytes=9, after_bytes=4, undoable=True
    )
    values: list[object] = [7, None, [picture], FolderAnswer(path="/p", warnings=["it is synced"])]
    whole = [
        *map(wire.Result, values),
        wire.Item(FileOutcome(path="/p/a.jpg", outcome="compressed")),
        wire.Done(),
    ]
    return [wire.encode(answer) for answer in (*whole, wire.Failure("no such folder", 2))]


_FOLDER = """[[folder]]  # the camera's
path = "/watched/phone"
mode = "output"
output = '/results'
quality = 82.5
include = ["*.jpg", "*.png"]
max_size = "12 MB"
"""


def _settings_files() -> list[bytes]:
    whole = (
        "",
        f'# mine\n\n[daemon]\nworkers = 2\nnotify = "errors"\n\n{_FOLDER}',
        f'{_FOLDER}\n[folder.convert]\nheic = "jpeg"\n\n[[folder]]\npath = "/b"\nmetadata = "share"\n',
        '[daemon]\noriginals_max = """\\\n  2 GB"""\n',
    )
    return [text.encode() for text in whole]


def _sidecars() -> list[bytes]:
    plan = JobPlan(
        job="0123456789abcdef",
        kind="replace",
        time=1_700_000_000.5,
        path=b"/watched/\xff\x1b[2J.jpg",
        target=b"/watched/a.jpg",
        root=b"/watched",
        vault=b".",
        source_sha256="a" * 64,
        source_size=9,
        source_inode=1,
        metadata=Metadata(
            mode=0o644, uid=1, gid=1, atime_ns=1, mtime_ns=2, flags=1, attributes=[(b"user.a", b"b")]
        ),
        result_sha256="b" * 64,
        result_size=4,
        score=88.5,
    )
    return [encode(plan), encode_sidecar(plan)]


def _trailers() -> list[bytes]:
    return [
        sef_trailer([(0x0A01, b"Image_UTC_Data", b"1700000000000"), (0x0A30, b"MotionPhoto_Data", video())])
    ]


_MADE: dict[str, Callable[[], list[bytes]]] = {
    "jpeg-stream": _jpegs,
    "jpeg-file": _jpegs,
    "jpeg-share": _jpegs,
    "exif": _exifs,
    "exif-edits": _exifs,
    "xmp": _xmps,
    "png": _pngs,
    "webp": _webps,
    "gif": _gifs,
    "boxes": _boxes,
    "trailer": _trailers,
    "jxl-header": _jxl_headers,
    "webp-frame": _webp_frames,
    "whole": _files,
    "answer": _answers,
    "dimensions": _files,
    "worker-frames": _worker_lives,
    "socket": _conversations,
    "service-answer": _service_answers,
    "settings": _settings_files,
    "sidecar": _sidecars,
}

_FROM_CORPUS: dict[str, set[ImageType]] = {
    "jpeg-stream": {ImageType.JPEG},
    "jpeg-file": {ImageType.JPEG},
    "jpeg-share": {ImageType.JPEG},
    "exif": {ImageType.TIFF},
    "png": {ImageType.PNG},
    "webp": {ImageType.WEBP},
    "gif": {ImageType.GIF},
    "boxes": {ImageType.HEIC, ImageType.AVIF, ImageType.JXL},
    "jxl-header": {ImageType.JXL},
    "whole": set(ImageType),
    "dimensions": set(ImageType),
}


def made(target: str) -> list[bytes]:
    """The seeds of a target that need nothing but this project."""
    return _MADE[target]()


def write_seeds(target: str, folder: Path) -> int:
    """Put the seeds of a target into a folder, small files of the corpus among them; how many."""
    seeds = made(target)
    images = corpus()
    if images is not None:
        for path in sorted(images.glob("*/*")):
            if os.path.getsize(path) <= MOST_BYTES:
                data = path.read_bytes()
                seeds += [data] if sniff(data[:64]) in _FROM_CORPUS.get(target, set()) else []
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number:04}").write_bytes(seed)
    return len(seeds)
