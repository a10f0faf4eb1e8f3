# Everything runs in .venv, which each target makes for itself. Needs Python 3.11 or later and make.
PYTHON ?= python3
BIN := .venv/bin
LOCKS := requirements-embedded.txt requirements-oidc.txt requirements-cluster.txt requirements-dev.txt
UV_VERSION := 0.13.9
DIST := dist
# Of the polls of 1,000 stores every five minutes that make bench makes reports of.
WEEKS ?= 1 4
# Of the tests: many wait for something to end, so more than there are cores.
PROCESSES ?= 4
SPREAD = --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder
VERSION := $(shell sed -n 's/^__version__ = "\(.*\)"$$/\1/p' app/__init__.py)
# Clients for the tests: of the upload protocol, and of the whole API in TypeScript.
JAVASCRIPT := tests/uploads/js tests/clients/typescript

# Tests start some hundred processes, which would each compile the whole program again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo serve check quick rewritten test tested walkthrough browser chaos fuzz lint types structure docs texts vendor migration bench soak picture dist lock clean

help:  ## list the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

setup: .venv/ready  ## create .venv with everything that the other targets need

# A checkout has data of its own; the command alone keeps it in one place per user.
demo serve: export OPENHOURS_HOME ?= .openhours

demo: .venv/ready  ## run the main workflow on sample data: load, trigger, poll, download
	@$(BIN)/python -m app demo

serve: .venv/ready  ## serve the API on port 8000, with embedded servers unless others are configured
	@$(BIN)/python -m app serve

check: .venv/ready  ## after each edit, within 90 s: lint, types, quick tests; with ROOM=series also that room's database tests
	@$(MAKE) --no-print-directory --jobs 3 lint types quick

quick: export TEST_PROFILE := check
quick: PROCESSES = 2
quick: .venv/ready
	$(BIN)/python -m pytest $(SPREAD) -m 'not chaos and not slow and not walkthrough and not browser and not database'
	$(if $(ROOM),$(BIN)/python -m pytest $(SPREAD) -m 'not chaos and not slow and not walkthrough and not browser and database' tests/$(ROOM))

# Otherwise each of the processes compiles what it imports and rewrites the asserts of all tests for itself, all of them
# at the same time.
rewritten: .venv/ready
	@$(BIN)/python -m pytest --collect-only --quiet >/dev/null

tested: rewritten
	@$(MAKE) --no-print-directory test

test: .venv/ready  ## run the tests against real servers
	$(BIN)/python -m pytest $(SPREAD)

walkthrough: .venv/ready  ## install the package in an empty folder, run the notebooks, add kinds
	$(BIN)/python -m pytest -m walkthrough --durations=0

browser: .venv/ready  ## open the pages in the machine's Chromium: nothing from outside, every task by mouse and keyboard, axe, screenshots
	$(BIN)/python -m pytest -m browser --durations=0

chaos: .venv/ready  ## inject faults, measure the guarantees; CHAOS_KILLS=1000 is the full run (200: half an hour)
	CHAOS_KILLS=$${CHAOS_KILLS:-200} $(BIN)/python -m pytest tests/chaos -m '' --durations=0

fuzz: .venv/ready  ## compare kernels with slow twins at length, on CSV_MUTATIONS files and TABLES tables, 100000 each
	TEST_PROFILE=long CSV_MUTATIONS=$${CSV_MUTATIONS:-100000} TABLES=$${TABLES:-100000} \
		$(BIN)/python -m pytest --timeout 3600 tests/conformance tests/console/test_hostile_names.py tests/demo_data tests/flow tests/ingest tests/metrics tests/model \
		tests/reference tests/reports tests/rollup tests/routers/test_datasets_api.py tests/schedules tests/series tests/sources tests/timeline

lint: .venv/ready  ## check style, format and who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

types: .venv/ready  ## check types
	$(BIN)/mypy

structure: .venv/ready  ## print the rooms, levels, arrows and cycles of app/, or of the checkout in FOLDER
	@$(BIN)/python -m tests.structure $(FOLDER)

docs: .venv/ready  ## write what the pages say of each kind, from the registry, and of the Terraform modules
	$(BIN)/python -m tests.pages
	$(BIN)/python -m tests.deployment.terraform

texts: .venv/ready  ## bring the catalogues of the console's languages up to its pages
	$(BIN)/python -m tests.texts

vendor: .venv/ready  ## copy the files of others that pages load, as npm has them by the lock file, with their hashes
	$(BIN)/python -m tests.vendor

