"""What a settings file means, and what is said when it is wrong."""

import os
from pathlib import Path

import msgspec
import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from homepress.settings import (
    FolderSettings,
    LiveSettings,
    Problem,
    Quality,
    Settings,
    SettingsError,
    Size,
    load,
    parse,
)

FILE = Path("settings.toml")

EVERYTHING = """\
[daemon]
workers = 3
pause_on_power_saver = false
notify = "never"
originals_max = "2 GiB"

[[folder]]
path = "~/Pictures/Inbox"
mode = "output"
output = "~/Pictures/Small"
quality = 85
metadata = "share"
recursive = false
include = ["*.jpg", "*.png"]
exclude = ["raw/*"]
min_size = "1 KB"
max_size = "1.5 MB"
max_edge = 2560
fit_under = "500 KB"
convert = { heic = "jpeg", bmp = "png" }
existing = "compress"
originals_keep_days = 7
settle_seconds = 1
watch = "poll"
enabled = false
"""


def problems_of(text: str, file: Path = FILE) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse(text, file)
    return str(caught.value).splitlines()


def test_every_key_arrives_in_the_model() -> None:
    settings = parse(EVERYTHING, FILE)
    assert settings.daemon.workers == 3
    assert settings.daemon.worker_count == 3
    assert settings.daemon.originals_max.bytes == 2 * 1024**3
    assert settings.folders == (
        FolderSettings(
            path=Path.home() / "Pictures" / "Inbox",
            mode="output",
            output=Path.home() / "Pictures" / "Small",
            quality=Quality(85.0),
            metadata="share",
            recursive=False,
            include=("*.jpg", "*.png"),
            exclude=("raw/*",),
            min_size=Size.parse("1 KB"),
            max_size=Size.parse("1.5 MB"),
            max_edge=2560,
            fit_under=Size.parse("500 KB"),
            convert={"heic": "jpeg", "bmp": "png"},
            existing="compress",
            originals_keep_days=7,
            settle_seconds=1.0,
            watch="poll",
            enabled=False,
        ),
    )


def test_nothing_is_watched_by_default(tmp_path: Path) -> None:
    assert load(tmp_path / "none" / "settings.toml") == parse("", FILE) == Settings()
    assert Settings().folders == ()


def test_settings_cannot_be_changed_by_accident() -> None:
    with pytest.raises(AttributeError):
        Settings().daemon.workers = 2  # type: ignore[misc]  # the point of the test


def test_environment_variables_are_not_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMEWHERE", "/tmp")
    assert "full path" in problems_of('[[folder]]\npath = "$SOMEWHERE/x"')[0]
    assert (
        parse('[[folder]]\npath = "~/a/$SOMEWHERE"', FILE).folders[0].path
        == Path("~/a/$SOMEWHERE").expanduser()
    )


MANY_FAULTS = '''\
wrkers = 2
# a comment with [brackets] and """
[daemon]
workers = "all"   # x
notfy = "never"
quality = "safe"
pause_on_power_saver = "yes"
originals_max = "10 XB"

[[folder]]
path = "Pictures"
include = [
  "*.jpg",  # a ]
  "*.png",
]
qualty = "safe"

[[folder]]
# no path
quality = "balancd"
mode = "output"
max_edge = true
settle_seconds = nan
convert = { heic = "jpg", hec = "png" }
fit_under = 500
min_size = "1,5 KB"
preset = "fotos"
[[folder]]
path = """
~/a\\
"""
max_size = "3 KB"
[folder.convert]
bmp = 1
[[folder]]
path = "~/a/../a"
output = "~/b"
include = []
exclude = ["", 3]
watch = 2020-01-01
[folders]
'''


