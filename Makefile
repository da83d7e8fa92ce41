# `make help` lists the targets. Each sets up what it needs.
PYTHON    ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV      ?= .venv
BIN       := $(VENV)/bin
READY     := $(VENV)/.ready
DATA_ROOT ?= sample-data
N         ?= 100000
SEED      ?= 1
SECONDS   ?= 3600
OUT       ?= out/geochat-style
ARGS      ?=
TASKMANAGERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup sample-data mix-geochat-style test lint type docs bench \
  flink-setup flink-up flink-down test-flink bench-engines test-trainers test-wheel fuzz lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-20s %s\n", $$1, $$2}'

setup: $(READY) ## Make .venv with everything the lock file names

$(READY): pyproject.toml requirements.lock
	@test -n "$(PYTHON)" || { echo "no python3 found; install Python 3.10 or newer"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@# The lock file holds for Python 3.11 and newer; on 3.10 the ranges of pyproject.toml do.
	@if $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
	  $(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	else \
	  $(BIN)/python -m pip install --disable-pip-version-check -e '.[dev]' ; \
	fi
	@touch $@

sample-data: setup ## Write the built-in sample data to sample-data/
	$(BIN)/earthmix sample-data sample-data

ifeq ($(DATA_ROOT),sample-data)
mix-geochat-style: sample-data
endif
mix-geochat-style: setup ## Build the GeoChat-style mix (DATA_ROOT=..., OUT=..., ARGS="--take 100")
	$(BIN)/earthmix mix geochat-style --data-root $(DATA_ROOT) --out $(OUT) $(ARGS)

test: setup ## The test suite
	$(BIN)/python -m pytest -n auto $(ARGS)

lint: setup ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

type: setup ## mypy, strict
	$(BIN)/mypy

docs: setup ## Write DATASETS.md, the generated pages of docs/ and the picture of rows anew
	$(BIN)/python -m pipelines.docs
	$(BIN)/python docs/make_picture.py

bench: setup ## earthmix beside what a user would write instead, and each format's reader beside the bare parse (BENCH_ARGS=--quick for a small one, BENCH_ARGS="--only formats" for the readers)
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

flink-setup: setup ## Fetch Flink and Beam's job server for it, pinned and checksummed, into .flink/ (needs Java and Maven)
	$(BIN)/python -m pipelines.engines.flink_cluster setup

flink-up: flink-setup ## Start a Flink cluster and a worker pool on this machine (TASKMANAGERS=2)
	$(BIN)/python -m pipelines.engines.flink_cluster up --taskmanagers $(TASKMANAGERS)

flink-down: setup ## Stop that cluster
	$(BIN)/python -m pipelines.engines.flink_cluster down

test-flink: setup ## The tests of --engine flink: they fetch Flink, start clusters and stop them (skipped without Java or Maven)
	$(BIN)/python -m pytest -v -rs -m flink tests/flink $(ARGS)

bench-engines: flink-setup ## Time, memory and overhead of the direct engine and of Flink, in one run (BENCH_ARGS=--quick for a small one)
	$(BIN)/python -m benchmarks.engines $(BENCH_ARGS)

fuzz: setup ## Read damaged fixtures of every format (N=100000 SEED=1 SECONDS=3600)
	$(BIN)/python tests/fuzz.py --mutants $(N) --seed $(SEED) --seconds $(SECONDS)

test-wheel: setup ## A wheel in an empty environment, with the dependencies' newest versions, builds the sample mix
	rm -rf .wheel && $(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation -w .wheel .
	$(PYTHON) -m venv .wheel/env && .wheel/env/bin/python -m pip install --quiet .wheel/*.whl
	cd .wheel && env/bin/earthmix sample-data sample && env/bin/earthmix mix geochat-style --data-root sample --out out && env/bin/earthmix verify out
	rm -rf .wheel build

test-trainers: setup ## Real training programs read mixes and exports; fetches them first (about 19 GB in .trainers/)
	$(BIN)/python tests/trainers .trainers/environments .trainers/work

lock: ## Write requirements.lock anew from pyproject.toml
	$(PYTHON) -m venv .lock-venv && .lock-venv/bin/python -m pip install --quiet pip-tools
	.lock-venv/bin/python -m piptools compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-annotate --extra dev -o requirements.lock pyproject.toml
	rm -rf .lock-venv

clean: ## Remove everything that make made, but not the mixes in out/
	rm -rf $(VENV) sample-data .bench .trainers .flink .wheel build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
