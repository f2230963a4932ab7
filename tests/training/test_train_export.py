"""A run from end to end, small: train on simulated images, resume, export, load the bundle, predict."""
# ruff: noqa: E402 - what is missing is skipped before it is imported

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import yaml

for needed in ("torch", "lightning", "timm", "onnx"):
    pytest.importorskip(needed)

import torch

from hooke.datasets import simulate
from hooke.errors import ConfigError, DatasetError, ModelError
from hooke.image import Image
from hooke.models import load_model, predict_maps, read_bundle
from hooke.preprocess import fit_normalisation
from hooke.training import export
from hooke.training.bundles.colour_network import add_colour_bundle
from hooke.training.outcome import check_learnt
from hooke.training.samples import list_records
from hooke.training.segmentation import loop
from hooke.training.segmentation.config import TrainConfig
from hooke.training.segmentation.export import load_run
from hooke.training.segmentation.loop import Trained, train
from tests.builders import write_dataset
from tests.training.small import HERE

pytestmark = pytest.mark.slow


def fields():
    for number in range(6):
        modality = "histology" if number == 1 else "fluorescence"
        drawn = simulate((128, 128), seed=number, modality=modality)
        yield f"field{number}", "val" if number > 3 else "train", modality, drawn.image, drawn.labels


def make_config(folder, **changes):
    return TrainConfig.model_validate(
        {
            "name": "small",
            "datasets": [{"path": folder}],
            "encoder_weights": "none",
            "decoder_channels": [16, 16, 8, 8],
            "augment": {"crop": 64},
            "diameter_band": [20, 30],
            "steps": 4,
            "batch": 2,
            "warmup": 1,
            "validate_every": 2,
            **HERE,
            **changes,
        }
    )


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("data") / "simulated", fields())


