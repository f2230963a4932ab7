"""Preparing labelme: every type of shape, images inside and beside, DKFZ's files, damage named."""

from __future__ import annotations

import base64
import io
import json
from collections import Counter
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from hooke.datasets.adapters.labelme import find, load
from hooke.errors import DatasetError
from hooke.io.annotations.labelme import SKIPPED
from hooke.labels.shape_layer import CUT, OUTSIDE

DKFZ = Path(__file__).parents[2] / ".." / "shared" / "data" / "dkfz" / "labels"
needs_data = pytest.mark.skipif(not DKFZ.is_dir(), reason="DKFZ's json files are not at ../shared/data")

HEIGHT, WIDTH = 12, 16
IMAGE = np.arange(HEIGHT * WIDTH, dtype=np.uint8).reshape(HEIGHT, WIDTH)


def encoded(pixels, format_="PNG"):
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, format=format_)
    return base64.b64encode(file.getvalue()).decode()


def shape(points, label="cell", shape_type="polygon", **more):
    return {"label": label, "points": points, "shape_type": shape_type, "group_id": None, "flags": {}, **more}


def mask_shape(x, y, mask, **more):
    """A mask as DKFZ and labelme from 5.2 on write it: corners are pixels of it."""
    corners = [[x, y], [x + mask.shape[1] - 1.0, y + mask.shape[0] - 1.0]]
    return shape(corners, shape_type="mask", mask=encoded(mask.astype(np.uint8)), **more)


def write(root, shapes, name="a.json", **more):
    data = {
        "version": "5.8.3", "flags": {}, "shapes": shapes, "imagePath": "a.png", "imageData": encoded(IMAGE),
        "imageHeight": HEIGHT, "imageWidth": WIDTH, **more,
    }  # fmt: skip
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(json.dumps(data))
    return root


def first(root):
    source, entries = find(root)
    return load(source, entries[0].id)


def test_each_type_of_shape_is_filled_and_those_without_area_are_counted(tmp_path):
    triangle = np.tri(3, 4, dtype=bool)
    triangle[0] = True
    shapes = [
        shape([[0, 0], [4, 0], [4, 2], [0, 2]], "a"),
        shape([[9, 2], [6, 0]], "b", "rectangle"),
        mask_shape(10, 6, triangle, label="c"),
        shape([[4, 8], [4, 11]], "d", "circle"),
        mask_shape(0, 4, np.ones((1, 1), bool), label="e"),
        shape([[1, 1]], "a", "point"),
        shape([[1, 1], [2, 2]], "a", "line"),
        shape([[1, 1], [2, 2], [3, 1]], "a", "linestrip"),
    ]
    sample = first(write(tmp_path, shapes))
    expected = np.zeros((HEIGHT, WIDTH), int)
    expected[0:2, 0:4] = 1
    expected[0:2, 6:9] = 2
    expected[6:9, 10:14][triangle] = 3
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    expected[np.hypot(x - 4, y - 8) < 3] = 4
    expected[4, 0] = 5
    np.testing.assert_array_equal(sample.labels, expected)
    np.testing.assert_array_equal(sample.image, IMAGE)
    assert sample.classes == dict(enumerate("abcde", start=1))
    assert sample.oddities == {SKIPPED: 3}


def test_shapes_of_a_group_are_one_object(tmp_path):
    one, two = [[0, 0], [2, 0], [2, 2], [0, 2]], [[4, 0], [6, 0], [6, 2], [4, 2]]
    shapes = [shape(one, group_id=7), shape(two, group_id=7), shape(two, "other", group_id=7)]
    sample = first(write(tmp_path, shapes[:2]))
    assert np.unique(sample.labels[0]).tolist() == [0, 1]
    assert sample.labels.sum() == 8
    assert first(write(tmp_path, shapes[1:])).conflicts  # another label is another object


def test_old_files_without_shape_type_hold_polygons(tmp_path):
    old = {"label": "cell", "points": [[0, 0], [2, 0], [2, 2], [0, 2]], "line_color": None}
    assert first(write(tmp_path, [old], imageHeight=None, imageWidth=None)).labels.sum() == 4


@pytest.mark.parametrize("named", ["a.png", "..\\images\\a.png", "../images/A.png", "D:\\scan 1\\a.png"])
def test_an_image_that_is_not_inside_is_found_beside_or_below(tmp_path, named):
    (tmp_path / "images").mkdir()
    PIL.Image.fromarray(IMAGE).save(tmp_path / "images" / "a.png")
    write(tmp_path, [], imageData=None, imagePath=named)
    np.testing.assert_array_equal(first(tmp_path).image, IMAGE)


