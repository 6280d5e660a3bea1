PYTHON ?= python3

VENV := .venv
BIN := $(VENV)/bin

# Without the tutorial's plugin: the end-to-end tests and readers of the docs install it into a running service.
PLUGINS := $(patsubst %/pyproject.toml,%,$(filter-out plugins/pulp-notifier-file/%,$(wildcard plugins/*/pyproject.toml)))
METADATA := pyproject.toml setup.py $(PLUGINS:%=%/pyproject.toml)

# Named after the content of the files, because a checkout or a copy changes their times, even to older ones.
STAMP := $(VENV)/.installed-$(firstword $(shell cat $(METADATA) | cksum))

export PIP_DISABLE_PIP_VERSION_CHECK := 1

# With it each run, and each process that a test starts, would compile everything again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install openapi test test-api test-outages test-pulp3 bench bench-stream bench-durable bench-protocols bench-soak bench-pulp3 bench-templating demo run lint docs mail-pictures clean

help:
	@echo "make install     installs the package and the plugins into $(VENV), and nothing outside this folder"
	@echo "make openapi     writes the OpenAPI document to docs/openapi.json"
	@echo "make test        runs the tests, which start their own servers: see scripts/test-servers.sh"
	@echo "make test-api    sends requests made from the OpenAPI document to a running service; takes a minute"
	@echo "make test-outages sends the states of 1,000 tasks through every kind of outage; takes a minute"
	@echo "make test-pulp3  tests the Pulp 3 source against a Pulp 3 that it installs in ~/.cache; takes five minutes"
	@echo "make bench       runs the next two; takes half an hour"
	@echo "make bench-stream  compares ways to publish task changes, with its own RabbitMQ; takes ten minutes"
	@echo "make bench-durable compares what is stored before it is sent with senders that keep nothing; takes 20 minutes"
	@echo "make bench-protocols compares the task-status stream over AMQP 0-9-1 and 1.0; takes four minutes"
	@echo "make bench-soak  fires and delivers 500 events/s for half an hour and draws what happens, in build/soak/"
	@echo "make bench-pulp3 measures the load of the Pulp 3 source on a real server, and with 20 simulated servers"
	@echo "make bench-templating measures conditions and templates beside Jinja2, and every hostile one; takes five minutes"
	@echo "make demo        starts the service and shows what HTTP, mail, AMQP and Qpid receivers get"
	@echo "make run         runs the service with its data in .state/"
	@echo "make lint        runs ruff, mypy and codespell"
	@echo "make mail-pictures draws the mails in the documentation with Chromium"
	@echo "make docs        builds the documentation in docs/_build/html"
	@echo "make clean       removes everything that the other targets created here"

install: $(STAMP)
	@:

$(STAMP):
	@test -x $(BIN)/python || scripts/make-venv.sh '$(PYTHON)' $(VENV)
	@echo "Installing pulp-notifiers and $(words $(PLUGINS)) plugins into $(VENV)"
	@$(BIN)/python -m pip install -qq --editable '.[dev]' $(PLUGINS:%=--editable ./%)
	@scripts/install-proton.sh $(BIN)/python
	@rm -f $(VENV)/.installed*
	@touch $@

# The Python from which the environment was created may be gone.
ifneq ($(shell test -x $(BIN)/python && echo usable),usable)
.PHONY: $(STAMP)
endif

openapi: install
	@$(BIN)/python scripts/openapi.py docs/openapi.json

# The tests mostly wait, so more processes than cores are useful.
test: install
	@scripts/test-servers.sh
	$(BIN)/python -m pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder

test-api: install
	@$(BIN)/python -m scripts.test_api

test-outages: install
	@scripts/test-servers.sh
	$(BIN)/python -m pytest -m outages tests/integration/task_stream

test-pulp3: install
	@scripts/test-servers.sh
	$(BIN)/python -m pytest -m pulp3 tests/pulp3

bench: bench-stream bench-durable

bench-stream bench-durable: install
	@scripts/test-servers.sh
	@$(BIN)/python -m pip install -qq --editable '.[bench]'
	@$(BIN)/python -m benchmarks.$(@:bench-%=%)

bench-protocols: install
	@scripts/test-servers.sh
	@$(BIN)/python -m benchmarks.stream.protocols

bench-soak: install
	@scripts/test-servers.sh
	@$(BIN)/python -m benchmarks.durable.soak

bench-pulp3: install
	@scripts/test-servers.sh
	@$(BIN)/python -m benchmarks.pulp3.poll
	@$(BIN)/python -m benchmarks.pulp3.fleet

bench-templating: install
	@$(BIN)/python -m benchmarks.templating
	@$(BIN)/python -m benchmarks.templating.hostile

demo: install
	@$(BIN)/python -m demo.run

run: install
	@mkdir -p -m 700 .state
	PULP_NOTIFIERS_STATE_DIRECTORY='$(CURDIR)/.state' $(BIN)/pulp-notifiers serve

lint: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/codespell

docs: install
	$(BIN)/sphinx-build -q -W docs docs/_build/html

mail-pictures: install
	$(BIN)/python docs/_ext/mail_pictures.py

clean:
	rm -rf $(VENV) .state docs/_build build dist plugins/*/build htmlcov .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -path ./.git -prune -o \( -name __pycache__ -o -name '*.egg-info' \) -print0 | xargs -0 rm -rf
