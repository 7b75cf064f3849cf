# make demo and make test need Python >= 3.11 and make, nothing else: they set up .venv themselves.
#
#   PYTHON=/path/to/python   the interpreter the virtual environment is made from
#   ARGS="-k orbits"         passed on to pytest, to the demo or to the benchmarks

VENV ?= .venv
VENV_BENCH ?= .venv-bench
VENV_MUTANTS ?= .venv-mutants
VENV_MINIMUM ?= .venv-minimum
VENV_STUDIES ?= .venv-studies
RESULTS ?= benchmarks/results/latest.json
WORKERS ?= 2
ARGS ?=

BIN := $(VENV)/bin
PROJECT := setup.cfg pyproject.toml constraints.txt
PIP := -m pip install --quiet --disable-pip-version-check
# $(call install,folder,arguments of pip install): uv takes a tenth of the time that pip takes.
define install
@$(1)/bin/python $(PIP) "uv>=0.5"
@$(1)/bin/python tests/packaging/environments.py $(2)
endef
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

# What the demo and the benchmarks need; names, because commas would part the arguments of $(call ...).
DEMO := --editable ".[cli,plot,safetensors]"
BENCH := --editable ".[cli,emlp,torch]"

# What the studies need beside the extra: the simulation of computed tomography.
STUDIES := --editable ".[studies,plot,torch]" astra-toolbox==2.5.0 xraydb==4.5.8 spekpy==2.5.4

# What the fast selection needs: no torch, no jax.
LIGHT := --editable ".[cli,plot,safetensors,parallel]" array-api-strict hypothesis pytest pytest-xdist threadpoolctl

# $(call numeric_tests,kernel of OpenBLAS,of torch,of XLA,threads): the numeric tests with less than the processor offers.
define numeric_tests
@echo "== $(1), threads: $(4) =="
@OPENBLAS_CORETYPE=$(1) ATEN_CPU_CAPABILITY=$(2) XLA_FLAGS=--xla_cpu_max_isa=$(3) MKL_CBWR=COMPATIBLE \
    OMP_WAIT_POLICY=PASSIVE KMP_BLOCKTIME=0 OMP_NUM_THREADS=$(4) OPENBLAS_NUM_THREADS=$(4) MKL_NUM_THREADS=$(4) \
    $(BIN)/python -m pytest -n $(WORKERS) -m numeric $(ARGS)
endef

# The first interpreter that runs, is new enough and can make virtual environments.
define find_python
probe='import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'; \
python=; \
for candidate in $(if $(PYTHON),"$(PYTHON)",python3.11 python3.12 python3.13 python3 python python3.14); do \
    if "$$candidate" -c "$$probe" >/dev/null 2>&1; then python="$$candidate"; break; fi; \
done; \
if [ -z "$$python" ]; then \
    echo "error: $(if $(PYTHON),PYTHON=$(PYTHON) is not,found no) Python >= 3.11 with the modules venv and ensurepip." >&2; \
    echo "Install one (Debian, Ubuntu: apt install python3-venv), or name it: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; \
    exit 1; \
fi
endef

# $(call make_venv,folder): keeps an environment that works, replaces one that does not.
define make_venv
@if ! $(1)/bin/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
    $(find_python); \
    echo "Making $(1) with $$("$$python" --version)"; \
    "$$python" -m venv --clear $(1); \
fi
@touch $(1)/.created
endef

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast test-gpu test-blas test-minimum test-pythons test-python environments fuzz coverage mutants lint types packages release docs docs-serve studies studies-gpu studies-smoke format bench bench-check clean distclean

help:  ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.installed-demo  ## Turn a group into a proven equivariant basis and a penalty, on real input
	$(BIN)/grouprep demo $(ARGS)

