# Each target works alone on a fresh clone: it makes .venv and installs what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_SECONDS ?=

.PHONY: demo test soak lint types layers check clean

$(VENV)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("mktl needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,lint]'
	@touch $@

demo: $(VENV)/.ready  ## a simulated Lake Shore 336, markd on it, and its temperatures live
	@$(BIN)/python docs/examples/cooldown.py $(if $(DEMO_SECONDS),--seconds $(DEMO_SECONDS))

test: $(VENV)/.ready  ## every fast test
	@$(BIN)/python -m pytest -q

soak: $(VENV)/.ready  ## the long ones
	@$(BIN)/python -m pytest -q -m soak

lint: $(VENV)/.ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.ready
	@$(BIN)/mypy

layers: $(VENV)/.ready
	@$(BIN)/lint-imports

check: lint types layers test

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
