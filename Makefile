# What contributors type. `make demo` shows the product, `make test` proves it.
export ENVIRONMENT ?= development
BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile -q --generate-hashes --no-header --universal --python-version 3.11 --upgrade
TEMPLATES := git ls-files -z 'templates/*.html' '*/templates/*.html' | xargs -0r $(BIN)/djade --target-version 5.2
SECRET := $$(head -c 60 /dev/urandom | base64 | tr -d '\n')
AS_DEPLOYED := ENVIRONMENT=production SECRET_KEY=$(SECRET) ALLOWED_HOSTS=billing.example.com \
	DATABASE_URL=postgres://db/app REDIS_URL=redis://redis/0 BEHIND_TLS_PROXY=1 TRUSTED_PROXY_COUNT=1

.PHONY: help demo install test lint format check lock
.DEFAULT_GOAL := help

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 18

demo: .venv/.runtime  ## a believable month of an MSP, with everything that must run (ARGS="--port 8001")
	@scripts/install-pdf-libraries
	@exec $(BIN)/python manage.py demo $(ARGS)

install: .venv/.dev  ## the environment for working on the project
	@scripts/install-pdf-libraries

test: install  ## the whole suite, on SQLite or on DATABASE_URL (ARGS="tests/contracts -n0")
	@$(BIN)/pytest $(ARGS)

lint: install  ## style, templates, types, layers
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(TEMPLATES) --check
	$(BIN)/mypy . && $(BIN)/lint-imports

format: install  ## rewrite Python and templates in the house style
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .
	$(TEMPLATES)

check: install  ## migrations are complete, production settings are safe
	$(BIN)/python manage.py makemigrations --check --dry-run
	@$(AS_DEPLOYED) $(BIN)/python manage.py check --deploy --fail-level WARNING

lock: install  ## the newest versions that pyproject.toml allows, with hashes
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

.venv/.runtime: requirements.lock
	@scripts/install requirements.lock && touch $@

.venv/.dev: requirements-dev.lock
	@scripts/install requirements-dev.lock && touch $@ .venv/.runtime
