"""What a run says of data that can't be trained on, and that it trains on all that can."""
# ruff: noqa: E402 - what is missing is skipped before it is imported

from __future__ import annotations

import pytest

for needed in ("torch", "lightning", "timm"):
    pytest.importorskip(needed)

import numpy as np
import torch

from hooke.datasets import simulate
from hooke.datasets.layout import write_sample
from hooke.errors import DatasetError, ImageReadError
from hooke.io.annotations.classes_json import write_classes
from hooke.targets import SplitLine
from hooke.training.outcome import TrainingError
from hooke.training.samples import SampleStore, list_records
from hooke.training.segmentation import losses
from hooke.training.segmentation.config import TrainConfig
from hooke.training.segmentation.data import Crops
from hooke.training.segmentation.loop import train
from tests.builders import write_dataset
from tests.training.small import SHORT

pytestmark = pytest.mark.slow


def write_fields(folder, images, *, empty=False):
    """Images of any shape; the last one validates. Objects are those of a simulated field, or none."""
    shapes = [image.shape[:2] for image in images]
    labels = [
        np.zeros(shape, np.int32) if empty else simulate(shape, seed=at).labels for at, shape in enumerate(shapes)
    ]
    splits = ["train"] * (len(images) - 1) + ["val"]
    fields = enumerate(zip(splits, images, labels, strict=True))
    return write_dataset(folder, ((f"field{at}", split, "fluorescence", *both) for at, (split, *both) in fields))


def grey(shape=(96, 96), seed=0):
    return simulate(shape, seed=seed).image


def make_config(folder, **changes):
    return TrainConfig.model_validate(
        {
            "datasets": [{"path": folder}],
            "network": "plain-unet",
            "decoder_channels": [8, 8, 8],
            "augment": {"crop": 64},
            **SHORT,
            **changes,
        }
    )


@pytest.fixture
def dataset(tmp_path):
    return write_fields(tmp_path / "data", [grey(seed=one) for one in range(3)])


@pytest.mark.parametrize(
    ("folder", "said"),
    [("images", "names an image that is missing"), ("labels", "names an image whose labels are missing")],
)
def test_a_file_that_the_index_names_and_that_is_missing(dataset, folder, said):
    (dataset / folder / "field1.png").unlink()
    with pytest.raises(DatasetError, match=rf"{folder}.field1: the index {said}; .*take it out of index\.csv"):
        list_records(make_config(dataset), "train")


def test_labels_of_another_size_are_told_with_their_file(dataset):
    write_sample(dataset, "field1", grey((96, 96)), np.ones((90, 96), np.int32))
    config = make_config(dataset)
    with pytest.raises(DatasetError, match=r"field1\.png: labels \(90, 96\) for an image \(96, 96\)"):
        SampleStore(list_records(config, "train"), 24, 100)[1]


def test_images_without_any_object_are_trained_on_and_named(tmp_path, capsys):
    folder = write_fields(tmp_path / "data", [grey(seed=one) for one in range(2)], empty=True)
    trained = train(make_config(folder, size_balance=True), tmp_path / "run")
    said = capsys.readouterr().err
    assert "none of 1 images for training has an object" in said
    assert "none of 1 images for validation has an object" in said
    assert trained.score is not None
    assert trained.checkpoint.is_file()


def test_images_of_any_size_and_channels_go_into_one_batch(tmp_path):
    rng = np.random.default_rng(0)
    images = [
        grey((50, 140)),
        simulate((130, 90), seed=1, modality="histology").image,
        rng.integers(0, 4000, (70, 70, 2)).astype(np.uint16),
        rng.random((40, 41), np.float32),
        grey(),
    ]
    folder = write_fields(tmp_path / "data", images)
    config = make_config(folder)
    records = list_records(config, "train")
    crops = Crops(SampleStore(records, 24, 100), records, config, SplitLine())
    seen = [crops[number] for number in range(24)]
    assert {int(one.source) for one in seen} >= {0, 1, 2, 3}
    assert {one.image.shape for one in seen} == {(3, 64, 64)}
    assert all(torch.isfinite(one.image).all() for one in seen)


def test_a_loss_that_is_no_number_names_the_images_and_leaves_the_last_good_checkpoint(dataset, tmp_path, monkeypatch):
    right, calls = losses.SCHEME_LOSSES["splitline"], []

    def wrong(*args, **options):
        calls.append(1)
        parts = right(*args, **options)
        return parts if len(calls) < 4 else {**parts, "loss": parts["loss"] * float("nan")}

    monkeypatch.setitem(losses.SCHEME_LOSSES, "splitline", wrong)
    config = make_config(dataset, steps=8, augment={"crop": 64, "negative": 0})
    with pytest.raises(TrainingError, match=r"the loss is nan at step 3; the batch's images: field[01], field[01]"):
        train(config, tmp_path / "run")
    kept = torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)
    assert kept["global_step"] == 2
    assert all(torch.isfinite(one).all() for one in kept["state_dict"].values())
    monkeypatch.setitem(losses.SCHEME_LOSSES, "splitline", right)
    assert train(config.model_copy(update={"steps": 4}), tmp_path / "run", resume=True).score is not None


def test_a_damaged_image_is_told_in_one_line_by_workers_too(dataset, tmp_path):
    for one in ("field0", "field1"):
        path = dataset / "images" / f"{one}.png"
        path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ImageReadError) as told:
        train(make_config(dataset, workers=1), tmp_path / "run")
    assert str(told.value).count("\n") == 0
    assert str(told.value).startswith(str(dataset / "images" / "field"))


def test_class_names_that_disagree_are_told_with_the_file(dataset):
    write_classes(dataset, [("field0", {1: "Neuron", 2: "astro-cyte"})])
    with pytest.raises(DatasetError, match=r"classes\.json: class 'astro-cyte' is 'Astrocyte' in the configuration"):
        list_records(make_config(dataset, classes=["Neuron", "Astrocyte"]), "train")
    with pytest.raises(DatasetError, match=r"no object of class Glia to learn from; classes there: Neuron, astro-cyte"):
        list_records(make_config(dataset, classes=["Neuron", "Glia"]), "train")


def test_classes_that_differ_in_their_sign_are_two(dataset):
    write_classes(dataset, [("field0", {1: "CD3+", 2: "CD3-"})])
    assert list_records(make_config(dataset, classes=["CD3+"]), "train")[0].classes == {1: 0}


def test_classes_of_images_that_disagree_are_told(dataset):
    with pytest.raises(DatasetError, match=r"index\.csv: class 'fluorescence' is 'Fluorescence' in the configuration"):
        list_records(make_config(dataset, image_classes=["Fluorescence", "histology"]), "train")
    with pytest.raises(DatasetError, match=r"no image of class histology to learn from; classes there: fluorescence"):
        list_records(make_config(dataset, image_classes=["fluorescence", "histology"]), "train")
