# `make` or `make help` lists what there is. Only Python 3.11 or newer, make and pip are needed.
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench faults serve lock clean

PYTHON ?= python3
VENV ?= .venv
SECONDS ?= 600
BIN = $(VENV)/bin
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Stamps hold the moment a lock file was installed, so that nothing is installed twice.
$(VENV)/.installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "privacy-svc needs Python 3.11 or newer; name one: make PYTHON=python3.11")'
	@echo "Setting up $(VENV) with the pinned dependencies (once, about a minute) …"
	@$(PYTHON) -m venv $(VENV)
	@$(INSTALL) -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "Installing what the tests need …"
	@$(INSTALL) -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.installed ## make the environment only (.venv)

demo: setup ## build a demo company, run the whole story, then serve it until Ctrl-C
	@$(BIN)/privacy-svc demo

serve: setup ## serve the organisation in ./var and ./policies
	@$(BIN)/privacy-svc serve

test: $(VENV)/.installed-dev ## install what tests need and run them all
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.installed-dev ## ruff, mypy, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-dev ## measure, side by side with the limit or a peer
	$(BIN)/python -m benchmarks

faults: $(VENV)/.installed-dev ## kill processes at random and look for what was lost (SECONDS=600)
	PRIVACY_TEST_FAULT_SECONDS=$(SECONDS) $(BIN)/python -m pytest -q -s tests/faults
	PRIVACY_TEST_ROUNDS=10000 $(BIN)/python -m pytest -q tests/vault/test_races.py tests/rights/test_worker.py \
	  tests/auditlog/test_sequencer.py tests/auditlog/test_bytes.py tests/e2e/test_restore.py tests/e2e/test_withdrawal.py

lock: $(VENV)/.installed-dev ## resolve the dependencies anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header pyproject.toml --group dev -o requirements-dev.lock

clean: ## remove the environment and caches (not ./var)
	rm -rf $(VENV) dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis
