# The verbs of this book. GNU make 3.81 (macOS) and newer.

.DEFAULT_GOAL := help
PY := .venv/bin/python
READY := .venv/.ready
PORT ?= 8000
WORKERS ?= 2
WHAT ?= tests notebooks
FLAGS = $(if $(FORCE),--force) $(if $(RECORD),--record)
CODE := helpers tools tests $(wildcard book/_ext)
PROSE := README.md Makefile book helpers notebooks tests tools
INDEX := _build/html/index.html
# Sphinx builds anew only the pages that changed; after a change of the site's own
# machinery it must build all of them.
ALL = $(if $(shell find book/_ext book/_templates book/_static -newer $(INDEX) -type f \
  -not -path '*/__pycache__/*' 2>/dev/null),--all)
# What needs neither the built site, nor a browser, nor kernels.
FAST = $(filter-out tests/test_tools.py tests/test_book.py tests/test_widgets.py \
  tests/test_snippets.py,\
  $(wildcard tests/test_*.py))

# The environment of every test run: no progress bars, fixed hashes, one thread a
# worker, and the offline stand-in unless BOOK_DATA names a folder with the real data.
TEST_ENV = BOOK_RUN=1 PYTHONHASHSEED=0 OMP_NUM_THREADS=1 $(if $(BOOK_DATA),,BOOK_DATA=stand-in)
PYTEST = $(TEST_ENV) $(PY) -m pytest -n $(WORKERS) --dist loadfile

help:  ## what can be done here
	@echo "make VERB [NB=03-4]"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-9s %s\n", $$1, $$2 }' Makefile

setup: $(READY)  ## make .venv with everything needed (PYTHON=... picks the interpreter)

$(READY): requirements.txt constraints.txt
	@found=; for p in $(or $(PYTHON),python3.13 python3.12 python3.11 python3); do \
	  if "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	  then found=$$p; break; fi; done; \
	if [ -z "$$found" ]; then \
	  echo "Python 3.11 or newer is needed and was not found: install it, or say where it is with PYTHON=/path/to/python" >&2; \
	  exit 1; fi; \
	$(PY) -c '' 2>/dev/null || "$$found" -m venv --clear .venv
	@echo "Installing what requirements.txt names into .venv; the first time takes minutes."
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@if git rev-parse --git-dir >/dev/null 2>&1; then \
	  git config diff.notebook.textconv '$(PY) -m tools.notebooks show'; fi
	@touch $(READY)

# For verbs used while writing: they never install anything.
venv:
	@test -x $(PY) || { echo "No environment yet: make setup" >&2; exit 1; }

book: $(READY)  ## build the site, any warning is an error
	@.venv/bin/jupyter-book build . -W -n --keep-going -q $(ALL)
	@echo "$(CURDIR)/$(INDEX)"

test: $(READY)  ## every test and every notebook (WHAT=notebooks: these alone)
	$(PYTEST) $(WHAT) --nbval-lax

lint: $(READY)  ## style, spelling, workflow files
	@$(PY) -m ruff check $(CODE) notebooks
	@$(PY) -m ruff format --check $(CODE)
	@$(PY) -m ruff format --check --line-length 80 notebooks
	@.venv/bin/codespell --ignore-words tools/spelling.txt \
	  --ignore-regex '[A-Za-z0-9+/=]{40,}' $(PROSE)
	@.venv/bin/check-jsonschema --builtin-schema vendor.github-workflows \
	  $(wildcard .github/workflows/*.yml)

format: $(READY)  ## bring the code into its format (make run the notebooks it changes)
	@$(PY) -m ruff check --fix $(CODE) notebooks
	@$(PY) -m ruff format $(CODE)
	@$(PY) -m ruff format --line-length 80 notebooks

check: $(READY)  ## everything CI checks, cheapest first
	@$(MAKE) --no-print-directory lint
	$(PYTEST) -q $(FAST)
	@$(MAKE) --no-print-directory book
	@BOOK_SITE=_build/html $(MAKE) --no-print-directory test

text: venv  ## notebooks/NB.ipynb -> _text/NB.py, to edit it as text
sync: venv  ## _text/NB.py -> notebooks/NB.ipynb, outputs of unchanged cells kept
run: venv  ## execute NB in a fresh kernel and store its outputs
text sync run:
	@$(PY) -m tools.notebooks $@ "$(NB)" $(FLAGS)

run-all: venv  ## run the notebooks whose code changed since (FORCE=1: all)
	@$(PY) -m tools.notebooks run-all $(FLAGS)

new: venv  ## NB=NN-M-slug: a skeleton notebook with its exercise files
	@$(PY) -m tools.new_notebook "$(NB)"

bench: $(READY)  ## the numbers this book promises to hold
	@$(PY) -m tools.bench

serve: venv  ## open the built site on this machine (PORT=8000)
	@test -f $(INDEX) || { echo "No site yet: make book" >&2; exit 1; }
	@echo "http://127.0.0.1:$(PORT)/  (Ctrl-C ends it)"
	@$(PY) -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

clean:  ## remove what is built and cached; .venv and _text stay
	@rm -rf _build .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

.PHONY: help setup venv book test lint format check text sync run run-all new bench serve clean
