"""Measurements against scikit-image's `regionprops_table` as the oracle, and against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from skimage.draw import ellipse
from skimage.measure import regionprops_table

from hooke.datasets import simulate
from hooke.errors import ConfigError
from hooke.measure import measure

ORACLE = {
    "label": "label",
    "area": "area",
    "perimeter": "perimeter",
    "centroid_y": "centroid-0",
    "centroid_x": "centroid-1",
    "bbox_top": "bbox-0",
    "bbox_left": "bbox-1",
    "bbox_bottom": "bbox-2",
    "bbox_right": "bbox-3",
    "major_axis": "axis_major_length",
    "minor_axis": "axis_minor_length",
    "orientation": "orientation",
    "eccentricity": "eccentricity",
    "solidity": "solidity",
    "equivalent_diameter": "equivalent_diameter_area",
    "intensity_mean": "intensity_mean",
    "intensity_min": "intensity_min",
    "intensity_max": "intensity_max",
    "intensity_std": "intensity_std",
}
SHAPE = list(ORACLE)[: list(ORACLE).index("intensity_mean")]


def assert_equals_oracle(labels, image):
    properties = list(dict.fromkeys(name.split("-")[0] for name in ORACLE.values()))
    expected = pd.DataFrame(regionprops_table(labels, image.astype(float), properties=properties))
    table = measure(labels, image)
    assert list(table.columns)[: len(ORACLE)] == list(measure(labels, image, more=False).columns) == list(ORACLE)
    elongated = (expected["axis_major_length"] - expected["axis_minor_length"] > 1e-5).to_numpy()
    for ours, theirs in ORACLE.items():
        # The direction of a circle is rounding error; the axis of a line and a circle's eccentricity its square root.
        rows = elongated if ours == "orientation" else slice(None)
        got, wanted = table[ours].to_numpy()[rows], expected[theirs].to_numpy()[rows]
        if ours == "orientation":  # pi/2 and -pi/2 are the same direction
            got, wanted = np.exp(2j * got), np.exp(2j * wanted)
        np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=3e-6, err_msg=ours)


@pytest.mark.parametrize("seed", [1, 2])
def test_simulated_nuclei(seed):
    field = simulate((300, 400), seed=seed, density=0.35, overlap=0.8, diameter=20 + 20 * seed)
    assert_equals_oracle(field.labels, field.image)


@pytest.mark.parametrize("ids", [5, 60, 3000])
def test_random_labels_in_many_pieces(ids):
    rng = np.random.default_rng(ids)
    labels = rng.integers(0, ids, (40, 53)) * (rng.random((40, 53)) < 0.6)
    assert_equals_oracle(labels, rng.normal(100, 10, labels.shape))


def test_scattered_blobs_with_holes_gaps_in_ids_and_ids_above_65535():
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 4, (20, 20)) * 70_001
    labels = np.kron(coarse, np.ones((5, 4), int))
    labels[rng.random(labels.shape) < 0.1] = 0
    assert_equals_oracle(labels, rng.integers(0, 2**16, labels.shape).astype(np.uint16))


def test_objects_at_the_border_lines_and_single_pixels():
    labels = np.zeros((30, 40), np.int32)
    labels[0:6, 0:9] = 1
    labels[29, 10:30] = 2
    labels[3:20, 39] = 3
    labels[15, 15] = 4
    labels[0, 39] = 5
    labels[20, 2] = labels[21, 3] = labels[22, 4] = 6
    labels[ellipse(15, 25, 7, 4)] = 7
    labels[29, 0] = labels[25, 7] = 8
    assert_equals_oracle(labels, np.arange(labels.size).reshape(labels.shape) % 251)


def test_an_object_that_fills_the_image():
    assert_equals_oracle(np.ones((7, 9), np.uint8), np.eye(7, 9))


def test_bands_do_not_show(monkeypatch):
    field = simulate((120, 90), seed=4, density=0.4, overlap=1)
    whole = measure(field.labels, field.image, pixel_size_um=0.5)
    monkeypatch.setattr("hooke.labels.bands.BAND_PIXELS", 1)
    pd.testing.assert_frame_equal(measure(field.labels, field.image, pixel_size_um=0.5), whole, rtol=1e-12)


def test_relabelling_only_permutes_rows():
    labels = simulate((200, 200), seed=5).labels
    table = measure(labels, None)
    order = np.random.default_rng(0).permutation(len(table)) + 1
    shuffled = measure(np.concatenate([[0], order])[labels], None).set_index("label")
    pd.testing.assert_frame_equal(shuffled.loc[order].reset_index(drop=True), table.drop(columns="label"), rtol=1e-12)


def test_an_empty_label_image_gives_all_columns_and_no_rows():
    empty = np.zeros((8, 8), np.int32)
    full = empty.copy()
    full[2:4, 2:4] = 1
    options = {"image": np.ones((8, 8, 2)), "pixel_size_um": (1, 2), "channel_names": ("dna", "actin")}
    table = measure(empty, scores=np.zeros(0), **options)
    assert len(table) == 0
    assert list(table.columns) == list(measure(full, scores=np.ones(1), **options).columns)
    assert len(measure(np.zeros((0, 0), int), None)) == 0
    assert len(measure(np.zeros((3, 0), int), None)) == 0


def test_channels_are_named_and_kept_apart():
    labels = np.array([[1, 1, 0], [0, 2, 2]])
    image = np.stack([labels * 10, labels * labels], axis=-1).astype(np.uint8)
    named = measure(labels, image, channel_names=["dna", "actin"], scores=np.array([0.25, 0.5]))
    assert named["intensity_mean_dna"].tolist() == [10, 20]
    assert named["intensity_max_actin"].tolist() == [1, 4]
    assert named["score"].tolist() == [0.25, 0.5]
    assert "intensity_std_1" in measure(labels, image).columns
    assert "intensity_mean" in measure(labels, image[..., :1]).columns


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (["Confocal", "Confocal"], ["Confocal_0", "Confocal_1"]),
        (["DAPI", "dapi ", "GFP"], ["DAPI_0", "dapi_1", "GFP"]),
        (["a", "a", "a_1"], ["a_0", "a_1_1", "a_1_2"]),
        (["", "x", "\ty "], ["0", "x", "y"]),
        (["1", ""], ["1_0", "1_1"]),
    ],
)
def test_every_channel_has_columns_of_its_own(names, columns):
    labels = np.ones((4, 4), int)
    image = np.ones((4, 4, len(names))) * np.arange(len(names))
    table = measure(labels, image, channel_names=names)
    assert [column for column in table if column.startswith("intensity_mean")] == [
        f"intensity_mean_{name}" for name in columns
    ]
    for number, name in enumerate(columns):
        assert table[f"intensity_mean_{name}"][0] == number
    assert len({column.casefold() for column in table}) == len(table.columns)


def test_nan_is_left_out_and_an_object_of_nan_only_is_nan():
    labels = np.array([[1, 1, 1], [2, 2, 0], [1, 3, 3]])
    image = np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, 0.0], [5.0, np.inf, 1.0]])
    table = measure(labels, image)
    first = table.iloc[0]
    assert (first["intensity_mean"], first["intensity_min"], first["intensity_max"]) == (3, 1, 5)
    assert first["intensity_std"] == pytest.approx(np.std([1, 3, 5]))
    assert table.iloc[1].filter(like="intensity").isna().all()
    assert table.iloc[2]["intensity_max"] == np.inf


def test_a_large_offset_does_not_swamp_the_deviation():
    image = 1e9 + np.array([[0.0, 1.0], [2.0, 3.0]])
    assert measure(np.ones((2, 2), int), image)["intensity_std"][0] == pytest.approx(np.std([0, 1, 2, 3]), rel=1e-12)


def test_means_of_millions_of_float32_pixels_with_channels_last():
    # NumPy's mean over the plane adds one float32 after the other there: 1020.7 for 1000.3.
    pixels = np.full((2048, 2048, 2), 1000.3, np.float32)
    table = measure(np.ones(pixels.shape[:2], np.uint8), pixels)
    assert np.allclose(table[["intensity_mean_0", "intensity_mean_1"]], 1000.3, rtol=1e-7)
    assert np.allclose(table[["intensity_std_0", "intensity_std_1"]], 0, atol=1e-6)


def test_micrometres_with_square_pixels_are_a_scaling():
    labels = simulate((200, 200), seed=6).labels
    table = measure(labels, None, pixel_size_um=0.25)
    np.testing.assert_allclose(table["area_um2"], table["area"] / 16)
    for name in ["perimeter", "centroid_y", "centroid_x", "major_axis", "minor_axis", "equivalent_diameter"]:
        np.testing.assert_allclose(table[f"{name}_um"], table[name] / 4)


def test_micrometres_with_oblong_pixels():
    labels = np.zeros((60, 40), np.int32)
    labels[10:50, 15:25] = 1  # 40 rows of 0.5 um by 10 columns of 2 um: a square of 20 um
    row = measure(labels, None, pixel_size_um=(0.5, 2.0)).iloc[0]
    assert row["area_um2"] == 400
    # The border runs through the outer pixels' centres, as in scikit-image: 39 steps of 0.5 and 9 of 2, there and back.
    # A corner pixel stands for half a step each way.
    assert row["perimeter_um"] == pytest.approx(2 * (39 * 0.5 + 9 * 2.0))
    assert (row["centroid_y_um"], row["centroid_x_um"]) == (29.5 * 0.5, 19.5 * 2)
    assert row["major_axis_um"] == pytest.approx(4 * np.sqrt((40**2 - 1) / 12) * 0.5)
    assert row["minor_axis_um"] == pytest.approx(4 * np.sqrt((10**2 - 1) / 12) * 2)


def test_oblong_pixels_agree_with_skimage_spacing():
    labels = simulate((150, 150), seed=7).labels
    expected = regionprops_table(labels, properties=["axis_major_length", "axis_minor_length"], spacing=(0.3, 0.7))
    table = measure(labels, None, pixel_size_um=(0.3, 0.7))
    np.testing.assert_allclose(table["major_axis_um"], expected["axis_major_length"], rtol=1e-9)
    np.testing.assert_allclose(table["minor_axis_um"], expected["axis_minor_length"], rtol=1e-7)


@pytest.mark.parametrize(
    ("labels", "options", "word"),
    [
        (np.zeros((3, 3)), {}, "float64"),
        (np.zeros((3, 3, 3), int), {}, "dimensions"),
        (np.arange(9).reshape(3, 3) - 4, {}, "labels hold -4"),
        (np.zeros((3, 3), int), {"image": np.zeros((3, 4))}, "shape"),
        (np.zeros((3, 3), int), {"image": np.zeros((3, 3, 2)), "channel_names": ["a"]}, "channel names"),
        (np.ones((3, 3), int), {"scores": np.zeros(2)}, "scores"),
        (np.ones((3, 3), int), {"pixel_size_um": 0}, "pixel size"),
    ],
)
def test_what_does_not_fit_is_refused(labels, options, word):
    with pytest.raises(ConfigError, match=word):
        measure(labels, **{"image": None, **options})


def test_lists_are_taken_and_an_image_given_for_its_labels_is_refused():
    labels = np.zeros((60, 70), np.int32)
    labels[5:25, 5:25], labels[30:50, 30:60] = 1, 2
    image = np.random.default_rng(0).integers(0, 60_000, labels.shape, np.uint16)
    pd.testing.assert_frame_equal(measure(labels.tolist(), image.tolist()), measure(labels, image))
    with pytest.raises(
        ConfigError, match=r"labels hold intensities, and the image holds labels; .*measure\(labels, im"
    ):
        measure(image, labels)
    assert (
        len(measure(np.arange(4200).reshape(60, 70), image, more=False)) == 4199
    )  # specks of a pixel each are allowed
