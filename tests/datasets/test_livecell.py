"""Preparing LIVECell and Sartorius, on files as their publications describe them."""

from __future__ import annotations

import csv
import json

import numpy as np
import PIL.Image
import pytest
import tifffile

from hooke.datasets.adapters import sartorius
from hooke.datasets.adapters.livecell import find, load
from hooke.datasets.layout import Entry
from hooke.errors import DatasetError, ImageReadError
from hooke.labels.painter import LEFT_TO
from hooke.labels.run_length import encode_pairs

HEIGHT, WIDTH = 20, 30
NAMES = {
    "train": ["A172_Phase_C7_1_00d00h00m_1.tif", "A172_Phase_C7_1_00d04h00m_2.tif"],
    "val": ["SkBr3_Phase_E3_2_00d00h00m_4.tif"],
    "test": ["SHSY5Y_Phase_A10_1_00d20h00m_3.tif"],
}
FOLDERS = {"train": "livecell_train_val_images", "val": "livecell_train_val_images", "test": "livecell_test_images"}


def square(x, y, side):
    return [x, y, x + side, y, x + side, y + side, x, y + side]


def publish(root, *, as_dict, by_line):
    """LIVECell's folders; two cells an image, the smaller a third within the larger."""
    for split, names in NAMES.items():
        images, annotations = [], {}
        for number, name in enumerate(names, start=1):
            line = name.partition("_")[0]
            folder = root / "images" / FOLDERS[split] / (line if by_line else "")
            folder.mkdir(parents=True, exist_ok=True)
            tifffile.imwrite(folder / name, np.full((HEIGHT, WIDTH), 128, np.uint8))
            images.append(
                {
                    "id": number,
                    "width": WIDTH,
                    "height": HEIGHT,
                    "file_name": name,
                    "original_filename": name,
                    "url": "x",
                }
            )
            for outline in (square(2, 2, 10), square(9, 5, 6)):
                id_ = len(annotations) + 1
                annotations[str(id_)] = {
                    "id": id_, "image_id": number, "category_id": 1, "iscrowd": 0, "area": 1.0,
                    "bbox": [0, 0, 1, 1], "segmentation": [outline],
                }  # fmt: skip
        data = {
            "info": {},
            "images": images,
            "annotations": annotations if as_dict else list(annotations.values()),
            "categories": [{"supercategory": "cell", "id": 1, "name": "cell"}],
        }
        path = root / "annotations" / "LIVECell" / f"livecell_coco_{split}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data))
    return root


@pytest.mark.parametrize("as_dict", [False, True])
@pytest.mark.parametrize("by_line", [False, True])
def test_splits_fields_and_cell_lines_come_from_the_json_and_the_names(tmp_path, as_dict, by_line):
    source, entries = find(publish(tmp_path, as_dict=as_dict, by_line=by_line))
    assert sorted(entries, key=lambda entry: entry.id) == [
        Entry("A172_Phase_C7_1_00d00h00m_1", "train", "phase contrast", "A172_Phase_C7_1"),
        Entry("A172_Phase_C7_1_00d04h00m_2", "train", "phase contrast", "A172_Phase_C7_1"),
        Entry("SHSY5Y_Phase_A10_1_00d20h00m_3", "test", "phase contrast", "SHSY5Y_Phase_A10_1"),
        Entry("SkBr3_Phase_E3_2_00d00h00m_4", "val", "phase contrast", "SkBr3_Phase_E3_2"),
    ]
    for entry in entries:
        sample = load(source, entry.id)
        line = entry.id.partition("_")[0]
        assert sample.classes == {1: line, 2: line}
        assert np.bincount(sample.labels.ravel())[1:].tolist() == [100 - 18, 36]
        (conflict,) = sample.conflicts
        assert (conflict.pixels, conflict.resolution) == (18, LEFT_TO["smallest"])


def test_other_jsons_of_the_publication_are_passed_over(tmp_path):
    root = publish(tmp_path, as_dict=False, by_line=True)
    single = root / "annotations" / "LIVECell_single_cells" / "a172" / "livecell_a172_train.json"
    single.parent.mkdir(parents=True)
    single.write_text("{}")
    assert len(find(root)[1]) == 4


def test_a_folder_without_the_jsons_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"livecell_coco_train\.json"):
        find(tmp_path)


@pytest.fixture
def kaggle(tmp_path):
    """Sartorius' folders: the image a has two cells that share two pixels, b has one."""
    (tmp_path / "train").mkdir()
    for id_ in "ab":
        PIL.Image.fromarray(np.full((HEIGHT, WIDTH), 128, np.uint8)).save(tmp_path / "train" / f"{id_}.png")
    return tmp_path


def cell(rows, columns):
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[rows, columns] = True
    return encode_pairs(mask, "C")


def write_table(root, rows, columns=("id", "annotation", "width", "height", "cell_type", "sample_id")):
    with (root / "train.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
    return root


def test_sartorius_run_lengths_go_along_the_rows(kaggle):
    big, small = cell(slice(0, 4), slice(0, 5)), cell(slice(3, 5), slice(3, 6))
    assert big == "1 5 31 5 61 5 91 5"  # by hand: rows of 30 pixels, counted from 1
    rows = [
        ("a", big, 30, 20, "shsy5y", "s[1]"),
        ("a", small, 30, 20, "shsy5y", "s[1]"),
        ("b", small, 30, 20, "cort", ""),
    ]
    source, entries = find(write_table(kaggle, rows))
    assert entries == [Entry("a", None, "phase contrast", "s[1]"), Entry("b", None, "phase contrast", None)]
    sample = load(source, "a")
    expected = np.zeros((HEIGHT, WIDTH), int)
    expected[0:4, 0:5] = 1
    expected[3:5, 3:6] = 2
    np.testing.assert_array_equal(sample.labels, expected)
    assert sample.classes == {1: "shsy5y", 2: "shsy5y"}
    assert [(conflict.mask, conflict.other, conflict.pixels) for conflict in sample.conflicts] == [
        ("line 2", "line 3", 2)
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("a", "600 2", 30, 20, "cort", ""), "line 2: a run lies outside the image of 20 x 30"),
        (("a", "1 x", 30, 20, "cort", ""), "line 2: run lengths hold"),
        (("a", "1 2", 20, 30, "cort", ""), "line 2: size 30 x 20 for an image of 20 x 30"),
    ],
)
def test_sartorius_rows_that_do_not_fit_are_named(kaggle, row, said):
    source, _ = find(write_table(kaggle, [row]))
    with pytest.raises(DatasetError, match=said) as caught:
        load(source, "a")
    assert caught.value.path == kaggle / "train.csv"
    assert caught.value.remedy


def test_sartorius_absent_image_column_or_id_is_named(kaggle):
    source, _ = find(write_table(kaggle, [("c", "1 2", 30, 20, "cort", "")]))
    with pytest.raises(ImageReadError, match=r"c\.png"):
        load(source, "c")
    with pytest.raises(DatasetError, match=r"id is '\.\./a'"):
        find(write_table(kaggle, [("../a", "1 2", 30, 20, "cort", "")]))
    with pytest.raises(DatasetError, match="'cell_type' is missing"):
        find(write_table(kaggle, [], ("id", "annotation", "width", "height")))
    with pytest.raises(DatasetError, match="no rows"):
        sartorius.find(write_table(kaggle, []))
    (kaggle / "train.csv").write_bytes(b"id,annotation,width,height,cell_type\n\0\xff")
    with pytest.raises(DatasetError, match="UTF-8"):
        find(kaggle)
