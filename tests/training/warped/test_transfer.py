"""Faces in the skin of other people."""

from pathlib import Path

import numpy as np
import pytest

for package in ("torch", "mediapipe"):
    pytest.importorskip(package, reason="training needs the extras train and mediapipe")


from facedrive.aus import AU_INDEX  # noqa: E402
from facedrive.errors import DataError  # noqa: E402
from facedrive.training.data.labels import PARAMETRIC_AUS  # noqa: E402
from facedrive.training.data.photographs import open_photographs  # noqa: E402
from facedrive.training.data.teacher import find_teacher  # noqa: E402
from facedrive.training.warped.dataset import warped_set  # noqa: E402
from facedrive.training.warped.sheet import Warped  # noqa: E402
from facedrive.training.warped.transfer import (  # noqa: E402
    LEAST_SHARE,
    Donors,
    draw_share,
    transfer_skin,
)

pytestmark = pytest.mark.slow

SIDE = 120
FACE = np.array([(60 + 40 * np.cos(a), 60 + 40 * np.sin(a)) for a in np.linspace(0, 6.2, 40)])
"""(40, 2) around the middle."""


def picture(level: int, stripes: int, inside: bool = True) -> Warped:
    """A grey picture with vertical stripes."""
    wave = stripes * (np.arange(SIDE) // 3 % 2 - 0.5)
    whole = np.tile(level + wave, (SIDE, 1))
    return Warped(whole.astype(np.uint8), np.full((SIDE, SIDE), inside))


def contrast(picture: np.ndarray) -> float:
    return float(np.abs(np.diff(picture.astype(float), axis=1)).mean())


def test_the_donors_skin_shows_in_the_face_and_nowhere_else() -> None:
    own, donor = picture(100, 0), picture(160, 60)
    mixed = transfer_skin(own, donor, FACE, 1.0).picture
    assert contrast(mixed[45:75, 45:75]) > 8
    assert (mixed[:10] == own.picture[:10]).all()


def test_the_light_stays_but_for_some_of_the_skins_own_tone() -> None:
    levels = [transfer_skin(picture(60, 0), picture(level, 0), FACE, 1.0).picture[60, 60].item()
              for level in (20, 60, 180)]  # fmt: skip
    assert 30 < levels[0] < levels[1] == 60 < levels[2] < 80


def test_skins_are_mixed_by_their_share() -> None:
    own, donor = picture(100, 0), picture(100, 60)
    whole, half = (
        contrast(transfer_skin(own, donor, FACE, s).picture[45:75, 45:75]) for s in (1.0, 0.5)
    )
    assert half == pytest.approx(0.5 * whole, rel=0.1)


def test_where_the_donors_photograph_ends_the_own_skin_stays() -> None:
    own = picture(100, 0)
    assert (
        transfer_skin(own, picture(160, 60, inside=False), FACE, 1.0).picture == own.picture
    ).all()


def test_shares_are_whole_or_a_mixture() -> None:
    random = np.random.default_rng(0)
    shares = [draw_share(random) for _ in range(200)]
    assert 0.35 < np.mean(np.array(shares) == 1.0) < 0.65
    assert LEAST_SHARE <= min(shares) < 0.5


def test_a_donor_is_another_person_of_those_asked_for_and_looks_alike(shared: Path) -> None:
    photographs = open_photographs(shared / "data")
    rows = np.arange(0, 3000)
    random, smile = np.random.default_rng(0), photographs.score("mouthSmileLeft")
    donors = Donors(photographs, rows)
    chosen = np.array([donors.choose(random, int(row)) for row in rows[:300]])
    assert set(chosen) <= set(rows)
    assert (photographs.person[chosen] != photographs.person[rows[:300]]).all()
    assert np.corrcoef(smile[chosen], smile[rows[:300]])[0, 1] > 0.7


def test_nobody_gives_skin_to_himself(shared: Path) -> None:
    photographs = open_photographs(shared / "data")
    own = np.flatnonzero(photographs.person == photographs.person[0])
    with pytest.raises(DataError, match="one person"):
        Donors(photographs, own)


def test_faces_in_other_skin_are_labelled_and_many_do_nothing_rare(shared: Path) -> None:
    data = shared / "data"
    made = warped_set(data, "test", 12, seed=5, teacher=find_teacher(data), transfer=True)
    again = warped_set(data, "test", 12, seed=5, teacher=find_teacher(data), transfer=True)
    assert (made.crops == again.crops).all()
    put_on = made.targets.aus[:, [AU_INDEX[name] for name in PARAMETRIC_AUS]]
    assert 3 <= (put_on == 0).all(axis=1).sum() <= 11
    assert put_on.max() > 0.3
    assert np.isfinite(made.points_px).all()
