"""The photographs, who is who, and what the teacher says of them."""

from __future__ import annotations

import contextlib
import hashlib
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facedrive.errors import DataError, DependencyError, ModelError
from facedrive.files import file_hash, whole_file
from facedrive.progress import track
from facedrive.types import Image
from training_data.manifest import (
    ADVICE,
    PHOTOGRAPHS,
    PICTURES,
    SCORES,
    Entry,
    commit_of,
    digest,
    save,
)

if TYPE_CHECKING:
    from mediapipe.tasks.python.vision import FaceLandmarker

STORED_PX = 256
"""Longest side of a stored photograph."""

JPEG_QUALITY = 85

BORDER = 1 / 8
"""Of the longer side: faces fill the photographs, and the teacher's detector wants some room. The
border repeats the outermost pixels; a black or mirrored one moves the answers further."""

BLOCK = 250
"""Photographs that are kept together while others are still to do."""

BLENDSHAPES, LANDMARKS = 52, 478


class Part(NamedTuple):
    """What was made of a block: N photographs with a face.

    The fields from ``person`` on are those of ``faces_teacher.npz``.
    """

    jpegs: NDArray[np.uint8]
    """The files one after another."""
    sizes: NDArray[np.int64]
    """(N,) bytes of each."""
    unread: NDArray[np.str_]
    """Names of those that cannot be read."""
    faceless: NDArray[np.str_]
    """Names of those in which the teacher finds no face."""
    person: NDArray[np.uint32]
    """(N,) equal numbers are the same person."""
    blendshapes: NDArray[np.float16]
    """(N, 52) scores, 0 to 1."""
    landmarks: NDArray[np.float16]
    """(N, 478, 3) pixels of the stored photograph; z in the same scale."""
    pose: NDArray[np.float32]
    """(N, 4, 4) head to camera, cm."""
    blendshape_names: NDArray[np.str_]
    """(52,), or (0,) where N is 0."""

    def files(self) -> list[bytes]:
        """Return the N JPEG files."""
        ends = np.cumsum(self.sizes)
        starts = ends - self.sizes
        return [self.jpegs[a:b].tobytes() for a, b in zip(starts, ends, strict=True)]


class Job(NamedTuple):
    """A block of photographs to do, and where the part goes."""

    pictures: tuple[Path, ...]
    model: Path
    part: Path


class Look(NamedTuple):
    """What the teacher says of one photograph."""

    scores: list[float]
    names: list[str]
    mesh_px: NDArray[np.float64]
    """(478, 3) pixels of the photograph."""
    pose: NDArray[np.float32]


def find_pictures(checkout: Path) -> list[Path]:
    """List the collection's photographs in the order of their names.

    Raises:
        DataError: if the folder is no checkout of the collection.
    """
    kinds = {".jpg", ".jpeg", ".png"}
    folder = checkout / "images"
    found = [path for path in folder.glob("*") if path.suffix.lower() in kinds]
    if not found:
        raise DataError(f"{folder} has no photographs; {ADVICE[PICTURES]}.")
    return sorted(found, key=lambda path: path.name)


def person_of(picture: Path) -> int:
    """Give the number of who is in a photograph: the CRC-32 of the name before its own number.

    ``Aaron_Peirsol_0001.jpg`` and ``Aaron_Peirsol_0002.jpg`` show the same person.
    """
    return zlib.crc32((picture.stem.rpartition("_")[0] or picture.stem).encode())


def store(picture: Image) -> bytes:
    """Turn an (H, W, 3) RGB photograph into the grey JPEG file that is kept."""
    height, width = picture.shape[:2]
    scale = STORED_PX / max(height, width)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(grey, size, interpolation=how) if scale != 1 else grey
    return bytes(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1])


def open_teacher(model: Path) -> FaceLandmarker:
    """Open MediaPipe's Face Landmarker for single pictures; ``close`` it when done.

    Raises:
        DependencyError: if mediapipe is not installed.
        ModelError: if the file is missing or is something else.
    """
    try:
        from mediapipe.tasks.python import BaseOptions, vision
    except ImportError as error:
        raise DependencyError(
            "the teacher needs the package mediapipe, which is not installed; "
            "pip install 'facedrive[mediapipe]'."
        ) from error
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model)),
        running_mode=vision.RunningMode.IMAGE,
        num_faces=1,
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    try:
        return vision.FaceLandmarker.create_from_options(options)
    except (RuntimeError, ValueError, OSError) as error:
        raise ModelError(
            f"{model} is no model of MediaPipe's Face Landmarker ({error}); "
            "give its face_landmarker.task with --teacher-model."
        ) from error


def look(teacher: FaceLandmarker, picture: Image) -> Look | None:
    """Ask the teacher about an (H, W, 3) RGB photograph; None where it finds no face."""
    import mediapipe

    edge = round(BORDER * max(picture.shape))
    wider = cv2.copyMakeBorder(picture, edge, edge, edge, edge, cv2.BORDER_REPLICATE)
    found = teacher.detect(mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=wider))
    if not found.face_blendshapes:
        return None
    height, width = wider.shape[:2]
    points = [(point.x, point.y, point.z) for point in found.face_landmarks[0]]
    mesh_px = np.array(points) * (width, height, width) - (edge, edge, 0)
    each = found.face_blendshapes[0]
    pose = np.asarray(found.facial_transformation_matrixes[0], np.float32)
    return Look([c.score for c in each], [c.category_name for c in each], mesh_px, pose)


