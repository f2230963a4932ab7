"""Further measurements against scikit-image, SciPy and NumPy as oracles, and values worked out by hand."""

from __future__ import annotations

from threading import Barrier

import cv2
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree
from shapely import MultiPoint
from skimage.feature import graycomatrix, graycoprops
from skimage.measure import find_contours, perimeter, regionprops

import hooke.measure
from hooke.datasets import simulate
from hooke.errors import ConfigError
from hooke.labels import expand_labels
from hooke.labels.column_names import name_columns
from hooke.labels.expansion import _STEPS_APART, _STEPS_EXACT, _longest_steps
from hooke.measure import measure
from hooke.measure.hull import left_corners
from hooke.measure.neighbours import nearest_distances

GAP, DISTANCE = 2, 6


def ratio(above, below):
    return above / below if below > 0 else np.nan


def oracle(labels, image):
    """What `measure` adds, object by object, from other implementations."""
    regions = regionprops(labels, image)
    away = np.stack([distance_transform_edt(labels != region.label) for region in regions])
    nearest, centres = away.min(axis=0), np.array([region.centroid for region in regions])
    rows = []
    for region, own in zip(regions, away, strict=True):
        pixels = image[labels == region.label].astype(float)
        ring = image[(own == nearest) & (own > GAP) & (own <= DISTANCE)].astype(float)
        edge = {region.bbox[0], region.bbox[1], region.bbox[2] - labels.shape[0], region.bbox[3] - labels.shape[1]}
        thin = region.axis_minor_length <= 1e-5 * region.axis_major_length
        rows.append(
            {
                "form_factor": ratio(4 * np.pi * region.area, region.perimeter**2),
                "aspect_ratio": ratio(region.axis_major_length, 0 if thin else region.axis_minor_length),
                "feret_max": region.feret_diameter_max,
                "feret_min": narrowest(region.image_convex),
                "convexity": ratio(perimeter(np.pad(region.image_convex, 1)), region.perimeter),
                "at_border": 0 in edge,
                "neighbour_distance": cKDTree(centres).query(region.centroid, k=2)[0][1],
                "intensity_sum": pixels.sum(),
                "intensity_median": np.median(pixels),
                "background": np.median(ring) if len(ring) else np.nan,
            }
        )
    return pd.DataFrame(rows)


def narrowest(mask):
    """Least extent of the diamonds' hull over the directions across its edges."""
    points = np.concatenate(find_contours(np.pad(mask, 2).astype(float), 0.5, fully_connected="high"))
    hull = np.array(MultiPoint(points).convex_hull.exterior.coords)
    across = np.diff(hull, axis=0)[:, ::-1] * (1, -1)
    along = hull @ (across / np.linalg.norm(across, axis=1, keepdims=True)).T
    return np.ptp(along, axis=0).min()


def assert_equals_oracle(labels, image, *, rings=True):
    table, expected = measure(labels, image), oracle(labels, image)
    for name in expected if rings else expected.columns.drop("background"):
        got, wanted = table[name].to_numpy(float), expected[name].to_numpy(float)
        np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-12, err_msg=name)
    corrected = table["intensity_mean"] - table["background"]
    pd.testing.assert_series_equal(table["corrected_mean"], corrected, check_names=False)
    np.testing.assert_allclose(table["corrected_sum"], corrected * table["area"], rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.int32, np.float32, np.float64])
def test_simulated_nuclei(dtype):
    field = simulate((130, 150), seed=3, density=0.3, overlap=0.3, diameter=20)
    image = field.image.reshape(*field.labels.shape, -1)[..., 0].astype(float)
    stretched = image / image.max() * 200 - (100 if np.dtype(dtype).kind != "u" else 0)
    # A pixel as near to two objects may be in the ring of either.
    assert_equals_oracle(field.labels, stretched.astype(dtype), rings=False)


