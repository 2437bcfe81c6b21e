# make demo   the whole workflow on a simulated genome     make test   the tests
# make lint   code style                                   make bench  speed and memory, as ratios
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed

.PHONY: demo test lint bench env docs lock clean

demo: env
	@$(BIN)/python -m snakemake --profile profiles/workstation --quiet rules
	@$(BIN)/python -m motifloom.report.outcome results

test: env
	@$(BIN)/python -m pytest -q -n 3 --dist loadgroup

lint: env
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/snakefmt --check Snakefile rules
	@$(BIN)/python -m snakemake --lint

bench: env
	@$(BIN)/python -m benchmarks

docs: env
	@$(BIN)/python -m motifloom.reference

env: $(STAMP)

$(STAMP): envs/lock.txt
	@echo "Installing into .venv (about 2 minutes) ..."
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
		{ echo "Motifloom needs Python 3.11 or later; name one with: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --prefer-binary -r envs/lock.txt
	@$(BIN)/python -m motifloom.filters.warm
	@touch $(STAMP)

# Resolve pyproject's ranges anew and pin what was found: names and versions only.
lock:
	@rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	@.venv-lock/bin/python -m pip install --quiet --prefer-binary ".[sweeps,tensorboard,test,lint,bench]"
	@.venv-lock/bin/python -m pip list --format=freeze --exclude pip --exclude setuptools --exclude wheel --exclude motifloom > envs/lock.txt
	@rm -rf .venv-lock

clean:
	rm -rf results .snakemake