def test_all_problems_are_told_with_line_key_expectation_and_nearest_name() -> None:
    text = MANY_FAULTS.replace('"""\n~/a\\\n"""', "'''\n~/a'''")
    lines = problems_of(text)
    assert all(line.startswith("settings.toml:") for line in lines)
    assert [line.removeprefix("settings.toml:") for line in lines] == [
        '1: wrkers: unknown key; did you mean "workers"?',
        '4: daemon.workers: expected "auto" or a whole number from 1 to 64, got "all"',
        '5: daemon.notfy: unknown key; did you mean "notify"?',
        "6: daemon.quality: belongs in a [[folder]] table",
        '7: daemon.pause_on_power_saver: expected true or false, got "yes"',
        '8: daemon.originals_max: expected a size such as "500 KB" or "1.5 GB", got "10 XB"',
        '11: folder.path: expected a full path such as "~/Pictures/Inbox", got "Pictures"',
        '16: folder.qualty: unknown key; did you mean "quality"?',
        '18: folder.path: missing; expected a full path, such as path = "~/Pictures/Inbox"',
        '20: folder.quality: expected "lossless", "safe", "balanced", "small" or a number from 30 to '
        '100, got "balancd"; did you mean "balanced"?',
        '21: folder.mode: mode = "output" also needs output, the folder that results go to',
        "22: folder.max_edge: expected a whole number from 0 to 100,000, got true",
        "23: folder.settle_seconds: expected a number from 0.1 to 3,600, got the number nan",
        '24: folder.convert.heic: expected "jpeg", "png", "webp", "avif" or "jxl", got "jpg"; '
        'did you mean "jpeg"?',
        '24: folder.convert.hec: expected "jpeg", "png", "webp", "gif", "tiff", "bmp", "heic", '
        '"avif" or "jxl", got "hec"; did you mean "heic"?',
        '25: folder.fit_under: expected a size such as "500 KB" or "1.5 GB", got the number 500',
        '26: folder.min_size: expected a size such as "500 KB" or "1.5 GB", got "1,5 KB"',
        '27: folder.preset: there is no preset "fotos"; did you mean "photos"?',
        '31: folder.max_size: nothing is both above min_size = "16 KB" and below max_size = "3 KB"',
        '33: folder.convert.bmp: expected "jpeg", "png", "webp", "avif" or "jxl", got the number 1',
        "35: folder.path: this folder is already in line 29; remove one of them",
        '36: folder.output: has a meaning only with mode = "output"; add that line or remove this one',
        '37: folder.include: expected a list of at least one pattern such as ["*.jpg", "*.png"], got []',
        '38: folder.exclude: expected a list of patterns such as ["*.jpg", "*.png"], got ["", 3]',
        '39: folder.watch: expected "auto", "native" or "poll", got the date or time 2020-01-01',
        '40: folders: unknown key; did you mean "folder"?',
    ]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('[daemon]\nnotify = "C:\\Users"\n', 2, "single quotes"),
        ('[daemon]\nnotify = "D:\\work\\pictures"\n', 2, "single quotes"),
        ('[daemon]\nworkers = 1\nworkers = 2\nnotify = "never"', 3, "written twice"),
        ("[daemon]\n\n[daemon]", 3, "written twice"),
        ("\nworkers", 2, "expected key = value"),
        ("x = 1\ny = [1,\n2\nz = 3\n", 2, "never closed with ]"),
        ('\n\nx = """a\nb\nc\n', 3, "never closed"),
        ('x = "a\ny = 1', 1, "not closed on the same line"),
        ("\nx = yes", 2, "true or false"),
        ("x = 1 2", 1, "nothing more on this line"),
        ("[daemon\nx = 1", 1, "expected ]"),
        ("x = { a = 1,\nb = 2 }", 1, "on one line"),
        ('# ok\r\n\r\nx = "a\r\n', 3, "not closed on the same line"),
    ],
)
def test_a_syntax_error_says_in_plain_words_where_to_mend_it(text: str, line: int, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(text, FILE)
    (problem,) = caught.value.problems
    assert problem.line == line
    assert says in problem.message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[folder]\npath = "~/a"', "settings.toml:1: folder: expected [[folder]]"),
        ("[[daemon]]", "settings.toml:1: daemon: expected one table, [daemon]"),
        ("folder = 3", "settings.toml:1: folder: expected [[folder]]"),
        ("folder = [1, 2]", "settings.toml:1: folder: expected [[folder]]"),
        ("daemon.worker = 1", 'settings.toml:1: daemon.worker: unknown key; did you mean "workers"?'),
        (
            '\nfolder = [{ path = "~/a" }, { path = "~/b", qualit = 3 }]',
            "settings.toml:2: folder.qualit: unknown key",
        ),
        ("[daemon]\nzzz = 1", 'settings.toml:2: daemon.zzz: unknown key; expected "workers", '),
        ('[daemon]\noriginals_max = "0"', "settings.toml:2: daemon.originals_max: expected a size above 0"),
        (
            '[[folder]]\npath = "~/a"\nworkers = 3',
            "settings.toml:3: folder.workers: belongs in the [daemon] table",
        ),
        ('[[folder]]\npath = "~/a\\u0000b"', "settings.toml:2: folder.path: expected a full path"),
        ('[[folder]]\npath = ""', "settings.toml:2: folder.path: expected a full path"),
        ('[[folder]]\npath = "~/a"\nquality = 29.9', "settings.toml:3: folder.quality: expected"),
        ('[[folder]]\npath = "~/a"\nquality = "85"', "settings.toml:3: folder.quality: expected"),
        ('[[folder]]\npath = "~/a"\nconvert = "jpeg"', "settings.toml:3: folder.convert: expected formats"),
        ('[[folder]]\npath = "~/a"\ninclude = "*.jpg"', "settings.toml:3: folder.include: expected a list"),
        (
            '[[folder]]\npath = "~/a"\nmode = "output"\noutput = "~/a/"',
            "settings.toml:4: folder.output: is the watched",
        ),
        (
            '[[folder]]\npath = "~/a"\nfit_under = "5 KB"\npreset = "documents"',
            "settings.toml:3: folder.fit_under: lossless",
        ),
        ("x = " + "[" * 5000, "settings.toml: values are nested too deeply"),
        ("x = " + "1" * 5000, "settings.toml: a number has too many digits"),
    ],
)
def test_shapes_that_do_not_fit(text: str, says: str) -> None:
    assert problems_of(text)[0].startswith(says)


