"""Heads together: masks, classes of objects and of images trained from one encoder, exported, and segmented with."""
# ruff: noqa: E402 - what is missing is skipped before it is imported

from __future__ import annotations

import pytest

for needed in ("torch", "lightning", "timm", "onnx"):
    pytest.importorskip(needed)

import numpy as np
import pandas as pd
import torch
import yaml

import hooke
from hooke.datasets import simulate
from hooke.errors import ConfigError, DatasetError
from hooke.io.annotations.classes_json import write_classes
from hooke.pipeline import SegmentOptions, segment_image
from hooke.training import export
from hooke.training.augmentation.crops import UNKNOWN
from hooke.training.networks import Heads, PlainUNet, SmpNetwork, UNet
from hooke.training.samples import SampleStore, list_records
from hooke.training.segmentation.config import TrainConfig
from hooke.training.segmentation.data import Crops, chances, train_loader
from hooke.training.segmentation.loop import start_from, train
from hooke.training.segmentation.module import SegmentationModule
from tests.builders import write_dataset
from tests.training.small import SHORT

pytestmark = pytest.mark.slow

LITE = "tf_efficientnet_lite0"
KINDS = ("round", "long")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Four fields: two train, two validate; the last train field names no classes."""
    folder = tmp_path_factory.mktemp("data") / "simulated"
    fields, classes = [], []
    for number, (split, modality) in enumerate(
        [("train", "fluorescence"), ("train", "histology"), ("val", "fluorescence"), ("val", "histology")]
    ):
        drawn = simulate((96, 96), seed=number, modality=modality)
        fields.append((f"field{number}", split, modality, drawn.image, drawn.labels))
        if number != 1:
            classes.append((f"field{number}", {one: KINDS[one % 3 == 0] for one in range(1, drawn.count + 1)}))
    write_dataset(folder, fields)
    write_classes(folder, classes)
    return folder


def make_config(folder, **changes):
    return TrainConfig.model_validate(
        {
            "name": "both",
            "datasets": [{"path": folder}],
            "encoder_weights": "none",
            "decoder_channels": [16, 16, 8, 8],
            "classes": KINDS,
            "image_classes": ["fluorescence", "histology"],
            "augment": {"crop": 64, "negative": 0.2},
            **SHORT,
            **changes,
        }
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda heads: UNet(LITE, heads, [16, 16, 8, 8], weights="none"),
        lambda heads: UNet(LITE, heads, [16, 16, 8, 8], in_channels=1, weights="none", resolution="full"),
        lambda heads: UNet("resnet18", heads, [16, 16, 8, 8], weights="none"),
        lambda heads: PlainUNet(heads, (8, 16, 16), in_channels=1),
        lambda heads: SmpNetwork("fpn", "resnet18", heads, 3, "none"),
    ],
)
def test_every_network_has_every_head(make):
    network = make(Heads(4, 2, 3)).eval()
    first = next(one for one in network.modules() if isinstance(one, torch.nn.Conv2d))
    with torch.inference_mode():
        given = network(torch.zeros(2, first.in_channels, 64, 96))
    assert given.maps.shape == (2, 4, 64, 96)
    assert given.classes.shape == (2, 3, 64, 96)
    assert given.image_classes.shape == (2, 3)


def test_heads_that_are_not_asked_for_are_not_there():
    with torch.inference_mode():
        given = UNet(LITE, Heads(4), [16, 16, 8, 8], weights="none").eval()(torch.zeros(1, 3, 64, 64))
    assert given.classes is None
    assert given.image_classes is None


def test_crops_carry_classes_and_say_where_none_are_known(dataset):
    config = make_config(dataset)
    records = list_records(config, "train")
    crops = Crops(SampleStore(records, 24, 100), records, config, SegmentationModule(config).scheme)
    seen = [crops[number] for number in range(40)]
    assert {int(one.source) for one in seen} == {-1, 0, 1}
    for one in seen:
        kinds = set(one.classes.unique().tolist())
        if one.source == 0:
            assert kinds <= {0, 1, 2}
            assert ((one.classes > 0) == (one.maps[0] > 0)).all()
        elif one.source == 1:  # the classes of its objects are unknown
            assert kinds == {UNKNOWN}
            assert one.image_class == 1
        else:
            assert kinds == {0}
            assert one.image_class == UNKNOWN


def test_a_crop_depends_on_its_number_and_not_on_what_came_before(dataset):
    config = make_config(dataset, steps=6)
    records = list_records(config, "train")
    scheme = SegmentationModule(config).scheme
    whole = list(train_loader(records, config, scheme))
    rest = list(train_loader(records, config, scheme, start=4))
    assert len(whole) == 6
    assert len(rest) == 2
    for one, other in zip(whole[4:], rest, strict=True):
        assert one.image.equal(other.image)
        assert one.maps.equal(other.maps)
    assert not whole[0].image.equal(whole[1].image)


def test_memory_holds_no_more_than_it_may(dataset):
    config = make_config(dataset)
    records = list_records(config, "train") + list_records(config, "val")
    one = SampleStore(records, 24, 1e6)
    one[0]
    store = SampleStore(records, 24, 2.5 * one.held / 1e6)
    for number in (0, 1, 2, 3, 0, 3, 2):
        assert (store[number].labels == SampleStore(records, 24, 0)[number].labels).all()
        assert store.held <= store.limit


def test_images_of_rare_classes_come_more_often(dataset):
    config = make_config(dataset, class_balance=True)
    records = list_records(config, "train")
    rare = type(records[0])("rare", records[0].image, records[0].labels, "fluorescence", classes={1: 1})
    both = chances([records[0], rare], config)
    assert both[1] > both[0]
    assert chances([records[0], rare], make_config(dataset)).tolist() == [0.5, 0.5]


def test_a_class_that_no_object_has_is_told(dataset):
    with pytest.raises(DatasetError, match=r"no object of class square.*long, round"):
        list_records(make_config(dataset, classes=["round", "square"]), "train")
    with pytest.raises(DatasetError, match=r"column 'stain' is missing.*modality"):
        list_records(make_config(dataset, image_class_column="stain"), "train")


def test_classes_are_learnt_on_top_of_a_network_that_knows_none(dataset, tmp_path):
    plain = SegmentationModule(make_config(dataset, classes=[], image_classes=[]))
    torch.save({"state_dict": plain.state_dict()}, tmp_path / "plain.ckpt")
    both = SegmentationModule(make_config(dataset))
    untouched = both.network.class_head.weight.clone()
    assert start_from(both, tmp_path / "plain.ckpt") == ["class_decoder", "class_head", "image_head"]
    assert both.network.class_head.weight.equal(untouched)
    for name, tensor in plain.state_dict().items():
        assert both.state_dict()[name].equal(tensor), name
    torch.save({"state_dict": both.state_dict()}, tmp_path / "both.ckpt")
    other = SegmentationModule(make_config(dataset, classes=["round"]))
    assert start_from(other, tmp_path / "both.ckpt") == ["class_head"]  # of another number of classes
    assert start_from(plain, tmp_path / "both.ckpt") == []
    wider = SegmentationModule(make_config(dataset, decoder_channels=[16, 16, 8, 16]))
    with pytest.raises(ConfigError, match=r"plain\.ckpt.*can't be started from.*same network"):
        start_from(wider, tmp_path / "plain.ckpt")


# PyTorch advises against TorchScript, which hooke still writes for those who run it.
@pytest.mark.filterwarnings("ignore:.torch.jit.load. is:FutureWarning")
def test_train_export_and_segment_with_classes(dataset, tmp_path):
    train(make_config(dataset), tmp_path / "run")
    metrics = (tmp_path / "run" / "metrics.csv").read_text().splitlines()[0]
    assert "val/class_accuracy" in metrics
    exported = export(tmp_path / "run", tmp_path / "both", force=True, torchscript=True)
    assert exported.largest_difference < 1e-3
    scripted = torch.jit.load(str(exported.bundle / "weights.torchscript"))
    larger = np.random.default_rng(0).random((1, 3, 96, 160), np.float32)
    with torch.inference_mode():
        maps, _ = scripted(torch.from_numpy(larger))
    np.testing.assert_allclose(hooke.load_model(exported.bundle).network()(larger), maps.numpy(), atol=1e-3)
    weights = yaml.safe_load((exported.bundle / "rdf.yaml").read_text())["weights"]
    assert weights["torchscript"]["pytorch_version"] in torch.__version__
    model = hooke.load_model(exported.bundle)
    assert model.settings.classes == list(KINDS)
    found = hooke.segment(simulate((96, 120), seed=8).image, model, diameter=24, min_size=1)
    table = found.table
    assert {"class", "class_probability"} <= set(table.columns)
    assert set(table["class"]) <= set(KINDS)
    found.save(tmp_path / "results")
    counts = pd.read_csv(tmp_path / "results" / "counts.csv").iloc[0]
    assert [counts[kind] for kind in KINDS] == [(table["class"] == kind).sum() for kind in KINDS]
    assert found.overlay().shape[0] > found.labels.shape[0]  # with a legend
    picky = segment_image(found.image, model, SegmentOptions(diameter=24, min_size=1, class_threshold=1))
    assert set(picky.table["class"]) <= {"unknown"}
