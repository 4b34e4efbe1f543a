# Every verb prepares what it needs by itself; a second run starts at once. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
ARGS ?=
BIN := .venv/bin
unexport PYTHONDONTWRITEBYTECODE # without it, each process that a test starts would compile every module anew
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help setup setup-runtime setup-dev demo test check fmt lock bench clean distclean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo '  ARGS="…" is handed on: make demo ARGS="--story", make test ARGS="tests/unit -k quorum"'

setup: setup-dev ## install everything that development and tests need

setup-runtime:
	@scripts/setup.sh runtime

setup-dev:
	@scripts/setup.sh dev

demo: setup-runtime ## run the whole product with a simulated outside world, and print the addresses
	@exec $(BIN)/countersign demo $(ARGS)

test: setup-dev ## everything that CI runs: format, lint, types, imports, migrations, tests
	@scripts/check.sh
	@exec $(BIN)/python -m pytest -n auto --maxprocesses 4 $(ARGS)

check: setup-dev ## format, lint, types, imports, migrations: takes seconds
	@scripts/check.sh

fmt: setup-dev ## format the code and mend what lint can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: ## resolve requirements/*.txt again from pyproject.toml (needs uv; ARGS="--upgrade" takes the newest)
	@scripts/lock.sh $(ARGS)

bench: setup-dev ## measure (ARGS chooses what)
	@exec $(BIN)/python -m bench $(ARGS)

clean: ## remove caches and build results; keeps .venv and the demo's data
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	@find . \( -path ./.venv -o -name node_modules \) -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## clean, and remove .venv and the tests' npm packages too
	@rm -rf .venv tests/javascript/node_modules
