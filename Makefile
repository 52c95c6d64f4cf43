# The vocabulary of this project. Everything runs from .venv; nothing is installed by hand.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
PROTOS := $(sort $(wildcard protos/gavel/*/v1/*.proto))
GENERATED := src/gavel/*/v1
# Most tests wait more than they compute.
TEST_PROCESSES ?= 3
# These hold programs to milliseconds.
ALONE := tests/integration/sandbox
PROTOC := -m grpc_tools.protoc -Iprotos

.DEFAULT_GOAL := help

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: $(STAMP) ## make .venv and install everything, pinned with hashes

$(STAMP): requirements/dev.txt pyproject.toml
	@echo "Installing into .venv (once; about a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --no-deps --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: $(STAMP) ## start the whole mesh, judge the examples, show every verdict, stop
	$(BIN)/gavel demo

test: $(STAMP) check test-fast test-fault-smoke ## all that CI runs

test-fast: $(STAMP) ## unit, integration and acceptance tests on the real stack
	$(BIN)/pytest -m "not fault" -n $(TEST_PROCESSES) --dist loadfile --ignore $(ALONE)
	$(BIN)/pytest $(ALONE)

test-fault-smoke: $(STAMP) ## three minutes of the fault tests, most hostile programs among them
	$(BIN)/pytest -m "fault and smoke" tests/fault

test-fault: $(STAMP) ## every fault test
	$(BIN)/pytest -m fault tests/fault

soak: $(STAMP) ## every fault test with the long counts: 10,000 judgements that leave nothing, each repeat 100 times
	GAVEL_RESIDUE_RUNS=10000 GAVEL_REPEAT_RUNS=100 $(BIN)/pytest -m fault tests/fault

check: $(STAMP) ## format, lint, types, layers, contracts, generated files, Envoy configuration
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code
	$(BIN)/buf breaking --against protos/released.binpb
	$(BIN)/python tests/check_generated.py
	$(BIN)/python -m gavel.mesh check

format: $(STAMP) ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/buf format -w

generate: $(STAMP) ## make the Python of protos/ and the files of envoy/ anew
	@rm -rf $(GENERATED)
	$(BIN)/python $(PROTOC) --python_out=src --pyi_out=src --grpc_python_out=src $(PROTOS)
	@for folder in $(sort $(dir $(PROTOS:protos/%=src/%))); do \
	  printf '"""Generated from protos/; made anew by `make generate`."""\n' > $$folder/__init__.py; done
	$(BIN)/python -m gavel.mesh write

release-contract: $(STAMP) ## call the contracts of protos/ released: what breaks them fails from now on
	$(BIN)/buf build -o protos/released.binpb

bench: $(STAMP) ## measure, as a table; JSON=1 for lines, ROWS="sandbox latency" for some rows only
	$(BIN)/python -m load.bench $(if $(JSON),--json) $(ROWS)

load: $(STAMP) ## SCENARIO=steady|burst|tenfold: draw rate, latency and backlog over time
	$(BIN)/python -m load.run $(or $(SCENARIO),steady)

lock: ## pin the dependencies anew (needs uv)
	uv pip compile pyproject.toml --extra embedded --universal --python-version 3.11 --generate-hashes --no-header -q -o requirements/runtime.txt
	uv pip compile pyproject.toml --extra embedded --group dev -c requirements/runtime.txt --universal --python-version 3.11 --generate-hashes --no-header -q -o requirements/dev.txt

.PHONY: help setup demo test test-fast test-fault-smoke test-fault soak check format generate release-contract bench load lock
