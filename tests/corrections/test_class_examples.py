"""Objects that got a class in another program teach a classifier."""

from __future__ import annotations

import numpy as np
import pytest

from hooke.classify import load_classifier
from hooke.cli.classify import train
from hooke.corrections import examples_of_corrected
from hooke.errors import DatasetError
from hooke.io import read_labels
from hooke.io.annotations import AnnotatedPlane, write_geojson
from hooke.labels import LabelledImage
from tests.builders import run_command


@pytest.fixture
def classed(run):
    """A run with GeoJSON of its objects, the larger half of one class and the smaller of another; and the areas."""
    (run / "corrected").mkdir()
    areas = {}
    for path in sorted((run / "labels").glob("*.tif")):
        labels = read_labels(path)
        area = np.bincount(labels.ravel())
        classes = {label: "large" if area[label] > np.median(area[1:]) else "small" for label in range(1, len(area))}
        plane = AnnotatedPlane(path.stem, LabelledImage(labels, classes=classes))
        write_geojson(run / "corrected" / f"{path.stem}.geojson", plane)
        areas[path.stem] = sorted((int(area[label]), kind) for label, kind in classes.items())
    return run, areas


def test_classes_stay_with_their_objects(classed):
    run, areas = classed
    found = list(examples_of_corrected(run))
    assert [example.image.name for example in found] == sorted(areas)
    for example in found:
        area = np.bincount(example.labels.ravel())
        assert sorted((int(area[label]), kind) for label, kind in example.classes.items()) == areas[example.image.name]
    large = list(examples_of_corrected(run, classes=["large"]))
    assert {kind for example in large for kind in example.classes.values()} == {"large"}


def test_no_object_of_the_class_is_said(classed):
    with pytest.raises(DatasetError, match="no corrected object has class mitotic; classes there: large, small"):
        list(examples_of_corrected(classed[0], classes=["mitotic"]))


def test_a_corrected_run_trains_a_classifier(classed, tmp_path):
    result, status = run_command(train, "--features", classed[0], "-o", tmp_path / "sizes")
    assert status == 0, result.output
    assert sorted(load_classifier(tmp_path / "sizes").classes) == ["large", "small"]
    result, _ = run_command(train, "--features", classed[0], "-o", tmp_path / "sizes", "--split", "train")
    assert "not with corrected images" in str(result.exception)
