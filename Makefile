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

# `npm ci` refuses a lock that lacks the optional packages of other platforms; `npm install` keeps to it.
node_modules/.stamp: package-lock.json $(VENV)/development.stamp
	npm install --no-save --silent --no-audit --no-fund
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

WORKERS := dashboard_api ingest platform_api
.PHONY: test test-wasm e2e e2e-edge check lint types imports unit
test: node_modules/.stamp ## Run every tier of tests
	@python workers/vendor.py && python workers/stage.py $(WORKERS)
	pytest -n 3 --dist loadscope --no-loadscope-reorder

test-wasm: node_modules/.stamp ## Run the edge bundles in real Pyodide
	pytest tests/wasm

e2e: $(VENV)/development.stamp ## Run the scenarios on the local platform
	pytest tests/e2e

e2e-edge: node_modules/.stamp ## The same on the Workers in workerd; Error 3 where its Python cannot be had
	@python -m local edge ready
	pytest tests/e2e --target edge

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

.PHONY: fuzz openapi
fuzz: node_modules/.stamp ## Send every Worker all sorts of requests (FUZZ_CASES=30, FUZZ_SEED=1)
	FUZZ_CASES=$(or $(FUZZ_CASES),30) FUZZ_SEED=$(or $(FUZZ_SEED),1) FUZZ_PHASES=examples,coverage,fuzzing pytest tests/e2e/test_whatever_is_sent.py

openapi: $(VENV)/development.stamp ## Write the OpenAPI documents of the Workers into docs/openapi
	@python -m local.openapi_files

.PHONY: bench
bench: node_modules/.stamp locks/bench.txt ## Measure against peers and limits; writes bench/results.json
	uv pip install --quiet --require-hashes --only-binary :all: -r locks/bench.txt
	python -m bench

# On Cloudflare. ENV is staging or production; DRY=1 only prints what would be done.
DRY_RUN := $(if $(DRY),--dry-run)
.PHONY: measurement vendor provision deploy edge
measurement: $(VENV)/local.stamp ## Run the measurement process alone (its settings come from the environment)
	@python -m measurement

vendor: $(VENV)/development.stamp ## Fetch what the Workers ship into python_modules
	@python workers/vendor.py

provision: node_modules/.stamp ## Create what is missing in an environment (ENV=staging, DRY=1)
	@python -m local edge provision --env $(or $(ENV),staging) $(DRY_RUN)

deploy: node_modules/.stamp ## Migrate, deploy the Workers in order, look at each (ENV=staging, DRY=1, SECRETS=file)
	@python -m local edge deploy --env $(or $(ENV),staging) $(DRY_RUN) $(if $(SECRETS),--secrets-file "$(SECRETS)")

edge: node_modules/.stamp ## Run the Workers under wrangler dev, with everything else on this machine
	@python -m local edge run

RESOLVE := uv pip compile pyproject.toml --quiet --generate-hashes --no-emit-index-url --no-header
.PHONY: lock clean
lock: $(VENV)/bin/uv ## Resolve the dependencies again
	@for group in local development bench; do $(RESOLVE) --group $$group --universal --python-version 3.11 -o locks/$$group.txt; done
	@$(RESOLVE) --group edge --universal --python-version 3.14 --no-emit-package asyncpg -o locks/edge.txt
	@$(RESOLVE) --group measurement --python-version 3.14 --python-platform x86_64-unknown-linux-gnu --no-emit-package asyncpg -o locks/measurement.txt

clean: ## Remove what was built and the local state
	rm -rf build python_modules .local node_modules $(VENV)
