"""What the tests of the packages share: built once."""

import importlib.util
from pathlib import Path

import pytest

from packages import distributions


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Wheel and sdist of the checkout."""
    for module in ("build", "hatchling"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"needs {module}: python -m pip install --group dev")
    return distributions.build(tmp_path_factory.mktemp("built"))
