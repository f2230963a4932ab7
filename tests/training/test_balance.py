"""How often each image is drawn, against chances worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from hooke.datasets.layout import IndexRow, write_index, write_sample
from hooke.training.samples import list_records
from hooke.training.segmentation.config import TrainConfig
from hooke.training.segmentation.data import chances, rarity

# Squares whose equivalent diameters, 2 * side / sqrt(pi), lie in the octaves from 4, 8 and 16 pixels.
SMALL, MIDDLE, LARGE = 5, 10, 20


def write_squares(folder, sides):
    """An image for each list of sides, with such squares side by side."""
    rows = []
    for number, of in enumerate(sides):
        labels = np.zeros((30, 130), np.int32)
        for id_, side in enumerate(of, 1):
            left = 30 * (id_ - 1) + 2
            labels[2 : 2 + side, left : left + side] = 3 * id_  # ids may have gaps
        write_sample(folder, f"i{number}", (labels > 0).astype(np.uint8) * 200, labels)
        modality = "histology" if number == 3 else "fluorescence"
        rows.append(IndexRow(f"i{number}", "train", modality, f"i{number}", *labels.shape, len(of)))
    write_index(folder, rows)
    return folder


@pytest.fixture(scope="module")
def squares(tmp_path_factory):
    sides = [[SMALL] * 4, [SMALL, SMALL, MIDDLE, MIDDLE], [LARGE], []]
    return write_squares(tmp_path_factory.mktemp("data") / "squares", sides)


def chances_of(folder, **changes):
    config = TrainConfig.model_validate({"datasets": [{"path": folder}], **changes})
    return chances(list_records(config, "train"), config)


def test_images_of_rare_sizes_come_more_often(squares):
    # Of 9 objects in 3 octaves 6 are small, 2 middle, 1 large: 9 / (3 * 6) = 1/2, 3/2 and 3; an empty image counts 1.
    weights = np.array([1 / 2, (1 / 2 + 3 / 2) / 2, 3, 1])
    np.testing.assert_allclose(chances_of(squares, size_balance=True), weights / weights.sum())


def test_without_it_all_images_come_as_often(squares):
    np.testing.assert_allclose(chances_of(squares), np.full(4, 1 / 4))


def test_a_modality_keeps_its_share(squares):
    share = {"fluorescence": 0.8, "histology": 0.2}
    expected = [0.8 * 0.5 / 4.5, 0.8 * 1 / 4.5, 0.8 * 3 / 4.5, 0.2]
    np.testing.assert_allclose(chances_of(squares, size_balance=True, modality_share=share), expected)


def test_label_images_are_read_only_where_sizes_are_asked_for(squares, monkeypatch):
    from hooke.training.segmentation import data

    read = []
    monkeypatch.setattr(data, "read_labels", lambda path: read.append(path) or np.ones((9, 9), np.int32))
    chances_of(squares)
    assert not read
    chances_of(squares, size_balance=True)
    assert len(read) == 4


def test_a_single_speck_does_not_fill_a_run():
    groups = [[5] * 999, [1]]
    np.testing.assert_allclose(rarity(groups), [1000 / (2 * 999), 500])
    np.testing.assert_allclose(rarity(groups, rarest=0.01), [1000 / (2 * 999), 50])


def test_images_without_objects_count_one():
    assert rarity([[], []]).tolist() == [1, 1]
