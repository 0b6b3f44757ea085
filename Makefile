# `make demo`, `make test` and `make serve` set themselves up; `make help` lists the rest.

# Options for pip, for instance an index of your own: make setup PIP_ARGS='--index-url …'
PIP_ARGS ?=
# The first Python on this machine that is new enough.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)
PORT ?= 8000
DATA ?= data

VENV ?= .venv
BIN := $(VENV)/bin
# Set-up is done again when one of the files that decide its outcome changes.
INPUTS := pyproject.toml constraints.txt models/assets.py
STATE := $(VENV)/.set-up-$(shell cat $(INPUTS) | cksum | tr ' ' '-')
SERVICE := $(STATE)-service
DEV := $(STATE)-dev
INSTALL := $(BIN)/python scripts/install.py $(PIP_ARGS) --constraint constraints.txt --editable
# Where PyTorch is not installed its types are Any, and these say nothing of the code.
WITHOUT_TORCH := --allow-subclassing-any --allow-untyped-decorators --no-warn-return-any \
	--no-warn-unused-ignores
HAS_TORCH := $(BIN)/python -c 'import importlib.util as u, sys; sys.exit(not u.find_spec("torch"))'

.DEFAULT_GOAL := help
.PHONY: help setup torch clients browser demo serve test test-torch lint format figures lock clean

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1 -- /p' $(MAKEFILE_LIST)

setup: $(SERVICE) ## virtual environment, pinned dependencies, face networks

$(SERVICE):
	@test -n "$(PYTHON)" || { echo "Facsimile needs Python 3.11 or newer." >&2; exit 1; }
	@rm -f $(filter-out $(STATE)-%,$(wildcard $(VENV)/.set-up-*))
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "No virtual environment: on Debian and Ubuntu, apt install python3-venv." >&2; exit 1; }
	@echo "Installing what the service needs (1.0 GB) ..."
	@$(INSTALL) .
	@echo "Fetching the face networks ..."
	@$(BIN)/python -m models.assets fetch
	@touch $@

$(DEV): $(SERVICE)
	@echo "Installing what the tests need (0.7 GB more) ..."
	@$(INSTALL) '.[dev]'
	@touch $@

torch: $(STATE)-torch ## add PyTorch, for training; tests that need it are skipped without

$(STATE)-torch: $(SERVICE)
	@echo "Installing PyTorch ..."
	@$(INSTALL) '.[torch]'
	@touch $@

CLIENTS := tests/clients
CLIENTS_STAMP := $(CLIENTS)/.venv/set-up-$(shell cat $(CLIENTS)/package-lock.json \
	$(CLIENTS)/requirements.txt | cksum | tr ' ' '-')

clients: $(CLIENTS_STAMP) ## makers of clients of the HTTP API, for their tests; needs npm

$(CLIENTS_STAMP):
	@echo "Installing what makes clients (60 MB from npm, 80 MB from PyPI) ..."
	@test -x $(CLIENTS)/.venv/bin/pip || $(PYTHON) -m venv $(CLIENTS)/.venv
	@$(CLIENTS)/.venv/bin/pip install --quiet --disable-pip-version-check $(PIP_ARGS) \
		--requirement $(CLIENTS)/requirements.txt
	@npm ci --prefix $(CLIENTS) --silent --ignore-scripts --no-audit --no-fund
	@rm -f $(CLIENTS)/.venv/set-up-*
	@touch $@

browser: ## Chromium, for the tests of the studio; Debian and Ubuntu, as root
	@command -v chromium >/dev/null || { apt-get update --quiet=2 \
		&& apt-get install --quiet=2 --yes --no-install-recommends chromium; } >/dev/null

demo: $(SERVICE) ## draw eight expressions of one portrait into demo/
	@$(BIN)/python scripts/demo.py

serve: $(SERVICE) ## start the service: make serve PORT=8000 DATA=data
	@$(BIN)/facsimile serve --port $(PORT) --data $(DATA)

lint: $(DEV) ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $$($(HAS_TORCH) || echo $(WITHOUT_TORCH))

# Tests share the cores as processes, so that each computes on one thread.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses=auto --maxprocesses=4

test: lint ## style, types and tests
	$(PYTEST)

test-torch: lint ## after `make test` and `make torch`: what was skipped for want of PyTorch
	$(PYTEST) --skipped-without-torch

format: $(DEV) ## put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

figures: $(DEV) ## which figures of docs/ are stale; PHOTOS=FOLDER makes those again
	@$(BIN)/python -m scripts.figures $(if $(PHOTOS),--make --data $(PHOTOS))

lock: ## pin anew, in constraints.txt, what the dependencies need in turn
	@PYTHON="$(PYTHON)" PIP_ARGS="$(PIP_ARGS)" sh scripts/lock.sh

clean: ## remove everything that was made, but for data/
	rm -rf $(VENV) $(CLIENTS)/.venv $(CLIENTS)/node_modules demo build dist facsimile.egg-info \
		.mypy_cache .pytest_cache .ruff_cache .hypothesis models/weights/*.tflite
	find models service worker scripts tests -name __pycache__ -type d -prune -exec rm -rf {} +
