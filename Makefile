# Two commands matter on a fresh machine: `make demo` and `make test`. Each installs what it needs
# into .venv, once, and again only when pyproject.toml or constraints.txt change; after that,
# nothing here needs a network.

VENV := .venv
BIN := $(VENV)/bin
MINISTACK := .venv-ministack
MINISTACK_VERSION := 1.5.33
LOWEST := .venv-lowest
SETUP := pyproject.toml constraints.txt

# The first interpreter that is new enough; `make PYTHON=/path/to/python test` uses another.
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11 python3.15 python,$(shell \
	$(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))

# What is pinned has wheels for Python 3.11 to 3.14; a newer one takes what is newest.
PINS = $(shell $(PYTHON) -c 'import sys; sys.version_info < (3, 15) and print("--constraint constraints.txt")')

# Compiled modules are kept, whatever the shell says: the tests start many interpreters.
unexport PYTHONDONTWRITEBYTECODE

PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input

.DEFAULT_GOAL := help
.PHONY: help demo test check lowest bench constraints schema picture clean

help: ## List these targets.
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: $(VENV)/demo.stamp ## Assemble a prompt from the demo's data; its report is printed, and drawn in build/report.html.
	@mkdir -p build
	@$(BIN)/contextkit demo --html build/report.html

test: ## Everything: check, then the whole suite.
	@$(MAKE) --silent --jobs=2 check $(MINISTACK)/$(MINISTACK_VERSION).stamp $(VENV)/compiled.stamp
	@$(BIN)/python -m pytest --numprocesses logical --dist worksteal

check: $(VENV)/dev.stamp ## Lint, format and types; under a minute.
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || { echo "Run: $(BIN)/ruff format ."; exit 1; }
	@$(BIN)/mypy --no-error-summary

lowest: $(LOWEST)/core.stamp $(LOWEST)/more.stamp $(MINISTACK)/$(MINISTACK_VERSION).stamp ## Tests with the oldest libraries that pyproject.toml admits; a quarter of an hour.
	@$(LOWEST)/core/bin/python -m pytest -m 'not slow' -k 'not agentcore' $(addprefix --ignore=tests/,$(NEWER))
	@$(LOWEST)/more/bin/python -m pytest -m 'not slow' $(addprefix tests/,adapters aws cli render stores/agentcore testing)

bench: $(VENV)/bench.stamp ## Run every benchmark and print the README's table; BENCH='--help' tells what else.
	@$(BIN)/python -m tests.benchmarks $(BENCH)

constraints: ## Resolve every dependency anew and pin it in constraints.txt.
	@rm -rf $(VENV)-constraints
	@$(PYTHON) -m venv $(VENV)-constraints
	@$(VENV)-constraints/bin/pip install --quiet --disable-pip-version-check --editable '.[bench,dax,dev]'
	@{ echo "# Every version that the tests run with. Made by \`make constraints\`; do not edit."; \
		$(VENV)-constraints/bin/pip freeze --exclude-editable; } > constraints.txt
	@rm -rf $(VENV)-constraints

schema: $(VENV)/dev.stamp ## Write the JSON schemas of strategies anew.
	@$(BIN)/python -m contextkit.strategy.schema > strategies/context.schema.json
	@$(BIN)/python -m contextkit.memory.strategy_schema > strategies/memory.schema.json

picture: $(VENV)/demo.stamp ## Take the README's picture of the demo's report anew; needs Chromium.
	@mkdir -p build
	@$(BIN)/contextkit demo --html build/report.html >/dev/null
	@chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --virtual-time-budget=3000 \
		--window-size=1180,977 --screenshot=docs/report.png build/report.html >/dev/null 2>&1

clean: ## Remove the environment and everything built or cached.
	@rm -rf $(VENV) $(VENV)-constraints $(LOWEST) $(MINISTACK) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find contextkit tests -name __pycache__ -type d -prune -exec rm -rf {} +

# What each target needs. An environment with more in it serves those that need less.