migration: .venv/ready  ## write the migration that declared tables need: make migration name=incidents
	$(BIN)/python -m tests.migration $(name)

bench: .venv/ready  ## measure speed and memory at full size; WEEKS="4 13 52" up to 102 million polls, BEFORE=CHECKOUT another version
	$(BIN)/python -m benchmarks.bench
	$(BIN)/python -m benchmarks.uploads
	$(BIN)/python -m benchmarks.pull_requests
	$(BIN)/python -m benchmarks.reprocess
	$(BIN)/python -m benchmarks.ranges --weeks $(WEEKS)
	$(BIN)/python -m benchmarks.sealed_weeks --weeks $(lastword $(WEEKS))
	$(BIN)/python -m benchmarks.gate
	$(BIN)/python -m benchmarks.activity
	$(BIN)/python -m benchmarks.dashboards
	$(BIN)/python -m benchmarks.engineering
	$(BIN)/python -m benchmarks.console
	$(BIN)/python -m benchmarks.rollup
	$(BIN)/python -m benchmarks.rollup_extremes
	$(BIN)/python -m benchmarks.rollup_cluster
	$(if $(BEFORE),$(BIN)/python -m benchmarks.versions $(BEFORE))

soak: .venv/ready  ## load one replica with mixed, wrong and slow callers for SOAK_MINUTES, 60 by default
	$(BIN)/python -m benchmarks.soak --minutes $${SOAK_MINUTES:-60}

picture: .venv/ready  ## draw the picture of the README from a report of the sample data
	@home=$$(mktemp -d) && export OPENHOURS_HOME=$$home/servers && \
		for kind in hours timezones polls; do $(BIN)/python -m app load $$kind sample_data/$$kind.csv; done && \
		$(BIN)/python -m app report uptime --hourly --out $$home/uptime.csv && \
		$(BIN)/python docs/pictures/store_week.py $$home/uptime-hourly.parquet; rm -rf $$home

# The SBOM lists an environment that holds the wheel and its lock and nothing else.
dist: .venv/ready  ## build the sdist, the wheel and its CycloneDX SBOM in dist/
	rm -rf $(DIST)
	$(BIN)/uv build --quiet --no-build-isolation --python $(BIN)/python --out-dir $(DIST)
	$(BIN)/uv venv --quiet --python $(BIN)/python $(DIST)/environment
	$(BIN)/uv pip install --quiet --python $(DIST)/environment --require-hashes -r requirements-embedded.txt
	$(BIN)/uv pip install --quiet --python $(DIST)/environment --no-deps $(DIST)/*.whl
	sed 's/^dynamic = \["version"\]$$/version = "$(VERSION)"/' pyproject.toml >$(DIST)/environment/pyproject.toml
	$(BIN)/cyclonedx-py environment --pyproject $(DIST)/environment/pyproject.toml --output-reproducible \
		--output-file $(DIST)/openhours-$(VERSION).cdx.json $(DIST)/environment
	rm -rf $(DIST)/environment

# Each lock is what one installation takes: openhours, its extras one by one, a checkout, a build.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url

lock: .venv/ready  ## compile requirements*.txt from pyproject.toml, with hashes
	$(COMPILE) pyproject.toml --output-file requirements.txt
	$(COMPILE) pyproject.toml --extra embedded --constraint requirements.txt --output-file requirements-embedded.txt
	$(COMPILE) pyproject.toml --extra oidc --constraint requirements-embedded.txt --output-file requirements-oidc.txt
	$(COMPILE) pyproject.toml --extra cluster --constraint requirements-oidc.txt --output-file requirements-cluster.txt
	$(COMPILE) --group dev --constraint requirements-cluster.txt --constraint requirements-oidc.txt --constraint requirements-embedded.txt --output-file requirements-dev.txt
	$(COMPILE) --group build --constraint requirements-dev.txt --output-file requirements-build.txt

clean:  ## remove .venv, caches and the data of the embedded servers
	rm -rf $(JAVASCRIPT:=/node_modules) .venv .openhours out dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Bytecode is compiled here, once, because a first start without it takes several seconds longer.
.venv/ready: $(LOCKS) $(JAVASCRIPT:=/package-lock.json)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Openhours needs Python 3.11 or later: make PYTHON=python3.11 …"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes \
		$(foreach lock,$(LOCKS),-r $(lock))
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@if command -v npm >/dev/null; then \
		for folder in $(JAVASCRIPT); do npm ci --silent --no-audit --no-fund --prefix $$folder || exit 1; done; \
		else echo "npm is not installed: the tests leave the clients in JavaScript and TypeScript out"; fi
	@touch $@
