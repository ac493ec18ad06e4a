"""The compiled core, made from the sources as they are now."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from homepress.compress.core import library
from homepress.compress.core.library import BEST, PLAIN, CompiledCore, Loaded
from support import REPOSITORY

BUILDER = REPOSITORY / "packaging" / "core_build.py"


@pytest.fixture(scope="session")
def builder() -> Any:
    """What compiles the core."""
    pytest.importorskip("hatchling")
    specification = importlib.util.spec_from_file_location("core_build", BUILDER)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def compiled(builder: Any, file: Path, *flags: str) -> Path:
    try:
        builder.compile_core(file, (*builder.FLAGS, *flags))
    except builder.CompileError as error:
        if "there is no C compiler" not in str(error):
            raise
        pytest.skip("needs cc")
    return file


@pytest.fixture(scope="session")
def core(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> CompiledCore:
    """The library made from the sources as they are now, without a warning; on Windows that of its wheel."""
    if sys.platform == "win32":
        if Loaded.core is None:
            pytest.skip("needs a Homepress that was installed with the core")
        return CompiledCore(str(Path(library.__file__).with_name(library.FILE_NAME)))
    builder = request.getfixturevalue("builder")
    return CompiledCore(str(compiled(builder, tmp_path_factory.mktemp("core") / builder.LIBRARY, "-Werror")))


@pytest.fixture(params=[PLAIN, BEST], ids=["plain", "best"])
def any_core(request: pytest.FixtureRequest, core: CompiledCore) -> Iterator[CompiledCore]:
    core.choose(request.param)
    yield core
    core.choose(BEST)
