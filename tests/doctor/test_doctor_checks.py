"""Faults planted into simulated fields are found, where they are, and sound fields stay without findings."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hooke.datasets import simulate
from hooke.datasets.layout import Entry
from hooke.doctor.dataset_images import DatasetImage
from hooke.doctor.findings import KINDS, Severity
from hooke.doctor.population import ImageFigures, find_odd_images
from hooke.doctor.shapes import check_shapes
from hooke.doctor.signal import check_signal
from hooke.measure import measure

MEMBER = DatasetImage(Entry("a", "train", "fluorescence", "a"), None, None)


def shapes(labels):
    return check_shapes(MEMBER, labels, measure(labels, None))


def signal(image, labels):
    return check_signal(MEMBER, image, labels, measure(labels, None))


def inner(field):
    """Label and box of the nucleus nearest the middle."""
    table = measure(field.labels, None)
    middle = np.hypot(table["centroid_y"] - 80, table["centroid_x"] - 96)
    return table.iloc[int(middle.argmin())]


def test_sound_fields_have_nothing_but_borders(fields):
    for field in fields:
        assert {finding.kind for finding in shapes(field.labels)} <= {"border", "size-outlier"}
        assert signal(field.image, field.labels) == []


def test_shape_faults_are_named_with_their_object(fields):
    labels = fields[0].labels.copy()
    labels[:, :24] = 0
    row = inner(fields[0])
    nucleus, y, x = int(row["label"]), int(row["centroid_y"]), int(row["centroid_x"])
    labels[y : y + 2, x : x + 2] = 0  # a hole
    labels[40:43, 4:6] = nucleus  # six stray pixels
    labels[60:63, 4:6] = 9001  # a speck
    labels[80:92, 4:14] = 9002  # an object in two pieces
    labels[110:122, 4:14] = 9002
    found = {(finding.kind, finding.label): finding for finding in shapes(labels)}
    assert found["holes", nucleus].message == "1 of 4 pixels in all"
    assert found["stray-pixels", nucleus].message == "6 pixels"
    assert found["specks", 9001].box == (60, 4, 63, 6)
    assert found["pieces", 9002].message == "120, 120 pixels"
    assert len([kind for kind, _ in found if kind in ("holes", "stray-pixels", "specks", "pieces")]) == 4


def test_two_nuclei_with_one_id_are_a_suspected_merge_and_with_two_are_not():
    labels = np.zeros((80, 120), np.int32)
    for id_, centre in ((1, (40, 40)), (2, (69, 40))):
        cv2.circle(labels, centre, 15, id_, -1)
    assert "merge" not in {finding.kind for finding in shapes(labels)}
    merged = shapes((labels > 0).astype(np.int32))
    assert [finding.label for finding in merged if finding.kind == "merge"] == [1]


def test_a_speck_cut_by_the_border_is_none_and_is_counted_as_cut():
    labels = np.zeros((50, 50), np.int32)
    labels[0, 10:15] = 1
    assert [(finding.kind, finding.value) for finding in shapes(labels)] == [("border", 1)]


def test_an_image_without_objects_is_told():
    assert [finding.kind for finding in shapes(np.zeros((5, 5), np.int32))] == ["empty-labels"]


@pytest.mark.parametrize("modality", ["fluorescence", "histology", "brightfield"])
def test_a_nucleus_without_its_label_is_missed_at_its_place(modality):
    field = simulate((200, 240), seed=5, overlap=0, density=0.15, modality=modality)
    labels, row = field.labels.copy(), inner(field)
    labels[labels == row["label"]] = 0
    found = [finding for finding in signal(field.image, labels) if finding.kind == "missing"]
    assert len(found) == 1
    top, left, bottom, right = found[0].box
    assert top <= row["centroid_y"] < bottom
    assert left <= row["centroid_x"] < right


def test_a_label_on_background_has_no_signal(fields):
    field = fields[1]
    labels = field.labels.copy()
    away = cv2.distanceTransform((labels == 0).astype(np.uint8), cv2.DIST_L2, 5)
    y, x = np.unravel_index(int(away[20:-20, 20:-20].argmax()), (120, 152))
    cv2.circle(labels, (int(x) + 20, int(y) + 20), 6, 777, -1)
    assert [(finding.kind, finding.label) for finding in signal(field.image, labels)] == [("no-signal", 777)]


def test_nothing_is_said_where_labels_do_not_follow_the_image(fields):
    noise = np.random.default_rng(0).normal(100, 10, fields[0].labels.shape).astype(np.float32)
    assert signal(noise, fields[0].labels) == []


def test_an_image_ten_times_larger_and_brighter_than_its_kind_is_told():
    rng = np.random.default_rng(1)
    usual = [ImageFigures(MEMBER, 20 * factor, 0.1 * factor) for factor in rng.normal(1, 0.05, 30)]
    odd = DatasetImage(Entry("odd", "val", "fluorescence", "odd"), None, None)
    found = find_odd_images([*usual, ImageFigures(odd, 200, 1.0)])
    assert [(finding.kind, finding.image) for finding in found] == [
        ("size-outlier", "odd"),
        ("brightness-outlier", "odd"),
    ]


def test_every_kind_has_words_and_what_ruins_a_figure_is_an_error():
    assert all(kind.meaning and kind.remedy for kind in KINDS.values())
    errors = {name for name, kind in KINDS.items() if kind.severity is Severity.ERROR}
    assert errors == {"unreadable", "size-mismatch", "leak"}
