"""The procedural sculptor of rigs/basic.obj; lengths are millimetres until they are written."""
