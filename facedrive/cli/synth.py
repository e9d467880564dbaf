"""``facedrive synth``: synthetic faces with known AUs, as training crops or in FEAFA+'s layout."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from facedrive.errors import DataError
from facedrive.options import option

People = Literal["train", "validation", "test"]


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """What both layouts need."""

    data: Path = option(metavar="DIR")
    """Folder with faces.zip, faces_teacher.npz and ict/."""
    output: Path = option(flag="--output -o", metavar="PATH")
    """Where they go: a .npz of faces, a folder of videos."""
    seed: int = option(0, low=0)
    """The same seed gives the same faces."""
    people: People = "train"
    """Whose photographs may give a skin."""
    workers: int = option(os.cpu_count() or 1, low=1)
    """Processes."""


@dataclass(frozen=True, kw_only=True)
class Faces(Rendering):
    """Render single faces, cropped, to an .npz."""

    count: int = option(6000, low=1)
    """How many."""

    def run(self) -> int:
        """Render them."""
        from facedrive.cli.packages import need_train
        from facedrive.progress import bar

        need_train()
        if self.output.suffix != ".npz":
            raise DataError(f"--output {self.output}: it must end in .npz.")
        from facedrive.training.rendered.dataset import render_dataset

        with bar(self.count, "face") as line:
            render_dataset(self.data, self.output, self.count, self.seed, self.people,
                           self.workers, line.advance)  # fmt: skip
        print(f"{self.output}: {self.count} faces of seed {self.seed}")
        print("score the model that ships on them with: facedrive evaluate --sections synthetic "
              f"--data {self.data} --synthetic {self.output}")  # fmt: skip
        return 0


@dataclass(frozen=True, kw_only=True)
class Feafa(Rendering):
    """Render videos of posed and spontaneous expressions, with labels and coders as FEAFA+ has."""

    subjects: int = option(20, low=1)
    """How many people."""
    videos: int = option(60, low=1)
    """How many videos in all."""
    frames: int = option(200, low=1)
    """How many frames each video has."""

    def run(self) -> int:
        """Render them."""
        from facedrive.cli.packages import need_train
        from facedrive.progress import bar

        need_train()
        from facedrive.feafa.simulate.render import FeafaPlan, render_feafa

        plan = FeafaPlan(subjects=self.subjects, videos=self.videos, frames=self.frames,
                         seed=self.seed, people=self.people)  # fmt: skip
        with bar(plan.videos * plan.frames, "frame") as line:
            render_feafa(self.data, self.output, plan, self.workers, line.advance)
        print(f"{self.output}: {plan.videos} videos of {plan.subjects} subjects, "
              f"{plan.videos * plan.frames} frames")  # fmt: skip
        print(f"check it with: facedrive data check {self.output}")
        return 0


COMMANDS = {"faces": Faces, "feafa": Feafa}