def test_a_refused_key_gives_no_second_problem_through_its_default() -> None:
    assert len(problems_of('[[folder]]\npath = "~/a"\nmode = "outptu"\noutput = "~/b"')) == 1
    assert len(problems_of('[[folder]]\npath = "~/a"\nmode = "output"\noutput = "b"')) == 1


def test_two_folders_with_the_same_broken_preset_give_its_problem_once(tmp_path: Path) -> None:
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "mine.toml").write_text('quality = "best"\n')
    text = "".join(f'[[folder]]\npath = "~/{name}"\npreset = "mine"\n' for name in "ab")
    assert len(problems_of(text, tmp_path / "settings.toml")) == 1


class TestFiles:
    """What can be wrong with the file itself."""

    def test_a_byte_order_mark_and_windows_line_ends_are_fine(self, tmp_path: Path) -> None:
        file = tmp_path / "settings.toml"
        file.write_bytes(b"\xef\xbb\xbf[daemon]\r\nworkers = 2\r\n")
        assert load(file).daemon.workers == 2

    def test_not_utf_8(self, tmp_path: Path) -> None:
        file = tmp_path / "settings.toml"
        file.write_bytes(b"[daemon]\n# caf\xe9\n")
        self.refused(file, 2, "UTF-8")

    def test_a_folder_in_its_place(self, tmp_path: Path) -> None:
        self.refused(tmp_path, None, "is no file")

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
    def test_a_pipe_in_its_place_does_not_hang(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        self.refused(tmp_path / "pipe", None, "is no file")

    @pytest.mark.posix
    def test_a_file_for_its_folder(self, tmp_path: Path) -> None:
        (tmp_path / "config").write_text("")
        self.refused(tmp_path / "config" / "settings.toml", None, "cannot be read")

    @pytest.mark.posix
    def test_a_dangling_link_is_not_taken_for_no_settings(self, tmp_path: Path) -> None:
        (tmp_path / "settings.toml").symlink_to(tmp_path / "unmounted" / "settings.toml")
        self.refused(tmp_path / "settings.toml", None, "is a link to")

    def test_far_too_large(self, tmp_path: Path) -> None:
        file = tmp_path / "settings.toml"
        file.write_bytes(b"#" * 1_000_001)
        self.refused(file, None, "1,000,001 bytes")

    def refused(self, file: Path, line: int | None, says: str) -> None:
        with pytest.raises(SettingsError, match=says) as caught:
            load(file)
        assert [problem.line for problem in caught.value.problems] == [line]
        assert str(caught.value).startswith(str(file))


@pytest.mark.posix
def test_a_name_that_is_no_text_can_be_shown() -> None:
    problem = Problem(Path(os.fsdecode(b"/tmp/\xff/settings.toml")), 3, "folder.path", "wrong")
    str(problem).encode("utf-8")


def test_the_last_good_settings_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    live = LiveSettings(file)
    assert live.current == Settings() and live.error is None
    file.write_text("[daemon]\nworkers = 5\n")
    assert live.reload() and live.current.daemon.workers == 5
    assert not live.reload()
    file.write_text("[daemon]\nworkers = 5\nnotify = 1\n")
    assert live.reload() and live.current.daemon.workers == 5
    assert live.error and live.error.problems[0].line == 3
    assert not live.reload()
    file.write_text("[daemon]\nworkers = 6\n")
    assert live.reload() and live.current.daemon.workers == 6 and live.error is None


VALUES = st.recursive(
    st.text(max_size=6) | st.integers() | st.floats() | st.booleans() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.text("[]{}\"'#=\\\n\r\t abfolder.1-é\0", max_size=60)
    | st.text(max_size=30)
    | st.text("[]{}\"'#=\n ab1", max_size=20).map(lambda tail: EVERYTHING + tail)
)
def test_any_text_gives_settings_or_a_settings_error(text: str) -> None:
    try:
        settings = parse(text, FILE)
    except SettingsError as error:
        assert all(
            problem.line is None or 1 <= problem.line <= text.count("\n") + 1 for problem in error.problems
        )
    else:
        assert isinstance(settings, Settings)


@given(
    st.sampled_from(["daemon", "folder"]),
    st.sampled_from([*msgspec.structs.asdict(Settings().daemon), *FolderSettings.__struct_fields__]),
    VALUES,
)
def test_any_value_of_any_key_gives_settings_or_a_settings_error(table: str, key: str, value: object) -> None:
    header = (
        "[daemon]\n" if table == "daemon" else "[[folder]]\n" + ('path = "~/a"\n' if key != "path" else "")
    )
    try:
        text = header + tomlkit.dumps({key: value})
        parse(text, FILE)
    except SettingsError as error:
        assert error.problems
