"""The procedural sculptor of rigs/basic.obj; lengths are millimetres until the files are written."""
