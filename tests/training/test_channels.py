"""Images of other channels than grey or three colours: from the data set to training, the bundle and segmentation."""
# ruff: noqa: E402 - what is missing is skipped before it is imported

from __future__ import annotations

import pytest

for needed in ("torch", "lightning", "timm", "onnx"):
    pytest.importorskip(needed)

import numpy as np
import timm
import torch
import yaml
from pydantic import ValidationError
from safetensors.torch import save_file

import hooke
from hooke.datasets import simulate
from hooke.datasets.layout import find_image, read_sample, write_sample
from hooke.errors import ConfigError, ImageReadError
from hooke.image import Image
from hooke.io import read_image
from hooke.models import predict_maps
from hooke.models.scale import scale_for
from hooke.training import export
from hooke.training.augmentation.crops import make_negative
from hooke.training.explain import explain_run
from hooke.training.networks import Heads, UNet
from hooke.training.samples import SampleStore, list_records
from hooke.training.segmentation.config import TrainConfig
from hooke.training.segmentation.data import train_loader
from hooke.training.segmentation.export import load_run
from hooke.training.segmentation.loop import train
from hooke.training.segmentation.module import SegmentationModule, predict_sample
from hooke.training.segmentation.preview import write_preview
from tests.builders import write_dataset
from tests.training.small import SHORT

pytestmark = pytest.mark.slow

SIDE = 96


def stained(seed, channels=2):
    """Nuclei in the second channel, at a twentieth of the scale of the first; elsewhere noise that tells nothing."""
    drawn = simulate((SIDE, SIDE), seed=seed)
    pixels = np.random.default_rng(seed).integers(0, 5000, (SIDE, SIDE, channels)).astype(np.uint16)
    pixels[..., 1] = drawn.image
    return pixels, drawn.labels


def fields(channels=2):
    for number in range(4):
        yield f"field{number}", "val" if number > 2 else "train", "fluorescence", *stained(number, channels)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("data") / "two", fields())


def make_config(folder, **changes):
    return TrainConfig.model_validate(
        {
            "name": "stains",
            "datasets": [{"path": folder}],
            "encoder_weights": "none",
            "decoder_channels": [16, 16, 8, 8],
            "augment": {"crop": 64, "negative": 0.3, "elastic": 0.5, "defocus": 0.5, "bit_depth": 0.5},
            **SHORT,
            **changes,
        }
    )


@pytest.fixture(scope="module")
def run(dataset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "two"
    trained = train(make_config(dataset, in_channels=2), folder)
    assert set(trained.baselines) == {"Otsu with watershed", "the shipped model"}
    assert (folder / "pictures.png").stat().st_size > 0
    return folder


@pytest.fixture(scope="module")
def bundle(run):
    exported = export(run, run.parent / "bundle", force=True)
    assert exported.largest_difference < 1e-3
    return exported.bundle


# --- what is given -------------------------------------------------------------------------------------------------


def test_chosen_channels_need_not_be_counted(dataset):
    assert make_config(dataset, channels=[0, 2]).in_channels == 2
    assert make_config(dataset, channels=[3]).in_channels == 1
    told = yaml.safe_load(yaml.safe_dump(make_config(dataset, channels=[0, 2]).model_dump(mode="json")))
    assert TrainConfig.model_validate(told) == make_config(dataset, channels=[0, 2])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"in_channels": 3, "channels": [0, 1]}, "in_channels is 3, but channels names 2"),
        ({"channels": [1, 1]}, "names one twice"),
        ({"channels": [-1]}, "greater than or equal to 0"),
        ({"in_channels": 0}, "greater than or equal to 1"),
    ],
)
def test_channels_that_can_not_be_are_refused(changes, said):
    with pytest.raises(ValidationError, match=said):
        make_config("x", **changes)


# --- the data -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [2, 4, 5])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_data_set_keeps_every_channel(tmp_path, channels, dtype):
    pixels = np.random.default_rng(0).integers(0, 255, (20, 30, channels)).astype(dtype)
    write_sample(tmp_path, "one", pixels, np.ones((20, 30), np.int32))
    np.testing.assert_array_equal(read_sample(tmp_path, "one")[0], pixels)
    assert not read_image(find_image(tmp_path, "one")).is_rgb


def test_each_channel_has_a_scale_of_its_own(dataset):
    config = make_config(dataset, in_channels=2)
    sample = SampleStore(list_records(config, "train"), 24, 100, config.stains)[0]
    assert sample.image.shape == (SIDE, SIDE, 2)
    low, high = np.percentile(sample.image.astype(float), (1, 99.8), axis=(0, 1))
    np.testing.assert_allclose(low, 0, atol=2e-3)
    np.testing.assert_allclose(high, 1, atol=4e-3)


def test_a_channel_chosen_is_that_channel(dataset):
    both = SampleStore(list_records(make_config(dataset), "train"), 24, 100, make_config(dataset, in_channels=2).stains)
    turned = SampleStore(both.records, 24, 100, make_config(dataset, channels=[1, 0]).stains)
    second = SampleStore(both.records, 24, 100, make_config(dataset, channels=[1]).stains)
    np.testing.assert_array_equal(turned[0].image, both[0].image[..., ::-1])
    np.testing.assert_array_equal(second[0].image, both[0].image[..., 1])


@pytest.mark.parametrize(("channels", "chosen"), [(2, []), (5, []), (5, [4, 1, 0]), (5, [1])])
def test_crops_have_the_channels_of_the_network(tmp_path, channels, chosen):
    folder = write_dataset(tmp_path / "data", fields(channels))
    config = make_config(folder, in_channels=len(chosen) or channels, channels=chosen, batch=6)
    config = config.model_copy(update={"augment": config.augment.model_copy(update={"wide": 0.6})})  # shrunk ones, too
    records = list_records(config, "train")
    batches = list(train_loader(records, config, SegmentationModule(config).scheme))
    assert {batch.image.shape for batch in batches} == {(6, len(chosen) or channels, 64, 64)}
    assert all(torch.isfinite(batch.image).all() for batch in batches)


