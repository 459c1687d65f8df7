# Quiet when green. `make` alone lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3.11
BIN := .venv/bin
READY := .venv/.ready
PEERS := build/peers/.ready
OUTSIDE := build/outside/.ready
RECORDINGS ?= ../shared/data

# What is no Python: a broker needs Java, its jars come by Maven; Prometheus and Alertmanager are tested with.
SYSTEM := java:openjdk-17-jre-headless mvn:maven promtool:prometheus amtool:prometheus-alertmanager

COMPILE := env -u PIP_FIND_LINKS $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header \
	--no-annotate --no-emit-options --no-emit-index-url --no-emit-trusted-host --no-emit-find-links

.PHONY: help setup system demo test check validate bench chaos outage soak quality recordings format lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) system ## make .venv from the lock; install Java, Maven, Prometheus, Alertmanager (as root; else say how)

$(READY): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: install it, or make setup PYTHON=..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@{ $(BIN)/python -m pip install --require-hashes -r requirements.lock && \
		$(BIN)/python -m pip install --no-deps --no-build-isolation -e .; } >.venv/setup.log 2>&1 \
		|| { cat .venv/setup.log >&2; exit 1; }
	@touch $@

system:
	@missing=(); \
	for pair in $(SYSTEM); do command -v "$${pair%%:*}" >/dev/null || missing+=("$${pair##*:}"); done; \
	if [ $${#missing[@]} -eq 0 ]; then exit 0; fi; \
	install="apt-get install -y --no-install-recommends $${missing[*]}"; \
	if [ "$$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then \
		log=$$(mktemp); \
		{ apt-get update && DEBIAN_FRONTEND=noninteractive $$install; } >"$$log" 2>&1 || { cat "$$log" >&2; exit 1; }; \
	else \
		echo "missing: $${missing[*]}. Install them: sudo $$install" >&2; exit 1; \
	fi

demo: setup ## a simulated shop on a real Kafka, three incidents, the alerts they raise
	@$(BIN)/fenghuo demo

test: setup check ## everything that must be green: check, unit tests, tests on a real Kafka
	@$(BIN)/python -m pytest --ignore=tests/bench --ignore=tests/chaos

check: $(READY) ## lint, format, types, layers
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || { echo "not formatted: make format" >&2; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/python -m pytest --no-header tests/test_layers.py tests/test_names.py >/dev/null \
		|| $(BIN)/python -m pytest --no-header tests/test_layers.py tests/test_names.py

validate: system ## judge deploy/ by public validators (builds no images)
	@PYTHON=$(PYTHON) deploy/validate/validate.sh

bench: setup $(PEERS) ## figures of speed beside those of peers at the same job, in build/bench.json
	@$(BIN)/python -m tests.bench

$(PEERS): tests/bench/peers/requirements.lock
$(OUTSIDE): tests/quality/outside/requirements.lock
$(PEERS) $(OUTSIDE):
	@rm -rf $(@D)
	@mkdir -p build
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/pip install --require-hashes -r $< >$(@D)/setup.log 2>&1 || { cat $(@D)/setup.log >&2; exit 1; }
	@touch $@

chaos: setup ## kill, restart, rebalance at any moment, against the golden run
	@$(BIN)/python -m tests.chaos.simulated.simulation
	@$(BIN)/python -m tests.chaos.real.campaign

outage: setup ## every part on the way of an alarm away for a minute: worker, Prometheus, Alertmanager, receiver
	@$(BIN)/python -m tests.chaos.real.outage

soak: setup ## watch the memory of a worker under steady traffic for an hour
	@$(BIN)/python -m tests.chaos.real.soak 60

quality: $(READY) $(OUTSIDE) ## what the detectors find and how often they cry, beside baselines; in build/quality.json
	@$(BIN)/python -m tests.quality

recordings: $(READY) ## run the shipped catalogue over RECORDINGS, write docs/recordings.md
	@$(BIN)/python -m docs.recordings $(RECORDINGS)

format: $(READY) ## format and fix what can be fixed
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

lock: $(READY) ## write the locks anew from pyproject.toml (and those of the image, of validate, bench, quality)
	@mkdir -p build
	@$(BIN)/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['dependency-groups']['dev'], sep='\n')" \
		> build/dev.in
	@$(COMPILE) --upgrade -o requirements.lock pyproject.toml build/dev.in
	@sed -n 's/^\([A-Za-z0-9._-]*==[^ ]*\).*/\1/p' requirements.lock > build/pins.txt
	@$(COMPILE) -c build/pins.txt -o deploy/docker/requirements.lock pyproject.toml
	@echo setuptools | $(COMPILE) -c build/pins.txt -o deploy/docker/build.lock -
	@$(COMPILE) --upgrade -o deploy/validate/requirements.lock deploy/validate/requirements.in
	@$(COMPILE) --upgrade -o tests/bench/peers/requirements.lock tests/bench/peers/requirements.in
	@$(COMPILE) --upgrade -o tests/quality/outside/requirements.lock tests/quality/outside/requirements.in
