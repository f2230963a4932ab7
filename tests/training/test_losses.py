"""Losses against values worked out by hand, and against other libraries'."""
# ruff: noqa: E402 - what is missing is skipped before it is imported

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hooke.training.segmentation.loss_config import PIXEL_LOSSES, VALUE_LOSSES, LossConfig
from hooke.training.segmentation.losses.pixel_losses import (
    bce_loss,
    class_loss,
    dice_loss,
    focal_loss,
    pixel_class_loss,
    small_object_weights,
    smooth_l1_loss,
    split_weight_map,
    tversky_loss,
)
from hooke.training.segmentation.losses.splitline_loss import _LOSSES, splitline_loss

WEIGHED = {
    "bce": bce_loss,
    "focal": focal_loss,
    "tversky": tversky_loss,
    "dice": lambda logits, target, weight: dice_loss(logits, target, weight=weight),
    "smooth_l1": smooth_l1_loss,
}


def logit(probability):
    return math.log(probability / (1 - probability))


@pytest.fixture
def random_maps():
    """Logits and a binary truth."""
    generator = torch.Generator().manual_seed(3)
    return torch.randn(2, 24, 24, generator=generator) * 2, (torch.rand(2, 24, 24, generator=generator) > 0.8).float()


# Truth 1, 1, 0, 0; probabilities 0.9, 0.6, 0.2, 0.5.
TARGET = torch.tensor([1.0, 1.0, 0.0, 0.0])
LOGITS = torch.tensor([logit(0.9), logit(0.6), logit(0.2), logit(0.5)])


def test_bce_by_hand():
    each = [-math.log(0.9), -math.log(0.6), -math.log(0.8), -math.log(0.5)]
    assert bce_loss(LOGITS, TARGET).item() == pytest.approx(sum(each) / 4, abs=1e-6)
    assert bce_loss(LOGITS, TARGET, positive=3.0).item() == pytest.approx(
        (3 * each[0] + 3 * each[1] + each[2] + each[3]) / 4, abs=1e-6
    )
    weight = torch.tensor([0.0, 1.0, 2.0, 0.0])
    assert bce_loss(LOGITS, TARGET, weight).item() == pytest.approx((each[1] + 2 * each[2]) / 3, abs=1e-6)


def test_dice_by_hand():
    # overlap 1.5, sums 2.2 and 2: 1 - (2 * 1.5 + 1) / (2.2 + 2 + 1)
    assert dice_loss(LOGITS, TARGET).item() == pytest.approx(1 - 4 / 5.2, abs=1e-6)


def test_focal_by_hand():
    # alpha_t (1 - p_t)^2 (-ln p_t) with p_t 0.9, 0.6, 0.8, 0.5
    each = [
        0.25 * 0.1**2 * -math.log(0.9),
        0.25 * 0.4**2 * -math.log(0.6),
        0.75 * 0.2**2 * -math.log(0.8),
        0.75 * 0.5**2 * -math.log(0.5),
    ]
    assert focal_loss(LOGITS, TARGET).item() == pytest.approx(sum(each) / 4, abs=1e-6)


def test_tversky_by_hand():
    # hits 1.5, false positives 0.7, false negatives 0.5
    expected = 1 - (1.5 + 1) / (1.5 + 0.2 * 0.7 + 0.8 * 0.5 + 1)
    assert tversky_loss(LOGITS, TARGET, alpha=0.2, beta=0.8).item() == pytest.approx(expected, abs=1e-6)


def test_smooth_l1_by_hand():
    value, target = torch.tensor([0.5, 0.9, 0.0]), torch.tensor([0.55, 0.5, 0.0])
    # 0.05 is below beta: d^2 / (2 beta); 0.4 is above: d - beta / 2
    assert smooth_l1_loss(value, target, beta=0.1).item() == pytest.approx((0.0125 + 0.35 + 0) / 3, abs=1e-6)


def test_class_loss_by_hand_leaves_out_what_nobody_has_said():
    logits = torch.tensor([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4], [0.5, 0.25, 0.25]]).log()
    classes = torch.tensor([0, 2, -1])
    assert class_loss(logits, classes).item() == pytest.approx((-math.log(0.7) - math.log(0.4)) / 2, abs=1e-6)
    weighted = (1 * -math.log(0.7) + 3 * -math.log(0.4)) / 4
    assert class_loss(logits, classes, torch.tensor([1.0, 2.0, 3.0])).item() == pytest.approx(weighted, abs=1e-6)


def test_class_loss_of_pixels_is_pytorchs():
    generator = torch.Generator().manual_seed(0)
    logits, weights = torch.randn(2, 3, 8, 8, generator=generator), torch.tensor([1.0, 0.5, 2.0])
    classes = torch.randint(-1, 3, (2, 8, 8), generator=generator)
    theirs = torch.nn.functional.cross_entropy(logits, classes, weights, ignore_index=-1)
    torch.testing.assert_close(class_loss(logits, classes, weights), theirs)


