PYTHON ?= python3

VENV := .venv
BIN := $(VENV)/bin

# The tutorial's plugin is left out: the end-to-end tests, and a reader of the docs, install it into a running service.
PLUGINS := $(patsubst %/pyproject.toml,%,$(filter-out plugins/pulp-notifier-file/%,$(wildcard plugins/*/pyproject.toml)))
METADATA := pyproject.toml setup.py $(PLUGINS:%=%/pyproject.toml)

# Named after what the files say: a checkout or a copy gives them other times, older ones too.
STAMP := $(VENV)/.installed-$(firstword $(shell cat $(METADATA) | cksum))

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help install test test-pulp3 bench bench-pulp3 demo run lint docs clean

help:
	@echo "make install     sets up $(VENV) with the package and the plugins; nothing outside this folder"
	@echo "make test        runs all other tests, with a RabbitMQ and a PostgreSQL of their own"
	@echo "make test-pulp3  tests the Pulp 3 source against a Pulp 3 of its own, kept in ~/.cache; takes five minutes"
	@echo "make bench       compares ways to publish changes of tasks, with a RabbitMQ of its own; takes ten minutes"
	@echo "make bench-pulp3 measures what the Pulp 3 source costs a real server, and the watch of 20 simulated ones"
	@echo "make demo        starts the service and shows what mail, HTTP and AMQP receivers get"
	@echo "make run         serves, with its state in .state/"
	@echo "make lint        ruff, mypy, codespell"
	@echo "make docs        builds the documentation in docs/_build/html"
	@echo "make clean       removes what the other targets made"

install: $(STAMP)
	@:

$(STAMP):
	@test -x $(BIN)/python || scripts/make-venv.sh '$(PYTHON)' $(VENV)
	@echo "Installing pulp-notifiers and $(words $(PLUGINS)) plugins into $(VENV)"
	@$(BIN)/python -m pip install -qq --editable '.[dev]' $(PLUGINS:%=--editable ./%)
	@rm -f $(VENV)/.installed*
	@touch $@

# The Python that it was made from may be gone.
ifneq ($(shell test -x $(BIN)/python && echo usable),usable)
.PHONY: $(STAMP)
endif

# The tests wait more than they compute, so there may be more processes than cores.
test: install
	@scripts/test-servers.sh
	$(BIN)/python -m pytest --numprocesses 4 --dist loadfile

test-pulp3: install
	@scripts/test-servers.sh
	$(BIN)/python -m pytest -m pulp3

bench: install
	@scripts/test-servers.sh
	@$(BIN)/python -m pip install -qq --editable '.[bench]'
	@$(BIN)/python -m benchmarks

bench-pulp3: install
	@scripts/test-servers.sh
	@$(BIN)/python -m benchmarks.pulp3_poll
	@$(BIN)/python -m benchmarks.pulp3_fleet

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

clean:
	rm -rf $(VENV) .state docs/_build build dist plugins/*/build htmlcov .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -path ./.git -prune -o \( -name __pycache__ -o -name '*.egg-info' \) -print0 | xargs -0 rm -rf
