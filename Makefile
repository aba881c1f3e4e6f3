# Everything runs in a virtual environment of its own, .venv, made on first use.
PYTHON ?= python3
VENV := .venv/bin

.PHONY: run test slow lint bench load mutants pictures train
.DELETE_ON_ERROR:

run: .venv/app
	$(VENV)/streamlit run app.py

# On two cores; whoever is through takes tests from the other one.
PYTEST := $(VENV)/python -m pytest --numprocesses 2 --dist worksteal

test: .venv/dev
	$(PYTEST)

# In the browser one after the other: its long walks want the server to answer in time.
slow: .venv/dev
	$(PYTEST) -m slow --ignore tests/browser
	$(VENV)/python -m pytest -m slow tests/browser

lint: .venv/dev
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/lint-imports
	$(VENV)/mypy

bench: .venv/bench
	$(VENV)/python -m pytest -o addopts= tests/bench.py --benchmark-only --benchmark-columns=median,iqr,rounds --benchmark-sort=name
	$(VENV)/python -m tests.bench_ascent

load: .venv/dev
	$(VENV)/python -m tests.load

# Random mutants of what is committed, each put to the tests that run its line; goes on where it was stopped.
N := 200
SEED := 0
MODULES := core
mutants: .venv/dev
	$(VENV)/python -m tests.mutants $(N) $(SEED) $(MODULES)

# Makes the README's pictures again.
pictures: .venv/dev
	$(VENV)/python -m pytest -o addopts= tests/browser/pictures.py

# Makes the checkpoints that are missing; `make --always-make train` makes them all again, about 3 hours of one core.
SEEDS := 0 1 2 3 4
NETS := dense dense-video cnn rnn
DEPTHS := $(addprefix dense-,1 2 3 4 5 6) $(addprefix cnn-,2 3 4 5 6 7 8) $(addprefix lstm-,1 2 3 4)
THREE := -1 -2
CHECKPOINTS := core/models/checkpoints
train: $(foreach net,$(NETS),$(foreach file,$(SEEDS:%=seed-%) $(foreach kind,plain random-labels rotations,$(kind) $(THREE:%=$(kind)%)) plain-3 plain-4,$(CHECKPOINTS)/$(net)/$(file).safetensors)) \
	$(foreach net,$(DEPTHS),$(foreach file,plain $(THREE:%=plain%),$(CHECKPOINTS)/$(net)/$(file).safetensors)) \
	$(CHECKPOINTS)/text/seed-0.safetensors

# Of seed-3 the training is the net's own, of plain-3 it is --plain.
$(CHECKPOINTS)/%.safetensors: | .venv/app
	$(VENV)/python -m core.training $(*D) $(shell echo $(*F) | sed -E 's/^seed-/--seed /; t; s/^/--/; s/-([0-9])$$/ --seed \1/')

.venv/app: requirements.txt
	$(PYTHON) -m venv .venv
	$(VENV)/pip install --requirement requirements.txt
	touch $@

.venv/bench: requirements-bench.txt .venv/dev
	$(VENV)/pip install --requirement requirements-bench.txt
	touch $@

.venv/dev: requirements-dev.txt .venv/app
	$(VENV)/pip install --requirement requirements-dev.txt
	touch $@
