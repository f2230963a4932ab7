import inspect
import subprocess
import sys
from dataclasses import replace

import cv2
import numpy as np
import pandas as pd
import pytest

import hooke
from hooke.cli.segment import segment as command
from hooke.datasets import simulate
from hooke.errors import ConfigError, HookeError, ModelError
from hooke.image import Image
from hooke.io import read_labels
from hooke.metrics import score_image
from hooke.models import Model
from hooke.pipeline import SegmentOptions


def test_finds_simulated_nuclei(field):
    found = hooke.segment(field.image)
    assert score_image(found.labels, field.labels)["f1_50"] > 0.8
    assert found.labels.dtype == np.int32
    assert found.labels.max() == found.count == len(found.table) == len(found.scores)
    assert ((found.scores > 0.5) & (found.scores <= 1)).all()
    assert found.diameter == pytest.approx(22, rel=0.35)


def test_result_does_not_depend_on_threads_or_container(field):
    one = hooke.segment(field.image, threads=1).labels
    assert np.array_equal(one, hooke.segment(Image(field.image), threads=2).labels)


def test_given_diameter_sets_the_scale(field):
    model = hooke.load_model("nuclei")
    low, high = model.settings.diameter_band
    assert hooke.segment(field.image, diameter=(low + high) / 2).scale == 1
    assert hooke.segment(field.image, diameter=2 * high).scale == pytest.approx(0.5)
    assert hooke.segment(field.image, diameter=low / 2).scale == pytest.approx(2)


@pytest.mark.slow
def test_colour_images_are_seen_by_the_network_that_is_meant_for_them(field):
    stained = simulate((160, 192), seed=5, diameter=22, density=0.15, modality="histology")
    model = hooke.load_model("nuclei")
    strict = model.settings.model_copy(update={"parameters": {"foreground": 0.97, "min_score": 0.0}})
    other = replace(model.bundle, name="strict", settings=strict, colour=None)
    stricter = Model(replace(model.bundle, colour=other))
    usual, narrow = (hooke.segment(stained.image, one, diameter=22) for one in (model, stricter))
    assert usual.normalisation.keeps_colours
    assert narrow.model.name == "strict"
    assert 0 < (narrow.labels > 0).sum() < (usual.labels > 0).sum()
    grey = (hooke.segment(field.image, one, diameter=22) for one in (model, stricter))
    assert np.array_equal(*(one.labels for one in grey))


@pytest.mark.parametrize("tint", [(0, 0, 1), (0, 1, 0), (1, 0, 0), (0.2, 0.9, 1)])
def test_fluorescence_saved_in_colour_is_segmented_like_grey(field, tint):
    picture = (field.image[..., None] * np.array(tint)).astype(np.uint8)
    grey, colour = hooke.segment(field.image), hooke.segment(picture)
    assert colour.normalisation.mode == "grey"
    assert {"intensity_mean_red", "intensity_mean_green", "intensity_mean_blue"} <= set(colour.table)
    assert score_image(colour.labels, grey.labels)["f1_50"] > 0.9


def test_channel_is_taken_as_asked(field):
    stack = np.stack([np.zeros_like(field.image), field.image], axis=-1)
    assert hooke.segment(stack, channel=0).count == 0
    assert np.array_equal(hooke.segment(stack, channel=1).labels, hooke.segment(field.image).labels)
    with pytest.raises(ConfigError, match="no channel 2"):
        hooke.segment(stack, channel=2)


def test_channel_is_taken_by_its_name_or_the_channels_are_listed(field):
    stack = Image(np.stack([np.zeros_like(field.image), field.image], axis=-1), channel_names=("GFP", "DAPI"))
    assert hooke.segment(stack, channel="dapi").normalisation.channel == 1
    assert hooke.segment(stack, channel="1").normalisation.channel == 1
    with pytest.raises(ConfigError, match=r"no channel foo.*0 to 1: 'GFP', 'DAPI'"):
        hooke.segment(stack, channel="foo")
    assert hooke.segment(Image(stack.pixels, is_rgb=False), channel="0").count == 0


def test_min_size_drops_small_objects(field):
    found = hooke.segment(field.image)
    areas = np.bincount(found.labels.ravel())[1:]
    limit = int(np.median(areas))
    kept = hooke.segment(field.image, min_size=limit)
    assert kept.count == (areas >= limit).sum()


