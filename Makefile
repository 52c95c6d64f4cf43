# The vocabulary of this project. Everything runs from .venv; nothing is installed by hand.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.DEFAULT_GOAL := help

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: $(STAMP) ## make .venv and install everything, pinned with hashes

$(STAMP): requirements/dev.txt pyproject.toml
	@echo "Installing into .venv (once; 600 MB, about a minute)"
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --no-deps --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

lock: ## pin the dependencies anew
	uv pip compile pyproject.toml --extra embedded --universal --python-version 3.11 --generate-hashes --no-header -q -o requirements/runtime.txt
	uv pip compile pyproject.toml --extra embedded --group dev -c requirements/runtime.txt --universal --python-version 3.11 --generate-hashes --no-header -q -o requirements/dev.txt

PROTOS := $(sort $(wildcard protos/gavel/*/v1/*.proto))
GENERATED := src/gavel/*/v1

generate: $(STAMP) ## make the Python of protos/ anew
	@rm -rf $(GENERATED)
	$(BIN)/python -m grpc_tools.protoc -Iprotos --python_out=src --pyi_out=src --grpc_python_out=src $(PROTOS)
	@for folder in $(sort $(dir $(PROTOS:protos/%=src/%))); do \
	  printf '"""Generated from protos/; made anew by `make generate`."""\n' > $$folder/__init__.py; done

.PHONY: help setup lock generate
