"""The network that is queried at positions, and its training from images to a bundle that segments."""
# ruff: noqa: E402 - what is missing is skipped before it is imported

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

for needed in ("torch", "torchvision", "lightning", "timm", "onnx"):
    pytest.importorskip(needed)

import torch
import yaml

import hooke
from hooke import training
from hooke.datasets import simulate
from hooke.errors import ConfigError, ModelError
from hooke.image import Image
from hooke.models import load_model
from hooke.targets.coordinate import as_maps, query_grid
from hooke.training.config import load_config
from hooke.training.coordinate.config import CoordinateConfig, QueryConfig
from hooke.training.coordinate.data import FrameStore, Views, choose_queries, frame_sample, train_loader
from hooke.training.coordinate.export import load_run
from hooke.training.coordinate.module import segment_frame
from hooke.training.explain import explain_run
from hooke.training.networks.coordinate import CoordinateNetwork, CoordinateShape
from hooke.training.samples import list_records
from hooke.training.tasks import kind_of_run
from tests.builders import write_dataset
from tests.training.small import HERE

CONFIG = Path(__file__).parents[2] / "configs" / "dkfz-coordinate.yaml"
SMALL = {"width": 4, "features": 4, "bins": 3, "head": 8}


def make_config(folder, **changes):
    return CoordinateConfig.model_validate(
        {
            "name": "places",
            "datasets": [{"path": folder}],
            "frame": 96,
            "nominal_diameter": 16,
            "patch": 20,
            "queries": {"count": 64},
            "steps": 4,
            "batch": 2,
            "warmup": 1,
            "validate_every": 2,
            "ema": 0.0,
            **HERE,
            **SMALL,
            **changes,
        }
    )


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Five fields, one of another shape, one empty."""
    folder = tmp_path_factory.mktemp("data") / "simulated"
    fields = []
    for number in range(5):
        shape = (128, 96) if number == 1 else (112, 144)
        drawn = simulate(shape, seed=number)
        labels = drawn.labels * (number != 2)
        split = "val" if number > 2 else "train"
        fields.append((f"field{number}", split, "fluorescence", drawn.image, labels))
    return write_dataset(folder, fields)


@pytest.fixture(scope="module")
def run(dataset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    trained = training.train(make_config(dataset), folder)
    assert trained.checkpoint == folder / "checkpoints" / "best.ckpt"
    assert "F1" in trained.lines()[0]
    return folder


# --- the network --------------------------------------------------------------------------------------------------


def test_each_query_is_answered_on_its_own():
    torch.manual_seed(0)
    network = CoordinateNetwork(CoordinateShape(64, **SMALL)).eval()
    image, queries = torch.rand(2, 3, 48, 64), torch.rand(2, 30, 2) * 40
    with torch.inference_mode():
        together = network(image, queries)
        assert together.shape == (2, 30, 2)
        torch.testing.assert_close(network(image[1:], queries[1:, 7:9]), together[1:, 7:9])


def test_a_field_of_224_by_224_places_in_one_pass():
    network = CoordinateNetwork(CoordinateShape(448, **SMALL)).eval()
    queries = torch.from_numpy(query_grid(448, 448, 2))[None]
    assert queries.shape[1] == 224 * 224
    with torch.inference_mode():
        assert network(torch.rand(1, 3, 64, 64), queries / 7).shape == (1, 224 * 224, 2)


def answers_of(image, queries, **parts):
    torch.manual_seed(0)
    network = CoordinateNetwork(CoordinateShape(64, **SMALL, **parts)).eval()
    with torch.inference_mode():
        return network(image, queries)


def test_each_part_sees_what_it_should():
    """Patches see the surroundings only, the coordinate no image, the global encoder everything but the place."""
    image = torch.rand(1, 3, 64, 64)
    changed = image.clone()
    changed[..., 56:, 56:] = 1 - changed[..., 56:, 56:]
    queries = torch.tensor([[[6.0, 6.0], [56.0, 56.0]]])

    only = {"use_global": False, "use_coordinate": False, "use_patch": False}
    before, after = (answers_of(one, queries, **only | {"use_coordinate": True}) for one in (image, changed))
    assert torch.equal(before, after)
    assert not torch.equal(before[0, 0], before[0, 1])

    before, after = (answers_of(one, queries, **only | {"use_global": True}) for one in (image, changed))
    assert torch.equal(before[0, 0], before[0, 1])
    assert not torch.equal(before, after)

    before, after = (answers_of(one, queries, **only | {"use_patch": True}) for one in (image, changed))
    assert not torch.equal(before[0, 1], after[0, 1])


def test_patches_move_with_the_image():
    """Shifted by the coarsest stride, image and place give the same answer, away from the borders."""
    image = torch.rand(1, 3, 96, 96)
    moved = torch.roll(image, (16, 16), dims=(2, 3))
    parts = {"use_global": False, "use_coordinate": False}
    here = answers_of(image, torch.tensor([[[40.3, 41.8]]]), **parts)
    there = answers_of(moved, torch.tensor([[[56.3, 57.8]]]), **parts)
    torch.testing.assert_close(here, there, atol=2e-3, rtol=0)


def test_a_network_of_no_parts():
    with pytest.raises(ValueError, match="any part"):
        CoordinateNetwork(CoordinateShape(64, use_global=False, use_coordinate=False, use_patch=False))


# --- the data -----------------------------------------------------------------------------------------------------


def test_queries_lie_where_they_were_asked_to():
    labels = np.zeros((60, 90), np.int32)
    labels[20:30, 40:55] = 1
    config = QueryConfig(count=400, positive=0.25, near=0.5, reach=0.5)
    places = choose_queries(labels, config, 12, np.random.default_rng(0))
    assert places.shape == (400, 2)
    x, y = np.rint(places).astype(int).T
    inside = labels[y, x] > 0
    assert inside[:100].all()
    beside = np.maximum(np.maximum(40 - x, x - 54), np.maximum(20 - y, y - 29))[100:300]
    assert beside.min() > 0
    assert beside.max() <= 6
    assert places.min() >= 0
    assert (places.max(axis=0) <= (89, 59)).all()


def test_queries_of_an_empty_image_lie_anywhere():
    places = choose_queries(np.zeros((30, 50), np.int32), QueryConfig(count=300), 10, np.random.default_rng(0))
    assert places.shape == (300, 2)
    assert places.std(axis=0).min() > 6


def test_answers_are_those_of_the_view(dataset):
    """With nothing but mirroring, a prediction shows whether the queried pixel is bright, as the nuclei are."""
    config = make_config(dataset, augment={"zoom": 1.4, "photometric": 0.0}, queries={"count": 200, "near": 0.0})
    store = FrameStore(list_records(config, "train"), config)
    item = Views(store, config)[3]
    x, y = np.rint(item.queries.numpy()).astype(int).T
    grey = item.image[0].numpy()[y, x]
    cell = item.answers[:, 0].numpy() > 0.5
    if cell.any():
        assert grey[cell].mean() > grey[~cell].mean() + 0.2


def test_views_depend_on_their_number_only(dataset):
    config = make_config(dataset)
    first, second = (Views(FrameStore(list_records(config, "train"), config), config) for _ in range(2))
    first[1]
    assert all(torch.equal(one, other) for one, other in zip(first[5], second[5], strict=True))


def test_images_of_other_shapes_share_a_batch(dataset):
    config = make_config(dataset, batch=8)
    batch = next(iter(train_loader(FrameStore(list_records(config, "train"), config), config)))
    assert batch.image.shape == (8, 3, 96, 96)  # 75 x 96 and 96 x 72, filled up to multiples of 16
    assert batch.queries.shape == batch.answers.shape == (8, 64, 2)


def test_a_frame_keeps_objects_and_shape(dataset):
    config = make_config(dataset)
    (sample, *_) = FrameStore(list_records(config, "val"), config)
    assert max(sample.labels.shape) == 96
    assert sample.labels.shape == sample.image.shape[:2] == (75, 96)
    larger = frame_sample(sample, 192)
    assert larger.diameter == pytest.approx(2 * sample.diameter)


def test_labels_of_a_frame_stay_on_its_image(dataset):
    (sample, *_) = FrameStore(list_records(make_config(dataset), "val"), make_config(dataset))
    row, column = np.mgrid[:200, :160]
    labels = (np.hypot(row - 90, column - 70) < 40).astype(np.int32)
    small = frame_sample(replace(sample, labels=labels, image=labels.astype(np.float16)), 60)
    light = small.image.astype(np.float64)
    for axis in np.indices(light.shape):
        assert axis[small.labels > 0].mean() == pytest.approx((light * axis).sum() / light.sum(), abs=0.1)


# --- the run and its bundle ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_run_leaves_its_record(run):
    for name in ("config.yaml", "data.json", "metrics.csv", "curves.svg", "pictures.png"):
        assert (run / name).stat().st_size > 0
    assert kind_of_run(run) == "coordinate"
    result = json.loads((run / "result.json").read_text())
    assert (result["called"], result["score"]) == ("F1 of detection", 0)
    assert result["baselines"]["Otsu with watershed"] > 0.5
    assert {"val/recall", "val/precision"} <= set((run / "metrics.csv").read_text().splitlines()[0].split(","))


@pytest.fixture(scope="module")
def bundle(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "places"
    with pytest.raises(ModelError, match=r"F1 of detection, 0\.000, is not better than Otsu"):
        training.export(run, folder)
    exported = training.export(run, folder, force=True)
    assert exported.largest_difference < 1e-3
    return exported.bundle


@pytest.mark.slow
def test_the_bundle_answers_any_size_and_batch(run, bundle):
    module, network = load_run(run), load_model(bundle).network()
    batch = np.random.default_rng(0).random((2, 3, 64, 112), np.float32)
    with torch.inference_mode():
        queries = torch.from_numpy(query_grid(64, 112, 2))[None].repeat(2, 1, 1)
        answers = module(torch.from_numpy(batch), queries).numpy()
    np.testing.assert_allclose(network(batch), as_maps(answers, 64, 112, 2), atol=1e-3)


@pytest.mark.slow
def test_the_description_is_valid(bundle):
    spec = pytest.importorskip("bioimageio.spec")
    with spec.ValidationContext(perform_io_checks=True):
        loaded = spec.load_description(bundle / "rdf.yaml")
    assert not isinstance(loaded, spec.InvalidDescr), loaded.validation_summary.format()
    told = yaml.safe_load((bundle / "rdf.yaml").read_text())["config"]["hooke"]
    assert (told["scheme"], told["frame"], told["query_step"]) == ("coordinate", 96, 2)


@pytest.mark.slow
def test_segment_works_with_the_bundle_unchanged(bundle):
    field = simulate((120, 150), seed=8)
    found = hooke.segment(field.image, bundle)
    assert found.labels.shape == (120, 150)
    assert found.scale == pytest.approx(96 / 150)
    assert found.count == found.labels.max() == len(found.table)
    tiled = hooke.segment(field.image, bundle, diameter=4)
    assert tiled.scale == 4


@pytest.mark.slow
def test_the_runtime_sees_what_validation_saw(run, bundle, dataset):
    """The same network, by ONNX from the file or by PyTorch from the sample in its frame, finds the same."""
    config = make_config(dataset)
    record = list_records(config, "val")[0]
    module = load_run(run)
    found = hooke.segment(record.image, bundle)
    in_frame = segment_frame(module, FrameStore([record], config)[0])
    assert abs(found.count - int(in_frame.max())) <= 2


@pytest.mark.slow
def test_the_whole_run_can_be_tried(dataset, tmp_path):
    assert 0 <= training.fast_dev_run(make_config(dataset)) <= 1


@pytest.mark.slow
def test_places_are_explained(run, tmp_path):
    saved = torch.load(run / "checkpoints" / "best.ckpt", weights_only=True)
    saved["hyper_parameters"]["config"]["decode"] = {"cell": 0.0, "centre": 0.0}  # then there are cells to explain
    (tmp_path / "checkpoints").mkdir()
    torch.save(saved, tmp_path / "checkpoints" / "best.ckpt")
    (tmp_path / "config.yaml").write_text("kind: coordinate\n")
    found = explain_run(tmp_path, Image(simulate((120, 150), seed=8).image), methods=["grad-cam"], count=2)
    assert len(found) == 2
    for one in found:
        assert one.name.startswith("cell")
        assert one.heat["grad-cam"].shape == one.pixels.shape[:2]


def test_the_shipped_configuration_is_read():
    config = load_config(CONFIG)
    assert isinstance(config, CoordinateConfig)
    assert config.scheme.nominal_diameter == config.nominal_diameter
    with pytest.raises(ConfigError, match="did you mean 'no_patch'"):
        load_config(CONFIG, {"no_patches": True})
    with pytest.raises(ModelError, match="rays"):
        str(load_config(CONFIG, {"decode.rays": 3}).scheme)
