"""What is in the wheel and the sdist, and that the wheel is all a stranger needs."""

import configparser
import email.message
import email.parser
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import homepress
from homepress.compress.core.library import FILE_NAME
from packages import distributions
from support import REPOSITORY

PACKAGE = REPOSITORY / "daemon"
SHIPPED = ("config", "service-files")


LIBRARY = f"homepress/compress/core/{FILE_NAME}"


def files_below(folder: Path) -> set[str]:
    """Names of the files of the checkout that belong to a package, relative to `folder`."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    sources = {path.as_posix() for path in found if not any(map(_is_no_source, path.parts[:-1]))}
    return sources - {LIBRARY}


def _is_no_source(directory: str) -> bool:
    return directory in ("__pycache__", "_share") or directory.startswith(".")


@pytest.fixture(scope="module")
def wheel(built: tuple[Path, Path]) -> zipfile.ZipFile:
    return zipfile.ZipFile(built[0])


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> email.message.Message:
    return email.parser.Parser().parsestr(wheel.read(dist_info(wheel, "METADATA")).decode())


def dist_info(wheel: zipfile.ZipFile, name: str) -> str:
    return f"homepress-{homepress.__version__}.dist-info/{name}"


class TestWheel:
    @pytest.mark.slow
    def test_it_holds_the_program_what_it_ships_and_nothing_else(self, wheel: zipfile.ZipFile) -> None:
        wanted = files_below(PACKAGE)
        for name in SHIPPED:
            wanted |= {f"homepress/_share/{name}/{file}" for file in files_below(REPOSITORY / name)}
        names = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
        wanted |= {dist_info(wheel, name) for name in names}
        wanted |= {LIBRARY} if distributions.has_compiler() else set()
        assert set(wheel.namelist()) == wanted

    @pytest.mark.parametrize("name", [
        "homepress/py.typed",
        "homepress/_share/config/default.toml",
        "homepress/_share/config/settings.schema.json",
        "homepress/_share/service-files/linux/homepress.service",
        "homepress/_share/service-files/man/homepress.1",
        "homepress/_share/service-files/completions/homepress.bash",
    ])  # fmt: skip
    def test_what_others_rely_on_is_in_it(self, wheel: zipfile.ZipFile, name: str) -> None:
        assert wheel.getinfo(name).file_size > 0 or name.endswith("py.typed")

    def test_its_programs(self, wheel: zipfile.ZipFile) -> None:
        programs = configparser.ConfigParser()
        programs.read_string(wheel.read(dist_info(wheel, "entry_points.txt")).decode())
        assert dict(programs["console_scripts"]) == {"homepress": "homepress.__main__:main"}
        assert dict(programs["gui_scripts"]) == {"homepressw": "homepress.__main__:main"}

    def test_its_metadata_says_what_the_project_says(self, metadata: email.message.Message) -> None:
        project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
        assert metadata["Name"] == "homepress"
        assert metadata["Version"] == homepress.__version__
        assert metadata["License-Expression"] == "GPL-3.0-or-later"
        assert metadata["Requires-Python"] == ">=3.11"
        plain = {need for need in metadata.get_all("Requires-Dist", []) if "extra ==" not in need}
        assert len(plain) == len(project["dependencies"])
        assert metadata.get_payload()  # the README

    def test_it_is_for_every_python(self, wheel: zipfile.ZipFile) -> None:
        told = wheel.read(dist_info(wheel, "WHEEL")).decode()
        system = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        wanted = f"py3-none-{system}" if distributions.has_compiler() else "py3-none-any"
        assert f"Tag: {wanted}" in told.splitlines()
        assert Path(wheel.filename or "").name.endswith(f"-{wanted}.whl")

    @pytest.mark.slow
    def test_without_a_compiler_it_is_for_every_system_too(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CC", str(tmp_path / "no-compiler"))
        wheel, sdist = distributions.build(tmp_path / "built")
        assert wheel.name.endswith("-py3-none-any.whl")
        assert LIBRARY not in zipfile.ZipFile(wheel).namelist()
        with tarfile.open(sdist) as archive:
            assert not [name for name in archive.getnames() if name.endswith(FILE_NAME)]
        monkeypatch.setenv("HOMEPRESS_CORE", "needed")
        with pytest.raises(AssertionError, match="no-compiler"):
            distributions.build(tmp_path / "again")


@pytest.mark.slow
def test_the_sdist_has_what_builds_and_tests_it(built: tuple[Path, Path]) -> None:
    with tarfile.open(built[1]) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert names >= {"pyproject.toml", "README.md", "LICENSE", "Makefile", "CHANGELOG.md", "tests/run.py"} | {
        "SECURITY.md"
    }
    assert names >= {f"daemon/{name}" for name in files_below(PACKAGE)}
    assert not {
        name for name in names if name.endswith(".pyc") or name.startswith((".venv", ".run", "dist/"))
    }


def test_an_index_would_take_both(built: tuple[Path, Path]) -> None:
    pytest.importorskip("twine")
    command = [sys.executable, "-m", "twine", "check", "--strict", *map(str, built)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_installed_in_an_empty_environment_it_starts_and_compresses(
    built: tuple[Path, Path], tmp_path: Path
) -> None:
    # One test, so that the environment, which takes most of the time, is made once however many run these.
    programs = distributions.install(distributions.own_python(), built[0], tmp_path / "environment")
    homepress_program = str(programs / "homepress")
    told = distributions.run([homepress_program, "--version"])
    assert told.split() == ["homepress", homepress.__version__]
    before, after = distributions.compress_a_picture([homepress_program], tmp_path / "use")
    assert after < before / 2
    assert '"folder"' in distributions.run([homepress_program, "settings", "schema"], home=tmp_path / "home")
    if sys.platform == "linux":
        # Watch, drop, prove, undo, doctor, stop.
        distributions.run([sys.executable, str(REPOSITORY / "packaging" / "tryout.py"), homepress_program])
