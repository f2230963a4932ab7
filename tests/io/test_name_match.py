"""Names of images as people and spreadsheets write them are matched with the images, never with two."""

import pytest

from hooke.errors import DatasetError
from hooke.io.name_match import match_names, pair_names


@pytest.mark.parametrize(
    ("given", "known", "meant"),
    [
        ("a", ["a", "A"], "a"),
        ("a.tif", ["a", "b"], "a"),
        ("a.ome.tif", ["a", "b"], "a"),
        ("plate\\a.PNG", ["a", "b"], "a"),
        ("plate2/a.png", ["plate1-a", "plate2-a"], "plate2-a"),
        ("a.png", ["a_png", "a_tif"], "a_png"),
        ("A ", ["a", "b"], "a"),
        ("e\u0301", ["\u00e9"], "\u00e9"),
        ("1", ["001", "002"], "001"),
        ("1.0", ["001", "002"], "001"),
        ("0", ["000", "010"], "000"),
        ("1.tif", ["001", "002"], "001"),
        ("10", ["001", "010"], "010"),
        ("a.b", ["a", "b"], None),
        ("1", ["01", "001"], None),
        ("1", ["f1", "0010"], None),
        ("x", ["a"], None),
        ("", ["a"], None),
    ],
)
def test_a_name_means_one_image(given, known, meant):
    assert match_names([given], known) == ({} if meant is None else {given: meant})


def test_two_names_never_mean_one_image():
    assert match_names(["001", "1"], ["001"]) == {"001": "001"}
    with pytest.raises(DatasetError, match=r"'a\.tif' and 'a\.png' both mean the image 'a'"):
        match_names(["a.tif", "a.png"], ["a"])


@pytest.mark.parametrize(
    ("labels", "image"),
    [
        ("A01_mask", "A01"),
        ("A01_Nuclei_Masks", "A01"),
        ("a01", "A01_gt"),
        ("mask_A01", "img_A01"),
        ("A01-labels", "A01_img"),
        ("A01_cp_masks", "A01_seg"),
        ("A01.stardist", "A01"),
        ("mask", "mask"),
        ("A01_2", None),
        ("A01_mask_2", None),
        ("A02_mask", None),
    ],
)
def test_labels_are_paired_without_words_for_masks(labels, image):
    others = ["B01", "B02_mask"]
    meant = pair_names([labels], [image or "A01", *others])
    assert meant == ({} if image is None else {labels: image})


def test_labels_that_could_be_of_one_image_are_left_alone():
    assert pair_names(["a_mask", "a_label", "b_mask"], ["a", "b", "b_raw"]) == {}
    assert pair_names(["a", "a_mask"], ["a"]) == {"a": "a"}
