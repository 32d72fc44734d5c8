# Everything on a fresh machine with Python >= 3.11 (with venv) and make: `make up`, `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c deploy/constraints.txt
DEMO_MODELS ?= 20000
# Tests wait for other processes: half as many again as there are cores.
WORKERS ?= $(shell expr 3 '*' $$(getconf _NPROCESSORS_ONLN) / 2)

.PHONY: up demo test check format clean

up: $(READY)  ## run Hubdex against the Hugging Face Hub
	@exec $(BIN)/hubdex up

demo: $(READY)  ## run Hubdex against a stand-in Hub of generated models
	@exec $(BIN)/python -m tests.demo --models $(DEMO_MODELS)

test: check  ## every check and every test
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: $(READY_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY_DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Hubdex needs Python 3.11 or newer; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)

$(READY): pyproject.toml deploy/constraints.txt | $(BIN)/python
	$(INSTALL) -e .
	@touch $(READY)

$(READY_DEV): pyproject.toml deploy/constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[dev]'
	@touch $(READY) $(READY_DEV)
