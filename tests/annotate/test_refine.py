"""A person's corrections move the rest of the video, as far as they are sure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facedrive.annotate.journal import Document
from facedrive.annotate.keys import Key, draw, ordered
from facedrive.annotate.refine import fit_line, fit_person, refine
from facedrive.aus import AU_INDEX


def test_many_corrections_say_it_all_and_few_say_some() -> None:
    rng = np.random.default_rng(0)
    model = rng.random(400)
    fit = fit_line("jaw_drop", model, 0.8 * model + 0.1)
    assert (fit.gain, fit.offset) == (pytest.approx(0.8, abs=0.01), pytest.approx(0.1, abs=0.01))
    few = fit_line("jaw_drop", model[:3], 0.8 * model[:3] + 0.1)
    assert 0.8 < few.gain < 1
    assert few.error_after < few.error_before


def test_values_that_do_not_differ_move_the_offset_alone() -> None:
    fit = fit_line("jaw_drop", np.full(8, 0.3), np.full(8, 0.5))
    assert fit.gain == pytest.approx(1)
    assert fit.offset == pytest.approx(0.2 * 8 / 9)


def test_the_models_keys_follow_and_a_persons_stay(tmp_path: Path) -> None:
    document = Document(tmp_path / "k.csv", tmp_path / "j.jsonl", 60)
    curves = np.zeros((60, 24))
    curves[:, AU_INDEX["jaw_drop"]] = np.linspace(0, 0.8, 60)
    keys = [Key(at, round(float(curves[at, AU_INDEX["jaw_drop"]]), 4), machine=True)
            for at in range(0, 60, 5)]  # fmt: skip
    document.edit("guess", document.replace("jaw_drop", keys))
    assert fit_person(document, curves) == []
    for at in (10, 20, 30, 40, 50):
        value = round(float(curves[at, AU_INDEX["jaw_drop"]]) * 1.2, 4)
        document.edit("mend", [document.put("jaw_drop", Key(at, value))])
    (fit,) = fit_person(document, curves)
    assert fit.au == "jaw_drop"
    assert fit.gain > 1.1
    document.edit("refine", refine(document, fit, curves))
    track = document.tracks["jaw_drop"]
    mine = {frame: key for frame, key in track.items() if not key.machine}
    assert {frame: key.value for frame, key in mine.items()} == {
        at: round(float(curves[at, AU_INDEX["jaw_drop"]]) * 1.2, 4) for at in range(10, 60, 10)
    }
    drawn = draw(ordered(track), np.arange(60) / 30)
    wanted = fit.apply(curves[:, AU_INDEX["jaw_drop"]])
    assert np.abs(drawn - wanted).max() < 0.06
    assert drawn[59] > 0.85
