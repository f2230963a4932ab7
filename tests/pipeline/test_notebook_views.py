"""What a segmentation shows in a notebook, and gives to other libraries."""

from __future__ import annotations

import base64
import json
import re
import sys
from dataclasses import replace

import numpy as np
import pytest

import hooke
from hooke.errors import ConfigError, DatasetError
from hooke.labels import Classes


@pytest.fixture(scope="module")
def found(field):
    return hooke.segment(field.image, diameter=22, threads=1)


@pytest.fixture(scope="module")
def nothing():
    return hooke.segment(np.zeros((64, 64), np.uint8), diameter=22, threads=1)


def test_the_card_shows_overlay_count_and_sizes(found, nothing):
    card = found._repr_html_()
    assert f"<strong>{found.count} objects</strong>" in card
    jpeg, svg = re.findall(r'src="data:image/(?:jpeg|svg\+xml);base64,([^"]+)"', card)
    assert base64.b64decode(jpeg)[:2] == b"\xff\xd8"
    drawn = base64.b64decode(svg).decode()
    bars = [int(count) for count in re.findall(r"<title>[^<]*: (\d+)</title>", drawn)]
    assert sum(bars) == found.count
    assert card.count("alt=") == 2
    assert "<script" not in card
    assert "0 objects" in nothing._repr_html_()


def test_one_line_says_what_was_found(found, nothing):
    assert repr(found).startswith(f"<Segmentation: {found.count} objects in image, {found.labels.shape[0]} x ")
    assert repr(replace(found, warnings=("blurred",))).endswith(", warning: blurred>")
    assert repr(nothing).startswith("<Segmentation: 0 objects in image, 64 x 64 pixels")
    assert all(len(repr(one).splitlines()) == 1 for one in (found, nothing))


def test_names_and_warnings_cannot_break_the_card(found):
    hostile = replace(found, image=replace(found.image, name="<img src=x>"), warnings=("<b>&",))
    card = hostile._repr_html_()
    assert "<img src=x>" not in card
    assert "&lt;b&gt;&amp;" in card


def test_polygons_enclose_the_pixels(found):
    shapely = pytest.importorskip("shapely")
    assert list(found.polygons) == list(range(1, found.count + 1))
    for label, pieces in found.polygons.items():
        shapes = [shapely.Polygon(piece[0], piece[1:]) for piece in pieces]
        assert all(shape.is_valid for shape in shapes)
        assert sum(shape.area for shape in shapes) == (found.labels == label).sum()
    label, (first, *_) = next(iter(found.polygons.items()))
    y, x = np.argwhere(found.labels == label)[0]
    assert shapely.Polygon(first[0]).contains(shapely.Point(x + 0.5, y + 0.5))


def test_geojson_is_what_is_written(found, tmp_path):
    classified = replace(found, classes=Classes(("a", "b"), np.eye(2, dtype=np.float32)[np.arange(found.count) % 2]))
    given = classified.to_geojson(tmp_path / "a.geojson")
    assert json.loads((tmp_path / "a.geojson").read_text()) == json.loads(json.dumps(given))
    assert len(given["features"]) == found.count
    properties = given["features"][1]["properties"]
    assert properties["classification"]["name"] == "b"
    assert properties["measurements"]["area"] == found.table["area"][1]


def test_a_plot_takes_axes_and_keeps_pixel_coordinates(found):
    figures = pytest.importorskip("matplotlib.figure")
    axes = figures.Figure().add_subplot()
    assert found.plot(axes) is axes
    assert axes.get_title() == f"image: {found.count} objects"
    assert axes.get_xlim() == (-0.5, found.labels.shape[1] - 0.5)
    np.testing.assert_array_equal(axes.images[0].get_array(), found.overlay())


@pytest.mark.parametrize(
    ("package", "work", "error"),
    [
        ("matplotlib", lambda found: found.plot(), ConfigError),
        ("anndata", lambda found: found.to_anndata(), DatasetError),
    ],
)
def test_a_missing_package_is_named(found, monkeypatch, package, work, error):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(error, match=rf"{package}.*pip install {package}"):
        work(found)


def test_anndata_holds_the_table(found, nothing):
    pytest.importorskip("anndata")  # which does not take the newest pandas, and so is not among the pinned packages
    made = found.to_anndata()
    assert made.shape[0] == found.count
    np.testing.assert_array_equal(made[:, "area"].X.ravel(), found.table["area"])
    np.testing.assert_array_equal(made.obsm["spatial"], found.table[["centroid_x", "centroid_y"]])
    assert made.obs_names[0] == "image-1"
    assert made.obs["label"].tolist() == found.table["label"].tolist()
    assert nothing.to_anndata().shape[0] == 0