@pytest.mark.parametrize("value", [0, 7, 255])
def test_constant_image_gives_nothing_and_says_so(value):
    found = hooke.segment(np.full((64, 64), value, np.uint8))
    assert found.count == 0
    assert len(found.table) == 0
    assert "constant" in found.warnings[0]


def test_noise_gives_nothing_and_says_so():
    noise = np.random.default_rng(0).normal(400, 12, (512, 512)).astype(np.uint16)
    found = hooke.segment(noise)
    assert found.count == 0
    assert "no objects" in found.warnings[0]


def test_not_finite_pixels_are_borne(field):
    image = field.image.astype(np.float32)
    image[:5] = np.nan
    image[-1, -1] = np.inf
    found = hooke.segment(image)
    assert found.count > 0
    assert np.isfinite(found.table["intensity_mean"]).all()


@pytest.mark.parametrize("shape", [(2, 2), (3, 400), (33, 31)])
def test_odd_shapes_keep_their_shape(shape):
    image = np.random.default_rng(1).integers(0, 255, shape, dtype=np.uint8)
    assert hooke.segment(image, diameter=20).labels.shape == shape


@pytest.mark.parametrize(
    "bad", [np.zeros((3, 3, 3, 3)), np.zeros(5), np.zeros((0, 4)), np.array([["a", "b"], ["c", "d"]])]
)
def test_arrays_that_are_no_images_are_refused(bad):
    with pytest.raises(HookeError, match=r"; (give|name|export)"):
        hooke.segment(bad)


@pytest.mark.parametrize(
    "options", [{"diameter": "big"}, {"diameter": -3}, {"diameter": 0}, {"min_size": -1}, {"threads": -1}]
)
def test_options_out_of_range_are_refused(options, field):
    with pytest.raises(ConfigError):
        hooke.segment(field.image, **options)


def test_unknown_model_lists_the_known(field):
    with pytest.raises(ModelError, match="nuclei"):
        hooke.segment(field.image, "nucleus")


def test_results_of_several_arrays_are_kept_beside_each_other(field, tmp_path):
    for pixels in (field.image, field.image[::-1], field.image):  # the first once more
        hooke.segment(pixels, diameter=26, threads=1).save(tmp_path)
    assert sorted(path.name for path in (tmp_path / "labels").iterdir()) == ["image.tif", "image_2.tif"]
    assert set(pd.read_csv(tmp_path / "measurements.csv")["image"]) == {"image", "image_2"}


def test_saved_results_read_back(field, tmp_path):
    found = hooke.segment(Image(field.image, name="x", pixel_size_um=(0.5, 0.5)))
    found.save(tmp_path)
    assert np.array_equal(read_labels(tmp_path / "labels" / "x.tif"), found.labels)
    picture = cv2.imread(str(tmp_path / "overlays" / "x.png"))
    assert np.array_equal(picture[..., ::-1], found.overlay())
    assert (tmp_path / "measurements.csv").read_text().count("\n") == found.count + 1
    assert found.table["area_um2"].sum() == pytest.approx(found.table["area"].sum() / 4)


def test_command_line_and_python_have_the_same_defaults():
    options = SegmentOptions()
    for name in ("model", "channel", "diameter", "min_size", "threads"):
        default = getattr(options, name)
        assert inspect.signature(hooke.segment).parameters[name].default == default
        assert inspect.signature(command).parameters[name].default == default


@pytest.mark.slow  # of the fast tests, test_rooms.py reads the imports
def test_runtime_half_works_where_torch_cannot_be_imported():
    code = """
import sys, importlib, pkgutil
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "torchvision", "timm", "lightning", "matplotlib"):
            raise ImportError(name + " is refused")
sys.meta_path.insert(0, Refuse())
import hooke
for module in pkgutil.walk_packages(hooke.__path__, "hooke."):
    # napari's own packages are not part of the environment that all tests run in.
    if not module.name.startswith(("hooke.training", "hooke.napari")) and "__main__" not in module.name:
        importlib.import_module(module.name)
import numpy as np
print(hooke.segment(np.eye(64), diameter=20).labels.shape)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "(64, 64)", done.stderr
