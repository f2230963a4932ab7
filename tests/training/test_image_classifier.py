"""A classifier of whole images, small: what it is shown, a run that tells the modality, its scores and its bundle."""
# ruff: noqa: E402 - what is missing is skipped before it is imported

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import yaml

for needed in ("torch", "lightning", "timm", "onnx", "matplotlib"):
    pytest.importorskip(needed)

import onnxruntime as ort
from pydantic import ValidationError

from hooke.classify import load_classifier
from hooke.datasets.layout import IndexRow, write_index, write_sample
from hooke.errors import ConfigError, ModelError
from hooke.image import Image
from hooke.training.classifier import export, train
from hooke.training.classifier.config import ClassifierConfig
from hooke.training.classifier.data import Cuts
from hooke.training.explain import explain_run
from hooke.training.samples import Record

pytestmark = pytest.mark.slow

CLASSES = ["fluorescence", "brightfield"]
SHAPES = [(40, 80), (60, 60), (120, 90)]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Dark and light images of several sizes, without any object; one of a third modality."""
    folder = tmp_path_factory.mktemp("data") / "pictures"
    rng = np.random.default_rng(0)
    rows = []
    for number in range(13):
        shape = SHAPES[number % 3]
        modality = "histology" if number == 12 else CLASSES[number % 2]
        image = np.clip(rng.normal(30 if number % 2 == 0 else 200, 20, shape), 0, 255).astype(np.uint8)
        write_sample(folder, f"p{number:02}", image, np.zeros(shape, np.int32))
        rows.append(IndexRow(f"p{number:02}", "val" if number > 7 else "train", modality, str(number), *shape, 0))
    write_index(folder, rows)
    return folder


def make_config(folder, **changes):
    return ClassifierConfig.model_validate(
        {
            "datasets": [{"path": folder}],
            "of": "images",
            "classes": CLASSES,
            "widths": [8, 16],
            "window": 40,
            "intensity": "stored",
            "dropout": 0.0,
            "augment": {"photometric": 0.0},
            "steps": 40,
            "batch": 8,
            "learning_rate": 0.01,
            "warmup": 2,
            "ema": 0.0,
            "validate_every": 20,
            "precision": "32-true",
            "workers": 0,
            "accelerator": "cpu",
            "devices": 1,
            **changes,
        }
    )


@pytest.fixture(scope="module")
def run(dataset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "pictures"
    trained = train(make_config(dataset), folder)
    assert trained.scores.scores["accuracy"] == 1
    assert "recall macro 1.0" in trained.lines()[0]
    return folder


def test_a_whole_image_fills_the_window(tmp_path):
    image = np.arange(40 * 80, dtype=np.uint8).reshape(40, 80)
    write_sample(tmp_path, "one", image, np.zeros((40, 80), np.int32))
    record = Record("one", tmp_path / "images" / "one.png", tmp_path / "labels" / "one.png", CLASSES[0], image_class=1)
    shown, target, _ = Cuts([record], make_config(tmp_path), changed=False)[0]
    assert target == 1
    assert shown.shape == (3, 40, 40)
    # Half as large, in the middle of the window, mirrored above and below.
    halved = image.reshape(20, 2, 40, 2).mean(axis=(1, 3)) / 255
    np.testing.assert_allclose(shown[0, 10:30], halved, atol=1e-3)
    np.testing.assert_allclose(shown[0, 9], halved[1], atol=1e-3)


def test_the_run_writes_all_scores_and_the_confusion_matrix(run):
    result = json.loads((run / "result.json").read_text())
    assert {"accuracy", "precision_macro", "recall_macro", "f1_macro"} <= set(result)
    confusion = pd.read_csv(run / "evaluation" / "confusion.csv", index_col=0)
    assert confusion.to_numpy().tolist() == [[2, 0], [0, 2]]  # the image of histology is left out
    assert (run / "evaluation" / "confusion.svg").is_file()


def test_a_trial_of_few_images_has_several_classes(dataset, tmp_path):
    train(make_config(dataset, steps=1, validate_every=1), tmp_path / "run", limit=2)
    ids = json.loads((tmp_path / "run" / "data.json").read_text())["train"]["ids"]
    assert ids == ["p00", "p01"]


def test_the_bundle_runs_and_is_told_from_one_of_objects(run, tmp_path):
    exported = export(run, tmp_path / "bundle")
    assert exported.largest_difference < 1e-3
    told = yaml.safe_load((exported.bundle / "rdf.yaml").read_text())
    assert (told["config"]["hooke"]["task"], told["config"]["hooke"]["classes"]) == ("image-classifier", CLASSES)
    session = ort.InferenceSession(str(exported.bundle / "weights.onnx"), providers=["CPUExecutionProvider"])
    (shares,) = session.run(None, {"image": np.full((2, 3, 40, 40), 30 / 255, np.float32)})
    assert shares.argmax(axis=1).tolist() == [0, 0]
    with pytest.raises(ModelError, match="is a model for image-classifier, not for classifier"):
        load_classifier(exported.bundle)


def test_it_is_not_asked_about_objects(run):
    labels = np.ones((50, 50), np.int32)
    with pytest.raises(ConfigError, match="whole images can't be explained"):
        explain_run(run, Image(np.zeros((50, 50), np.uint8)), count=1, labels=labels)


def test_an_image_has_no_mask_to_show():
    with pytest.raises(ValidationError, match="a whole image has none"):
        make_config("x", mask_channel=True)
