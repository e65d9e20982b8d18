# `make help` lists what can be done. Everything runs in .venv, which `make setup` builds from the lock files.

PYTHON ?= python3
VENV   := .venv
RUN    := $(VENV)/bin/python
TOOLS  := $(VENV)/bin
PROTOS := $(wildcard protos/multigrain/v1/*.proto)
LOCK   := $(TOOLS)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --no-annotate
# A file's tests stay in one process, with what they share. Each process has servers of its own.
TEST_PROCESSES ?= 2
EXTRAS := server streaming trainer gpu dev

.DEFAULT_GOAL := help
.PHONY: help setup setup-spark lock protos check test test-quick demo up down bench clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.complete  ## Build .venv from the lock files (Python 3.11 to 3.13)

# The mark is written last: an interrupted setup starts again.
$(VENV)/.complete: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"Python 3.11 to 3.13 is needed, {sys.executable} is {v[0]}.{v[1]}: run make setup PYTHON=python3.12")'
	@echo "Building $(VENV) (about 2 minutes the first time; TensorFlow is 270 MB)"
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup-spark: setup $(VENV)/.spark  ## Add Apache Spark to .venv (430 MB; needs Java 17), for its tests and `examples --engine spark`

$(VENV)/.spark: requirements/spark.txt $(VENV)/.complete
	@# A source package: setuptools of the lock builds it.
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --no-build-isolation -r requirements/spark.txt
	@touch $@

lock:  ## Resolve the dependencies again and write requirements/*.txt with hashes
	@for extra in $(EXTRAS); do \
	  echo "requirements/$$extra.txt"; \
	  also=; [ $$extra != server ] || also="--extra tracing"; : the image can send traces; \
	  $(LOCK) --upgrade --universal --python-version 3.11 --extra $$extra $$also pyproject.toml -o requirements/$$extra.txt || exit 1; \
	done
	$(LOCK) --python-version 3.11 --universal requirements/services.in -o requirements/services.txt
	$(LOCK) --python-version 3.11 --universal requirements/spark.in -o requirements/spark.txt
	@# What builds the wheel inside the images: the same hatchling as here, without the rest of the development tools.
	@grep -E '^[a-z0-9-]+==' requirements/dev.txt | sed 's/ .*//' | grep -v '^numpy==' > $(VENV)/pins.txt
	$(LOCK) --python-version 3.12 --python-platform x86_64-manylinux_2_28 -c $(VENV)/pins.txt docker/build.in -o docker/build.txt

protos: setup  ## Compile protos/ into multigrain/v1
	$(RUN) -m grpc_tools.protoc -Iprotos --python_out=. --pyi_out=. $(PROTOS)
	$(RUN) -m grpc_tools.protoc -Iprotos --grpc_python_out=. protos/multigrain/v1/retrieval.proto

check: setup  ## Lint, format, types, import contracts, protos
	$(TOOLS)/ruff check .
	$(TOOLS)/ruff format --check .
	$(TOOLS)/mypy
	$(TOOLS)/lint-imports
	@if command -v buf >/dev/null 2>&1; then echo "buf lint protos" && buf lint protos; else echo "buf is not installed: protos are checked by compiling them only"; fi

test: setup  ## Run every test; real Milvus, Kafka and PostgreSQL where they can be had
	$(RUN) -m pytest --numprocesses $(TEST_PROCESSES) --dist loadfile --durations 30

test-quick: setup  ## Run the tests that need no server and take no time
	$(RUN) -m pytest -m "not slow" tests/unit tests/contract tests/flow

demo: setup  ## Show the whole system on this machine: no server, no Docker, no account
	$(TOOLS)/multigrain demo

up: setup  ## Start a full local stack without Docker and print its addresses
	$(RUN) -m tests.services up

down: setup  ## Stop what `make up` started
	$(RUN) -m tests.services down

bench: setup  ## Run every benchmark at size small
	$(TOOLS)/multigrain bench all --size small

clean:  ## Remove caches and what the demo made (keeps .venv)
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist build
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
