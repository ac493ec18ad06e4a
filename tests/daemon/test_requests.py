"""Requests of the command line as plans, and the files they name."""

import threading
from pathlib import Path

import pytest

from homepress.base.formats import ImageType
from homepress.base.results import FileOutcome
from homepress.compress import MetadataPolicy
from homepress.compress.model import Extra
from homepress.control.service import CompressRequest, ServiceError
from homepress.daemon.pipeline.carry import Carrier
from homepress.daemon.pipeline.job import Destination
from homepress.daemon.pipeline.worker_loop import STOPPING, Pipeline
from homepress.daemon.requests import outcomes, pictures, plan_of
from homepress.daemon.state import StateThread
from homepress.settings import FolderSettings, Quality
from homepress.store.store import Store
from homepress.workers import Limits


def request(**values: object) -> CompressRequest:
    return CompressRequest(paths=["x.jpg"], **values)  # type: ignore[arg-type]


def test_the_words_of_a_request_make_a_recipe(tmp_path: Path) -> None:
    plan = plan_of(
        request(quality="safe", metadata="share", max_edge=2000, fit_under="500 KB", convert="webp"),
        None,
        tmp_path,
        tmp_path,
    )
    assert plan.recipe.floor == 90
    assert plan.recipe.metadata is MetadataPolicy.SHARE
    assert (plan.recipe.max_edge, plan.recipe.fit_under) == (2000, 500_000)
    assert plan.convert[ImageType.JPEG] is ImageType.WEBP
    assert ImageType.WEBP not in plan.convert
    assert plan.destination is Destination.BESIDE


def test_what_a_request_does_not_say_comes_from_the_folder(tmp_path: Path) -> None:
    folder = FolderSettings(path=tmp_path, quality=Quality("lossless"), originals_keep_days=3)
    plan = plan_of(request(in_place=True), folder, tmp_path, tmp_path)
    assert plan.recipe.floor is None
    assert plan.keep_days == 3
    assert plan.destination is Destination.REPLACE


def test_a_preset_takes_the_place_of_the_folders_settings(tmp_path: Path) -> None:
    folder = FolderSettings(path=tmp_path, quality=Quality("lossless"), metadata="strip")
    (tmp_path / "mine.toml").write_text('metadata = "share"\nmax_edge = 900\nfit_under = "1 MB"\n')
    plan = plan_of(request(preset="mine", max_edge=800), folder, tmp_path, tmp_path)
    assert plan.recipe.metadata is MetadataPolicy.SHARE
    assert (plan.recipe.max_edge, plan.recipe.fit_under) == (800, 1_000_000), "an option says it more nearly"
    assert plan.recipe.floor == plan_of(request(), None, tmp_path, tmp_path).recipe.floor
    apart = FolderSettings(path=tmp_path, originals_keep_days=0, untrusted="yes")
    plan = plan_of(request(preset="mine", in_place=True), apart, tmp_path, tmp_path)
    assert (plan.keep_days, plan.untrusted) == (0, (tmp_path,)), (
        "what is no part of a recipe stays the folder's"
    )
    shipped = plan_of(request(preset="share"), None, tmp_path, tmp_path)
    assert shipped.convert == {ImageType.HEIC: ImageType.JPEG}
    with pytest.raises(ServiceError, match='no preset "shar"; did you mean "share"') as caught:
        plan_of(request(preset="shar"), None, tmp_path, tmp_path)
    assert caught.value.exit_code == 2


def test_email_asks_for_small_pictures_without_anything_hidden(tmp_path: Path) -> None:
    plan = plan_of(request(preset="email"), None, tmp_path, tmp_path)
    assert plan.recipe.metadata is MetadataPolicy.STRIP
    assert plan.recipe.drop == frozenset(Extra)
    assert (plan.recipe.fit_under, plan.recipe.max_edge) == (1_000_000, 2048)
    assert plan.convert[ImageType.HEIC] is ImageType.JPEG
    assert ImageType.PNG not in plan.convert


def test_a_dry_run_wins_over_every_destination(tmp_path: Path) -> None:
    for more in ({"in_place": True}, {"output": str(tmp_path / "out")}):
        assert (
            plan_of(request(dry_run=True, **more), None, tmp_path, tmp_path).destination
            is Destination.NOWHERE
        )


def test_lossless_does_not_fit_under_a_size(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="lossless pictures") as caught:
        plan_of(request(quality="lossless", fit_under="50 KB"), None, tmp_path, tmp_path)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "words",
    [
        {"quality": "great"},
        {"quality": "10"},
        {"fit_under": "big"},
        {"fit_under": "0"},
        {"fit_under": "0 KB"},
        {"metadata": "all"},
        {"convert": "gif"},
    ],
)
def test_words_that_are_not_understood_are_wrong_usage(tmp_path: Path, words: dict[str, str]) -> None:
    with pytest.raises(ServiceError) as caught:
        plan_of(request(**words), None, tmp_path, tmp_path)
    assert caught.value.exit_code == 2
    (word,) = words.values()
    assert str(caught.value).count(f'"{word}"') == 1, "it is said once"


def test_a_named_file_counts_whatever_its_name_and_a_folder_gives_its_images(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.png", "notes.txt", ".hidden.jpg", "deep/c.webp", ".git/d.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [path.relative_to(tmp_path).as_posix() for path in pictures(tmp_path)]
    assert found == ["a.png", "b.JPG", "deep/c.webp"]
    assert list(pictures(tmp_path / "notes.txt")) == [tmp_path / "notes.txt"]


def test_whoever_asks_while_homepress_stops_is_answered(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "ledger", tmp_path / "kept")
    pipeline = Pipeline(StateThread(), Carrier(store), 1, Limits(), lambda: None)
    pipeline.close()
    plan = plan_of(request(dry_run=True), None, tmp_path, tmp_path)
    told: list[FileOutcome] = []
    asking = threading.Thread(
        target=lambda: told.extend(outcomes(pipeline, iter([(tmp_path / "a.jpg", plan)]))), daemon=True
    )
    asking.start()
    asking.join(60)
    assert [(each.outcome, each.reason, each.missed) for each in told] == [("failed", STOPPING, True)]
