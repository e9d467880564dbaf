"""The AU model from the data folder alone: makes what it is trained on, trains, exports."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from facedrive import trackers
from facedrive.aus import AU_INDEX
from facedrive.trackers.shape import default_predictor
from facedrive.training import labels, photowarp, synth, tracked
from facedrive.training import teacher as asked
from facedrive.training.batches import Kind
from facedrive.training.data import (
    FaceSet,
    add_teacher,
    join_faces,
    load_faces,
    load_photographs,
    save_faces,
)
from facedrive.training.engine import Run
from facedrive.training.export import export
from facedrive.training.folds import People, split_people
from facedrive.training.gain import calm, take_back_timidity
from facedrive.training.kept import digest, digest_code, keep
from facedrive.training.photowarp.dataset import warped_set
from facedrive.training.quantise import calibration_crops, quantise
from facedrive.training.recipe import Recipe, Source
from facedrive.training.synth.photographs import open_photographs
from facedrive.training.teacher import (
    ask_all,
    find_teacher,
    load_opinions,
    save_opinions,
    second_opinions,
)

log = logging.getLogger(__name__)

WATCHED = Source(faces=800, share=0.0, seed=3)
"""Moved photographs of people not trained on, to watch the training by."""

WATCHED_LENT = Source(faces=1_000, share=0.0, seed=5)
"""The same in the skin of others not trained on: of these, too, those at rest must rest."""

PART = 6_000
"""Faces that are kept together: a run that is stopped while they are made loses only these. Whole
blocks of moved and of rendered faces."""


@dataclass(frozen=True)
class Workshop:
    """Where a run finds its data and leaves its work."""

    data: Path
    """Folder with ``faces.zip``, ``faces_teacher.npz`` and ``ict/``."""
    cache: Path
    """Keeps what is made from the data, for the next run."""
    output: Path
    """Gets checkpoints, log and models."""
    teacher: Path | None = None
    """MediaPipe's model file; None to look beside the data, then in the user's cache."""
    workers: int = 1
    """Processes that make faces."""
    compile: bool = False
    """As for ``engine.Run``."""


def distil(recipe: Recipe, shop: Workshop, device: torch.device, start: Path | None = None) -> Path:
    """Train and export; everything that exists already is taken up where it was left.

    Returns:
        The 8-bit model; ``model.onnx`` beside it is the whole one.
    """
    teacher = find_teacher(shop.data, shop.teacher)
    opinions = second_opinions(shop.data, shop.cache, teacher, shop.workers)
    photographs = load_photographs(shop.data, shop.cache, opinions)
    split = split_people(photographs.person)
    sets = {Kind.PHOTOGRAPH: photographs.select(split.train)}
    if recipe.moved.faces:
        sets[Kind.MOVED] = _moved(recipe.moved, shop, teacher, "train")
    if recipe.lent.faces:
        sets[Kind.LENT] = _moved(recipe.lent, shop, teacher, "train", lent=True)
    if recipe.rendered.faces:
        sets[Kind.RENDERED] = _rendered(recipe.rendered, shop, teacher)
    sets = {kind: _tracked(faces, shop) for kind, faces in sets.items()}
    watched = {Kind.PHOTOGRAPH: photographs.select(split.validation)}
    watched[Kind.MOVED] = _moved(WATCHED, shop, teacher, "validation")
    watched[Kind.LENT] = _moved(WATCHED_LENT, shop, teacher, "validation", lent=True)
    model = Run(recipe, shop.output, device, start, shop.compile).fit(sets, watched)
    gains = take_back_timidity(model.cpu(), recipe, watched)
    crowds = [watched[Kind.PHOTOGRAPH], _unmoved(watched[Kind.LENT]), sets[Kind.PHOTOGRAPH]]
    lowered = calm(model, recipe, crowds)
    log.info("gains %s, lowered %s", np.round(gains, 2).tolist(), np.round(lowered, 3).tolist())
    whole, small = shop.output / "model.onnx", shop.output / "model-int8.onnx"
    export(model, recipe.crop, whole)
    quantise(whole, calibration_crops(list(sets.values()), recipe.crop), small)
    return small


def _unmoved(faces: FaceSet) -> FaceSet:
    """Leave out the faces that were made to do what no photograph teaches."""
    made_to_do = faces.targets.aus[:, [AU_INDEX[name] for name in labels.EXACT]]
    return faces.select((made_to_do == 0).all(axis=1))


def _parts(source: Source) -> list[range]:
    """Cut a set into what is kept as soon as it is made."""
    starts = range(0, source.faces, PART)
    return [range(start, min(start + PART, source.faces)) for start in starts]


def _moved(source: Source, shop: Workshop, teacher: Path | None, people: People,
           *, lent: bool = False) -> FaceSet:  # fmt: skip
    made_by = digest_code(photowarp, synth, asked, labels)

    def part(faces: range) -> FaceSet:
        def write(path: Path) -> None:
            made = warped_set(shop.data, people, len(faces), source.seed, first=faces.start,
                              teacher=teacher, workers=shop.workers, lent=lent)  # fmt: skip
            save_faces(made, path)

        kind = "lent" if lent else "moved"
        name = f"{kind}-{people}-{source.seed}-{faces.start}-{faces.stop}-{made_by}.npz"
        return load_faces(keep(shop.cache / name, write))

    return join_faces([part(faces) for faces in _parts(source)])


def _rendered(source: Source, shop: Workshop, teacher: Path | None) -> FaceSet:
    made_by = digest_code(synth)
    channels = list(open_photographs(shop.data).scores)

    def part(faces: range) -> FaceSet:
        def write(path: Path) -> None:
            from facedrive.training.synth.dataset import render_dataset  # loads OpenGL

            with tqdm(desc="rendering faces", total=len(faces), unit="face") as bar:
                render_dataset(shop.data, path, len(faces), source.seed, workers=shop.workers,
                               progress=bar.update, first=faces.start)  # fmt: skip

        def ask(path: Path) -> None:
            save_opinions(ask_all(rendered.crops, teacher, shop.workers), path)

        name = f"{source.seed}-{faces.start}-{faces.stop}-{made_by}.npz"
        rendered = load_faces(keep(shop.cache / f"rendered-train-{name}", write))
        said = load_opinions(keep(shop.cache / f"rendered-opinions-{name}", ask))
        return add_teacher(rendered, said, channels)

    return join_faces([part(faces) for faces in _parts(source)])


def _tracked(faces: FaceSet, shop: Workshop) -> FaceSet:
    """Add where the live tracker sees the landmarks of faces."""
    code = digest_code(trackers, tracked).encode()
    made_by = digest(code, default_predictor().read_bytes(), faces.crops.tobytes())
    path = shop.cache / f"tracked-{made_by}.npy"
    keep(path, lambda part: np.save(part, tracked.track_faces(faces, workers=shop.workers)))
    return replace(faces, tracked_px=np.load(path))
