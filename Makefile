# `make help` lists the commands. Every target sets up what it needs by itself.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
UV_VERSION := 0.13.8
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PYTHONPATH := $(CURDIR):$(CURDIR)/workers
export PYTHONDONTWRITEBYTECODE := 1
export VIRTUAL_ENV := $(CURDIR)/$(VENV)

ORDERS ?= 2000
DEMO_OPTIONS := $(if $(ORDERS_CSV),--orders-csv "$(ORDERS_CSV)",--orders $(ORDERS)) $(if $(STATE),--state "$(STATE)")

.PHONY: help
help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | while IFS=$$'\t' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

$(VENV)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + " (set PYTHON=...)")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# The development set contains the local one, so whoever has it needs nothing more.
$(VENV)/local.stamp: locks/local.txt $(VENV)/bin/uv
	@if [ ! -e $(VENV)/development.stamp ]; then uv pip install --quiet --require-hashes --only-binary :all: -r locks/local.txt; fi
	@touch $@

$(VENV)/development.stamp: locks/development.txt $(VENV)/bin/uv
	uv pip install --quiet --require-hashes --only-binary :all: -r locks/development.txt
	@touch $@ $(VENV)/local.stamp

node_modules/.stamp: package-lock.json $(VENV)/development.stamp
	npm ci --silent --no-audit --no-fund
	@touch $@

.PHONY: demo smoke serve
demo: $(VENV)/local.stamp ## Run the whole platform on this machine with an emulated shop (ORDERS=2000, ORDERS_CSV=file)
	@python -m local demo $(DEMO_OPTIONS)

smoke: $(VENV)/local.stamp ## The same on a small shop, then exit 0 or 1
	@python -m local smoke

serve: $(VENV)/local.stamp ## Run the platform on the state it has, without a sync
	@python -m local serve $(if $(STATE),--state "$(STATE)")

.PHONY: doctor
doctor: $(VENV)/local.stamp ## Look at all that a deployment depends on (ENV=local, staging, production)
	@python -m local doctor --env $(or $(ENV),local) $(if $(STATE),--state "$(STATE)")

.PHONY: test test-wasm check lint types imports unit
# Two processes, a file in one of them; what assembles build/ runs alone.
ALONE := tests/wasm tests/architecture
test: node_modules/.stamp ## Run every tier of tests
	pytest -n 2 --dist loadfile $(addprefix --ignore=,$(ALONE))
	pytest $(ALONE)

test-wasm: node_modules/.stamp ## Run the edge bundles in real Pyodide
	pytest tests/wasm

check: lint types imports unit ## Lint, types, import directions, unit tests

lint: $(VENV)/development.stamp
	ruff format --check .
	ruff check .

types: $(VENV)/development.stamp
	mypy

imports: $(VENV)/development.stamp
	lint-imports

unit: $(VENV)/development.stamp
	pytest tests/unit tests/architecture

.PHONY: bench
bench: node_modules/.stamp locks/bench.txt ## Measure against peers and limits; writes bench/results.json
	uv pip install --quiet --require-hashes --only-binary :all: -r locks/bench.txt
	python -m bench

.PHONY: lock clean
lock: $(VENV)/bin/uv ## Resolve the dependencies again
	@for group in local development bench; do uv pip compile pyproject.toml --quiet --group $$group --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 -o locks/$$group.txt; done

clean: ## Remove what was built and the local state
	rm -rf build python_modules .local node_modules $(VENV)
