"""Losses against values worked out by hand."""
# ruff: noqa: E402 - what is missing is skipped before it is imported

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from hooke.training.losses import dice_loss, splitline_loss


def logit(probability):
    return math.log(probability / (1 - probability))


def test_dice_by_hand():
    target = torch.tensor([1.0, 1.0, 0.0, 0.0])
    logits = torch.tensor([logit(0.9), logit(0.6), logit(0.2), logit(0.5)])
    # overlap 1.5, sums 2.2 and 2: 1 - (2 * 1.5 + 1) / (2.2 + 2 + 1)
    assert dice_loss(logits, target).item() == pytest.approx(1 - 4 / 5.2, abs=1e-6)


def test_empty_predicted_empty_costs_nothing():
    assert dice_loss(torch.full((2, 8, 8), -100.0), torch.zeros(2, 8, 8)).item() == pytest.approx(0, abs=1e-6)


def test_a_perfect_prediction_costs_next_to_nothing():
    target = (torch.rand(2, 4, 16, 16, generator=torch.Generator().manual_seed(0)) > 0.5).float()
    parts = splitline_loss((target - 0.5) * 60, target)
    assert all(value.item() < 1e-4 for value in parts.values())


def test_the_parts_by_hand():
    # Two pixels, the first inside. Probabilities 0.8 and 0.5 everywhere.
    output = torch.tensor([logit(0.8), logit(0.5)]).expand(1, 4, 1, 2)
    target = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.6, 0.0], [0.5, 0.5]]).reshape(1, 4, 1, 2)
    parts = splitline_loss(output, target, split=2.0, distance=3.0, diameter=5.0)
    dice = 1 - (2 * 0.8 + 1) / (1.3 + 1 + 1)
    expected = {
        "foreground": (-math.log(0.8) - math.log(0.5)) / 2 + dice,
        "split": (-3 * math.log(0.8) - math.log(0.5)) / 2 + dice,
        "distance": ((0.2 - 0.05) + (0.5 - 0.05)) / 2,  # smooth L1 beyond beta: |d| - beta / 2
        "diameter": 0.3 - 0.025,  # of the pixel inside only
    }
    for name, value in expected.items():
        assert parts[name].item() == pytest.approx(value, abs=1e-5)
    total = expected["foreground"] + 2 * expected["split"] + 3 * expected["distance"] + 5 * expected["diameter"]
    assert parts["loss"].item() == pytest.approx(total, abs=1e-5)


def test_diameter_of_an_empty_batch_is_no_division_by_zero():
    parts = splitline_loss(torch.zeros(1, 4, 8, 8), torch.zeros(1, 4, 8, 8))
    assert parts["diameter"].item() == 0
    assert torch.isfinite(parts["loss"])
