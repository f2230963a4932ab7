"""A classifier of whole images, small: what it is shown, a run that tells the modality, its scores and its bundle."""
# ruff: noqa: E402 - what is missing is skipped before it is imported

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml

for needed in ("torch", "lightning", "timm", "onnx"):
    pytest.importorskip(needed)

import torch
from pydantic import ValidationError

from hooke.classify import classify_images, evaluate_image_classifier, load_classifier, load_image_classifier
from hooke.classify.forest import DESCRIPTION
from hooke.cli.app import main
from hooke.datasets.layout import IndexRow, find_image, write_index, write_sample
from hooke.errors import DatasetError, ModelError
from hooke.io import read_image
from hooke.models.runtime import onnxruntime as ort
from hooke.training import export, train
from hooke.training.classifier.config import ClassifierConfig
from hooke.training.classifier.data import Cuts
from hooke.training.classifier.export import load_run
from hooke.training.explain import explain_run
from hooke.training.samples import Record, list_records
from tests.training.small import HERE

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
            **HERE,
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


def test_rare_classes_are_drawn_as_often(dataset):
    config = make_config(dataset, class_balance=True)
    records = [replace(one, image_class=number // 5) for number, one in enumerate(list_records(config, "train"))]
    cuts = Cuts(records, config, changed=True)  # five images of one class, three of another
    np.testing.assert_allclose(cuts.chances, [0.1] * 5 + [1 / 6] * 3)
    plain = Cuts(records, make_config(dataset), changed=True)
    np.testing.assert_allclose(plain.chances, 1 / 8)


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


@pytest.fixture(scope="module")
def bundle(run, tmp_path_factory):
    exported = export(run, tmp_path_factory.mktemp("bundles") / "pictures")
    assert exported.largest_difference < 1e-3
    return exported.bundle


def status_of(*args):
    with pytest.raises(SystemExit) as left:
        main([str(one) for one in args])
    return left.value.code


def test_the_bundle_runs_and_is_told_from_one_of_objects(bundle):
    told = yaml.safe_load((bundle / "rdf.yaml").read_text())
    assert (told["config"]["hooke"]["task"], told["config"]["hooke"]["classes"]) == ("image-classifier", CLASSES)
    session = ort.InferenceSession(str(bundle / "weights.onnx"), providers=["CPUExecutionProvider"])
    (shares,) = session.run(None, {"image": np.full((2, 3, 40, 40), 30 / 255, np.float32)})
    assert shares.argmax(axis=1).tolist() == [0, 0]
    with pytest.raises(ModelError, match="is a model for image-classifier, not for classifier"):
        load_classifier(bundle)


def test_the_runtime_sees_what_the_training_showed(bundle, run, dataset):
    module = load_run(run)
    classifier = load_image_classifier(bundle)
    cuts = Cuts(list_records(module.config, "val"), module.config, changed=False)
    temperature = json.loads((run / "result.json").read_text())["temperature"]
    assert classifier.settings.turns == 4
    for number, name in enumerate(("p08", "p09", "p10", "p11")):
        with torch.inference_mode():
            turned = torch.cat([torch.rot90(cuts[number].image[None], turn, (2, 3)) for turn in range(4)])
            expected = torch.softmax(module.network(turned).mean(dim=0, keepdim=True) / temperature, dim=1)
        shares = classifier.classify_whole(read_image(find_image(dataset, name))).probabilities
        np.testing.assert_allclose(shares, expected.numpy(), atol=0.01)


def test_images_are_classified_and_a_bad_one_does_not_stop_the_others(bundle, dataset, tmp_path, capsys):
    images = tmp_path / "images"
    shutil.copytree(dataset / "images", images)
    (images / "bad.png").write_bytes(b"no picture")
    assert status_of("classify", images, "--model", bundle, "-o", tmp_path / "out") == 1
    table = pd.read_csv(tmp_path / "out" / "classes.csv").set_index("image")
    assert table.loc[["p00", "p01", "p02"], "class"].tolist() == [CLASSES[0], CLASSES[1], CLASSES[0]]
    assert table["class_probability"].drop("bad").between(0.5, 1).all()
    assert "bad.png" in table.loc["bad", "error"]
    assert "13 image(s):" in capsys.readouterr().out
    doubtful = classify_images([images], load_image_classifier(bundle), tmp_path / "sure", threshold=1)
    assert set(doubtful.table["class"].dropna()) <= {"unknown", *CLASSES}
    assert doubtful.failed == 1


def test_the_bundle_is_measured_on_a_data_set(bundle, dataset, capsys):
    assert status_of("classify", "evaluate", dataset, "--model", bundle, "--split", "val") == 0
    told = capsys.readouterr()
    assert "Images classified" in told.out
    assert "classes that the classifier does not know: 1" in told.err
    with pytest.raises(DatasetError, match="no image of split 'test' has one of the classes"):
        evaluate_image_classifier(load_image_classifier(bundle), dataset)


def test_objects_are_asked_for_where_a_classifier_needs_them(tmp_path, capsys):
    (tmp_path / "forest").mkdir()
    (tmp_path / "forest" / DESCRIPTION).write_text("{}")
    assert status_of("classify", "x.png", "--model", tmp_path / "forest", "-o", tmp_path / "out") == 2
    assert "add --labels RESULTS" in capsys.readouterr().err


def test_the_class_of_an_image_is_explained(run, dataset):
    for name, said in (("p08", CLASSES[0]), ("p09", CLASSES[1])):
        (one,) = explain_run(run, read_image(find_image(dataset, name)), methods=["grad-cam"])
        assert one.answer.startswith(said)
        assert one.pixels.shape == (40, 40, 3)
        assert one.heat["grad-cam"].shape == (40, 40)


def test_an_image_has_no_mask_to_show():
    with pytest.raises(ValidationError, match="a whole image has none"):
        make_config("x", mask_channel=True)
