# make run   makes a virtual environment, installs, runs a society and writes its report
# make test  installs what tests need and runs everything: lint, types, tests
# make mutants  changes rules, minds, measures and records line by line, in copies, and says which changes no test notices
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= auto

INSTALL ?= $(BIN)/python -m pip install --quiet --disable-pip-version-check
PAGE := society/views/replay/page

.PHONY: run test pytest core mutants notebooks lint types programs mosquitto chromium ffmpeg esbuild lock clean

run: $(VENV)/.installed
	$(BIN)/society run decommission

test: lint programs
	$(MAKE) -j 2 types pytest

pytest: $(VENV)/.dev
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal

# the tests that another Python, or the other libraries that it brings, may give another result; types and they are
# what is checked on every Python that there is beside the one of make test
CORE := tests/ground tests/state tests/world tests/record tests/minds tests/measures/test_measures.py \
	tests/engine/test_engine.py tests/bench tests/test_docstrings.py tests/test_model.py tests/test_mesa_page.py
core: $(VENV)/.dev
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal $(CORE)

# as many mutants at a time as WORKERS says, 2 without; MUTANTS="--only society/rules" or --list, see tests/mutants/mutant_run.py
MUTANTS ?=
mutants: $(VENV)/.dev
	$(BIN)/python tests/mutants/mutant_run.py --workers $(WORKERS:auto=2) $(MUTANTS)

# what tests run over: a broker, a browser, what writes films and what bundles the page; where one cannot be installed,
# its tests are skipped
programs: mosquitto chromium ffmpeg esbuild
define install # packages of Debian, packages of Homebrew
	export DEBIAN_FRONTEND=noninteractive; \
	if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		apt-get update -q && apt-get install -y -q --no-install-recommends $(1); \
	elif command -v apt-get >/dev/null && sudo -n true 2>/dev/null; then \
		sudo apt-get update -q && sudo apt-get install -y -q --no-install-recommends $(1); \
	elif command -v brew >/dev/null; then brew install --quiet $(2); fi
endef

mosquitto:
	@PATH="$$PATH:/usr/sbin:/usr/local/sbin"; \
	command -v mosquitto >/dev/null && command -v mosquitto_sub >/dev/null && exit 0; \
	$(call install,mosquitto mosquitto-clients,mosquitto); \
	command -v mosquitto >/dev/null || echo "Mosquitto cannot be installed from here: tests over it will be skipped."

CHROMIUM := command -v chromium || command -v chromium-browser || command -v google-chrome || command -v google-chrome-stable
chromium:
	@($(CHROMIUM)) >/dev/null && exit 0; $(call install,chromium,--cask chromium); \
	($(CHROMIUM)) >/dev/null || echo "Chromium cannot be installed from here: tests of pages in a browser will be skipped."

ffmpeg:
	@command -v ffmpeg >/dev/null && exit 0; $(call install,ffmpeg,ffmpeg); \
	command -v ffmpeg >/dev/null || echo "ffmpeg cannot be installed from here: the test of films in MP4 will be skipped."

esbuild:
	@[ $(PAGE)/node_modules/.package-lock.json -nt $(PAGE)/package-lock.json ] && exit 0; \
	command -v npm >/dev/null || { $(call install,npm,node); }; \
	npm ci --prefix $(PAGE) --no-audit --no-fund --silent || \
	echo "esbuild cannot be installed from here: the test that the page's module is what its sources give will be skipped."

# executes the notebooks and keeps what they show
notebooks: $(VENV)/.dev
	$(BIN)/python notebooks/refresh.py

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Say make PYTHON=python3.12, for example.") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml requirements.lock
	$(INSTALL) -c requirements.lock -e .
	touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(INSTALL) -c requirements.lock -e '.[dev]'
	touch $@

lock:
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --all-extras --no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
