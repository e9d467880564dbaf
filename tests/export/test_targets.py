"""Which table moves a rig's targets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facedrive.aus import AU_NAMES
from facedrive.errors import MappingError
from facedrive.export.targets import target_mapping
from facedrive.mappings import match_rig
from facedrive.rig import Rig


def test_without_a_table_names_decide(rig: Rig) -> None:
    np.testing.assert_array_equal(target_mapping(rig).matrix, match_rig(rig).matrix)


def test_a_users_table_is_laid_out_in_the_rigs_order(rig: Rig, tmp_path: Path) -> None:
    table = tmp_path / "mine.toml"
    table.write_text("[weights]\njaw_drop = { jaw_drop = 0.5, gaze_left_up = 0.5 }\n")
    mapping = target_mapping(rig, str(table))
    assert mapping.channels == rig.targets
    row = mapping.matrix[rig.targets.index("jaw_drop")]
    assert row[AU_NAMES.index("jaw_drop")] == 0.5
    assert row.sum() == 0.5  # gaze turns the eyeballs, no target
    assert np.count_nonzero(mapping.matrix.any(axis=1)) == 1


def test_a_table_that_drives_another_rig_is_refused(rig: Rig) -> None:
    with pytest.raises(MappingError, match=r"no target of basic\.obj 'eyeBlinkLeft'"):
        target_mapping(rig, "arkit")
