"""Internet sockets over a day in the life of the program, and what the kernel says to each way out.

    python benchmarks/sockets.py [--json FILE]

Runs the tests that trace every socket of a day and that live one without any network device, then
`homepress prove`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parent.parent
_TESTS = "tests/system/test_no_network.py"


def traced() -> dict[str, int]:
    """Run the tests: how many passed, failed, and were not run."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", _TESTS]
        subprocess.run(command, cwd=_ROOT, stdout=sys.stderr, check=False)
        suite = next(ElementTree.parse(report).iter("testsuite"))
    failed = int(suite.attrib["failures"]) + int(suite.attrib["errors"])
    skipped = int(suite.attrib["skipped"])
    return {"passed": int(suite.attrib["tests"]) - failed - skipped, "failed": failed, "not_run": skipped}


def proven() -> dict[str, object]:
    """What `homepress prove` found: attempts at a network and how many of them were let through."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "homepress", "prove", "--json"]
        environment = os.environ | {"HOMEPRESS_HOME": home}
        ran = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    told = json.loads(ran.stdout)
    ways = [
        way
        for party in told["parties"]
        for way in party["attempts"]
        if not way["local"] and way["kind"] not in party["may"]  # the daemon may open files: it works on them
    ]
    return {
        "holds": told["holds"],
        "processes": len(told["parties"]),
        "attempts": len(ways),
        "allowed": sum(way["allowed"] for way in ways),
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    figures: dict[str, Any] = {"tests": traced(), "prove": proven()}
    print(json.dumps(figures, indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")
    return 0 if figures["prove"]["holds"] and not figures["tests"]["failed"] else 1


if __name__ == "__main__":
    sys.exit(main())