def make_part(job: Job) -> Path:
    """Store a block's photographs and the teacher's answers; return where."""
    unread: list[str] = []
    faceless: list[str] = []
    kept: list[tuple[bytes, int, Look, NDArray[np.float64]]] = []
    with contextlib.closing(open_teacher(job.model)) as teacher:
        for path in job.pictures:
            encoded = np.frombuffer(path.read_bytes(), np.uint8)
            picture = cv2.imdecode(encoded, cv2.IMREAD_COLOR) if encoded.size else None
            if picture is None:
                unread.append(path.name)
                continue
            rgb: Image = np.ascontiguousarray(picture[..., ::-1], np.uint8)
            said = look(teacher, rgb)
            if said is None:
                faceless.append(path.name)
                continue
            mesh_px = said.mesh_px * (STORED_PX / max(rgb.shape[:2]))
            kept.append((store(rgb), person_of(path), said, mesh_px))
    save(job.part, _part(kept, unread, faceless)._asdict())
    return job.part


def _part(
    kept: list[tuple[bytes, int, Look, NDArray[np.float64]]],
    unread: list[str],
    faceless: list[str],
) -> Part:
    count = len(kept)
    said = [each[2] for each in kept]
    return Part(
        jpegs=np.frombuffer(b"".join(each[0] for each in kept), np.uint8),
        sizes=np.array([len(each[0]) for each in kept], np.int64),
        unread=np.array(unread, np.str_),
        faceless=np.array(faceless, np.str_),
        person=np.array([each[1] for each in kept], np.uint32),
        blendshapes=np.array([s.scores for s in said], np.float16).reshape(count, BLENDSHAPES),
        landmarks=np.array([each[3] for each in kept], np.float16).reshape(count, LANDMARKS, 3),
        pose=np.array([s.pose for s in said], np.float32).reshape(count, 4, 4),
        blendshape_names=np.array(said[0].names if said else [], np.str_),
    )


def plan(checkout: Path, folder: Path, model: Path, first: int | None) -> tuple[list[Job], Entry]:
    """Divide the photographs into blocks.

    Args:
        checkout: Of the collection.
        folder: The data folder; ``parts`` in it keeps what is done until all is.
        model: The teacher's.
        first: How many photographs to take, by name; None for all.

    Returns:
        The jobs, and what the manifest says of ``faces.zip`` and ``faces_teacher.npz``.
    """
    pictures = find_pictures(checkout)[:first]
    blocks = [tuple(pictures[start : start + BLOCK]) for start in range(0, len(pictures), BLOCK)]
    teacher = file_hash(model)
    digests = [digest(block, teacher) for block in blocks]
    jobs = [
        Job(block, model, folder / "parts" / f"{each}.npz")
        for block, each in zip(blocks, digests, strict=True)
    ]
    inputs = hashlib.sha256("".join(digests).encode()).hexdigest()
    return jobs, {
        "repository": PHOTOGRAPHS,
        "commit": commit_of(checkout),
        "from": "images/",
        "teacher_sha256": teacher,
        "inputs_sha256": inputs,
    }


def make_photographs(jobs: Sequence[Job], folder: Path, workers: int) -> None:
    """Make ``faces.zip`` and ``faces_teacher.npz``; jobs whose part is there are done.

    Raises:
        DataError: if there is a face in none of the photographs.
    """
    todo = [job for job in jobs if not job.part.is_file()]
    for _ in track(run(todo, workers), "block", "asking the teacher", len(todo)):
        pass
    assemble([load_part(job.part) for job in jobs], folder)
    for job in jobs:
        job.part.unlink()
    with contextlib.suppress(OSError):  # parts of other photographs may be there
        (folder / "parts").rmdir()


def run(jobs: Sequence[Job], workers: int) -> Iterator[Path]:
    """Make parts, in several processes if there are several workers."""
    if workers == 1 or len(jobs) < 2:
        yield from map(make_part, jobs)
        return
    with ProcessPoolExecutor(min(workers, len(jobs)), get_context("spawn")) as pool:
        yield from pool.map(make_part, jobs)


def load_part(path: Path) -> Part:
    """Read what ``make_part`` wrote."""
    with np.load(path) as arrays:
        return Part(**arrays)


def assemble(parts: Sequence[Part], folder: Path) -> None:
    """Write both files; the rows of one are the pictures of the other.

    Raises:
        DataError: if no photograph is left.
    """
    jpegs = [file for part in parts for file in part.files()]
    if not jpegs:
        raise DataError(f"the teacher finds no face in any photograph; {ADVICE[PICTURES]}.")
    with whole_file(folder / PICTURES) as file, zipfile.ZipFile(file, "w") as archive:
        for number, jpeg in enumerate(jpegs):
            archive.writestr(zipfile.ZipInfo(f"{number:05d}.jpg"), jpeg)  # dated 1980, not today
    rows = {name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("person", "blendshapes", "landmarks", "pose")}  # fmt: skip
    names = next(part.blendshape_names for part in parts if part.sizes.size)
    save(folder / SCORES, {**rows, "blendshape_names": names})
    for what, field in (("cannot be read", "unread"), ("show no face", "faceless")):
        left_out = [name for part in parts for name in getattr(part, field)]
        print(f"{len(jpegs)} photographs kept; {len(left_out)} {what}" + _some(left_out))


def _some(names: list[str]) -> str:
    return f": {', '.join(names[:3])}{', …' if len(names) > 3 else ''}" if names else ""