test: $(VENV)/.installed-test  ## Run the tests, the doctests and the documents' examples
	$(ONE_THREAD) HYPOTHESIS_PROFILE=$${HYPOTHESIS_PROFILE:-ci} $(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

test-fast: $(VENV)/.installed-test  ## Run what takes under a minute: no slow tests (docs/testing.md says which)
	$(ONE_THREAD) $(BIN)/python -m pytest -n $(WORKERS) -m "not slow" $(ARGS)

test-gpu: $(VENV)/.installed-test  ## Run the tests of devices on a GPU, and measure what a penalty costs there (under ten minutes)
	TRITON_INTERPRET=0 $(BIN)/python -m pytest tests/projectors/adapters/test_gpu.py $(ARGS)
	$(BIN)/python benchmarks/gpu.py

test-blas: $(VENV)/.installed-test  ## Run the numeric tests on an old kernel of BLAS, torch and XLA, on two threads
	$(call numeric_tests,Nehalem,default,SSE4_2,2)

test-minimum: $(VENV_MINIMUM)/.installed-minimum  ## Run the fast tests with the lowest versions that setup.cfg allows
	$(ONE_THREAD) $(VENV_MINIMUM)/bin/python -m pytest -n $(WORKERS) -m "not slow" $(ARGS)

# $(call other_pythons,goal): makes the goal with VERSION= and PYTHON= of every other Python that setup.cfg names and this machine has.
# The interpreter of $(VENV) is left to make test.
define other_pythons
+@own=$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true); \
for version in $$(sed -n 's/^ *Programming Language :: Python :: \(3\.[0-9]*\)$$/\1/p' setup.cfg); do \
    found=; \
    for candidate in python$$version $${PYENV_ROOT:-$$HOME/.pyenv}/versions/$$version.*/bin/python; do \
        if "$$candidate" -c 'import venv, ensurepip' >/dev/null 2>&1; then found=$$candidate; break; fi; \
    done; \
    if [ "$$version" = "$$own" ]; then echo "== Python $$version: make test =="; \
    elif [ -z "$$found" ]; then echo "== Python $$version: NOT TESTED, this machine has none =="; \
    else echo "== Python $$version =="; $(MAKE) --no-print-directory $(1) VERSION=$$version PYTHON="$$found" || exit 1; fi; \
done
endef

test-pythons:  ## Run the fast tests on every other Python that setup.cfg names and this machine has
	$(call other_pythons,test-python)

test-python: .venv-$(VERSION)/.installed-light
	$(ONE_THREAD) .venv-$(VERSION)/bin/python -m pytest -n $(WORKERS) -m "not slow" $(ARGS)

# What test-minimum and test-pythons need, so that it can be set up beside other work.
environments: $(VENV_MINIMUM)/.installed-minimum | $(VENV)/.created
	$(call other_pythons,.venv-$$version/.installed-light)

fuzz: $(VENV)/.installed-test  ## Try random cases against independent judgements, for SECONDS= (120) or CASES=; SEED=
	$(ONE_THREAD) $(BIN)/python tests/fuzz --workers $(WORKERS) --seed $(or $(SEED),0) \
	    $(if $(CASES),--cases $(CASES),--seconds $(or $(SECONDS),120)) $(ARGS)

coverage: ARGS += --cov  ## Run all tests and list the lines that none of them reaches
coverage: test

mutants: $(VENV)/.installed-test $(VENV_MUTANTS)/.installed-mutants  ## Change the code in sampled places and list what no test notices (SECONDS=1800)
	nice $(VENV_MUTANTS)/bin/python tests/mutants/run.py --python $(abspath $(BIN)/python) --seconds $(or $(SECONDS),1800) --jobs $(WORKERS) $(ARGS)

lint: $(VENV)/.installed-test  ## Check style, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

types: $(VENV)/.installed-test  ## Check what a type checker tells users, of the wheel and of an editable install
	$(BIN)/python tests/typing/check.py

packages: $(VENV)/.installed-test  ## Build wheel and source distribution and install them in clean environments, one for each extra
	$(BIN)/python tests/packaging/check.py $(ARGS)

release: $(VENV)/.installed-test  ## Rehearse a release on a local index; refuses a tree with changes
	$(BIN)/python tests/packaging/release.py $(ARGS)

studies: $(VENV_STUDIES)/.installed-studies  ## Run all studies on the CPU, each below 45 minutes, and write their reports; they go on after a kill
	$(ONE_THREAD) $(VENV_STUDIES)/bin/python -m studies run --workers $(WORKERS) $(ARGS)
	$(VENV_STUDIES)/bin/python -m studies report
	$(VENV_STUDIES)/bin/python -m studies claims