def test_sparse_objects_are_heard_over_the_background():
    # One pixel in a thousand is an object's, of the second class, and the network calls it the first.
    classes = torch.zeros(1, 1000, dtype=torch.int64)
    classes[0, 0] = 2
    shares = torch.tensor([0.98, 0.01, 0.01]).expand(1000, 3).clone()
    shares[0] = torch.tensor([0.1, 0.8, 0.1])
    logits = shares.log().T[None]
    whole = (999 * -math.log(0.98) - math.log(0.1)) / 1000
    among = -math.log(0.1 / 0.9)
    assert pixel_class_loss(logits, classes).item() == pytest.approx((whole + among) / 2, abs=1e-5)
    weights = torch.tensor([1.0, 0.5, 3.0])
    weighted = (999 * -math.log(0.98) - 3 * math.log(0.1)) / 1002
    assert pixel_class_loss(logits, classes, weights).item() == pytest.approx((weighted + among) / 2, abs=1e-5)


@pytest.mark.parametrize("loss_of", [class_loss, pixel_class_loss])
def test_a_batch_without_any_class_costs_nothing(loss_of):
    logits = torch.zeros(2, 3, 4, 4, requires_grad=True)
    loss = loss_of(logits, torch.full((2, 4, 4), -1), torch.ones(3))
    loss.backward()
    assert loss.item() == 0
    assert not logits.grad.any()


@pytest.mark.parametrize(("alpha", "gamma"), [(0.25, 2.0), (0.6, 0.5)])
def test_focal_is_torchvisions(random_maps, alpha, gamma):
    ops = pytest.importorskip("torchvision.ops")
    theirs = ops.sigmoid_focal_loss(*random_maps, alpha=alpha, gamma=gamma, reduction="mean")
    torch.testing.assert_close(focal_loss(*random_maps, alpha=alpha, gamma=gamma), theirs)


def test_dice_of_a_sure_prediction_is_torchmetrics(random_maps):
    segmentation = pytest.importorskip("torchmetrics.functional.segmentation")
    logits, target = random_maps[0][:1], random_maps[1][:1]
    theirs = segmentation.dice_score(
        (logits > 0).long(), target.long(), num_classes=2, include_background=False, input_format="index"
    )
    sure = torch.where(logits > 0, 80.0, -80.0)
    assert 1 - dice_loss(sure, target, smooth=0).item() == pytest.approx(theirs.item(), abs=1e-5)


def test_dice_and_tversky_are_segmentation_models(random_maps):
    smp = pytest.importorskip("segmentation_models_pytorch")
    logits, target = (one[:, None] for one in random_maps)
    # Theirs adds `smooth` to the fraction after both sides were halved.
    torch.testing.assert_close(dice_loss(logits, target), smp.losses.DiceLoss("binary", smooth=0.5)(logits, target))
    theirs = smp.losses.TverskyLoss("binary", alpha=0.3, beta=0.7, smooth=1.0)(logits, target)
    torch.testing.assert_close(tversky_loss(logits, target, alpha=0.3, beta=0.7), theirs)


def test_tversky_of_equal_prices_is_dice(random_maps):
    ours = tversky_loss(*random_maps, alpha=0.5, beta=0.5, smooth=0.5)
    torch.testing.assert_close(ours, dice_loss(*random_maps, smooth=1.0))


@pytest.mark.parametrize("name", WEIGHED)
def test_pixels_without_weight_do_not_count(name, random_maps):
    logits, target = random_maps
    weight = torch.zeros_like(target)
    weight[:, :10] = 1
    alone = WEIGHED[name](logits[:, :10], target[:, :10], torch.ones(2, 10, 24))
    torch.testing.assert_close(WEIGHED[name](logits, target, weight), alone)
    without = dice_loss(logits[:, :10], target[:, :10]) if name == "dice" else None
    if without is not None:
        torch.testing.assert_close(alone, without)


@pytest.mark.parametrize("name", WEIGHED)
def test_where_nothing_is_known_a_loss_and_its_gradient_are_zero(name, random_maps):
    logits = random_maps[0].clone().requires_grad_()
    loss = WEIGHED[name](logits, random_maps[1], torch.zeros_like(logits))
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-6)
    assert not logits.grad.any()


@pytest.mark.parametrize("name", WEIGHED)
@pytest.mark.parametrize("size", [0.0, 120.0])
def test_gradients_are_finite_for_logits_however_large(name, size):
    for sign in (-1, 1):
        for truth in (0.0, 1.0):
            logits = torch.full((1, 4, 4), sign * size, requires_grad=True)
            loss = WEIGHED[name](logits, torch.full((1, 4, 4), truth), torch.ones(1, 4, 4))
            loss.backward()
            assert torch.isfinite(loss)
            assert torch.isfinite(logits.grad).all()


def test_focal_with_a_fractional_gamma_has_finite_gradients_at_a_perfect_prediction():
    logits = torch.full((4,), 120.0, requires_grad=True)
    focal_loss(logits, torch.ones(4), gamma=0.5).backward()
    assert torch.isfinite(logits.grad).all()