def test_rings_of_objects_that_are_apart():
    labels = np.zeros((60, 80), np.int32)
    labels[5:15, 5:20], labels[30:50, 40:60], labels[59, 0] = 4, 9, 2
    assert_equals_oracle(labels, np.random.default_rng(0).normal(100, 20, labels.shape))


def test_random_labels_in_pieces():
    rng = np.random.default_rng(1)
    labels = (rng.integers(0, 40, (30, 41)) * (rng.random((30, 41)) < 0.5)).astype(np.int32)
    assert_equals_oracle(labels, rng.normal(0, 10, labels.shape), rings=False)


def test_lines_and_single_pixels():
    labels = np.zeros((40, 50), np.int32)
    labels[3, 5:25], labels[10:30, 40], labels[20, 20] = 1, 2, 3
    for step in range(6):
        labels[30 + step, 5 + step] = 4
    assert_equals_oracle(labels, np.arange(labels.size).reshape(labels.shape) % 251)
    table = measure(labels, None)
    assert table["form_factor"].isna().tolist() == [False, False, True, False]  # a pixel has no perimeter
    assert table["aspect_ratio"].isna().all()
    assert table["feret_max"][0] == pytest.approx(20)
    assert table["feret_min"][:2].tolist() == pytest.approx([1, 1])


def test_a_square_by_hand():
    labels = np.zeros((20, 20), np.int32)
    labels[5:15, 5:15] = 1
    image = np.where(labels, 10, 3)
    row = measure(labels, image).iloc[0]
    # The border runs through the outer pixels' centres: 36 steps.
    assert row["form_factor"] == pytest.approx(4 * np.pi * 100 / 36**2)
    assert (row["aspect_ratio"], row["convexity"], row["feret_min"]) == pytest.approx((1, 1, 10))
    assert row["feret_max"] == pytest.approx(np.hypot(10, 9))  # of the diamonds in opposite corners
    assert (row["intensity_sum"], row["background"], row["corrected_mean"], row["corrected_sum"]) == (1000, 3, 7, 700)
    assert (bool(row["at_border"]), row["neighbours"]) == (False, 0)
    assert np.isnan(row["neighbour_distance"])


@pytest.mark.parametrize(("gap", "neighbours"), [(0, 1), (6, 1), (12, 1), (13, 0)])
def test_neighbours_would_touch_if_both_grew(gap, neighbours):
    labels = np.zeros((9, 40), np.int32)
    labels[3:6, 4:8] = 3
    labels[3:6, 8 + gap : 12 + gap] = 8
    assert measure(labels, None)["neighbours"].tolist() == [neighbours, neighbours]
    assert measure(labels.T, None)["neighbours"].tolist() == [neighbours, neighbours]


def test_corners_that_touch_make_neighbours():
    labels = np.kron(np.array([[1, 0, 2], [0, 3, 0], [4, 0, 0]]), np.ones((4, 4), int))
    assert measure(labels, None, surroundings=0)["neighbours"].tolist() == [1, 1, 3, 1]


def test_an_object_without_background_around_has_none():
    labels = np.pad(np.kron(np.arange(1, 10).reshape(3, 3), np.ones((8, 8), int)), 3)
    table = measure(labels, labels * 1.0)
    assert table["background"].isna().tolist() == [False] * 4 + [True] + [False] * 4
    assert np.isnan(table["corrected_mean"][4])


def test_micrometres_with_oblong_pixels():
    labels = np.zeros((60, 40), np.int32)
    labels[10:50, 15:25] = 1  # 40 rows of 0.5 um by 10 columns of 2 um: a square of 20 um
    labels[55:57, 1:3] = 2
    row = measure(labels, None, pixel_size_um=(0.5, 2.0)).iloc[0]
    assert row["form_factor"] == pytest.approx(4 * np.pi * 400 / (2 * (39 * 0.5 + 9 * 2)) ** 2)
    assert row["aspect_ratio"] == pytest.approx(row["major_axis_um"] / row["minor_axis_um"])
    assert row["feret_min_um"] == pytest.approx(20)
    assert row["feret_max_um"] == pytest.approx(
        np.hypot(19.5, 20)
    )  # between the outer tips of diamonds that are 2 um wide
    assert row["neighbour_distance_um"] == pytest.approx(np.hypot((55.5 - 29.5) * 0.5, (19.5 - 1.5) * 2))
    square = measure(labels, None, pixel_size_um=0.25)
    np.testing.assert_allclose(square["feret_max_um"], square["feret_max"] / 4)
    pd.testing.assert_series_equal(square["form_factor"], measure(labels, None)["form_factor"])


