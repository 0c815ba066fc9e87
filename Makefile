# `make demo` and `make test` set up what they need on the first run. PYTHON=… names the Python 3.11 to build from.
VENV_PYTHON := .venv/bin/python
PY := $(VENV_PYTHON)
RUN := $(PY) -m tokendance_core
SONG ?= examples/happy_lofi_day.ogg
OUT ?= out
DIST ?= dist
DATA ?= data
RUNS ?= runs

# SMALL=1 makes demo, fuzz, bench, bench-rigs and train quick, to see that they work; test-matrix then only says what it would do.
FILM := $(if $(SMALL),--film-seconds 0.2 --steps 1)
BENCH := $(if $(SMALL),--small)
DANCE_SECONDS := $(if $(SMALL),4,30)
TRAIN := $(if $(SIZE),--size $(SIZE)) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(TIMES),--times $(TIMES)) \
	$(if $(ANNEAL),--anneal) $(if $(SMALL),--size tiny --steps 6 --batch 4 --pairs 3)

.PHONY: help setup demo test lint test-unit test-blender test-end-to-end test-gui test-matrix fuzz bench bench-rigs train train-on train-off addon clean

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 18

# For scripts/setup.py and scripts/test_matrix.py.
export PYTHON

.venv/%.stamp: requirements/%.txt pyproject.toml scripts/setup.py
	@python3 scripts/setup.py $*
.venv/dev.stamp: .venv/demo.stamp

# PY=… names a Python that has everything already; nothing is set up then.
STAMPS := $(if $(filter $(VENV_PYTHON),$(PY)),.venv/demo.stamp .venv/dev.stamp)

setup: $(STAMPS)  ## make .venv with the pinned packages

# Without PyTorch, so that it is quick on a new machine.
demo: $(firstword $(STAMPS))  ## dance to the song in examples/: out/demo.bvh, demo.blend, demo.mp4, demo.png
	@mkdir -p $(OUT)
	$(RUN) generate $(SONG) -o $(OUT)/demo.bvh
	$(PY) examples/render_demo.py $(SONG) $(OUT) $(FILM)

test: lint test-unit test-blender test-end-to-end  ## everything that must pass before a commit

lint: setup  ## style, simple mistakes and types
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

test-unit: setup  ## the core without Blender
	$(PY) -m pytest -q tests/unit

# Each tier is a process of its own: Blender as a module keeps state that no test can undo.
test-blender: setup  ## the add-on inside Blender as a Python module
	$(PY) -m pytest -q tests/blender

test-end-to-end: setup  ## songs in, dances out, with the shipped weights; every command of this list and of README
	$(PY) -m pytest -q tests/end_to_end

test-gui: setup  ## a user's session in a real Blender window: TOKENDANCE_BLENDER=… names it, see tests/gui/test_window.py
	$(PY) -m pytest -q tests/gui

test-matrix: setup  ## tests/blender, and the zip in a fresh Blender, in Blender 4.2, 4.5 and 5.2 as well
	$(PY) scripts/test_matrix.py $(if $(SMALL),--dry-run)

fuzz: setup  ## damaged files for every reader, SECONDS=… for each of them (60); SEED=… makes other files
	$(PY) -m tests.fuzz --seconds $(or $(SECONDS),$(if $(SMALL),1,60)) --seed $(or $(SEED),0)

bench: setup  ## time and memory of every stage, as a table and out/bench.json
	$(PY) -m bench --out $(OUT) $(BENCH)

bench-rigs: setup  ## one dance on every kind of rig: a table, out/rigs/*.png; MODELS=… adds a folder of glTF and VRM files
	@mkdir -p $(OUT)/rigs
	$(RUN) generate $(SONG) -o $(OUT)/rigs/dance.npz --duration $(DANCE_SECONDS)
	$(PY) -m bench.rigs $(OUT)/rigs --clip $(OUT)/rigs/dance.npz --pictures $(if $(MODELS),--models $(MODELS)) $(BENCH)

train: setup  ## all training stages on the data in DATA=…, into RUNS=…; continues where it was stopped; MINUTES=… ends in time
	$(RUN) train --data $(DATA) --out $(RUNS) $(TRAIN)

train-on: setup  ## the same in the background, on one thread at the lowest priority; TIMES=… longer, ANNEAL=1 comes to an end
	$(PY) -m scripts.train_in_background on $(RUNS) --data $(DATA) $(TRAIN)

train-off: setup  ## stop the training in the background; train-on goes on from there
	$(PY) -m scripts.train_in_background off $(RUNS)

addon: setup  ## the extension for Blender, in dist/
	$(PY) build_addon.py --output $(DIST)

clean:  ## remove everything that can be made again, the environment included
	rm -rf .venv .venvs build dist out *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
