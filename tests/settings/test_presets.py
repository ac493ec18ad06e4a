"""Presets: what a folder's own table does not say."""

from pathlib import Path

import pytest

from homepress.settings import Settings, SettingsError, load_preset, parse, preset_names

SHIPPED = ("documents", "email", "photos", "screenshots", "share", "web")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The folder of the user's own presets."""
    folder = tmp_path / "presets"
    folder.mkdir()
    return folder


def with_preset(own: Path, *lines: str) -> Settings:
    return parse("\n".join(['[[folder]]\npath = "~/a"', *lines]), own.parent / "settings.toml")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_preset_loads_and_says_what_it_is_for(name: str, own: Path) -> None:
    preset = load_preset(name, own)
    assert len(preset.description) > 20
    assert preset.values
    assert with_preset(own, f'preset = "{name}"').folders[0].preset == name


def test_one_of_a_kind_is_found_too_unless_it_has_a_preset_of_its_own(own: Path) -> None:
    assert load_preset("document", own).name == "documents"
    assert str(with_preset(own, 'preset = "document"').folders[0].quality) == "lossless"
    (own / "document.toml").write_text('quality = "safe"\n')
    assert str(with_preset(own, 'preset = "document"').folders[0].quality) == "safe"


def test_the_folders_own_words_win(own: Path) -> None:
    folder = with_preset(own, 'preset = "web"', 'quality = "safe"').folders[0]
    assert (str(folder.quality), folder.metadata, folder.max_edge) == ("safe", "share", 2560)
    # A default that is written down is an own word too.
    assert with_preset(own, 'preset = "web"', "max_edge = 0").folders[0].max_edge == 0


def test_own_presets_are_found_and_win_over_shipped_ones(own: Path) -> None:
    (own / "scans.toml").write_text('description = "Mine"\nquality = 95\nconvert = { tiff = "png" }\n')
    (own / "web.toml").write_text('quality = "small"\n')
    (own / "no name!.toml").write_text("")
    (own / "notes.txt").write_text("")
    assert preset_names(own) == tuple(sorted([*SHIPPED, "scans"]))
    assert with_preset(own, 'preset = "scans"').folders[0].convert == {"tiff": "png"}
    assert with_preset(own, 'preset = "web"').folders[0].max_edge == 0
    assert load_preset("scans", own).description == "Mine"


def test_without_a_folder_of_own_presets_there_are_the_shipped_ones(tmp_path: Path) -> None:
    assert preset_names(tmp_path / "none") == SHIPPED


@pytest.mark.parametrize("name", ["../secret", "a/b", ".", "fotos", "WEB.toml"])
def test_an_unknown_preset_is_refused(name: str, own: Path) -> None:
    (own.parent / "secret.toml").write_text("")
    with pytest.raises(SettingsError) as caught:
        with_preset(own, f'preset = "{name}"')
    (problem,) = caught.value.problems
    assert (problem.line, problem.key) == (3, "folder.preset")
    assert "photos" in problem.message


def test_problems_of_a_preset_name_its_file_and_line(own: Path) -> None:
    (own / "mine.toml").write_text(
        '# mine\ndescription = 3\nqualty = "safe"\nworkers = 3\npath = "~/b"\nmax_edge = -1\n'
    )
    with pytest.raises(SettingsError) as caught:
        with_preset(own, 'preset = "mine"', "max_edge = -2")
    told = [(problem.file.name, problem.line, problem.key) for problem in caught.value.problems]
    assert told == [
        ("settings.toml", 4, "folder.max_edge"),
        ("mine.toml", 2, "description"),
        ("mine.toml", 3, "qualty"),
        ("mine.toml", 4, "workers"),
        ("mine.toml", 5, "path"),
        ("mine.toml", 6, "max_edge"),
    ]


def test_a_preset_that_is_no_file(own: Path) -> None:
    (own / "mine.toml").mkdir()
    with pytest.raises(SettingsError, match="is no file"):
        with_preset(own, 'preset = "mine"')
