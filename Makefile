# The commands that people and CI run; setup.sh installs what each needs.
PYTHON := .venv/bin/python
# What tests of the GLB and of the web page load.
NPM := gltf-validator@2.0.0-dev.3.10 mmd-parser@1.0.4 three@0.187.0

# Who is done takes over another's tests. Many of all tests wait: two workers more than processors.
CORES = $(shell $(PYTHON) -c 'import os; print(os.cpu_count())')
PYTEST = .venv/bin/pytest --dist worksteal --numprocesses

unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo check test lint types quick unit fuzz docs blender clean

demo: .venv/.demo-ready
	$(PYTHON) -m facedrive demo

check: lint types quick

# Types are checked while the tests run: these also wait, for browsers and sockets.
test: .venv/.test-ready
	$(MAKE) -j 3 lint types unit

lint: .venv/.test-ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types: .venv/.test-ready
	.venv/bin/pyrefly check --progress-bar no --python-interpreter-path $(PYTHON)

quick: .venv/.test-ready
	$(PYTEST) $(CORES) -m 'not slow' --hypothesis-profile quick

unit: .venv/.test-ready
	$(PYTEST) $$((2 + $(CORES)))

# A thousand damaged copies of each kind of file; the tests try some dozens.
fuzz: .venv/.test-ready
	FACEDRIVE_FUZZ=1000 .venv/bin/pytest tests/test_fuzz.py --timeout 3000

docs: .venv/.docs-ready
	.venv/bin/mkdocs build --strict

# The add-on inside Blender, whose package wants Python 3.11 and numpy 1: an environment of its own.
blender: .venv/.blender-ready
	.venv/blender/bin/python -m pytest tests/examples/test_blender.py \
		tests/examples/test_blender_stream.py

.venv/.blender-ready: .venv/.test-ready
	sh setup.sh '.[test]' libsm6 libxfixes3 libxi6 libxkbcommon0
	$(PYTHON) -m uv venv --quiet --clear --python 3.11 .venv/blender
	$(PYTHON) -m uv pip install --quiet --python .venv/blender/bin/python \
		bpy hypothesis 'opencv-python-headless<5' pytest pytest-timeout python-osc
	@touch $@

.venv/.demo-ready: pyproject.toml setup.sh Makefile
	sh setup.sh '.[studio]'
	@touch $@

.venv/.docs-ready: pyproject.toml setup.sh Makefile
	sh setup.sh '.[docs]'
	@touch $@ .venv/.demo-ready

# What is imported is compiled once, here: a quarter of the quick tests' time would be compiling.
.venv/.test-ready: pyproject.toml setup.sh Makefile
	UV_COMPILE_BYTECODE=1 sh setup.sh '.[test]' liblo-tools -- mcs:mono-mcs \
		mono:mono-runtime chromium:chromium godot3-server:godot3-server node:nodejs npm:npm Xvfb:xvfb xdotool:xdotool
	$(PYTHON) -m compileall -q facedrive
	npm install --silent --no-audit --no-fund --prefix .venv/npm $(NPM) || \
		echo "no npm packages; tests that need them are skipped"
	@touch $@ .venv/.demo-ready

clean:
	rm -rf .venv demo.mp4
