# Each target works alone on a fresh clone: it makes .venv and installs what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_SECONDS ?=
WORKERS ?= auto
METRIC ?=
ROUNDS ?= 11
JSON ?= bench.json

.PHONY: demo test soak bench docs lint types layers check clean

INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("mktl needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)

# What runs needs little; what tests and checks need is many times as much.
$(VENV)/.runs: pyproject.toml | $(BIN)/python
	@$(INSTALL) .
	@touch $@

$(VENV)/.checks: pyproject.toml | $(BIN)/python
	@$(INSTALL) '.[test,lint]'
	@touch $@ $(VENV)/.runs

demo: $(VENV)/.runs  ## a simulated Lake Shore 336, markd on it, and its temperatures live
	@$(BIN)/python docs/examples/cooldown.py $(if $(DEMO_SECONDS),--seconds $(DEMO_SECONDS))

test: $(VENV)/.checks  ## every fast test, on all processors; WORKERS=0 for one after the other
	@$(BIN)/python -m pytest -q -n $(WORKERS)

soak: $(VENV)/.checks  ## the long ones; SOAK_MINUTES=60 of mixed traffic, SOAK_SEED=20 for its accidents
	@$(BIN)/python -m pytest -q -m soak

bench: $(VENV)/.checks  ## how fast it is, against bare sockets; METRIC=S3 for one, ROUNDS=5, JSON=FILE
	@$(BIN)/python -m tests.bench $(METRIC) --rounds $(ROUNDS) --json $(JSON)

docs: $(VENV)/.runs  ## the reference of the Python interface, out of the docstrings
	@$(BIN)/python docs/python_reference.py

lint: $(VENV)/.checks
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.checks
	@$(BIN)/mypy

layers: $(VENV)/.checks
	@$(BIN)/lint-imports

check: lint types layers test

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
