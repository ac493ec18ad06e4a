# Two commands do all the set-up: `make run` and `make test`. Both make .venv first, from packaging/locks/: the
# same packages on every day, each checked by its hash.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
LOCKS := packaging/locks
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
FOLDER ?=

.PHONY: run test check coverage room windows torture bench fuzz dist check-pythons lock latest generate clean

CORE := $(wildcard daemon/homepress/compress/core/*.[ch])

# Installed once, and again whenever the list of dependencies or the core in C changes.
$(STAMP): pyproject.toml $(LOCKS)/development.txt packaging/core_build.py $(CORE)
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes --requirement $(LOCKS)/development.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# The daemon in the foreground, with its own home .run/ and never your settings.
run: $(STAMP)
	@HOMEPRESS_HOME="$(CURDIR)/.run" $(BIN)/python -m homepress run --demo "$(if $(FOLDER),$(FOLDER),$(CURDIR)/.run/inbox)"

# Lint, types and every test.
test: $(STAMP)
	@$(BIN)/python tests/run.py

check: $(STAMP)
	@$(BIN)/python tests/run.py --only format lint types rules

# Every test, and what of the code they run, by room.
coverage: $(STAMP)
	@$(BIN)/python tests/run.py --only tests --coverage

# The tests of one room, or of a part of one, without the slow ones: `make room ROOM=store`, `ROOM=compress/png`.
room: $(STAMP)
	$(BIN)/pytest -q -n 3 -m "not slow" tests/$(ROOM)

# The program under a Windows Python, by Wine; needs root or Wine, and Python 3.11. `ARGS='-m homepress doctor'`.
windows: $(STAMP)
	@PYTHONPATH=tests $(BIN)/python -m windows $(ARGS)

torture: $(STAMP)
	$(BIN)/python -m benchmarks.torture

# Needs atheris, which has no wheel for the newest Pythons.
fuzz: $(STAMP)
	$(PIP) --require-hashes --requirement $(LOCKS)/fuzzing.txt
	$(BIN)/python tests/fuzz --seconds 1800

# Every number to reach in one table, docs/benchmarks/numbers.md; 45 minutes on two quiet cores.
bench: $(STAMP)
	$(BIN)/python -m benchmarks

# Wheel, sdist, one-folder bundle and .deb, and with Wine and NSIS what Windows takes; each started and tried.
dist: $(STAMP)
	$(PIP) --require-hashes --requirement $(LOCKS)/packaging.txt
	$(BIN)/python packaging/dist.py

# The wheel in an empty environment of every Python that is there.
check-pythons: $(STAMP)
	$(BIN)/python tests/packages/pythons.py

# The newest versions of everything, resolved again for every Python and system, into packaging/locks/.
lock: $(STAMP)
	$(PIP) --upgrade 'pip>=25.1'
	$(PIP) --group lock
	$(BIN)/python packaging/lock.py

# `make test` with the newest versions that pyproject.toml admits, in an environment of its own.
latest:
	$(PYTHON) packaging/latest.py

# What is made from the code: manual, completions, settings and their schema, tables of the docs, icons.
generate: $(STAMP)
	$(BIN)/python packaging/generate.py

clean:
	rm -rf $(VENV) .run build dist .coverage
