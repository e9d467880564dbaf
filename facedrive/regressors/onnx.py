"""The AU model in ONNX Runtime: checks the contract in its metadata, runs on CUDA or the CPU.

The contract: input ``crops`` (N, 1, S, S) uint8 aligned as the metadata's crop says; outputs
``aus`` (N, 24), 0 to 1 in FEAFA+ order, and ``gaze`` (N, 4) radians: left pitch, left yaw,
right pitch, right yaw. A model may also say where it sees the landmarks: ``landmarks`` (N, 68, 2)
in the crop's pixels; how surely a crop shows a face: ``presence`` (N, 1), 0 to 1; and what no AU
names: ``extras`` (N, E), 0 to 1, in the order of ``facedrive.extras``. Normalisation is inside the
graph.
"""

from __future__ import annotations

import ctypes
import logging
import sys
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as _state

from facedrive.aus import AU_NAMES, AUS
from facedrive.errors import ModelError
from facedrive.extras import EXTRA_NAMES
from facedrive.regressors.options import Device
from facedrive.stages import Estimate
from facedrive.trackers.landmarks import COUNT
from facedrive.types import CropSpec, Image, Vector

log = logging.getLogger(__name__)

CONTRACT = "1"
"""Version of the contract; a model with another is refused."""

SMALLEST_CROP, LARGEST_CROP = 8, 1024
"""Crops that a model may ask for, pixels a side."""

LEAST_PADDING, WIDEST_PADDING = -0.4, 4.0
"""The same; below 0 less than the face is seen, as the paper's protocol may ask for."""

OUTPUTS = ("aus", "gaze", "landmarks", "presence", "extras")
"""Of a model, as ``Estimate`` has them; all but the first two may be missing."""


FAILURES: tuple[type[Exception], ...] = (
    RuntimeError,
    ValueError,
    *(
        each
        for each in vars(_state).values()
        if isinstance(each, type) and issubclass(each, Exception)
    ),
)
"""What ONNX Runtime raises: a dozen types with no base of their own."""


def default_model() -> Path:
    """Return where the model that ships with the package lies."""
    return Path(str(resources.files("facedrive") / "weights" / "default.onnx"))


@dataclass
class OnnxRegressor:
    """Reads AUs and gaze off crops.

    Raises:
        ModelError: on construction, if the model is missing, broken, or breaks the contract, or
            if CUDA was asked for and does not work.
    """

    model: Path | None = None
    """An ONNX file; None is the one that ships."""
    device: Device = "auto"

    def __post_init__(self) -> None:
        path = self.model or default_model()
        if not path.exists():
            raise ModelError(f"no model at {path}; model must be the path of an ONNX file.")
        self._session = _open(path, self.device)
        self.crop = _check_contract(path, self._session)
        given = {put.name for put in self._session.get_outputs()}
        self._outputs = [name for name in OUTPUTS if name in given]
        self._try(path)

    def _try(self, path: Path) -> None:
        """Run it once on grey: one whose weights are no numbers would answer nothing but NaN."""
        grey = np.full((1, 1, self.crop.size, self.crop.size), 128, np.uint8)
        try:
            answers = self._session.run(self._outputs, {"crops": grey})
        except FAILURES as error:
            raise ModelError(f"{path} cannot be run: {_first_line(error)}.") from error
        if not all(np.isfinite(np.asarray(each)).all() for each in answers):
            raise ModelError(f"{path} answers NaN; its weights are damaged: export it again.")

    @property
    def provider(self) -> str:
        """The ONNX Runtime provider that computes, such as CPUExecutionProvider."""
        return str(self._session.get_providers()[0])

    def estimate(self, crop: Image) -> Estimate:
        """Read a (S, S) uint8 crop: all that the model says."""
        return self.estimate_all(crop[None])[0]

    def estimate_all(self, crops: Image) -> list[Estimate]:
        """Read (N, S, S) uint8 crops in one call."""
        answers = self._session.run(self._outputs, {"crops": crops[:, None]})
        said = dict(zip(self._outputs, answers, strict=True))
        return [_estimate({name: each[row] for name, each in said.items()})
                for row in range(len(crops))]  # fmt: skip

    @property
    def follows(self) -> bool:
        """Whether the model says where the face is, and whether there is one."""
        return {"landmarks", "presence"} <= set(self._outputs)


def _estimate(said: dict[str, Vector]) -> Estimate:
    """Return what the model's outputs, by name, say of one crop."""
    presence = said.get("presence")
    return Estimate(
        said["aus"],
        said["gaze"].reshape(2, 2),
        said.get("landmarks"),
        None if presence is None else float(presence[0]),
        said.get("extras"),
    )


