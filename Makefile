# Needs Python 3.11 or later, make and a package index. `make help` lists what there is.
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8000
READY := .venv/installed
ON_EVERY_CORE := -n auto --maxprocesses 4 --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench coverage pages fuzz crash soak sbom mutate train lock clean

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1	/' | expand -t 12

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.12 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(READY)

demo: $(READY) ## the console: seven patients, orders to draft, cards; PORT=8000
	@$(BIN)/python -m smart_app.console $(PORT) & $(BIN)/cds serve --profile dev --port $(PORT)

test: $(READY) ## all tests
	$(BIN)/python -m pytest $(ON_EVERY_CORE)

lint: $(READY) ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY) ## ratios against a Flask echo, start-up, memory, stages
	$(BIN)/python -m bench

coverage: $(READY) ## branch coverage of the clinical packages
	$(BIN)/python -m pytest -q $(ON_EVERY_CORE) --cov --cov-branch --cov-report=term-missing:skip-covered

pages: $(READY) ## write what docs/ takes from code and tests: conformance, OpenAPI, tables
	$(BIN)/python -m tests.conformance
	$(BIN)/python -m tests.contract

mutate: $(READY) ## does a test notice when the logic changes?
	$(BIN)/mutmut run
	$(BIN)/mutmut results

train: $(READY) ## the readmission model anew: DATA=diabetic_data.csv.gz (UCI 296, CC BY 4.0; not shipped)
	$(BIN)/cds models fit readmission-30d $(DATA)
	$(BIN)/cds models validate readmission-30d $(DATA) --cross-validate
	$(BIN)/cds models card readmission-30d

fuzz: $(READY) ## 20,000 signed calls in process: no answer that is not documented
	$(BIN)/python -m tests.contract.fuzz $(or $(CASES),20000)

crash: $(READY) ## 20 rounds of workers and servers killed among 2,000 calls: no answer without its record
	$(BIN)/python -m tests.store.crash $(or $(ROUNDS),20) $(or $(CALLS),2000)

soak: $(READY) ## 10,000 orders recorded on SQLite and PostgreSQL, every one replayed to the byte, a change simulated
	$(BIN)/python -m bench.soak $(or $(ORDERS),10000)

sbom: requirements.lock ## bill of materials of what runs, CycloneDX, in build/sbom.json
	$(PYTHON) -m venv build/sbom-tools
	build/sbom-tools/bin/python -m pip install --quiet --disable-pip-version-check 'cyclonedx-bom==7.*' uv
	build/sbom-tools/bin/uv pip compile pyproject.toml --constraints requirements.lock --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --no-annotate --quiet --output-file build/runtime.lock
	build/sbom-tools/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
		--output-format JSON --output-file build/sbom.json build/runtime.lock

lock: ## write requirements.lock anew (needs uv)
	$(BIN)/uv pip compile pyproject.toml --extra dev --extra train --extra postgres --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --no-annotate --quiet --output-file requirements.lock

clean: ## remove what was built
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis mutants
