# `make` alone prints what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
VENDOR := web/static/vendor
NOBLE := $(VENV)/npm/node_modules/@noble

.PHONY: help setup demo serve test check fix bench browser npm-tests clean

help: ## print this
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-8s %s\n", $$1, $$2}'

setup: $(STAMP) $(VENDOR)/.installed ## install everything into .venv and web/static/vendor

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENDOR)/.installed: web/package.json web/package-lock.json web/.npmrc
	mkdir -p $(VENV)/npm $(VENDOR)
	cp web/package.json web/package-lock.json web/.npmrc $(VENV)/npm/
	npm ci --prefix $(VENV)/npm --no-audit --no-fund --loglevel=error
	cp $(VENV)/npm/node_modules/hls.js/dist/hls.light.min.mjs $(VENDOR)/hls.mjs
	gzip -9 -k -f -n $(VENDOR)/hls.mjs
	cp $(VENV)/npm/node_modules/hls.js/LICENSE $(VENDOR)/hls.LICENSE
	mkdir -p $(VENDOR)/noble/hashes $(VENDOR)/noble/curves/abstract
	cp $(addprefix $(NOBLE)/hashes/,sha2.js legacy.js hmac.js utils.js _md.js _u64.js LICENSE) $(VENDOR)/noble/hashes/
	cp $(addprefix $(NOBLE)/curves/,bls12-381.js ed25519.js utils.js LICENSE) $(VENDOR)/noble/curves/
	cp $(NOBLE)/curves/abstract/*.js $(VENDOR)/noble/curves/abstract/
	sed -i "s|'@noble/hashes/|'../hashes/|" $(VENDOR)/noble/curves/*.js
	sed -i "s|'@noble/hashes/|'../../hashes/|" $(VENDOR)/noble/curves/abstract/*.js
	gzip -9 -k -f -n $(VENDOR)/noble/*/*.js $(VENDOR)/noble/curves/abstract/*.js
	mkdir -p $(VENDOR)/altcha
	cp $(VENV)/npm/node_modules/altcha/dist/workers/sha.js $(VENDOR)/altcha/sha.js
	cp $(VENV)/npm/node_modules/altcha/LICENSE.txt $(VENDOR)/altcha/LICENSE
	gzip -9 -k -f -n $(VENDOR)/altcha/sha.js
	touch $@

demo: setup ## a fictional city with an inspection live now, on http://127.0.0.1:8080
	$(BIN)/seethrough demo

serve: setup ## the empty server, configured by SEETHROUGH_* (docs/settings.md)
	$(BIN)/seethrough serve

browser: ## Debian's Chromium and the fonts for Chinese, where they are missing
	@command -v chromium >/dev/null || { \
	  sudo=$$(command -v sudo || true); \
	  $$sudo apt-get update -qq && $$sudo apt-get install -y -qq chromium fonts-noto-cjk >/dev/null; }

npm-tests: $(VENV)/npm-tests/.installed ## the OpenID Connect provider that the tests start

$(VENV)/npm-tests/.installed: tests/oidc/package.json tests/oidc/package-lock.json tests/oidc/.npmrc
	mkdir -p $(VENV)/npm-tests
	cp $^ $(VENV)/npm-tests/
	npm ci --prefix $(VENV)/npm-tests --no-audit --no-fund --loglevel=error
	touch $@

test: setup browser npm-tests ## every test, in real browsers and against a real database
	$(BIN)/pytest

check: setup ## ruff, format, mypy strict, import arrows, the house test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/test_house.py

fix: setup ## let ruff mend what it can, refresh the catalogues of words
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python -m web.i18n update

bench: setup ## measure what docs/performance.md quotes; takes minutes
	$(BIN)/python -m bench

lock: ## write requirements.lock anew from pyproject.toml
	$(PYTHON) -m venv $(VENV)/lock
	$(VENV)/lock/bin/pip install --quiet pip-tools
	$(VENV)/lock/bin/pip-compile --quiet --all-extras --allow-unsafe --generate-hashes --strip-extras --upgrade \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file=requirements.lock pyproject.toml

clean: ## remove what setup and the demo made
	rm -rf $(VENV) $(VENDOR) .seethrough
