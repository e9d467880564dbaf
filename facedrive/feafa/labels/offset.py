"""Whether labels and pictures count from the same number: DISFA's labels count from 1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from facedrive.feafa.labels.video import OFFSET, FoundVideo, Problem, Video, put_together


def offset_of(video: Video) -> int:
    """Return what to add to the pictures' numbers to come to the labels'; 0 where they agree.

    They disagree where one begins at 0 and the other at 1, or where both are as long and begin at
    different numbers.
    """
    labels = video.frames[video.labelled]
    pictures = video.frames[video.pictured]
    if video.film or not len(labels) or not len(pictures):
        return 0
    first, last = int(labels[0] - pictures[0]), int(labels[-1] - pictures[-1])
    counts_apart = {int(labels[0]), int(pictures[0])} == {0, 1}
    return first if first == last or counts_apart else 0


def shift(video: Video, offset: int) -> Video:
    """Return the video with ``offset`` added to its pictures' numbers."""
    labels = {int(frame): aus for frame, aus in zip(video.frames, video.aus, strict=True)
              if not np.isnan(aus).all()}  # fmt: skip
    pictures = {int(frame) + offset: path
                for frame, path in zip(video.frames, video.pictures, strict=True)
                if path}  # fmt: skip
    frames, aus, paths = put_together(labels, pictures)
    return replace(video, frames=frames, aus=aus, pictures=paths)


def line_up(found: FoundVideo, offset: int | None) -> FoundVideo:
    """Shift the pictures of a video whose numbers disagree; where nobody said how, ask.

    Args:
        found: The video.
        offset: What to add to the pictures' numbers; None where nobody has said.
    """
    apart = offset_of(found.video)
    if not apart:
        return found
    if offset is not None:
        return found._replace(video=shift(found.video, offset)) if offset else found
    video = found.video
    labels, pictures = video.frames[video.labelled], video.frames[video.pictured]
    text = (
        f"{video.name}: labels count from {labels[0]}, pictures from {pictures[0]}; is the label "
        f"{labels[0]} that of the picture {pictures[0]}? If so, "
        f"facedrive data check --offset {apart} says it, else facedrive data check --offset 0."
    )
    problem = Problem(OFFSET, found.place, text)
    return found._replace(problems=(*found.problems, problem))