def test_threads_and_bands_do_not_show(monkeypatch):
    field = simulate((200, 170), seed=4, density=0.4, overlap=0.5)
    whole = measure(field.labels, field.image, texture=True)
    monkeypatch.setattr("hooke.labels.bands.BAND_PIXELS", 1000)
    monkeypatch.setattr("hooke.measure.median._CHUNK", 500)
    monkeypatch.setattr("hooke.measure.feret._CANVAS", 500)
    parts = measure(field.labels, field.image, texture=True, threads=3)
    near = [column for column in whole if column.startswith(("background", "corrected", "neighbours"))]
    pd.testing.assert_frame_equal(parts.drop(columns=near), whole.drop(columns=near), rtol=1e-12)
    # Which of two equally near objects a pixel goes to may differ.
    pd.testing.assert_frame_equal(parts[near], whole[near], rtol=0.05, check_dtype=False)


def test_the_first_columns_are_measured_side_by_side(monkeypatch):
    """Each waits for the other: one after the other they would never end, and the barrier breaks."""
    field = simulate((200, 170), seed=4, density=0.4, overlap=0.5)
    expected = measure(field.labels, field.image, threads=1)
    both = Barrier(2, timeout=60)
    for name in ("convex_images", "count_contour_steps"):
        plain = getattr(hooke.measure, name)
        monkeypatch.setattr(hooke.measure, name, lambda *args, plain=plain: (both.wait(), plain(*args))[1])
    pd.testing.assert_frame_equal(measure(field.labels, field.image, threads=2 + 1), expected, check_exact=True)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.001, 0.3), st.floats(0, 9))
def test_expansion_gives_each_pixel_to_a_nearest_object(seed, density, distance):
    rng = np.random.default_rng(seed)
    labels = (rng.integers(1, 30, (31, 27)) * (rng.random((31, 27)) < density)).astype(np.int32)
    grown = expand_labels(labels, distance)
    if not labels.any():
        assert not grown.any()
        return
    away = distance_transform_edt(labels == 0)
    assert ((grown > 0) == (away <= distance)).all()
    for label in np.unique(grown[grown > 0]).tolist():
        own = grown == label
        np.testing.assert_allclose(distance_transform_edt(labels != label)[own], away[own])
        assert (labels[own & (labels > 0)] == label).all()


def test_steps_of_a_knight_and_a_king_order_near_pixels_by_their_distance():
    # So that up to here no other transform needs to say which object pixel is the nearest.
    reach = 2 * int(_STEPS_EXACT**0.5)
    mask = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    mask[reach, reach] = 0
    steps = cv2.distanceTransform(mask, cv2.DIST_L2, 5).ravel()
    dy, dx = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    squares = (dy**2 + dx**2).ravel()
    for square in np.unique(squares[(squares > 0) & (squares < _STEPS_EXACT)]):
        of_square = steps[squares == square].max()
        assert (squares[steps <= of_square + _STEPS_APART] <= square).all()
        assert of_square < _longest_steps(int(square)) < of_square + _STEPS_APART