def test_colour_and_16_bits_inside_are_kept(tmp_path):
    deep = IMAGE.astype(np.uint16) * 257
    image = first(write(tmp_path, [], imageData=encoded(deep))).image
    assert image.dtype == np.uint16
    np.testing.assert_array_equal(image, deep)
    colour = np.dstack([IMAGE, IMAGE[::-1], IMAGE])
    np.testing.assert_array_equal(first(write(tmp_path, [], imageData=encoded(colour))).image, colour)


def test_shapes_beyond_the_image_are_cut_or_skipped(tmp_path):
    shapes = [
        mask_shape(14, 10, np.ones((5, 5), bool)),
        mask_shape(-9, 0, np.ones((2, 2), bool)),
        shape([[0, 0], [-5, 0], [-5, 9]]),
    ]
    sample = first(write(tmp_path, shapes))
    assert sample.labels.sum() == 4
    assert sample.oddities == {CUT: 1, OUTSIDE: 2}


def test_files_of_one_name_in_two_folders_get_two_ids(tmp_path):
    write(tmp_path, [], "plate1/a.json")
    write(tmp_path, [], "plate2/a.json")
    write(tmp_path, [], "plate2/.hidden.json")
    assert [entry.id for entry in find(tmp_path)[1]] == ["plate1-a", "plate2-a"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"imageData": encoded(IMAGE)[:61]}, "'imageData' is not base64, or cut short"),
        ({"imageData": encoded(IMAGE)[:60]}, "imageData: "),
        ({"imageData": "\u00e4\u00f6"}, "imageData"),
        ({"imageData": None, "imagePath": "gone.png"}, r"'gone\.png' is not here"),
        ({"imageData": None, "imagePath": None}, "'imagePath' is null, not a text"),
        ({"imageHeight": HEIGHT + 1}, "imageHeight is 13, the image's is 12"),
        ({"shapes": None}, "'shapes' is null, not a list"),
        ({"shapes": [{"points": []}]}, "shape 1: key 'label' is missing"),
        ({"shapes": ["x"]}, "shape 1: \"x\" where an object"),
        ({"shapes": [shape([[0, 0]], shape_type="cube")]}, "shape 1: unknown shape_type 'cube'"),
        ({"shapes": [shape([[0, 0]], shape_type="circle")]}, "a circle of 1 points"),
        ({"shapes": [shape([[0, 0], [3, 3]], shape_type="mask")]}, "key 'mask' is missing"),
        ({"shapes": [shape([[0, 0], [3, 3]], shape_type="mask", mask="AAAA")]}, "mask is not a png"),
        ({"shapes": [{**mask_shape(0, 0, np.ones((3, 3))), "points": [[0, 0], [3, 2]]}]}, "3 x 3 in a box of 3 x 4"),
        ({"shapes": [{**mask_shape(0, 0, np.ones((99, 99))), "mask": encoded(IMAGE)[:80]}]}, "mask"),
    ],
)  # fmt: skip
def test_what_is_damaged_is_named_with_its_file(tmp_path, change, said):
    with pytest.raises(DatasetError, match=said) as caught:
        first(write(tmp_path, **{"shapes": [], **change}))
    assert caught.value.path is not None
    assert caught.value.path.is_relative_to(tmp_path)
    assert caught.value.remedy


def test_a_cut_file_and_an_empty_folder_are_named(tmp_path):
    with pytest.raises(DatasetError, match=r"no \*\.json files here"):
        find(tmp_path)
    (tmp_path / "a.json").write_text('{"shapes": [{"label": "ce')
    with pytest.raises(DatasetError, match=r"not JSON, or cut short: .* line 1"):
        first(tmp_path)


@needs_data
def test_masks_of_dkfz_are_where_their_png_says():
    source, entries = find(DKFZ)
    assert len(entries) == 250
    for entry in entries[::60]:
        sample = load(source, entry.id)
        data = json.loads((DKFZ / f"{entry.id}.json").read_text())
        assert sample.image.shape == (1040, 1388, 3)
        assert Counter(sample.classes.values()) == Counter(cell["label"] for cell in data["shapes"])
        hidden = sum(conflict.pixels for conflict in sample.conflicts if conflict.kind == "overlap")
        pixels = 0
        for cell in data["shapes"]:
            (left, top), _ = np.int64(cell["points"])
            mask = np.asarray(PIL.Image.open(io.BytesIO(base64.b64decode(cell["mask"])))) > 0
            window = sample.labels[top : top + mask.shape[0], left : left + mask.shape[1]]
            assert (window[mask] > 0).all()
            pixels += np.count_nonzero(mask)
        assert pixels - hidden == np.count_nonzero(sample.labels)
