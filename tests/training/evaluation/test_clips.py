"""The live path on footage beside the teacher."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facedrive.errors import DataError
from facedrive.regressors.onnx import OnnxRegressor
from facedrive.training.data.photographs import open_photographs
from facedrive.training.data.teacher import TeacherFile, VideoTeacher, find_teacher
from facedrive.training.evaluation.clips import find_clips, read_clip, score_clips

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def teacher(ten_faces: Path, tmp_path_factory: pytest.TempPathFactory) -> VideoTeacher:
    channels = open_photographs(ten_faces).channels
    return VideoTeacher(find_teacher(ten_faces), channels, tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def clip(shared: Path) -> Path:
    return shared / "data" / "clips" / "single_face.mp4"


def test_a_smile_is_followed_as_the_teacher_sees_it(teacher: VideoTeacher, clip: Path) -> None:
    figures = score_clips(OnnxRegressor(None, "cpu"), teacher, [clip])
    alone = figures["clips"]["single_face"]
    assert alone["faces"] == alone["frames"] == 72
    assert alone["missed"] == 0
    assert alone["aus"]["left_lip_corner_pull"]["pearson"] > 0.95
    assert figures["pooled"]["mean_mae"] == alone["mean_mae"]
    assert figures["teacher_itself"]["aus"]["left_lip_corner_pull"]["pearson"] > 0.95


def test_frames_in_which_the_teacher_sees_no_face_are_left_out(clip: Path) -> None:
    class Blinking(VideoTeacher):
        def score_clip(self, clip: Path, *, apart: bool = False) -> np.ndarray:
            scores = np.zeros((72, len(self.channels)), np.float32)
            scores[40:] = np.nan
            return scores

    names = tuple(name for pair in SEEN for name in (f"{pair}Left", f"{pair}Right")) + ALONE
    reading = read_clip(OnnxRegressor(None, "cpu"), Blinking(TeacherFile(), names, clip), clip)
    assert len(reading.answers.aus) == len(reading.targets.aus) == 40
    assert reading.frames == 72


def test_a_missing_clip_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"d10\.mp4 is missing; give other clips"):
        find_clips(tmp_path)


SEEN = (
    "eyeBlink", "eyeWide", "browDown", "browOuterUp", "mouthSmile", "mouthStretch",
    "mouthUpperUp", "mouthLowerDown", "eyeLookUp", "eyeLookDown", "eyeLookIn", "eyeLookOut",
)  # fmt: skip
ALONE = ("jawOpen", "jawLeft", "jawRight", "mouthRollUpper", "mouthRollLower",
         "mouthShrugLower", "mouthPucker")  # fmt: skip
