"""A process that has seen a picture which may attack sees no other."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from compress import pngs, sources
from homepress.base.formats import ImageType
from homepress.compress import Compressed, Reason, Recipe, Unchanged
from homepress.daemon.pipeline.carry import Carrier
from homepress.daemon.pipeline.job import Destination, Job, Plan, plan_for
from homepress.settings import parse
from homepress.store.store import Store
from homepress.workers import Checker, Limits, Slot
from workers.mischief import png, slot, tell

WHO = b'{"do": "who"}'
"""What the misbehaving worker answers with its own process id."""


@pytest.fixture
def worker() -> Iterator[Slot]:
    made = Slot(Limits(), background=False)
    yield made
    made.close()


@pytest.fixture
def misled() -> Iterator[Slot]:
    made = slot()
    yield made
    made.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store.open(tmp_path / "state" / "ledger.sqlite3", tmp_path / "originals")
    made.recover()
    yield made
    made.close()


def who(worker: Slot, *, alone: bool) -> str:
    told = worker.compress(WHO, Recipe(), alone=alone)
    assert isinstance(told, Unchanged)
    return told.detail


def test_pictures_share_a_process(misled: Slot) -> None:
    assert who(misled, alone=False) == who(misled, alone=False)


@pytest.mark.slow
def test_an_untrusted_one_has_a_process_of_its_own(misled: Slot) -> None:
    seen = [who(misled, alone=True) for _ in range(3)]
    assert len(set(seen)) == 3
    assert misled.pid is None


@pytest.mark.slow
def test_a_fault_ends_the_process_too(misled: Slot) -> None:
    before = tell(misled, "who")
    with pytest.raises(Exception, match="odd"):
        tell(misled, "blow")
    assert tell(misled, "who") != before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (sources.saved(sources.photo(96, 72), "PNG")[:900], Reason.BROKEN),
        (
            pngs.png(pngs.samples(2, 8, 4, 4), 2, 8).replace(
                (4).to_bytes(4, "big") * 2, (60_000).to_bytes(4, "big") * 2, 1
            ),
            Reason.BROKEN,
        ),
        (sources.saved(sources.photo(96, 72), "JPEG")[:900], Reason.BROKEN),
    ],
)
def test_what_a_decoder_stumbles_over_is_the_last_of_its_process(
    worker: Slot, data: bytes, reason: Reason
) -> None:
    whole = sources.source(ImageType.PNG, sources.photo(96, 72)).data
    assert isinstance(worker.compress(whole, Recipe()), Compressed)
    before = worker.pid
    assert before is not None
    refused = worker.compress(data, Recipe())
    assert isinstance(refused, Unchanged) and refused.reason is reason, refused
    assert worker.pid is None
    assert isinstance(worker.compress(whole, Recipe()), Compressed)
    assert worker.pid not in (None, before)


@pytest.mark.slow
def test_what_saves_too_little_is_no_reason(worker: Slot) -> None:
    small = sources.saved(sources.photo(96, 72), "WEBP", quality=20)
    assert isinstance(worker.compress(small, Recipe()), Unchanged)
    assert worker.pid is not None


@pytest.mark.slow
def test_so_it_is_for_what_is_only_looked_at(worker: Slot) -> None:
    with pytest.raises(ValueError):
        worker.view(sources.saved(sources.photo(96, 72), "PNG")[:900], 32, True, 1 << 20, 1 << 24, 60.0)
    assert worker.pid is None


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "BMP", "HEIF", "JXL"])
def test_every_kind_can_be_looked_at(worker: Slot, kind: str) -> None:
    """The decoders of two start threads, unless asked otherwise: a worker has none of its own accord."""
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    if kind == "JXL":
        pytest.importorskip("pillow_jxl")
    data = sources.saved(sources.photo(96, 72), kind)
    full, size, rgb = worker.view(data, 48, False, 1 << 20, 1 << 24, 60.0)
    assert (full, size) == ((96, 72), (48, 36))
    assert len(set(rgb)) > 16


@pytest.mark.slow
def test_parts_of_a_picture_are_those_of_the_whole(worker: Slot) -> None:
    data = sources.saved(sources.photo(192, 144), "JPEG", quality=95, exif=sources_turned())
    most = (1 << 20, 1 << 24, 60.0)
    full, _, whole = worker.view(data, 0, False, *most)
    assert full == (144, 192), "upright"
    rows = [whole[at : at + 3 * 144] for at in range(0, len(whole), 3 * 144)]
    _, size, part = worker.view(data, 0, False, *most, (0.25, 0.5, 0.75, 1.0))
    assert size == (72, 96)
    assert part == b"".join(row[3 * 36 : 3 * 108] for row in rows[96:])
    assert worker.view(data, 36, False, *most, (0.25, 0.5, 0.75, 1.0))[1] == (27, 36), "reduced"
    assert worker.view(data, 0, False, *most, (1.0, 1.0, 1.0, 1.0))[1] == (1, 1), "never nothing"


@pytest.mark.slow
@pytest.mark.parametrize("progressive", [False, True], ids=["baseline", "progressive"])
def test_a_rough_look_has_the_size_and_about_the_pixels(worker: Slot, progressive: bool) -> None:
    data = sources.saved(sources.photo(640, 480), "JPEG", quality=90, progressive=progressive)
    most = (1 << 20, 1 << 24, 60.0)
    full, size, rough = worker.view(data, 160, False, *most, None, True)
    assert (full, size) == ((640, 480), (160, 120))
    exact = worker.view(data, 160, False, *most)[2]
    apart = sum(abs(one - other) for one, other in zip(rough, exact, strict=True)) / len(exact)
    assert apart < 8
    assert (apart > 0) is progressive, "the first scans alone were read"


def sources_turned() -> bytes:
    """Exif that has a picture turned by a quarter."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif.tobytes()


