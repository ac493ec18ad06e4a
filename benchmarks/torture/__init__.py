"""The torture list: kills, faults, crash images, races, and what peers lose. `python -m benchmarks.torture`.

It drives the store of the product itself with the same tools as the everyday tests, only for much longer.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
