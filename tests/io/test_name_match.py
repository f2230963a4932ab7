"""Names of images as people and spreadsheets write them are matched with the images, never with two."""

import pytest

from hooke.errors import DatasetError
from hooke.io.name_match import match_names


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
