"""Print how far the jaw is open in each frame of a clip: python ten_lines.py clip.mp4."""

import sys

import facedrive as fd

clip = sys.argv[1] if len(sys.argv) > 1 else "demo"
with fd.Pipeline.open() as pipeline:
    for frame in fd.frames(clip):
        sample = pipeline(frame)
        if sample.face:
            jaw = sample.aus[fd.AU_INDEX["jaw_drop"]]
            print(f"{sample.time:6.2f} s {jaw:5.2f} {'#' * round(40 * jaw)}")
