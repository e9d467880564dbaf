"""Mappings from AUs to what rigs and receivers call their channels: data in TOML beside this."""

from __future__ import annotations

from facedrive.mappings.match import Coverage, coverage, match_rig
from facedrive.mappings.table import (
    BUILT_IN,
    FULL_GAZE_DEG,
    FULL_GAZE_RAD,
    GAZE_INPUTS,
    INPUTS,
    Mapping,
    gaze_inputs,
    load_mapping,
)

__all__ = [
    "BUILT_IN",
    "FULL_GAZE_DEG",
    "FULL_GAZE_RAD",
    "GAZE_INPUTS",
    "INPUTS",
    "Coverage",
    "Mapping",
    "coverage",
    "gaze_inputs",
    "load_mapping",
    "match_rig",
]
