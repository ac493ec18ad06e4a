"""The recipe in words, as the history keeps it, can be read back."""

from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homepress.compress.model import Extra
from homepress.daemon.pipeline.job import plan_for, settings_from_words
from homepress.settings import FolderSettings, Quality, Size, SourceFormat, TargetFormat

HERE = Path("/a")
BASE = FolderSettings(path=HERE, originals_keep_days=3, metadata="strip", max_edge=7, convert={"png": "webp"})


@given(
    quality=st.sampled_from(["lossless", "safe", "balanced", "small", "30", "85", "92.5"]),
    metadata=st.sampled_from(["keep", "share", "strip"]),
    max_edge=st.sampled_from([0, 1, 2048]),
    fit_under=st.sampled_from(["", "500 KB", "1.5MB"]),
    drop=st.sets(st.sampled_from([*map(str, Extra), "all"])),
    convert=st.dictionaries(
        st.sampled_from(get_args(SourceFormat)), st.sampled_from(get_args(TargetFormat)), max_size=3
    ),
)
def test_equal_words_are_equal_recipes(
    quality: str, metadata: str, max_edge: int, fit_under: str, drop: set[str], convert: dict[str, str]
) -> None:
    folder = FolderSettings(
        path=HERE,
        quality=Quality.parse(quality),
        metadata=metadata,  # type: ignore[arg-type]
        max_edge=max_edge,
        fit_under=Size.parse(fit_under),
        drop=tuple(drop),  # type: ignore[arg-type]
        convert=convert,  # type: ignore[arg-type]
    )
    wanted = plan_for(folder, HERE)
    read = settings_from_words(wanted.settings, BASE)
    assert read is not None
    plan = plan_for(read, HERE)
    assert (plan.recipe, plan.convert, plan.settings) == (wanted.recipe, wanted.convert, wanted.settings)
    assert plan.keep_days == 3, "what is no part of a recipe is as now"


@pytest.mark.parametrize("words", ["", "good", "balanced, at most much", "balanced, in a good mood", "30, "])
def test_words_of_another_version_are_not_guessed_at(words: str) -> None:
    assert settings_from_words(words, BASE) is None
