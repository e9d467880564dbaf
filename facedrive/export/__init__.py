"""Exports: a recorded take as a file that animation tools import.

Left out on purpose: BVH, which has joints only and would drop the face; the GLB and the VMD have
head and eyes beside it.
"""

from __future__ import annotations

SUFFIXES = {"livelink-csv": ".csv", "gltf": ".glb", "vmd": ".vmd"}
"""What a file of each format must end in, so that what reads it knows it."""
