"""Running a scenario in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import homepress
from support import REPOSITORY


def elsewhere(scenario: str, folder: Path, *prefix: str, packages: Path | None = None) -> Any:
    """Run a scenario in a process of its own, with other `packages` before all else; give what it printed."""
    script = Path(__file__).with_name("scenario.py")
    first = [] if packages is None else [str(packages)]
    paths = os.pathsep.join([*first, str(REPOSITORY / "tests"), str(Path(homepress.__file__).parents[1])])
    ran = subprocess.run(
        [*prefix, sys.executable, "-B", str(script), scenario, str(folder)],
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