@pytest.mark.slow
def test_a_damaged_one_is_refused_in_our_own_words(worker: Slot) -> None:
    pytest.importorskip("pillow_jxl")
    whole = sources.saved(sources.photo(96, 72), "JXL")
    damaged = whole[:60] + bytes(len(whole) - 60)
    with pytest.raises(ValueError) as refused:
        worker.view(damaged, 48, False, 1 << 20, 1 << 24, 60.0)
    assert "libjxl" not in str(refused.value)


@pytest.mark.slow
def test_the_one_that_looks_keeps_none_either() -> None:
    looks = Checker(Limits())
    data = sources.saved(sources.photo(96, 72), "PNG")
    try:
        looks.check(data, data)
        before = looks.pid
        assert before is not None
        looks.check(data, data, alone=True)
        assert looks.pid is None
    finally:
        looks.close()


@pytest.mark.slow
@pytest.mark.parametrize(("place", "ends"), [("downloads", True), ("downloads/deep", True), ("own", False)])
def test_the_pipeline_knows_by_the_folder(
    place: str, ends: bool, misled: Slot, store: Store, tmp_path: Path
) -> None:
    folder = tmp_path / place
    folder.mkdir(parents=True)
    (folder / "a.png").write_bytes(png(1, 1) + WHO)
    plan = Plan(Recipe(), "x", Destination.REPLACE, root=tmp_path, untrusted=(tmp_path / "downloads",))
    Carrier(store).carry(Job(folder / "a.png", plan, lambda _: None), misled)
    assert (misled.pid is None) is ends


@pytest.mark.parametrize(
    ("setting", "untrusted"),
    [
        pytest.param("auto", ["Down here"], marks=pytest.mark.posix("the folders of XDG")),
        ("yes", ["Pictures"]),
        ("no", []),
    ],
)
def test_what_the_setting_means(
    setting: str, untrusted: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a downloads folder of another name, as in other languages."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    (tmp_path / ".config").mkdir()
    (tmp_path / ".config" / "user-dirs.dirs").write_text('XDG_DOWNLOAD_DIR="$HOME/Down here"\n')
    root = tmp_path / "Pictures"
    text = f"[[folder]]\npath = '{root}'\nuntrusted = '{setting}'\n"
    folder = parse(text, tmp_path / "settings.toml").folders[0]
    assert plan_for(folder, root).untrusted == tuple(tmp_path / name for name in untrusted)
