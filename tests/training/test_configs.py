"""Every configuration that is shipped runs: two steps and a validation, on simulated images instead of its own."""
# ruff: noqa: E402 - what is missing is skipped before it is imported

from __future__ import annotations

from pathlib import Path

import pytest

for needed in ("torch", "lightning", "timm"):
    pytest.importorskip(needed)

from hooke.datasets import simulate
from hooke.io.annotations.classes_json import write_classes
from hooke.preprocess.modality import MODALITIES
from hooke.training import fast_dev_run
from hooke.training.config import load_config
from tests.builders import write_dataset

CONFIGS = Path(__file__).parents[2] / "configs"
# The cells' own configurations are tried by the tests of their kind, on cells that suit them.
OTHERS = ("card", "pretrain", "coordinate", "classifier")
NAMES = sorted(path.stem for path in CONFIGS.glob("*.yaml") if not any(word in path.stem for word in OTHERS))

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Six simulated fields of three modalities, half of their nuclei of one class and half of the other."""
    folder = tmp_path_factory.mktemp("data") / "simulated"
    fields, classes = [], []
    for number in range(6):
        modality = MODALITIES[number % 3]
        drawn = simulate((96, 96), seed=number, modality=modality)
        name = f"field{number}"
        fields.append((name, "val" if number > 2 else "train", modality, drawn.image, drawn.labels))
        kinds = ("Myofibroblast", "UndifferentiatedMSC")
        classes.append((name, {one: kinds[one % 2] for one in range(1, drawn.count + 1)}))
    write_dataset(folder, fields)
    write_classes(folder, classes)
    return folder


def test_there_is_a_configuration_for_each_system():
    assert set(NAMES) >= {"nuclei", "splitline-unet", "dsb2018-unet", "mobilenetv2-unet", "livecell-multihead"}
    assert set(NAMES) >= {"modality-resnet18", "modality-efficientnet-b0"}


@pytest.mark.parametrize("name", NAMES)
def test_two_steps(name, dataset, monkeypatch):
    monkeypatch.chdir(CONFIGS.parent)
    changes = {
        "datasets": [{"path": str(dataset)}],
        "encoder_weights": "none",
        "accelerator": "cpu",
        "precision": "32-true",
    }
    if name == "dkfz-multihead":
        changes |= {"channels": [], "in_channels": 3}  # of the simulated images some are grey
    path = CONFIGS / f"{name}.yaml"
    kind = load_config(path, changes).kind
    small = {"augment.crop": 64} if kind == "segmentation" else {"window": 64}
    assert 0 <= fast_dev_run(load_config(path, changes | small)) <= 1
