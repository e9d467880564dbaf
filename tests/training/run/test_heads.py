"""What is fitted to finished networks."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch

from facedrive.training.network.network import Correction
from facedrive.training.run.heads import correct_extras


class Network:
    """Has nothing but a correction of two extras, of three cues."""

    def __init__(self) -> None:
        self.extras_correction = Correction(3, 2)


def test_extras_get_what_the_mesh_alone_does_not_say() -> None:
    torch.manual_seed(0)
    network, evidence = Network(), 2 + 3 * torch.randn(500, 3)
    scores = torch.stack([0.1 * evidence[:, 0], 0.2 + 0 * evidence[:, 0]], dim=1)
    said = torch.zeros_like(scores)
    correct_extras(network, evidence, said, scores)
    mended = said + network.extras_correction(evidence)
    assert torch.corrcoef(torch.stack([mended[:, 0], scores[:, 0]]))[0, 1] > 0.99
    assert mended[:, 1].mean().item() == pytest.approx(0.2, abs=0.01)


def test_a_correction_changes_nothing_before_it_is_fitted() -> None:
    assert not Correction(3, 2)(torch.randn(5, 3)).any()
