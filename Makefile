# Two commands do all the set-up: `make run` and `make test`. Both make .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
FOLDER ?=

.PHONY: run test check torture bench fuzz dist check-pythons generate clean

# Installed once, and again whenever the list of dependencies changes.
$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $@

# The daemon in the foreground, with its own home .run/ and never your settings.
run: $(STAMP)
	@HOMEPRESS_HOME="$(CURDIR)/.run" $(BIN)/python -m homepress run --demo "$(if $(FOLDER),$(FOLDER),$(CURDIR)/.run/inbox)"

# Lint, types and every test.
test: $(STAMP)
	@$(BIN)/python tests/run.py

check: $(STAMP)
	@$(BIN)/python tests/run.py --only format lint types

torture: $(STAMP)
	$(BIN)/python -m benchmarks.torture

# Needs atheris, which has no wheel for the newest Pythons.
fuzz: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group fuzz
	$(BIN)/python tests/fuzz --seconds 1800

# Every number to reach in one table, docs/benchmarks/numbers.md; 45 minutes on two quiet cores.
bench: $(STAMP)
	$(BIN)/python -m benchmarks

# Wheel, sdist, one-folder bundle and .deb, each started and tried.
dist: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dist
	$(BIN)/python packaging/dist.py

# The wheel in an empty environment of every Python that is there.
check-pythons: $(STAMP)
	$(BIN)/python tests/packages/pythons.py

# Manual page and shell completions, made from the commands.
generate: $(STAMP)
	$(BIN)/python packaging/generate.py

clean:
	rm -rf $(VENV) .run build dist .coverage