def test_empty_predicted_empty_costs_nothing():
    assert dice_loss(torch.full((2, 8, 8), -100.0), torch.zeros(2, 8, 8)).item() == pytest.approx(0, abs=1e-6)
    assert tversky_loss(torch.full((2, 8, 8), -100.0), torch.zeros(2, 8, 8)).item() == pytest.approx(0, abs=1e-6)


def test_weights_grow_towards_split_lines_by_their_distance():
    split = np.zeros((40, 50), np.uint8)
    split[5:20, 12] = split[30, 20:45] = 1
    distance = cv2.distanceTransform(1 - split, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    expected = 1 + 4 * np.exp(-(distance**2) / (2 * 3.0**2))
    found = split_weight_map(torch.from_numpy(split[None].astype(np.float32)), strength=4.0, reach=3.0)[0].numpy()
    near = distance <= 9
    np.testing.assert_allclose(found[near], expected[near], atol=1e-4)
    assert found[split > 0].min() == 5
    assert (found[distance > 13] == 1).all()  # beyond three sigma on both axes


def test_weights_without_any_split_line_are_all_one():
    assert (split_weight_map(torch.zeros(2, 5, 7)) == 1).all()


def test_a_perfect_prediction_costs_next_to_nothing():
    target = (torch.rand(2, 4, 16, 16, generator=torch.Generator().manual_seed(0)) > 0.5).float()
    parts = splitline_loss((target - 0.5) * 60, target)
    assert all(value.item() < 1e-4 for value in parts.values())


def two_pixels():
    """Two pixels, the first inside and on a split line. Probabilities 0.8 and 0.5 everywhere."""
    output = torch.tensor([logit(0.8), logit(0.5)]).expand(1, 4, 1, 2)
    target = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.6, 0.0], [0.5, 0.5]]).reshape(1, 4, 1, 2)
    return output, target


def test_the_parts_by_hand():
    parts = splitline_loss(*two_pixels(), split=2.0, distance=3.0, diameter=5.0)
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


def test_each_map_may_have_another_loss():
    config = LossConfig(foreground="weighted_bce", split="focal + tversky", distance="inside_smooth_l1", map_reach=1.0)
    parts = splitline_loss(*two_pixels(), config=config)
    line, beside = 11.0, 1 + 10 * math.exp(-0.5)
    tversky = 1 - (0.8 + 1) / (0.8 + 0.3 * 0.5 + 0.7 * 0.2 + 1)
    focal = (0.25 * 0.2**2 * -math.log(0.8) + 0.75 * 0.5**2 * -math.log(0.5)) / 2
    expected = {
        "foreground": (-line * math.log(0.8) - beside * math.log(0.5)) / (line + beside),
        "split": focal + tversky,
        "distance": 0.2 - 0.05,
    }
    for name, value in expected.items():
        assert parts[name].item() == pytest.approx(value, abs=1e-5)


def test_unlabelled_pixels_train_no_map():
    generator = torch.Generator().manual_seed(0)
    output, target = torch.randn(2, 4, 16, 16, generator=generator), torch.rand(2, 4, 16, 16, generator=generator)
    output.requires_grad_()
    known = torch.ones(2, 16, 16)
    known[:, :, 8:] = 0
    config = LossConfig(foreground="bce+dice+focal", split="weighted_bce+tversky")
    splitline_loss(output, target, config=config, known=known)["loss"].backward()
    assert not output.grad[..., 8:].any()
    assert output.grad[..., :8].all()


def test_diameter_of_an_empty_batch_is_no_division_by_zero():
    parts = splitline_loss(torch.zeros(1, 4, 8, 8), torch.zeros(1, 4, 8, 8))
    assert parts["diameter"].item() == 0
    assert torch.isfinite(parts["loss"])


def test_every_name_that_a_config_knows_has_a_loss():
    assert {*PIXEL_LOSSES, *VALUE_LOSSES} == set(_LOSSES)


def test_an_unknown_loss_is_refused_with_the_nearest_name():
    with pytest.raises(ValueError, match=r"unknown loss 'focl', did you mean 'focal'"):
        LossConfig(split="focl+dice")
    with pytest.raises(ValueError, match="unknown loss 'dice'"):
        LossConfig(distance="dice")


def test_narrow_objects_and_the_ring_about_them_weigh_more():
    inside = torch.zeros(1, 9, 20)
    inside[0, 4, 4] = 1
    inside[0, 4, 14] = 1
    diameter = torch.full((1, 9, 20), 99.0)
    diameter[0, 4, 4], diameter[0, 4, 14] = 7.0, 2.0
    weights = small_object_weights(inside, diameter, usual=14, limit=3, ring=2)
    expected = torch.ones(1, 9, 20)
    expected[0, 2:7, 2:7] = 14 / 7
    expected[0, 2:7, 12:17] = 3
    torch.testing.assert_close(weights, expected)


def test_wide_objects_weigh_as_much_as_the_background():
    inside = torch.ones(1, 4, 4)
    assert (small_object_weights(inside, torch.full((1, 4, 4), 30.0), usual=14) == 1).all()


def test_the_diameter_of_the_background_makes_no_weight():
    assert (small_object_weights(torch.zeros(1, 4, 4), torch.full((1, 4, 4), 3.0), usual=14) == 1).all()
