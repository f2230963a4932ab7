"""A classifier from end to end, small: train on bright and dim discs, export, load the bundle, classify, segment."""
# ruff: noqa: E402 - what is missing is skipped before it is imported

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

for needed in ("torch", "lightning", "timm", "onnx"):
    pytest.importorskip(needed)

from hooke.classify import classify_folder, classify_image, load_classifier
from hooke.errors import ConfigError, DatasetError, ImageReadError, ModelError
from hooke.image import Image
from hooke.io.annotations.classes_json import write_classes
from hooke.models import load_model, read_bundle
from hooke.training import export, fast_dev_run, train
from hooke.training.classifier.config import ClassifierConfig
from hooke.training.classifier.data import Cuts, turned
from hooke.training.classifier.export import load_run
from hooke.training.config import load_config
from hooke.training.samples import list_records
from tests.builders import write_dataset
from tests.training.small import HERE

CONFIG = Path(__file__).parents[2] / "configs" / "dkfz-classifier.yaml"

pytestmark = pytest.mark.slow


def discs(seed):
    """Discs with a dark or a bright middle: pixels, labels, and the class of each."""
    rng = np.random.default_rng(seed)
    pixels = rng.normal(40, 5, (128, 160)).astype(np.float32)
    labels = np.zeros(pixels.shape, np.int32)
    classes = {}
    for id_ in range(1, 7):
        at = (27 + 52 * ((id_ - 1) % 3), 34 + 58 * ((id_ - 1) // 3))
        cv2.circle(labels, at, 14, id_, -1)
        cv2.circle(pixels, at, 14, 120, -1)
        full = bool(rng.integers(2))
        cv2.circle(pixels, at, 7, 230 if full else 20, -1)
        classes[id_] = "Myofibroblast" if full else "UndifferentiatedMSC"
    return np.clip(pixels, 0, 255).astype(np.uint8), labels, classes


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "discs"
    fields, named = [], []
    for number in range(6):
        pixels, labels, classes = discs(number)
        fields.append((f"d{number}", "val" if number > 3 else "train", "fluorescence", pixels, labels))
        named.append((f"d{number}", classes))
    write_dataset(folder, fields)
    write_classes(folder, named)
    return folder


def make_config(folder, **changes):
    return ClassifierConfig.model_validate(
        {
            "datasets": [{"path": folder}],
            "classes": ["Myofibroblast", "UndifferentiatedMSC"],
            "widths": [8, 16, 16],
            "window": 40,
            "dropout": 0.0,
            "augment": {"photometric": 0.0},
            "steps": 80,
            "batch": 8,
            "learning_rate": 0.004,
            "warmup": 2,
            "ema": 0.0,
            "validate_every": 40,
            **HERE,
            **changes,
        }
    )


@pytest.fixture(scope="module")
def bundle(dataset, tmp_path_factory):
    """A trained run and its bundle."""
    run = tmp_path_factory.mktemp("runs") / "discs"
    trained = train(make_config(dataset), run)
    assert trained.scores.scores["accuracy"] > 0.9
    exported = export(run, run.parent / "bundle")
    assert exported.largest_difference < 1e-3
    return exported.bundle


def test_the_run_tells_its_scores(bundle):
    run = bundle.parent / "discs"
    result = json.loads((run / "result.json").read_text())
    assert result["modes"] == ["grey"]
    assert result["temperature"] > 0
    assert {path.name for path in (run / "evaluation").iterdir()} >= {"confusion.svg", "confusion.csv", "roc.svg"}


def test_the_bundle_names_the_cells_of_a_new_image(bundle):
    pixels, labels, classes = discs(11)
    found = classify_image(Image(pixels), labels, load_classifier(bundle))
    assert [name == classes[id_] for id_, name in zip(found.objects.ids, found.names, strict=True)].count(True) >= 5
    points = np.array([[34.0, 27.0], [92.0, 131.0]])  # the middles of the first and the last
    again = classify_image(Image(pixels), points, load_classifier(bundle))
    np.testing.assert_allclose(again.classes.probabilities, found.classes.probabilities[[0, 5]], atol=1e-5)


def test_points_outside_the_image_are_refused(bundle, tmp_path):
    with pytest.raises(ConfigError, match=r"1 point\(s\) outside"):
        classify_image(Image(discs(1)[0]), np.array([[5.0, 5.0], [5.0, 160.0]]), load_classifier(bundle))


def test_points_of_a_csv(bundle, dataset, tmp_path):
    (tmp_path / "points.csv").write_text("image,y,x\nd0,34,27\nd0,34,79\n")
    done = classify_folder(
        [dataset / "images" / "d0.png", dataset / "images" / "d1.png"], tmp_path / "points.csv", bundle, tmp_path / "o"
    )
    assert done.failed == 0
    assert done.summary["count"].tolist() == [2, 0]


def test_an_object_larger_than_the_window_is_told(bundle):
    pixels, _, _ = discs(1)
    labels = np.zeros(pixels.shape, np.int32)
    labels[10:90, 20:40] = 1
    found = classify_image(Image(pixels), labels, load_classifier(bundle))
    assert "larger than the window" in found.warnings[0]


def test_a_picture_in_other_colours_is_refused(bundle):
    rng = np.random.default_rng(0)
    _, labels, _ = discs(1)
    stained = np.full((*labels.shape, 3), (235, 225, 235), np.uint8) - rng.integers(0, 9, (*labels.shape, 3), np.uint8)
    stained[labels > 0] = (110, 60, 150)
    with pytest.raises(ImageReadError, match="trained on grey"):
        classify_image(Image(stained, is_rgb=True), labels, load_classifier(bundle))


def test_bundles_of_another_task_are_refused(bundle):
    with pytest.raises(ModelError, match="hooke classify"):
        read_bundle(bundle)
    with pytest.raises(ModelError, match="hooke segment"):
        load_classifier("nuclei")


def test_segmenting_and_classifying_in_one(bundle):
    from hooke.pipeline import SegmentOptions
    from hooke.pipeline.image_segmentation import segment_image

    pixels, _, _ = discs(2)
    options = SegmentOptions(classify=load_classifier(bundle), class_threshold=0.5, threads=1)
    found = segment_image(Image(pixels), load_model(), options)
    assert {"class", "class_probability"} <= {*found.table.columns}
    assert set(found.table["class"]) <= {"Myofibroblast", "UndifferentiatedMSC", "unknown"}
    nothing = segment_image(Image(np.zeros((64, 64), np.uint8)), load_model(), options)
    assert "class" in nothing.table
    assert len(nothing.table) == 0


def test_classes_that_the_data_lacks_are_named(dataset, tmp_path):
    with pytest.raises(DatasetError, match="no object of class Neuron"):
        train(make_config(dataset, classes=["Myofibroblast", "Neuron"]), tmp_path / "run")


def test_what_is_random_comes_from_the_number(dataset):
    config = make_config(dataset, mask_channel=True, scale=0.5, in_channels=1)
    cuts = Cuts(list_records(config, "train"), config, changed=True)
    assert cuts[3].image.shape == (2, 40, 40)
    assert (cuts[3].image == cuts[3].image).all()
    assert not (cuts[3].image == cuts[4].image).all()


def test_a_turn_keeps_the_middle_in_its_place():
    config = make_config("x").augment.model_copy(update={"shift": 0.0})
    identity = np.array([[1.0, 0, 0], [0, 1.0, 0]])
    matrix = turned(identity, 41, config, np.random.default_rng(1))
    np.testing.assert_allclose(matrix @ [20, 20, 1], [20, 20])
    assert abs(abs(np.linalg.det(matrix[:, :2])) - 1) < 0.5


def test_an_encoder_with_a_mask_channel_trains_and_loads(dataset, tmp_path):
    config = make_config(
        dataset, network="mobilenetv3_small_050", encoder_weights="none", mask_channel=True, steps=1, validate_every=1
    )
    train(config, tmp_path / "run", limit=2)
    with pytest.raises(ModelError, match=r"balanced accuracy, 0\.500, is not better than one class for all"):
        export(tmp_path / "run", tmp_path / "bundle")
    assert export(tmp_path / "run", tmp_path / "bundle", force=True).largest_difference < 1e-3
    assert load_classifier(tmp_path / "bundle").needs_masks
    load_run(tmp_path / "run")


def test_the_configuration_of_the_dkfz_runs(dataset, monkeypatch):
    monkeypatch.chdir(CONFIG.parents[1])
    told = yaml.safe_load(CONFIG.read_text())
    config = load_config(CONFIG, {"datasets.0.path": str(dataset), "encoder_weights": "none", "accelerator": "cpu"})
    assert config.classes == told["classes"]
    fast_dev_run(config)
