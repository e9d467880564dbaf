"""What training minimises."""

import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.aus import AU_INDEX  # noqa: E402
from facedrive.extras import EXTRA_NAMES  # noqa: E402
from facedrive.training.data.faces import Kind  # noqa: E402
from facedrive.training.network.batches import Batch  # noqa: E402
from facedrive.training.network.loss import make_loss  # noqa: E402
from facedrive.training.network.network import CHANNELS, Answer  # noqa: E402

from ..noise import TINY, every_kind  # noqa: E402

ZEROS = torch.zeros(1, CHANNELS)
NOTHING = Answer(
    taught=ZEROS, parametric=ZEROS, points=torch.zeros(1, 478, 2), read=ZEROS,
    features=torch.zeros(1, 8), presence=torch.zeros(1),
    extras=torch.zeros(1, len(EXTRA_NAMES)), evidence=torch.zeros(1, 8),
)  # fmt: skip


def test_what_no_photograph_teaches_is_held_weakly_there_and_a_point_without_a_place_not() -> None:
    loss = make_loss(TINY, every_kind(), torch.device("cpu"))

    def cost(au: str, kind: Kind, place: float = 0.0, taught: float = float("nan")) -> float:
        aus = torch.zeros(1, 24)
        aus[0, AU_INDEX[au]] = 1
        batch = Batch(
            torch.zeros(1, 1, 32, 32), aus, torch.zeros(1, 4), torch.full((1, 478, 2), place),
            torch.full((1, CHANNELS), taught), torch.tensor([int(kind)]),
        )  # fmt: skip
        return float(loss(NOTHING, batch))

    for au in ("cheeks_puff", "jaw_slide_left"):
        assert 0 < cost(au, Kind.PHOTOGRAPH) < 0.5 * cost(au, Kind.WARPED)
    jaw = cost("jaw_drop", Kind.PHOTOGRAPH)
    assert jaw > cost("cheeks_puff", Kind.PHOTOGRAPH)
    assert cost("jaw_drop", Kind.PHOTOGRAPH, float("nan")) == pytest.approx(jaw)
    assert cost("jaw_drop", Kind.PHOTOGRAPH, 0.5) > jaw
    assert cost("jaw_drop", Kind.PHOTOGRAPH, taught=0.0) == pytest.approx(jaw)
    assert cost("jaw_drop", Kind.PHOTOGRAPH, taught=0.5) > jaw


def test_an_eye_must_be_placed_better_than_a_mouth_and_a_mouth_than_a_cheek() -> None:
    loss = make_loss(TINY, every_kind(), torch.device("cpu"))
    nothing = torch.zeros(1, 24), torch.zeros(1, 4)

    def cost(point: int) -> float:
        places = torch.zeros(1, 478, 2)
        places[0, point] = 0.1
        batch = Batch(
            torch.zeros(1, 1, 32, 32), *nothing, places, torch.full((1, CHANNELS), torch.nan),
            torch.tensor([int(Kind.WARPED)]),
        )  # fmt: skip
        return float(loss(NOTHING, batch))

    iris, lid, mouth_corner, cheek = 468, 159, 61, 50
    assert cost(iris) == cost(lid) > cost(mouth_corner) > cost(cheek) > 0


def test_a_reader_is_asked_for_what_the_teacher_says_and_for_nothing_else() -> None:
    loss = make_loss(TINY, every_kind(), torch.device("cpu"))

    def cost(channel: int, kind: Kind) -> float:
        read, taught = torch.zeros(1, CHANNELS), torch.full((1, CHANNELS), torch.nan)
        read[0, channel], taught[0, : AU_INDEX["jaw_thrust"]] = 1, 0
        answer = NOTHING._replace(read=read)
        nothing = torch.zeros(1, 24), torch.zeros(1, 4), torch.zeros(1, 478, 2)
        batch = Batch(torch.zeros(1, 1, 32, 32), *nothing, taught, torch.tensor([int(kind)]))
        return float(loss(answer, batch))

    for kind in Kind:
        assert cost(AU_INDEX["jaw_drop"], kind) > cost(AU_INDEX["cheeks_puff"], kind) == 0
    slide = AU_INDEX["jaw_slide_left"]
    assert cost(slide, Kind.WARPED) == 0 < cost(slide, Kind.RENDERED)
