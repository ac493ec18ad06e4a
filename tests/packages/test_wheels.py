"""The wheels that `make dist` makes: what each is for, and that each has one core and the sdist none.

A stand-in for Zig writes the libraries, which needs no network; where `ziglang` is installed, which
packaging/locks/packaging.txt holds, a real one is made for this system too.
"""

import importlib
import importlib.util
import os
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.tags import compatible_tags, mac_platforms, parse_tag

from compress.core import exercise
from homepress.compress.core.library import CompiledCore
from support import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "packaging"))
pytest.importorskip("hatchling")
core_build: Any = importlib.import_module("core_build")
wheels: Any = importlib.import_module("wheels")

PACKAGING = REPOSITORY / "packaging"
TAGS = {
    "linux-x86_64": "manylinux_2_17_x86_64",
    "linux-arm64": "manylinux_2_17_aarch64",
    "musl-x86_64": "musllinux_1_2_x86_64",
    "musl-arm64": "musllinux_1_2_aarch64",
    "windows-x86_64": "win_amd64",
    "macos-x86_64": "macosx_11_0_x86_64",
    "macos-arm64": "macosx_11_0_arm64",
}
ENDINGS = {"linux": "so", "musl": "so", "windows": "dll", "macos": "dylib"}
# Writes what would begin a library of the target, and what it was asked for.
STAND_IN = """
import sys
from pathlib import Path
words = sys.argv[1:]
file = Path(words[words.index("-o") + 1])
begin = {".so": b"\\x7fELF", ".dll": b"MZ", ".dylib": b"\\xcf\\xfa\\xed\\xfe"}.get(file.suffix, b"")
file.write_bytes(begin + b"\\0GLIBC_2.17\\0" + repr(words).encode())
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The sdist and all wheels, with libraries of the stand-in."""
    pytest.importorskip("build")
    folder = tmp_path_factory.mktemp("wheels")
    stand_in = folder / "modules" / "ziglang"
    stand_in.mkdir(parents=True)
    (stand_in / "__init__.py").touch()
    (stand_in / "__main__.py").write_text(STAND_IN)
    (folder / "dist").mkdir()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", str(stand_in.parent))
        return wheels.build_wheels(folder / "dist", REPOSITORY)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_each_wheel_has_the_core_of_its_system_and_the_others_none(made: list[Path]) -> None:
    sdist, plain, *others = made
    with tarfile.open(sdist) as archive:
        assert not [name for name in archive.getnames() if name.endswith((".so", ".dll", ".dylib"))]
    assert plain.name.endswith("-py3-none-any.whl")
    assert cores(plain) == []
    assert len(others) == len(TAGS)
    for (name, tag), wheel in zip(TAGS.items(), others, strict=True):
        assert wheel.name.endswith(f"-py3-none-{tag}.whl")
        library = f"homepress/compress/core/homepress.core.{ENDINGS[name.partition('-')[0]]}"
        assert cores(wheel) == [library]
        with zipfile.ZipFile(wheel) as archive:
            (info,) = (inside for inside in archive.namelist() if inside.endswith(".dist-info/WHEEL"))
            told = archive.read(info).decode().splitlines()
            assert f"Tag: py3-none-{tag}" in told and "Root-Is-Purelib: false" in told
            record = archive.read(info.replace("/WHEEL", "/RECORD")).decode()
            assert f"{library},sha256=" in record
            asked = archive.read(library).decode("latin-1")
        assert core_build.TARGETS[name].triple in asked


def cores(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return [name for name in archive.namelist() if name.endswith((".so", ".dll", ".dylib"))]


def test_installers_know_each_tag() -> None:
    known = {str(tag) for version in ((11, 0), (27, 0)) for arch in ("x86_64", "arm64")
             for tag in compatible_tags((3, 11), platforms=mac_platforms(version, arch))}  # fmt: skip
    for name, target in core_build.TARGETS.items():
        (tag,) = parse_tag(f"py3-none-{target.tag}")
        assert tag.platform == TAGS[name]
        if name.startswith("macos"):
            assert str(tag) in known


@pytest.mark.parametrize(("content", "fault"), [
    (b"\x7fELF\0GLIBC_2.2.5\0GLIBC_2.17\0", ""),
    (b"\x7fELF\0GLIBC_2.2.5\0GLIBC_2.34\0", "asks for glibc 2.34"),
    (b"MZ", "no library of that system"),
    (None, "no core"),
])  # fmt: skip
def test_a_wheel_that_would_not_work_is_found(tmp_path: Path, content: bytes | None, fault: str) -> None:
    wheel = tmp_path / "homepress-0-py3-none-manylinux_2_17_x86_64.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("homepress/__init__.py", "")
        if content is not None:
            archive.writestr("homepress/compress/core/homepress.core.so", content)
    if fault:
        with pytest.raises(SystemExit, match=fault):
            wheels.look_at(wheel)
    else:
        wheels.look_at(wheel)


def test_a_target_that_there_is_not_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(core_build.WISH, "amiga")
    with pytest.raises(core_build.CompileError, match="amiga, which is none of linux-x86_64"):
        core_build._wished()


def test_without_zig_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(core_build.CompileError, match="ziglang is needed: python -m pip install"):
        core_build.compile_core(tmp_path / "core.so", target=core_build.TARGETS["linux-arm64"])


# Only where Zig is: `make dist` installs it, and runs these tests. It is too large for every `make test`.
if importlib.util.find_spec("ziglang") and sys.platform == "linux" and os.uname().machine == "x86_64":

    @pytest.mark.slow
    @pytest.mark.timeout(1800)
    def test_a_real_one_runs_here(tmp_path: Path) -> None:
        target: Any = core_build.TARGETS["linux-x86_64"]
        files = [tmp_path / name / target.library for name in ("first", "again")]
        for file in files:
            file.parent.mkdir()
            core_build.compile_core(file, target=target)
        assert files[0].read_bytes() == files[1].read_bytes()
        assert wheels.newest_glibc(files[0].read_bytes()) <= (2, 17)
        core = CompiledCore(str(files[0]))
        assert core.sources == core_build.digest()
        assert (core.kind == "AVX2") == ("avx2" in Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
        for seed in range(5):
            exercise.exercise(core, seed)
