"""Make rigs/basic.obj, its targets and, with --sheet, the picture of all of them.

    python rigs/build_basic.py [--out FOLDER] [--sheet]

Needs numpy and scipy; the sheet also pyrender and Pillow.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from basic_build.head import build_head  # noqa: E402
from basic_build.obj_files import write_rig  # noqa: E402

from facedrive.aus import AU_NAMES  # noqa: E402

EXTRAS = (
    "left_mouth_frown", "right_mouth_frown", "left_lip_press", "right_lip_press",
    "left_dimple", "right_dimple", "mouth_left", "mouth_right", "lip_funnel",
)  # fmt: skip
"""Of ``facedrive.extras``; the others go along with AUs, whose targets show them."""


def main() -> None:
    """Build the rig and write its files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=HERE, help="folder for basic.obj and basic/")
    parser.add_argument("--sheet", action="store_true", help="also render basic.png there")
    options = parser.parse_args()
    parts = build_head()
    write_rig(parts, AU_NAMES + EXTRAS, options.out)
    if options.sheet:
        from basic_build.sheet import write_sheet

        write_sheet(parts, AU_NAMES + EXTRAS, options.out / "basic.png")


if __name__ == "__main__":
    main()
