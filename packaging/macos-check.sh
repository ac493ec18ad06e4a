#!/bin/sh
# For somebody with a Mac: tries this checkout in a folder of its own and writes one report, in about ten minutes.
#
#     sh packaging/macos-check.sh [EMPTY-FOLDER]
#
# Needs Python 3.11 or newer and, to install what Homepress stands on, the network once. Homepress itself sends
# nothing; read the report before you hand it on.
set -eu

checkout=$(cd "$(dirname "$0")/.." && pwd)
place=${1:-$(mktemp -d)}
report=$place/homepress-check.txt
python=${PYTHON:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
	echo "Python 3.11 or newer is needed; PYTHON=/path/to/python3.12 sh $0 names one." >&2
	exit 2
}
mkdir -p "$place"
echo "Installing into $place; outside it, only the start at login is switched on and off again." >&2
"$python" -m venv "$place/venv"
venv=$place/venv/bin/python
pip() {
	"$venv" -m pip install --quiet --disable-pip-version-check "$@"
}
pip --require-hashes --requirement "$checkout/packaging/locks/development.txt"
pip --no-deps --no-build-isolation "$checkout"

failed=0
"$venv" "$checkout/packaging/system_check.py" "$place/trial" "$report" || failed=$?

if [ "$(uname)" = Darwin ]; then
	{
		echo
		echo "== system"
		sw_vers
		uname -m
		mount | grep -E ' on /( |System/Volumes/Data)'
		echo "== what the sandbox refused in the last ten minutes"
		log show --last 10m --style compact --predicate 'sender == "Sandbox" AND eventMessage CONTAINS "ython"' 2>&1 | tail -n 40
	} | tee -a "$report"
fi
echo "The report is $report; remove $place when you have handed it on."
exit "$failed"