@pytest.fixture(scope="module")
def run(dataset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    trained = train(make_config(dataset), folder)
    assert trained.checkpoint == folder / "checkpoints" / "best.ckpt"
    assert set(trained.baselines) == {"Otsu with watershed", "the shipped model"}
    return folder


def step_of(checkpoint):
    return torch.load(checkpoint, map_location="cpu", weights_only=True)["global_step"]


def test_a_run_leaves_all_that_it_promises(run, dataset):
    for name in ("config.yaml", "data.json", "versions.json", "metrics.csv", "curves.svg", "pictures.png"):
        assert (run / name).stat().st_size > 0
    assert step_of(run / "checkpoints" / "last.ckpt") == 4
    assert step_of(run / "checkpoints" / "best.ckpt") in (2, 4)
    told = yaml.safe_load((run / "config.yaml").read_text())
    assert TrainConfig.model_validate(told) == make_config(dataset)
    data = json.loads((run / "data.json").read_text())
    assert data["val"]["ids"] == ["field4", "field5"]
    assert "val/dsb" in (run / "metrics.csv").read_text().splitlines()[0]


def test_a_run_is_not_overwritten_and_only_a_run_is_resumed(run, dataset, tmp_path):
    with pytest.raises(ConfigError, match="holds a run already"):
        train(make_config(dataset), run)
    with pytest.raises(ConfigError, match="no run to resume"):
        train(make_config(dataset), tmp_path, resume=True)


def test_a_resumed_run_goes_on_where_it_stopped_with_other_crops(run, dataset, monkeypatch):
    starts = []
    loader = loop.train_loader

    def spy(*args, start):
        starts.append(start)
        return loader(*args, start=start)

    monkeypatch.setattr(loop, "train_loader", spy)
    before = pd.read_csv(run / "metrics.csv")
    train(make_config(dataset, steps=6), run, resume=True)
    assert starts == [4]
    scores = pd.read_csv(run / "metrics.csv").dropna(subset="val/dsb")
    assert len(before.dropna(subset="val/dsb")) == 2
    assert scores["step"].tolist() == [1, 3, 5]  # steps count from 0, and the curves continue
    assert step_of(run / "checkpoints" / "last.ckpt") == 6


def test_a_run_without_a_score_has_learnt_nothing(tmp_path):
    Trained(tmp_path / "best.ckpt", None, {"Otsu with watershed": 0.4}).write(tmp_path)
    with pytest.raises(ModelError, match=r"DSB score, unknown, is not better than Otsu with watershed \(0\.400\)"):
        check_learnt(tmp_path)
    Trained(tmp_path / "best.ckpt", None, {}).write(tmp_path)
    check_learnt(tmp_path)  # nothing to hold it against


def test_a_bundle_for_colour_images_goes_into_another(run, tmp_path):
    grey, colour = (export(run, tmp_path / name, force=True).bundle for name in ("grey", "colour"))
    add_colour_bundle(grey, colour)
    both = load_model(grey)
    assert both.for_image(colour=True) is not both
    assert both.for_image(colour=True).bundle.weights == (colour / "weights.onnx").read_bytes()
    with pytest.raises(ModelError, match=r"no readable rdf\.yaml"):
        add_colour_bundle(grey, tmp_path)
    assert read_bundle(grey).colour is not None


def test_export_and_predict(run, tmp_path):
    exported = export(run, tmp_path / "small", card={"description": "a network of no use"}, force=True)
    assert exported.bundle == tmp_path / "small"
    assert exported.largest_difference < 1e-3
    assert not list(tmp_path.glob("*.partial"))
    model = load_model(exported.bundle)
    assert (model.name, model.settings.stride, model.settings.scheme) == ("small", 32, "splitline")
    assert (model.settings.diameter_band, model.settings.trained_diameters) == ((20, 30), (13, 36))
    pixels = simulate((150, 100), seed=9).image
    maps = predict_maps(model.network(), pixels, fit_normalisation(Image(pixels)), maps=4)
    assert maps.shape == (4, 150, 100)
    assert maps.std() > 0
    decoded = model.scheme.decode(maps)
    assert decoded.labels.shape == (150, 100)
    given, expected = (np.load(exported.bundle / f"test_{side}.npy") for side in ("input", "output"))
    np.testing.assert_allclose(model.network()(given), expected, atol=1e-3)


def test_the_network_is_exported_for_any_size_and_batch(run, tmp_path):
    module = load_run(run)
    network = load_model(export(run, tmp_path / "small", force=True).bundle).network()
    batch = np.random.default_rng(0).random((2, 3, 64, 160), np.float32)
    with torch.inference_mode():
        np.testing.assert_allclose(network(batch), module(torch.from_numpy(batch)).maps.numpy(), atol=1e-3)


def test_the_description_is_valid_and_says_how_it_came_about(run, tmp_path):
    spec = pytest.importorskip("bioimageio.spec")
    bundle = export(run, tmp_path / "small", force=True).bundle
    with spec.ValidationContext(perform_io_checks=True):
        loaded = spec.load_description(bundle / "rdf.yaml")
    assert not isinstance(loaded, spec.InvalidDescr), loaded.validation_summary.format()
    training = yaml.safe_load((bundle / "rdf.yaml").read_text())["config"]["hooke"]["training"]
    assert training["data"]["train"]["images"] == 4
    assert training["config"]["seed"] == 0


def test_an_export_replaces_the_bundle_that_was_there(run, tmp_path):
    first = export(run, tmp_path / "small", force=True).bundle
    (first / "weights.onnx").write_bytes(b"")
    assert export(run, tmp_path / "small", force=True).largest_difference < 1e-3


def test_a_folder_without_a_checkpoint(tmp_path):
    with pytest.raises(ModelError, match="no checkpoint"):
        export(tmp_path, tmp_path / "bundle")


def test_a_run_of_another_version_names_the_setting(run, tmp_path):
    saved = torch.load(run / "checkpoints" / "best.ckpt", weights_only=True)
    saved["hyper_parameters"]["config"]["augment"]["rain"] = 0.5
    torch.save(saved, tmp_path / "other.ckpt")
    with pytest.raises(ModelError, match=r"does not take: augment\.rain"):
        export(tmp_path / "other.ckpt", tmp_path / "bundle")


def test_records_leave_out_what_is_excluded(dataset, tmp_path):
    banned = tmp_path / "banned.txt"
    banned.write_text("# a comment\nfield0  # shows a test field\n\n")
    records = list_records(make_config(dataset, exclude=banned), "train")
    assert [record.id for record in records] == ["field1", "field2", "field3"]
    with pytest.raises(DatasetError, match="no such list"):
        list_records(make_config(dataset, exclude=tmp_path / "nowhere.txt"), "train")


def test_a_data_set_that_is_missing_or_empty(dataset, tmp_path):
    with pytest.raises(DatasetError, match=r"index\.csv is missing"):
        list_records(make_config(tmp_path), "train")
    with pytest.raises(DatasetError, match="no image for the val side"):
        list_records(make_config(dataset, datasets=[{"path": dataset, "val": ["test"]}]), "val")