$(VENV)/demo.stamp: $(SETUP) | $(BIN)/pip
	$(call install,.[cli$(comma)offline])
	@touch $@

$(VENV)/dev.stamp: $(SETUP) | $(BIN)/pip
	$(call install,.[dev])
	@touch $@ $(VENV)/demo.stamp

$(VENV)/bench.stamp: $(SETUP) | $(BIN)/pip
	$(call install,.[dev$(comma)bench])
	@touch $@ $(VENV)/dev.stamp $(VENV)/demo.stamp

# What is not for the core's oldest: it needs a newer boto3 (and runs with the extra that asks for one), or more than
# libraries.
NEWER := aws cli/test_emulate.py cli/test_provision.py render/test_converse.py render/test_strict.py testing/agentcore \
	test_benchmarks.py test_examples.py test_notebooks.py test_packaging.py

# The oldest libraries, twice: what these extras need leaves the core's own bounds as low as they are …
$(LOWEST)/core.stamp: $(SETUP) | $(BIN)/pip
	$(call oldest,core,cli langchain offline pdf telemetry testing)

# … and these need newer ones of the core's, too.
$(LOWEST)/more.stamp: $(SETUP) | $(BIN)/pip
	$(call oldest,more,agentcore agents cli mcp offline strands telemetry)

# What the tests import is compiled once, beside the linters, and not by each of their processes at once.
# What is wrong with a test that cannot be collected is for the run itself to say.
$(VENV)/compiled.stamp: $(VENV)/dev.stamp
	@$(BIN)/python -m pytest --collect-only >/dev/null 2>&1 || true
	@touch $@

# The DynamoDB and S3 that the tests talk to. It pins an older botocore than ours, so it lives alone.
$(MINISTACK)/$(MINISTACK_VERSION).stamp: | $(BIN)/pip
	@echo "Installing the local AWS server into $(MINISTACK) …"
	@rm -rf $(MINISTACK)
	@$(PYTHON) -m venv --without-pip $(MINISTACK)
	@$(PIP) --python $(MINISTACK)/bin/python install 'ministack==$(MINISTACK_VERSION)'
	@touch $@

comma := ,
define install
	@echo "Installing $(1) into $(VENV) …"
	@$(PIP) install --no-compile $(PINS) --editable '$(1)'
endef

# What tests need besides is as new as the oldest libraries let it be. uv alone can choose the oldest that fit
# together; where a newer Python has no wheel of a version, the next one is taken.
TESTERS := cfn-lint hypothesis jsonschema langchain-anthropic langchain-openai openai opentelemetry-sdk packaging \
	pytest pytest-asyncio pytest-xdist tzdata
define oldest
	@echo "Installing the oldest libraries of $(2) into $(LOWEST)/$(1) …"
	@rm -rf $(LOWEST)/$(1)
	@$(PYTHON) -m venv --without-pip $(LOWEST)/$(1)
	@$(PIP) --python $(LOWEST)/$(1)/bin/python install uv
	@$(UV) install --resolution lowest-direct --only-binary :all: --requirements pyproject.toml $(addprefix --extra ,$(2))
	@$(UV) freeze > $(LOWEST)/$(1)/oldest.txt
	@$(UV) install --constraints $(LOWEST)/$(1)/oldest.txt $(TESTERS)
	@$(UV) install --no-deps --editable .
	@touch $@
endef
UV = VIRTUAL_ENV=$(@:.stamp=) $(@:.stamp=)/bin/uv --quiet --no-progress pip

# Debian ships Python without ensurepip; where pip itself is there, it can fill a bare environment.
$(BIN)/pip:
	@test -n "$(PYTHON)" || { echo "contextkit needs Python 3.11 or newer. Install it, or name it: make PYTHON=/path/to/python …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { \
		$(PYTHON) -m venv --clear --without-pip $(VENV) && \
		$(PYTHON) -m pip --quiet --disable-pip-version-check --python $(BIN)/python install pip; \
	} || { rm -rf $(VENV); echo "$(PYTHON) can make no environment. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
