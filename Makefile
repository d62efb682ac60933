# make run    everything it needs, then the app on http://127.0.0.1:8000
# make test   everything it needs, then all tests but the slow ones (make test-slow)
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps

.PHONY: setup run test test-slow test-fast test-anki check bench simulate-exam screenshots lighthouse clean
.DEFAULT_GOAL := run

setup: $(VENV)/.installed

$(VENV)/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "quizapp needs Python 3.11 or newer; this is " + sys.version.split()[0])'
	@echo "Setting up $(VENV) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.tested: $(VENV)/.installed tests/requirements.txt
	@echo "Installing what the tests need …"
	@$(PIP) -r tests/requirements.txt
	@touch $@

run: setup
	@$(BIN)/flask --app wsgi serve

test: $(VENV)/.tested
	@$(BIN)/python tests/install_browser.py
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow" --cov --cov-report=term:skip-covered --cov-report=json:.coverage.json $(ARGS)
	@$(BIN)/python tests/domain_coverage.py

# Simulated study, servers killed at any moment, files that mean harm, every screen by axe.
test-slow: $(VENV)/.tested
	@$(BIN)/python tests/install_browser.py
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -m slow $(ARGS)

test-fast: $(VENV)/.tested
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow and not browser" $(ARGS)

# Gives packages to the real Anki, from an environment of its own; says so where it cannot.
test-anki: $(VENV)/.tested
	@$(BIN)/python -m tests.anki $(ARGS)

check: $(VENV)/.tested
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/flask --app wsgi lint decks

bench: $(VENV)/.tested
	@$(BIN)/python tests/install_browser.py
	@$(BIN)/python -m tests.benchmarks $(ARGS)

simulate-exam: $(VENV)/.tested
	@$(BIN)/python -m tests.simulation $(ARGS)

screenshots: $(VENV)/.tested
	@$(BIN)/python tests/install_browser.py
	@$(BIN)/python -m tests.browser.screenshots

lighthouse: $(VENV)/.tested
	@$(BIN)/python -m tests.browser.lighthouse

clean:
	rm -rf $(VENV) .anki-venv .pytest_cache .mypy_cache .ruff_cache .hypothesis screenshots
