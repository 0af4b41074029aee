# Two commands: `make run` sets everything up and serves; `make test` sets everything up and runs every test.
# With a GPU: make setup TORCH_INDEX_URL=https://download.pytorch.org/whl/cu130

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
TORCH_INDEX_URL ?=

.PHONY: setup run test check format clean

setup: .venv/.runtime

run: setup
	$(BIN)/python main.py

test: .venv/.dev .venv/.browser
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not alone"
	$(BIN)/python -m pytest -m alone

check: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/vulture
	$(BIN)/python -m pytest -q tests/docs tests/locales

format: .venv/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv .venv

.venv/.runtime: pyproject.toml constraints.txt | .venv/bin/python
	$(if $(TORCH_INDEX_URL),$(PIP) install torch==2.13.0 --index-url $(TORCH_INDEX_URL))
	$(PIP) install --quiet -c constraints.txt -e .
	@touch $@

.venv/.dev: .venv/.runtime
	$(PIP) install --quiet -c constraints.txt -e '.[dev]'
	@touch $@

# A Chromium for the browser tests: the system's where there is one, else Debian's package, else Playwright's own.
.venv/.browser: .venv/.dev
	@command -v chromium || command -v chromium-browser || command -v google-chrome \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get && apt-get update -q && apt-get install -qy --no-install-recommends chromium; } \
	|| $(BIN)/playwright install --with-deps chromium
	@touch $@