@pytest.mark.parametrize("shape", ["random", "a parabola and a far corner"])
def test_corners_of_left_sides_are_those_of_opencvs_hulls(shape):
    rng = np.random.default_rng(0)
    sizes = rng.integers(1, 40, 30)
    owner, y = np.repeat(np.arange(30), sizes), np.concatenate([np.arange(size) for size in sizes])
    x = rng.integers(0, 25, len(y))
    if shape != "random":  # of which one corner after the other turns out not to be one
        x = np.where(y < sizes[owner] - 1, y * y, -9999)
    found = left_corners(x, y, owner)
    for number in range(30):
        points = np.stack([x, y], axis=1)[owner == number].astype(np.int32)
        far = points + np.array([100_000, 0], np.int32)  # so that the whole side is one of the hull
        corners = {tuple(corner) for corner in cv2.convexHull(np.concatenate([points, far]))[:, 0].tolist()}
        expected = [tuple(point) in corners for point in points.tolist()]
        assert found[owner == number].tolist() == expected


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 80), st.sampled_from([1, 30, 1e5]), st.booleans())
def test_nearest_distances_are_those_of_a_tree(seed, count, extent, outlier):
    points = np.random.default_rng(seed).random((count, 2)) * extent
    if outlier:
        points[0] += 1e4 * extent
    np.testing.assert_allclose(nearest_distances(*points.T), cKDTree(points).query(points, k=2)[0][:, 1], rtol=1e-9)


def test_texture_is_that_of_scikit_image():
    field = simulate((120, 130), seed=5, density=0.3, diameter=24)
    image = field.image if field.image.ndim == 2 else field.image[..., 0]
    table = measure(field.labels, image, texture=True)
    for row, region in zip(table.itertuples(), regionprops(field.labels, image), strict=True):
        own, pixels = region.image, region.image_intensity.astype(float)
        low, high = pixels[own].min(), pixels[own].max()
        levels = np.where(own, np.minimum((pixels - low) * 32 / (high - low), 31).astype(int) + 1, 0).astype(np.uint8)
        counts = graycomatrix(levels, [1], [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4], 33, symmetric=True)[1:, 1:]
        mean = (counts / counts.sum(axis=(0, 1))).mean(axis=3, keepdims=True)
        for name in ("contrast", "homogeneity", "energy", "correlation", "entropy"):
            assert getattr(row, f"texture_{name}") == pytest.approx(
                graycoprops(mean, name)[0, 0] / (np.log(2) if name == "entropy" else 1)
            ), name


def test_texture_of_even_and_tiny_objects():
    labels = np.zeros((8, 8), np.int32)
    labels[:3, :3], labels[6, 6] = 1, 2
    table = measure(labels, np.full(labels.shape, 7), texture=True)
    assert table.filter(like="texture").iloc[0].tolist() == [0, 1, 1, 1, 0]
    assert table.filter(like="texture").iloc[1].isna().all()


def test_columns_are_named_as_in_cellprofiler():
    labels = np.kron(np.array([[1, 0], [0, 2]]), np.ones((5, 7), int))
    image = np.stack([labels * 3, labels * 5], axis=-1)
    table = measure(labels, image, channel_names=["dna", "er"], pixel_size_um=0.5, texture=True)
    named = name_columns(table, "cellprofiler")
    wanted = {
        "label", "AreaShape_Area", "AreaShape_FormFactor", "AreaShape_MaxFeretDiameter", "AreaShape_Area_um2",
        "Intensity_IntegratedIntensity_dna", "Intensity_MedianIntensity_er", "Neighbors_FirstClosestDistance",
        "Texture_Contrast_er", "AreaShape_Perimeter_um",
    }  # fmt: skip
    assert wanted <= set(named)
    assert len(set(named)) == len(table.columns)
    assert not [name for name in named if name.islower() and name != "label"]
    assert named["AreaShape_Orientation"].tolist() == np.degrees(table["orientation"]).tolist()
    assert name_columns(table, "hooke") is table
    with pytest.raises(ConfigError, match="names is 'cp'; choose one of: hooke, cellprofiler"):
        name_columns(table, "cp")


@pytest.mark.parametrize("distance", [-1, 1e9, np.nan])
def test_a_distance_that_is_none_is_refused(distance):
    with pytest.raises(ConfigError, match="distance is"):
        measure(np.ones((3, 3), int), None, surroundings=distance)
