"""A new target scheme is a scheme and a loss, each registered by name: nothing else in training has to change."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

# ruff: noqa: E402 (imports follow what they need)
from tests.builders import need

need("torch", "lightning", "timm", "bioimageio.spec")

import cv2
import numpy as np
from torch.nn import functional

from hooke import targets
from hooke.datasets import IndexRow, simulate, write_index, write_sample
from hooke.errors import ConfigError
from hooke.targets.decoded import Decoded
from hooke.training import TrainConfig, export, train
from hooke.training.segmentation import losses
from tests.training.small import SHORT

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Inside:
    """One map: is the pixel inside an object?"""

    nominal_diameter: float = 24.0
    min_score: float = 0.0

    name = "inside"
    maps = ("inside",)
    decoded = 1
    first_pass_maps = 0
    loss = "inside"

    def encode(self, labels, diameters=None):
        return (labels > 0).astype(np.float32)[None]

    def decode(self, maps, *, min_size=0.0, diameter=None, min_score=None, threads=1):
        half = 32768 if maps.dtype == np.uint16 else 0.5
        _, labels = cv2.connectedComponents((maps[0] > half).astype(np.uint8))
        count = int(labels.max())
        return Decoded(labels.astype(np.int32), np.ones(count, np.float32), np.zeros((count, 4)))


@pytest.fixture
def folder(tmp_path):
    rows = []
    for number, split in enumerate(("train", "train", "val")):
        field = simulate((96, 96), seed=number)
        write_sample(tmp_path / "data", f"field{number}", field.image, field.labels)
        rows.append(IndexRow(f"field{number}", split, "fluorescence", str(number), 96, 96, int(field.labels.max())))
    write_index(tmp_path / "data", rows)
    return tmp_path


def make_config(folder, **changes):
    small = {"network": "plain-unet", "decoder_channels": [8, 8, 8], "augment": {"crop": 64}}
    return TrainConfig.model_validate({"datasets": [{"path": folder / "data"}], **small, **SHORT, **changes})


def test_a_new_scheme_trains_with_its_own_loss_and_exports(folder, monkeypatch):
    asked = []

    def inside_loss(output, target, config, known):
        asked.append(target.shape[1])
        return {"loss": functional.binary_cross_entropy_with_logits(output.float(), target)}

    monkeypatch.setitem(targets.SCHEMES, "inside", Inside)
    monkeypatch.setitem(losses.SCHEME_LOSSES, "inside", inside_loss)
    trained = train(make_config(folder, target="inside"), folder / "run", limit=2)
    assert asked == [1, 1]
    assert trained.checkpoint.is_file()
    assert trained.score is not None
    assert export(folder / "run", folder / "bundle", force=True).largest_difference < 1e-3


def test_a_scheme_without_a_loss_is_refused_with_a_remedy(folder):
    with pytest.raises(ConfigError, match="target 'coordinate' has no loss"):
        train(make_config(folder, target="coordinate"), folder / "run", limit=2)
    with pytest.raises(ValueError, match=r"unknown target scheme 'spliline' \(known: splitline"):
        make_config(folder, target="spliline")
