"""Outlines that Cellpose saves as text are filled with their border, and are read where nothing better is there."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import hooke
from hooke.corrections.pairs import find_pairs
from hooke.errors import DatasetError
from hooke.io import read_labels, write_labels, write_png

LABELS = np.zeros((40, 50), np.int32)
for number, (x, y, radius) in enumerate([(8, 8, 6), (22, 9, 7), (40, 30, 12), (3, 36, 5)], 1):
    cv2.circle(LABELS, (x, y), radius, number, -1)


@pytest.fixture
def outlines(tmp_path):
    """Outlines as cellpose.utils.outlines_list finds them, and cellpose.io.outlines_to_text writes them."""
    write_png(tmp_path / "images" / "a.png", np.full(LABELS.shape, 9, np.uint8))
    found = [
        cv2.findContours(np.uint8(id_ == LABELS), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0] for id_ in (1, 2, 3, 4)
    ]
    lines = [",".join(map(str, max(rings, key=len).ravel())) for rings in found]
    (tmp_path / "text").mkdir()
    path = tmp_path / "text" / "a_cp_outlines.txt"
    path.write_text("\n".join([*lines[:2], "", *lines[2:]]) + "\n")
    return path


def test_outlines_as_text_become_the_objects_they_were_made_of(outlines, tmp_path):
    made = hooke.convert(outlines, tmp_path / "a.tif", images=tmp_path / "images")
    assert np.array_equal(read_labels(tmp_path / "a.tif"), LABELS)
    assert "objects of fewer than 5 border pixels" in made.notes["a"]


def test_a_folder_of_outlines_is_scored_against_its_truth(outlines, tmp_path):
    write_labels(tmp_path / "truth" / "a.tif", [LABELS])
    with pytest.warns(UserWarning, match="1 objects of fewer than 5 border pixels"):
        scores = hooke.evaluate(outlines.parent, tmp_path / "truth")
    assert scores.overall.mean["f1_50"] == 1


def test_what_holds_more_is_read_instead(outlines, tmp_path):
    holed = np.where((LABELS == 3) & (np.indices(LABELS.shape).sum(axis=0) == 70), 0, LABELS)
    hooke.convert(_written(tmp_path / "more" / "a.tif", holed), outlines.parent / "a.geojson")
    hooke.convert(outlines.parent, tmp_path / "out", to="labels")
    assert np.array_equal(read_labels(tmp_path / "out" / "a.tif"), holed)
    write_png(outlines.parent / "a.png", np.full(LABELS.shape, 9, np.uint8))
    pairs = find_pairs(outlines.parent)
    assert np.array_equal(pairs.pairs["a"].labels.read("a").labels, holed)


def test_corners_by_hand_are_centres_of_pixels(outlines, tmp_path):
    outlines.write_text("10,10,19.5,10,19.5,19,10,19\n")
    hooke.convert(outlines, tmp_path / "a.tif", images=tmp_path / "images")
    found = read_labels(tmp_path / "a.tif")
    assert found[15, 15] == 1
    assert 81 <= np.count_nonzero(found) <= 100


@pytest.mark.parametrize("line", ["1,2,3", "a,b,c,d", "x", "1;2;3;4", "1,2,nan,4,5,6", "1,2,1e400,4,5,6"])
def test_a_line_that_is_no_outline_is_named(line, outlines, tmp_path):
    outlines.write_text(f"1,1,1,2,2,2,2,1\n{line}\n")
    with pytest.raises(DatasetError, match="line 2: is not x,y,x,y"):
        hooke.convert(outlines, tmp_path / "a.tif", images=tmp_path / "images")


def test_the_image_must_be_known(outlines, tmp_path):
    with pytest.raises(DatasetError, match="states no height and width"):
        hooke.convert(outlines, tmp_path / "a.tif")


def _written(path, labels):
    write_labels(path, [labels])
    return path
