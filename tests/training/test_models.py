"""The network."""

import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.training.models import CHANNELS, TAUGHT, Answer, Block, standardise  # noqa: E402


def test_exposure_does_not_change_what_the_network_sees() -> None:
    crop = torch.rand(1, 1, 32, 32) * 100
    assert torch.allclose(standardise(crop), standardise(crop + 60), atol=1e-4)
    contrast = standardise(2 * crop).std() / standardise(crop).std()
    assert 1.0 <= contrast < 1.2


def test_what_the_teacher_sees_follows_it_and_exact_labels_the_parametric_face() -> None:
    taught, parametric = torch.zeros(1, CHANNELS), torch.ones(1, CHANNELS)
    answer = Answer(taught, parametric, torch.zeros(1, 2, 2))
    aus, gaze = answer.settle()
    assert torch.cat([aus, gaze], 1)[0].tolist() == pytest.approx((~TAUGHT).float().tolist())
    aus, gaze = answer.settle(torch.ones(1, 1, dtype=torch.bool))
    assert torch.cat([aus, gaze], 1).tolist() == parametric.tolist()


def test_a_block_does_not_pass_on_more_the_more_it_is_given() -> None:
    torch.manual_seed(0)
    block = Block(4, 8, 2).eval()
    usual = torch.randn(2, 4, 16, 16)
    assert block(usual * 1000).max() == 6
    assert block(usual).max() < 6
