"""``facedrive model``: a run as an ONNX file; the contract written into any that keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from facedrive.options import option


@dataclass(frozen=True, kw_only=True)
class Export:
    """Write the network of a run of the AU model as ONNX, with the contract in its metadata.

    It is the network as trained. The last step of facedrive train also sets each output's gain on
    validation people, and makes the 8-bit model; run it again on a finished run for these.
    """

    run_folder: Path = option(positional=True, metavar="RUN")
    """Folder of the run, such as runs/default, or a checkpoint.pt."""
    output: Path = option(flag="--output -o", metavar="ONNX")
    """Where the model goes."""

    def run(self) -> int:
        """Read the checkpoint, write the model, and say how to run it."""
        from facedrive.cli.packages import need_train

        need_train()
        from facedrive.training.run.export import export_checkpoint
        from facedrive.training.run.loop import CHECKPOINT

        given = self.run_folder
        recipe = export_checkpoint(given / CHECKPOINT if given.is_dir() else given, self.output)
        print(f"{self.output}: {recipe.name}, crops of {recipe.crop.size} pixels")
        print(f"see it move a face with: facedrive live --model {self.output}")
        return 0


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """Write facedrive's contract into the metadata of an ONNX model, so that live --model runs it.

    The model takes crops (N, 1, S, S) uint8, normalises them inside, and gives aus (N, 24), 0 to 1
    in FEAFA+ order, gaze (N, 4) in radians (left pitch, left yaw, right pitch, right yaw) and, if
    it has them, landmarks (N, 68, 2) in the crop's pixels. It is tried before it is stamped.
    """

    model: Path = option(positional=True, metavar="ONNX")
    """The model."""
    output: Path = option(flag="--output -o", metavar="ONNX")
    """The stamped copy; may be the same file."""
    padding: float = option(0.3, low=0, high=2)
    """How far its crops go beyond the face, each side, as a share of the face's box."""

    def run(self) -> int:
        """Check the model, write the copy, and say how to run it."""
        from facedrive.cli.packages import need_onnx

        need_onnx()
        from facedrive.training.run.stamp import stamp

        crop = stamp(self.model, self.output, self.padding)
        print(f"{self.output}: crops of {crop.size} pixels with padding {crop.padding:g}")
        print(f"see it move a face with: facedrive live --model {self.output}")
        return 0


COMMANDS = {"export": Export, "stamp": Stamp}