def _open(path: Path, device: Device) -> ort.InferenceSession:
    """Open a session on the device asked for; auto falls back to the CPU and says why."""
    if device == "cpu":
        return open_session(path, "CPUExecutionProvider")
    reason = _why_no_cuda(path)
    if reason is None:
        return open_session(path, "CUDAExecutionProvider")
    if device == "cuda":
        raise ModelError(f"device cuda: {reason}; use device cpu.")
    log.info("computing on the CPU: %s", reason)
    return open_session(path, "CPUExecutionProvider")


def open_session(path: Path, provider: str) -> ort.InferenceSession:
    """Open a model with one thread.

    Raises:
        ModelError: if it cannot be loaded.
    """
    options = ort.SessionOptions()
    # One face is too little work to share: a second thread costs CPU and gains nothing.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return ort.InferenceSession(str(path), options, providers=[provider])
    except FAILURES as error:
        raise ModelError(
            f"{path} cannot be loaded: {_first_line(error)}; it must be an ONNX file that "
            "facedrive train or facedrive model stamp made."
        ) from error


def _why_no_cuda(path: Path) -> str | None:
    """Return why CUDA cannot compute this model, or None when a real run on it worked."""
    if "CUDAExecutionProvider" not in ort.get_available_providers():
        return "this ONNX Runtime is built without CUDA"
    # Asked first because loading the CUDA provider costs seconds and 200 MB for nothing.
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return "there is no NVIDIA driver"
    session = open_session(path, "CUDAExecutionProvider")
    if session.get_providers()[0] != "CUDAExecutionProvider":
        return "ONNX Runtime could not start CUDA (are CUDA and cuDNN installed?)"
    try:
        crop = _check_contract(path, session)
        session.run(None, {"crops": np.zeros((1, 1, crop.size, crop.size), np.uint8)})
    except ModelError:
        raise
    except FAILURES as error:
        return f"a test run on CUDA failed: {_first_line(error)}"
    return None


def _check_contract(path: Path, session: ort.InferenceSession) -> CropSpec:
    """Refuse a model that is not what facedrive needs; return the crops that it wants."""
    try:
        meta = session.get_modelmeta().custom_metadata_map
    except UnicodeDecodeError as error:
        raise ModelError(f"{path}: its metadata is no UTF-8; export the model again.") from error
    if meta.get("facedrive.contract") != CONTRACT:
        found = meta.get("facedrive.contract", "none")
        raise ModelError(
            f"{path} has facedrive contract {found}; facedrive needs {CONTRACT}. "
            "Write the contract into a model that keeps it with: facedrive model stamp."
        )
    if tuple(meta.get("facedrive.au_names", "").split(",")) != AU_NAMES:
        raise ModelError(f"{path} names other AUs than the {len(AUS)} of FEAFA+, in their order.")
    try:
        crop = CropSpec(int(meta["facedrive.crop_size"]), float(meta["facedrive.crop_padding"]))
    except (KeyError, ValueError) as error:
        raise ModelError(f"{path} does not say its crop's size and padding.") from error
    if not (SMALLEST_CROP <= crop.size <= LARGEST_CROP
            and LEAST_PADDING <= crop.padding <= WIDEST_PADDING):  # fmt: skip
        raise ModelError(
            f"{path} wants crops of {crop.size} pixels with padding {crop.padding:g}; facedrive "
            f"cuts {SMALLEST_CROP} to {LARGEST_CROP}, with {LEAST_PADDING:g} to {WIDEST_PADDING:g}."
        )
    check_shapes(path, session, crop.size)
    return crop


def check_shapes(path: Path, session: ort.InferenceSession, size: int) -> None:
    """Refuse a model that does not turn crops of this size into AUs and gaze.

    Raises:
        ModelError: if an input or output is missing, or has another shape or type.
    """
    puts = {put.name: put for put in (*session.get_inputs(), *session.get_outputs())}
    shapes = {name: tuple(put.shape[1:]) for name, put in puts.items()}
    needed = {"crops": (1, size, size), "aus": (len(AUS),), "gaze": (4,)}
    optional = {"landmarks": (COUNT, 2), "presence": (1,), "extras": (len(EXTRA_NAMES),)}
    needed |= {name: shape for name, shape in optional.items() if name in shapes}
    for name, shape in needed.items():
        if shapes.get(name) != shape:
            found = f"(N, {', '.join(map(str, shapes[name]))})" if name in shapes else "nothing"
            raise ModelError(
                f"{path}: '{name}' is {found}; facedrive needs "
                f"(N, {', '.join(map(str, shape))}) in FEAFA+ order."
            )
    if puts["crops"].type != "tensor(uint8)":
        raise ModelError(
            f"{path}: 'crops' are {puts['crops'].type}; facedrive gives tensor(uint8): put the "
            "normalisation inside the graph."
        )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
