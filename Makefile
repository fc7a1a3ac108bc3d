# Everything a newcomer needs is a target of its own; `make` alone lists them.
# The environment is made once, in .venv, and again when what it is made from changes: what running
# needs first, and what tests need on top of it for the targets that ask for it.

.DEFAULT_GOAL := help
SHELL := /bin/sh
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
# Where it is set, every process compiles all that it imports: a test run starts hundreds.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
READY := $(VENV)/.ready
TESTABLE := $(VENV)/.testable
BIN := $(VENV)/bin
# One process more than two cores: with two, they wait for servers a quarter of the time.
TESTERS := 3

.PHONY: help
help: ## list the targets
	@echo "Whence: who paid, how much, how often and from where. Targets:"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'

.PHONY: run
run: $(READY) ## start the service on http://127.0.0.1:8080 (settings: docs/operations.md)
	@exec $(BIN)/whence serve

.PHONY: test
test: $(TESTABLE) ## run the tests
	@$(BIN)/python -m pytest -n $(TESTERS) --dist worksteal

.PHONY: lint
lint: $(TESTABLE) ## everything that check runs, without the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: check
check: lint test ## format, rules, types, architecture and tests: says that all is well

.PHONY: format
format: $(TESTABLE) ## write the code as the formatter wants it
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: demo
demo: $(READY) ## fill a test book with a year of a believable merchant
	@$(BIN)/whence demo

.PHONY: screenshots
screenshots: $(TESTABLE) ## picture every page of the console and of payers, light, dark and on a phone, in var/screenshots
	@$(BIN)/python tests/running/screenshots.py var/screenshots

.PHONY: rebuild
rebuild: $(READY) ## derive every view anew, beside the ones that serve, and switch
	@$(BIN)/whence rebuild

.PHONY: verify
verify: $(READY) ## prove that the ledger is untouched and every view is what the facts say
	@$(BIN)/whence verify

.PHONY: bench
bench: $(TESTABLE) ## measure beside peers, three minutes (PAYMENTS=1000000 for a large store)
	@$(BIN)/python benchmarks/bench.py $(if $(PAYMENTS),--payments $(PAYMENTS))

.PHONY: soak
soak: $(TESTABLE) ## kill processes under load 200 times on each database, let views change places 20 times, live many lives, ask every route much nonsense; some two hours
	@WHENCE_TEST_KILLS=200 WHENCE_TEST_SWITCHES=20 WHENCE_TEST_EXAMPLES=20 WHENCE_TEST_LIVES=8 WHENCE_TEST_MOMENTS=15 WHENCE_TEST_WORKFLOW_STEPS=400 WHENCE_TEST_CUSTOMERS=100000 WHENCE_TEST_WATCHERS=250 WHENCE_TEST_CUTS=100 WHENCE_TEST_READERS=200 \
	  $(BIN)/python -m pytest -n 2 tests/crash tests/rebuilding tests/laws tests/api/test_lives.py \
	  tests/api/http/test_openapi.py tests/delivery/workflows/test_oracle.py tests/console/test_the_whole.py \
	  tests/console/test_many_watchers.py tests/api/events/test_many_readers.py

LOCK := UV_CUSTOM_COMPILE_COMMAND='make lock' uv pip compile --quiet --universal \
  --generate-hashes --no-annotate $(UPGRADE)

.PHONY: lock
lock: ## write the locks after a change of pyproject.toml (needs uv; UPGRADE=--upgrade for newer versions)
	@$(LOCK) --group build --output-file requirements.lock pyproject.toml
	@$(LOCK) --group dev --constraint requirements.lock --output-file requirements-dev.lock

# Fresh machines differ in how they call Python; whichever is new enough will do.
$(READY): requirements.lock pyproject.toml
	@python=; \
	for name in python3.11 python3 python3.12 python3.13 python3.14 python; do \
		if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$name; break; fi; \
	done; \
	if [ -z "$$python" ]; then echo "Whence needs Python 3.11 or newer: install it, then run make again." >&2; exit 1; fi; \
	test -x $(BIN)/python || { echo "Making the environment in $(VENV) (once, about a minute) …"; $$python -m venv $(VENV); }
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@# With the build tool that was locked: an isolated build would fetch one that nobody checked.
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(TESTABLE): requirements-dev.lock $(READY)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@