def test_what_is_made_up_has_noise_of_its_own_in_every_channel():
    image = make_negative(64, np.random.default_rng(0), 5)
    assert image.shape == (64, 64, 5)
    assert np.abs(np.corrcoef(image.reshape(-1, 5).T) - np.eye(5)).max() < 0.9


def test_another_number_of_channels_is_told_with_the_file(dataset):
    for changes in ({"in_channels": 4}, {"channels": [0, 2]}):
        config = make_config(dataset, **changes)
        store = SampleStore(list_records(config, "train"), 24, 100, config.stains)
        with pytest.raises(ImageReadError, match=r"field0\.tif: has 2 channel\(s\), but the network takes"):
            store[0]


def test_the_preview_shows_stains(dataset, tmp_path):
    config = make_config(dataset, in_channels=2)
    store = SampleStore(list_records(config, "train"), 24, 100, config.stains)
    scheme = SegmentationModule(config).scheme
    page = write_preview(store, ["a"] * 3, config.augment, scheme, tmp_path / "p.html", np.random.default_rng(0))
    assert "3 images" in page.read_text(encoding="utf-8")


# --- the weights --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_weights_of_colours_are_adapted_as_timm_does(tmp_path, channels):
    whole = timm.create_model("resnet18", pretrained=False)
    save_file(whole.state_dict(), tmp_path / "colours.safetensors")
    network = UNet("resnet18", Heads(4), [16, 16, 8, 8], channels, str(tmp_path / "colours.safetensors"))
    colours, adapted = whole.conv1.weight, network.encoder.conv1.weight
    if channels == 1:  # what it makes of grey is what it made of grey three times
        expected = colours.sum(dim=1, keepdim=True)
    else:  # the colours again and again, scaled so that an image that is the same in all channels gives about the same
        expected = colours.repeat(1, 2, 1, 1)[:, :channels] * (3 / channels)
    torch.testing.assert_close(adapted, expected)
    torch.testing.assert_close(network.encoder.layer4[0].conv1.weight, whole.layer4[0].conv1.weight)


# --- the bundle ---------------------------------------------------------------------------------------------------


def test_the_bundle_says_its_channels(bundle):
    told = yaml.safe_load((bundle / "rdf.yaml").read_text())
    assert (told["config"]["hooke"]["channels"], told["config"]["hooke"]["only_channels"]) == ([0, 1], True)
    assert told["inputs"][0]["axes"][1]["channel_names"] == ["channel 0", "channel 1"]


def test_segment_shows_the_network_what_training_showed_it(run, bundle, dataset):
    module, model = load_run(run), hooke.load_model(bundle)
    record = list_records(module.config, "val")[0]
    sample = SampleStore([record], 24, 100, module.config.stains)[0]
    in_training, _ = predict_sample(module, sample)
    seen, normalisation = model.prepare_input(read_image(record.image))
    scale = scale_for(sample.diameter, model.settings.diameter_band)
    at_run_time = predict_maps(model.network(), seen.pixels, normalisation, scale=scale, maps=4)
    np.testing.assert_allclose(at_run_time / 65535, in_training / 65535, atol=5e-3)


def test_segment_works_with_the_bundle(bundle, dataset):
    found = hooke.segment(dataset / "images" / "field3.tif", bundle, diameter=20, min_score=0)
    assert found.labels.shape == (SIDE, SIDE)
    assert found.normalisation.mode == "channels"
    assert found.overlay().shape == (SIDE, SIDE, 3)
    assert hooke.segment(stained(9)[0], bundle).labels.shape == (SIDE, SIDE)  # with the diameter measured


def test_segment_refuses_other_images_and_a_channel_of_its_own(bundle):
    with pytest.raises(ImageReadError, match=r"has 3 channel\(s\)"):
        hooke.segment(Image(stained(9, 3)[0], name="three"), bundle)
    with pytest.raises(ImageReadError, match=r"grey: has 1 channel\(s\)"):
        hooke.segment(Image(stained(9)[0][..., 0], name="grey"), bundle)
    with pytest.raises(ConfigError, match="leave out --channel"):
        hooke.segment(stained(9)[0], bundle, channel=1)


def test_a_network_of_one_chosen_channel_sees_no_other(dataset, tmp_path):
    train(make_config(dataset, channels=[1]), tmp_path / "run")
    bundle = export(tmp_path / "run", tmp_path / "bundle", force=True).bundle
    pixels, _ = stained(9, 3)
    other = pixels.copy()
    other[..., [0, 2]] = other[..., [0, 2]][::-1]
    model = hooke.load_model(bundle)
    maps = []
    for one in (pixels, other):
        seen, normalisation = model.prepare_input(Image(one))
        maps.append(predict_maps(model.network(), seen.pixels, normalisation, scale=1.3, maps=4))
    np.testing.assert_array_equal(*maps)
    assert maps[0].std() > 0


def test_objects_of_stained_images_are_explained(run, bundle):
    image = Image(stained(9)[0], name="two")
    explained = explain_run(run, image, methods=["grad-cam"], count=1, diameter=20)
    assert len(explained) == 1
    for one in explained:
        assert one.pixels.shape[2] == 3
        assert one.heat["grad-cam"].shape == one.pixels.shape[:2]
    with pytest.raises(ImageReadError, match=r"has 3 channel\(s\)"):
        explain_run(run, Image(stained(9, 3)[0], name="three"))
