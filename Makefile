# Bare `make` prints the targets. The environment is .venv in the checkout; stamp files make repeated runs instant.
# Everything set-up prints goes to standard error, so that `make demo` leaves only its result on standard output.
PYTHON ?= python3
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
TESTS ?=
PYTEST := $(BIN)/python -m pytest
TWO_AT_A_TIME := --numprocesses 2 --dist loadfile
THREE_AT_A_TIME := --numprocesses 3 --dist loadfile
BULK := -m bulk tests/simulation tests/docs tests/unit/lab tests/proof
# Tests that speak and listen in real time fail when the machine stands still for a moment. What failed is tried once more, alone and
# one after the other, and is named; what fails twice is red.
ONCE_MORE := echo "ONCE MORE: what failed above, one at a time" && $(PYTEST) --last-failed --last-failed-no-failures none

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help venv demo serve models test test-unit test-voice test-phone test-scenarios test-planted test-image test-all conformance fuzz lint format typecheck gates docs lock bench release release-database image clean

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

$(STAMPS)/dev: $(STAMPS)/project requirements/dev.txt
	@echo "Installing the test tools (about 40 MB of wheels at a first run)" >&2
	@$(HASHED) -r requirements/dev.txt >&2
	@touch $@

venv: $(STAMPS)/dev $(STAMPS)/local $(STAMPS)/sip ## Create .venv with everything except model weights

models: $(STAMPS)/local ## Fetch the default local models (prints their size first)
	@$(BIN)/callwright models install --default >&2

demo: models $(STAMPS)/sip ## Set up, place a real call to a synthetic caller, print the execution
	@$(BIN)/callwright demo

serve: models $(STAMPS)/sip ## Keep the platform running on 127.0.0.1:8700
	@$(BIN)/callwright serve

# A whole run leaves what `make gates` judges in build/results; a narrowed one (TESTS=path) measures nothing.
# Tests that speak and listen with local models are apart: make test-voice. The phone suite runs first; its servers run unmeasured, at
# their own speed. So does what is much computing (marked `bulk`, most of it simulated calls), which coverage makes three times slower.
# All other tests are measured, with the servers they start: three files at a time, because many tests mostly wait for people to finish speaking.
test: $(STAMPS)/dev $(STAMPS)/local $(STAMPS)/sip ## Run the tests (TESTS=path narrows them)
ifeq ($(strip $(TESTS)),)
	@rm -rf $(RESULTS) && mkdir -p $(RESULTS)
	@$(PYTEST) tests/phone $(TWO_AT_A_TIME) || { $(ONCE_MORE) tests/phone; }
	@$(PYTEST) $(BULK) $(TWO_AT_A_TIME) || { $(ONCE_MORE) $(BULK); }
	@COVERAGE_FILE=$(RESULTS)/coverage.data $(PYTEST) -m "not voice and not bulk" --ignore tests/phone $(THREE_AT_A_TIME) --cov --cov-context=test --cov-report= \
	    --junit-xml=$(RESULTS)/junit.xml -o junit_logging=no || { $(ONCE_MORE) -m "not voice and not bulk" --ignore tests/phone; }
	@COVERAGE_FILE=$(RESULTS)/coverage.data $(BIN)/python tools/own_coverage.py $(RESULTS)/coverage.data
else
	@$(PYTEST) $(TESTS)
endif

# With another Python: make test-unit PYTHON=python3.13 VENV=.venv-3.13
test-unit: $(STAMPS)/dev $(STAMPS)/local $(STAMPS)/sip ## Run the unit tests only
	@$(PYTEST) tests/unit $(TWO_AT_A_TIME)

test-voice: $(STAMPS)/dev models $(STAMPS)/sip ## Run the longer acceptance tests that speak and listen with local models
	@CI=true $(PYTEST) tests -m voice

# Needs the Debian packages that .ci/run installs: sip-tester, baresip-core, linphone-cli. Root is not needed.
test-phone: $(STAMPS)/dev $(STAMPS)/sip ## Run the phone suite at its full length (SIPp, linphonec and baresip as phones)
	@CI=true CALLWRIGHT_PHONE_TESTS=full $(PYTEST) tests/phone

# The contract's file is not a part of this repository; without CONTRACT=path the compact table of tests/conformance is the contract.
conformance: $(STAMPS)/dev ## Start servers, tolerant and strict, and ask every operation of the hosted contract (CONTRACT=openapi.yaml)
	@$(BIN)/python -m tests.conformance.run $(if $(CONTRACT),--contract $(CONTRACT))

# CI asks each operation CALLWRIGHT_FUZZ_CASES=50 times, as a part of `make test`.
fuzz: $(STAMPS)/dev ## Ask every operation of the API with generated requests (CASES=300)
	@CALLWRIGHT_FUZZ_CASES=$(or $(CASES),300) $(PYTEST) tests/fuzz

test-scenarios: $(STAMPS)/project ## Make the calls of all shipped scenarios and print a verdict (SCENARIOS="--speech local" ...)
	@$(BIN)/callwright simulate calls --jobs 2 --keep $(RESULTS)/scenarios $(SCENARIOS)

# CI plants those that are found within seconds (tests/simulation/test_planted.py); this one looks for each in up to 100,000 conversations.
test-planted: $(STAMPS)/dev ## Plant bugs in the conversation core and let the simulation find them (minutes)
	@$(BIN)/python -m tests.simulation.planted.run --jobs 2

# Builds the image and makes a call in it. As root on Debian, with: buildah, debootstrap, crun.
test-image: $(STAMPS)/dev ## Build the container image, run it and make a call in it (minutes)
	@CALLWRIGHT_IMAGE_TESTS=full $(PYTEST) tests/acceptance/test_image.py

test-all: test test-voice test-phone test-image ## Run everything, the container image included

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

bench: $(STAMPS)/dev models $(STAMPS)/sip ## Run the benchmarks (the SIP one needs SIPp: Debian's sip-tester)
	@$(BIN)/python bench/run.py

release: $(STAMPS)/project ## Build wheel and sdist into dist/, install the wheel in an empty environment and make a call with it
	@$(BIN)/python tools/release.py

release-database: $(STAMPS)/dev ## Write tests/releases/VERSION.sql, the database that the upgrade test starts from
	@PYTHONPATH=tools $(BIN)/python tools/release_database.py

image: ## Build the container image (TARGET=full adds local speech; BASE=..., BUILDER=docker, podman or buildah)
	@test -n "$(BUILDER)" || { echo "make image needs docker, podman or buildah" >&2; exit 1; }
	@BUILDAH_FORMAT=docker $(BUILDER) build --file Containerfile --target $(TARGET) $(if $(BASE),--build-arg BASE=$(BASE)) $(IMAGE_FLAGS) \
	    --tag $(IMAGE):$(if $(filter full,$(TARGET)),$(VERSION)-full,$(VERSION)) \
	    --tag $(IMAGE):$(if $(filter full,$(TARGET)),full,latest) .

clean: ## Remove the environment and everything generated (not .callwright, which is data)
	@rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.*
