"""The network."""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")

from facedrive.extras import EXTRA_NAMES  # noqa: E402
from facedrive.training.network.network import (  # noqa: E402
    CHANNELS,
    TAUGHT,
    Answer,
    Block,
    SecondLook,
    standardise,
)
from facedrive.training.run.train import build_model  # noqa: E402

from ..noise import TINY  # noqa: E402


def test_exposure_does_not_change_what_the_network_sees() -> None:
    crop = torch.rand(1, 1, 32, 32) * 100
    assert torch.allclose(standardise(crop), standardise(crop + 60), atol=1e-4)
    contrast = standardise(2 * crop).std() / standardise(crop).std()
    assert 1.0 <= contrast < 1.2


def test_what_the_teacher_sees_follows_it_and_exact_labels_the_parametric_face() -> None:
    taught, parametric = torch.zeros(1, CHANNELS), torch.ones(1, CHANNELS)
    answer = Answer(
        taught, parametric, torch.zeros(1, 2, 2), taught, torch.zeros(1, 8), torch.zeros(1),
        torch.zeros(1, len(EXTRA_NAMES)), torch.zeros(1, 8),
    )  # fmt: skip
    aus, gaze = answer.combine()
    assert torch.cat([aus, gaze], 1)[0].tolist() == pytest.approx((~TAUGHT).float().tolist())
    aus, gaze = answer.combine(torch.ones(1, 1, dtype=torch.bool))
    assert torch.cat([aus, gaze], 1).tolist() == parametric.tolist()


def test_a_block_does_not_pass_on_more_the_more_it_is_given() -> None:
    torch.manual_seed(0)
    block = Block(4, 8, 2).eval()
    usual = torch.randn(2, 4, 16, 16)
    assert block(usual * 1000).max() == 6
    assert block(usual).max() < 6


def test_a_merged_shortcut_is_the_same_block() -> None:
    torch.manual_seed(0)
    block, crop = Block(4, 8, 2).eval(), torch.randn(2, 4, 16, 16)
    before = block(crop)
    block.merge_pool()
    assert torch.allclose(before, block(crop), atol=1e-5)
    assert not any(isinstance(layer, torch.nn.AvgPool2d) for layer in block.modules())


def test_a_second_look_sees_the_same_wherever_the_face_lies() -> None:
    torch.manual_seed(0)
    look = SecondLook(inputs=2, points=478)
    torch.nn.init.normal_(look.shift.weight)
    fine, points = torch.rand(3, 2, 16, 16), torch.rand(3, 478, 2) / 2 - 0.5
    missed = look(fine, points)
    assert missed.shape == (3, 478, 2)
    aside = torch.tensor([4 / 8, 0.0])  # by four of the map's sixteen columns
    assert torch.allclose(look(torch.roll(fine, 4, 3), points + aside), missed, atol=1e-4)
    assert not torch.allclose(look(fine, points + aside), missed, atol=0.1)


def test_a_second_look_is_without_effect_until_it_is_trained() -> None:
    torch.manual_seed(0)
    model, crops = build_model(TINY), torch.rand(4, 1, 32, 32) * 255
    before = model(crops).points
    before.sum().backward()
    assert model.second_look.shift.weight.grad.abs().sum() > 0
    torch.nn.init.normal_(model.second_look.features[0].weight)
    assert torch.equal(model(crops).points, before)


def test_a_reader_gives_its_share_of_what_the_teacher_would_say_once_training_is_over() -> None:
    torch.manual_seed(0)
    alone, reading = (build_model(replace(TINY, reader_share=share)) for share in (0.0, 0.8))
    torch.nn.init.normal_(reading.reader.answer.weight)
    alone.load_state_dict(reading.state_dict())
    crops = torch.rand(4, 1, 32, 32) * 255
    said, head = reading(crops), alone(crops)
    assert said.read.abs().max() > 0.1
    assert torch.allclose(said.taught, 0.8 * said.read + 0.2 * head.taught, atol=1e-5)
    assert torch.equal(said.parametric, head.parametric)


def test_head_and_reader_answer_apart_while_they_are_trained() -> None:
    model = build_model(replace(TINY, dropout=0.0)).train()
    crops = torch.rand(4, 1, 32, 32) * 255
    before = model(crops).taught
    torch.nn.init.normal_(model.reader.answer.weight)
    said = model(crops)
    assert torch.equal(said.taught, before)
    assert not torch.equal(said.read, before)


def test_answers_are_adjusted_whoever_gives_them() -> None:
    torch.manual_seed(0)
    model, crops = build_model(TINY), torch.rand(4, 1, 32, 32) * 255
    torch.nn.init.normal_(model.reader.answer.weight)
    before = torch.cat(model(crops)[:2], 1)
    gain, offset = torch.rand(2 * CHANNELS) + 0.5, torch.rand(2 * CHANNELS)
    model.adjust(gain, offset)
    assert torch.allclose(torch.cat(model(crops)[:2], 1), before * gain + offset, atol=1e-5)


def test_a_shallower_network_starts_from_the_blocks_that_it_has() -> None:
    deep = build_model(replace(TINY, depths=(1, 2, 2)))
    shallow = build_model(replace(TINY, depths=(1, 1, 2)))
    shallow.take_blocks(deep)
    mine, theirs = shallow.state_dict(), deep.state_dict()
    assert len(mine) < len(theirs)
    assert all(torch.equal(each, theirs[name]) for name, each in mine.items())
    with pytest.raises(ValueError, match="more than their depths"):
        deep.take_blocks(shallow)
