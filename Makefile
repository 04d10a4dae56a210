# Two commands: `make run` and `make test`. Everything they need goes into $(VENV); nothing is installed elsewhere.

VENV ?= .venv
UV := uv==0.13.8
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$p && break; done)
# Three on two cores: a test that starts a whole server waits most of its time.
PYTEST = $(BIN)/python -m pytest -n 3 --dist worksteal --durations 20 --durations-min 5
TEMPLATES = find . \( -path './.*' -o -name site-packages \) -prune -o -path '*/templates/*' -name '*.html' -print

.DEFAULT_GOAL := help
.PHONY: help run install install-dev test test-all check fix bench bench-full

help:  ## what can be made (this list)
	@echo 'make run       start everything: web, worker, dispatcher, scheduler, and a demo on the first start'
	@echo 'make test      the tests, on SQLite and on PostgreSQL with Valkey; needs nothing but Python'
	@echo 'make test-all  the same, and what needs Chromium and Node or starts the whole server'
	@echo 'make check     ruff, mypy, import-linter, migrations, deployment settings, templates'
	@echo 'make bench     what the program is for, measured beside its limit; bench-full: a million rows'
	@echo 'make fix       what ruff, djade and djhtml can mend by themselves'
	@echo
	@echo 'Variables, all optional: HOST PORT DATA_DIR DATABASE_URL REDIS_URL VENV SECRET_KEY PUBLIC_URL TRUSTED_PROXIES'
	@echo '  ALLOWED_HOSTS EMAIL_URL EMAIL_FROM RATE_LIMIT OUTGOING_ALLOW_NETS DEMO=0'
	@echo '  WEBHOOK_CALLS_PER_ENDPOINT EVENT_RETENTION_DAYS   (see README.md, docs/production.md)'

run: install  ## exec, so that Ctrl-C and `kill` reach the supervisor itself
	@exec $(BIN)/python -m invoicing.processes run

# $(call installed,LOCK FILE,STAMP): once per content of the lock file, so that a second start costs nothing.
define installed
	@set -e; \
	want="$$(sha256sum $(1))"; \
	if [ ! -x $(BIN)/python ] || ! $(BIN)/python -c 'import sys' 2>/dev/null; then \
	  [ -n "$(PYTHON)" ] || { echo 'Python 3.11 or newer is missing: apt-get install python3 python3-venv'; exit 1; }; \
	  $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	    { echo "Python's venv module is missing: apt-get install python3-venv"; exit 1; }; \
	  $(PYTHON) -m venv --clear $(VENV); \
	fi; \
	if [ "$$(cat $(VENV)/$(2) 2>/dev/null)" != "$$want" ]; then \
	  echo 'Installing $(1) into $(VENV) ...'; \
	  $(BIN)/python -m pip install -q --disable-pip-version-check '$(UV)' && \
	  $(BIN)/uv pip install -q -p $(BIN)/python --require-hashes -r $(1) || \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $(1); \
	  echo "$$want" > $(VENV)/$(2); \
	fi
endef

install:
	$(call installed,requirements.txt,installed-run)

install-dev:
	$(call installed,requirements-dev.txt,installed-dev)

test: install-dev
	@$(BIN)/python -m tests.servers sqlite -- $(PYTEST) -m 'not browser and not processes'
	@$(BIN)/python -m tests.servers postgres -- $(PYTEST) -m 'not browser and not processes'

test-all: install-dev  ## the browser's tests apart: Playwright's event loop would be in the way of others
	@$(BIN)/python -m tests.servers sqlite -- $(BIN)/python -m pytest -q -m browser
	@$(BIN)/python -m tests.servers sqlite -- $(PYTEST) -m 'not browser'
	@$(BIN)/python -m tests.servers postgres -- $(PYTEST) -m 'not browser'

check: export DATA_DIR := $(shell mktemp -d -u)
check: export SECRET_KEY := only for the checks of settings, which want fifty characters and some variety
check: export PUBLIC_URL := https://invoicing.example
check: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports --no-cache
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check --deploy --fail-level WARNING
	$(TEMPLATES) | xargs -r $(BIN)/djade --check --target-version 5.2
	$(TEMPLATES) | xargs -r $(BIN)/djhtml --check --tabwidth 4
	@rm -rf '$(DATA_DIR)'

bench: install-dev  ## on a PostgreSQL of its own
	@$(BIN)/python -m tests.servers postgres -- $(BIN)/python -m benchmarks

bench-full: install-dev
	@$(BIN)/python -m tests.servers postgres -- $(BIN)/python -m benchmarks --full

fix: install-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	-$(TEMPLATES) | xargs -r $(BIN)/djade --target-version 5.2  # they exit 1 when they mended something
	-$(TEMPLATES) | xargs -r $(BIN)/djhtml --tabwidth 4
