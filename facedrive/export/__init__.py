"""Exports: a recorded take as a file that animation tools import.

Left out on purpose: VMD, whose morphs are each model's own Japanese names with no published
specification, and BVH, which has joints only and would drop the face; the GLB has both.
"""

from __future__ import annotations

FORMATS = {
    "livelink-csv": "Live Link Face CSV, for Unreal, Blender and Maya importers",
    "gltf": "GLB: the rig with animated morph weights, head and eyes",
}
"""What ``facedrive export --to`` takes; a module of each name has its writer."""

SUFFIXES = {"livelink-csv": ".csv", "gltf": ".glb"}
"""What a file of each format must end in, so that what reads it knows it."""
