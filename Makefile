# The commands that people and CI run; setup.sh installs what each needs.
PYTHON := .venv/bin/python

.PHONY: demo test lint types unit clean

demo: .venv/.demo-ready
	$(PYTHON) -m facedrive demo

test: lint types unit

lint: .venv/.test-ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types: .venv/.test-ready
	.venv/bin/mypy

unit: .venv/.test-ready
	.venv/bin/pytest

.venv/.demo-ready: pyproject.toml setup.sh
	sh setup.sh .
	@touch $@

.venv/.test-ready: pyproject.toml setup.sh
	sh setup.sh '.[test]' liblo-tools
	@touch $@ .venv/.demo-ready

clean:
	rm -rf .venv demo.mp4
