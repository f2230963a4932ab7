"""Objects measured in 3-D: bodies whose volume and surface are known, and plane-wise NumPy as an oracle."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hooke.errors import ConfigError
from hooke.measure import measure_stack


def ellipsoid(radii, voxel):
    """Voxels whose centre lies in an ellipsoid (z, y, x), all lengths in one unit."""
    sides = [(np.arange(int(2 * r / p) + 5) - r / p - 2.2) * p for r, p in zip(radii, voxel, strict=True)]
    z, y, x = np.meshgrid(*sides, indexing="ij")
    return ((z / radii[0]) ** 2 + (y / radii[1]) ** 2 + (x / radii[2]) ** 2 <= 1).astype(int)


@pytest.mark.parametrize("step", [1.0, 2.0, 3.0])
def test_a_sphere_has_its_volume_and_surface_at_any_distance_of_planes(step):
    radius = 12.0
    table = measure_stack(ellipsoid((radius,) * 3, (step, 1, 1)), pixel_size_um=1.0, z_step_um=step)
    assert table["volume_um3"][0] == pytest.approx(4 / 3 * math.pi * radius**3, rel=0.03)
    assert table["surface_um2"][0] == pytest.approx(4 * math.pi * radius**2, rel=0.03)
    assert table["surface"][0] == pytest.approx(table["surface_um2"][0])
    assert table["equivalent_diameter_um"][0] == pytest.approx(2 * radius, rel=0.01)
    assert table["sphericity"][0] == pytest.approx(1, abs=0.03)
    assert table["planes"][0] == pytest.approx(2 * radius / step, abs=1)
    assert not table["at_border"][0]


def test_a_long_ellipsoid_has_its_surface():
    half, long = 8.0, 20.0
    table = measure_stack(ellipsoid((long, half, half), (1, 1, 1)))
    e = math.sqrt(1 - half**2 / long**2)
    surface = 2 * math.pi * half**2 * (1 + long / half / e * math.asin(e))
    assert table["surface"][0] == pytest.approx(surface, rel=0.02)
    sphere = math.pi ** (1 / 3) * (6 * 4 / 3 * math.pi * long * half**2) ** (2 / 3)
    assert table["sphericity"][0] == pytest.approx(sphere / surface, rel=0.02)


def test_columns_agree_with_numpy():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, (4, 7, 9)) * 5
    images = rng.normal(1e6, 3, (4, 7, 9, 2))
    images[1, 2, 3, 0] = np.nan
    table = measure_stack(labels, images, pixel_size_um=(0.5, 0.25), z_step_um=2.0, channel_names=("a", "b"))
    assert table["label"].tolist() == [5, 10, 15]
    for row in table.itertuples():
        z, y, x = np.nonzero(labels == row.label)
        assert (row.volume, row.volume_um3) == (len(z), len(z) * 0.25)
        assert (row.centroid_z, row.centroid_y_um, row.centroid_x) == pytest.approx((z.mean(), y.mean() / 2, x.mean()))
        assert (row.first_plane, row.last_plane, row.planes) == (z.min(), z.max(), np.ptp(z) + 1)
        assert row.largest_area == np.bincount(z).max()
        values = images[labels == row.label][:, 0]
        assert row.intensity_mean_a == pytest.approx(np.nanmean(values))
        assert row.intensity_std_a == pytest.approx(np.nanstd(values), rel=1e-6)
        assert row.intensity_sum_b == pytest.approx(images[labels == row.label][:, 1].sum())
        assert (row.intensity_min_a, row.intensity_max_a) == (np.nanmin(values), np.nanmax(values))


def test_without_a_step_planes_count_as_one_pixel_apart_and_nothing_is_in_micrometres():
    table = measure_stack(np.ones((1, 4, 4), int), pixel_size_um=0.5)
    assert not [name for name in table if name.endswith(("_um", "_um2", "_um3"))]
    assert table["at_border"].tolist() == [True]


def test_no_object_gives_the_same_columns():
    image = np.zeros((2, 5, 5))
    some = measure_stack(np.ones((2, 5, 5), int), image, pixel_size_um=1.0, z_step_um=1.0)
    none = measure_stack(np.zeros((2, 5, 5), int), image, pixel_size_um=1.0, z_step_um=1.0)
    assert (list(some), len(none)) == (list(none), 0)


@pytest.mark.parametrize(
    ("labels", "images", "options", "message"),
    [
        ([], None, {}, "no plane"),
        ([np.zeros((2, 2))], None, {}, "whole numbers"),
        ([np.zeros((2, 2), int), np.zeros((3, 2), int)], None, {}, "one size"),
        ([np.zeros((2, 2), int)] * 2, [np.zeros((2, 2))], {}, "one image per plane"),
        ([np.zeros((2, 2), int)], [np.zeros((3, 2))], {}, "images \\(Y, X\\)"),
        ([np.zeros((2, 2), int)], None, {"z_step_um": 0.0}, "above 0"),
    ],
)
def test_wrong_input_is_refused(labels, images, options, message):
    with pytest.raises(ConfigError, match=message):
        measure_stack(labels, images, **options)