studies-gpu: $(VENV_STUDIES)/.installed-studies  ## Run all studies on one GPU, each below ten minutes, into studies/*/results-gpu.jsonl
	$(VENV_STUDIES)/bin/python -m studies run --gpu --workers 1 $(ARGS)

studies-smoke: $(VENV)/.installed-test  ## Run every study at its smallest, with data made up on the spot, and keep nothing
	$(ONE_THREAD) $(BIN)/python -m studies run --smoke $(ARGS)

docs: $(VENV)/.installed-test  ## Build the documentation's site in docs/_build/html; GROUPREP_NOTEBOOKS=off leaves the notebooks unrun
	$(BIN)/python docs/site/build.py $(ARGS)

docs-serve: ARGS += --serve  ## Build the site and show it at http://localhost:8000
docs-serve: docs

format: $(VENV)/.installed-test  ## Repair style and format where that can be done
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV_BENCH)/.installed-bench  ## Measure against the peers, in an environment of its own
	$(ONE_THREAD) TQDM_DISABLE=1 $(VENV_BENCH)/bin/python benchmarks/run.py --out $(RESULTS) $(ARGS)

bench-check: $(VENV_BENCH)/.installed-bench  ## Compare the last benchmark's results with the targets
	$(VENV_BENCH)/bin/python benchmarks/check.py $(RESULTS)

clean:  ## Remove what was built or cached
	rm -rf build dist *.egg-info grouprep-demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find grouprep projectors tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean  ## Remove the virtual environments too
	rm -rf $(VENV) $(VENV_BENCH) $(VENV_MUTANTS) $(VENV_MINIMUM) $(VENV_STUDIES) .venv-3.*

$(VENV)/.created:
	$(call make_venv,$(VENV))

$(VENV_STUDIES)/.created:
	$(call make_venv,$(VENV_STUDIES))

$(VENV_BENCH)/.created:
	$(call make_venv,$(VENV_BENCH))

$(VENV_MUTANTS)/.created:
	$(call make_venv,$(VENV_MUTANTS))

$(VENV_MINIMUM)/.created:
	$(call make_venv,$(VENV_MINIMUM))

.venv-3.%/.created:
	$(call make_venv,$(@D))

$(VENV_MINIMUM)/.installed-minimum: setup.cfg pyproject.toml constraints-minimum.txt | $(VENV_MINIMUM)/.created
	@echo "Installing the lowest versions into $(@D)"
	$(call install,$(@D),--constraint constraints-minimum.txt $(LIGHT))
	@touch $@

.venv-3.%/.installed-light: $(PROJECT) | .venv-3.%/.created
	@echo "Installing grouprep into $(@D)"
	$(call install,$(@D),--constraint constraints.txt $(LIGHT))
	@touch $@

$(VENV)/.installed-demo: $(PROJECT) | $(VENV)/.created
	@echo "Installing grouprep into $(VENV)"
	$(call install,$(VENV),--constraint constraints.txt $(DEMO))
	@touch $@

$(VENV)/.installed-test: $(PROJECT) | $(VENV)/.created
	@echo "Installing grouprep and its test tools into $(VENV)"
	$(call install,$(VENV),--constraint constraints.txt --editable ".[test]")
	@touch $(VENV)/.installed-demo $@

$(VENV_STUDIES)/.installed-studies: $(PROJECT) | $(VENV_STUDIES)/.created
	@echo "Installing grouprep and what its studies need into $(VENV_STUDIES)"
	$(call install,$(VENV_STUDIES),--constraint constraints.txt $(STUDIES))
	@touch $@

$(VENV_BENCH)/.installed-bench: $(PROJECT) | $(VENV_BENCH)/.created
	@echo "Installing grouprep and its peers into $(VENV_BENCH)"
	$(call install,$(VENV_BENCH),--constraint constraints.txt $(BENCH))
	@touch $@

$(VENV_MUTANTS)/.installed-mutants: constraints.txt | $(VENV_MUTANTS)/.created
	@echo "Installing cosmic-ray into $(VENV_MUTANTS)"
	$(call install,$(VENV_MUTANTS),--constraint constraints.txt cosmic-ray)
	@touch $@
