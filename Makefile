# One task runner. Each target makes .venv by itself when it is missing or out of date.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: help venv demo test check bench docs explore explorer campaign

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

# A stamp per extra: pip runs only when the project's requirements have changed since.
.venv/.run: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) -e ".[study]"
	@touch $@

.venv/.test: .venv/.run
	$(PIP) -e ".[test]"
	@touch $@

.venv/.dev: .venv/.test
	$(PIP) -e ".[dev]"
	@touch $@

venv: .venv/.dev ## everything a developer needs

demo: .venv/.run ## cure a network that does not learn: the main job
	$(BIN)/actlab doctor examples/digits_deep_sigmoid.py:case --repair --report out/report.html

test: .venv/.test ## the whole suite
	$(BIN)/python -m pytest -n 2 $(ARGS)

check: .venv/.dev ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

bench: .venv/.test ## measure this machine for about 20 minutes, add rows to benchmarks/results, write docs/benchmarks.md
	$(BIN)/python benchmarks/import_time.py
	$(BIN)/python benchmarks/cpu_first_call.py
	$(BIN)/python benchmarks/cpu_pointwise.py --page --budget-ms 15
	$(BIN)/python benchmarks/cpu_pointwise.py --group lacking --log2 20 --dtypes float32 --works value --compile 12
	$(BIN)/python benchmarks/cpu_rows.py
	$(BIN)/python benchmarks/cpu_training.py
	$(BIN)/python benchmarks/cpu_memory.py --compile
	$(BIN)/python benchmarks/page.py

docs: .venv/.test ## rebuild what is generated: type stubs, the READMEs' picture, the findings, the certificate, the gallery
	$(BIN)/python -m actlab.nn.stubs
	$(BIN)/python -m actlab.doctor.pages docs/findings
	$(BIN)/actlab table relu gelu swish sigmoid --save docs/pictures/table.svg
	$(BIN)/actlab certify --save docs/certificate.md --save out/certificate.json > /dev/null
	$(BIN)/actlab gallery --save out/gallery --certificate out/certificate.json

explore: .venv/.run ## open the explorer
	@test -f src/actlab/explorer/built/index.html || $(MAKE) explorer
	$(BIN)/actlab explore

explorer: .venv/.run ## build the explorer's page into the package; needs Node 20
	cd explorer && npm ci --no-audit --no-fund && npm run build
	$(BIN)/python -m actlab.explorer.catalog

campaign: .venv/.test ## the longer checks: fuzzing with twenty-five times as many examples
	$(BIN)/python -m pytest -n 2 tests/language --hypothesis-profile=campaign
