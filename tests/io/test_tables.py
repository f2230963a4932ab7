"""Tables saved by people and their spreadsheets are read as they were meant, or refused."""

import itertools

import pandas as pd
import pytest

from hooke.errors import DatasetError
from hooke.io.spreadsheet import write_table
from hooke.io.tables import read_header, read_own_table, read_table, read_text

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
SIGNS = [(",", "."), (";", ","), (";", "."), ("\t", ","), ("\t", ".")]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "table.csv"


@pytest.mark.parametrize(("encoding", "signs"), list(itertools.product(ENCODINGS, SIGNS)))
def test_separator_decimal_sign_and_encoding_are_found(path, encoding, signs):
    separator, decimal = signs
    rows = [["Image ", " LABEL", "Fläche", "class"], ["007", "1", "3.5", " grün"], ["f,2", "2", "1.25", "NA"]]
    rows[2][0] = f'"f{separator}2"'
    text = "\r\n".join(separator.join(row) for row in rows).replace("3.5", f"3{decimal}5")
    path.write_bytes(text.replace("1.25", f"1{decimal}25").encode(encoding))
    table = read_table(path, ["image", "label"], ["class"], texts=["image", "class"])
    assert table.to_dict("list") == {
        "image": ["007", f"f{separator}2"],
        "label": [1, 2],
        "Fläche": [3.5, 1.25],
        "class": ["grün", "NA"],
    }
    assert table.index.tolist() == [2, 3]
    assert read_header(path, ["class"]) == ["Image", "LABEL", "Fläche", "class"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("sep=;\nimage;y\na;3\n", [3]),
        ("\n;;\nimage;y\n\na;3\n;;\n", [5]),
        ("image;y;\na;3;\n", [2]),
        ("image;y\na;3;\n", [2]),
        ('"image","y"\n"a","3"\n', [2]),
    ],
)
def test_what_spreadsheets_add_is_passed_over(path, text, lines):
    path.write_text(text)
    table = read_table(path, ["image", "y"], texts=["image"])
    assert table.to_dict("list") == {"image": ["a"], "y": [3]}
    assert table.index.tolist() == lines


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image,y,x\na,3,5,4,5\n", "line 2 has more values .* decimal commas"),
        ("image,y,x\na,3,4\nb,3,5,4\n", "line 3 has more values .* decimal commas"),
        ("image,y,x\na,3,4\nb,3,5,4,5\n", "can't be read as a table .* decimal commas"),
        ("image;label\na;3\n", "'y' is missing; give the columns image, y; there are image, label"),
        ("image,y,Y \na,3,4\n", "^(?!.*missing)"),
        ("image,Y,Y \na,3,4\n", "'y' is there twice"),
        ("", "is empty"),
    ],
)
def test_a_table_that_can_be_misread_is_refused(path, text, message):
    path.write_text(text)
    if message.startswith("^"):
        assert read_table(path, ["image", "y"], texts=["image"])["y"].tolist() == [3]
        return
    with pytest.raises(DatasetError, match=message):
        read_table(path, ["image", "y"])


def test_a_comma_that_may_stand_for_thousands_makes_no_number(path):
    path.write_text('image,area\na,"1,234"\nb,"2,345"\n')
    assert read_table(path, ["image"], texts=["image"])["area"].tolist() == ["1,234", "2,345"]
    path.write_text('image,area,y\na,"1,234","2,5"\n')
    assert read_table(path, ["image"], texts=["image"]).iloc[0].tolist() == ["a", 1.234, 2.5]
    path.write_text("image;area;y\na;1,234;0.5\n")
    assert read_table(path, ["image"], texts=["image"]).iloc[0].tolist() == ["a", "1,234", 0.5]


def test_empty_values_are_empty_texts_and_missing_numbers(path):
    path.write_text("image;y;class\na;;\nb;1,5;\n")
    table = read_table(path, ["image", "y"], texts=["image", "class"])
    assert table["class"].tolist() == ["", ""]
    assert table["y"].isna().tolist() == [True, False]
    assert read_table(path, ["image", "y"])["y"].tolist() == ["", "1,5"]


def test_what_is_not_a_text_is_refused(path):
    path.write_bytes(b"\x89PNG\0\0\0\rIHDR\0\0\1")
    with pytest.raises(DatasetError, match="not a text"):
        read_table(path, ["image"])
    with pytest.raises(DatasetError, match="can't be read"):
        read_text(path.with_name("none.csv"))


def test_a_workbook_is_named(path):
    path.write_bytes(b"PK\x03\x04\x14\0\x06\0")
    with pytest.raises(DatasetError, match="workbook, not a csv file; save its sheet as csv"):
        read_table(path, ["image"])


def test_a_class_called_na_or_none_is_a_class(path):
    classes = ["NA", "None", "null", "nan", "=mitosis", None]
    write_table(pd.DataFrame({"image": "NA", "label": range(1, 7), "class": classes, "score": [0.5, None] * 3}), path)
    table = read_own_table(path)
    assert table["image"].tolist() == ["NA"] * 6
    assert table["class"].tolist()[:5] == classes[:5]
    assert table["class"].isna().sum() == 1
    assert (table["label"].dtype.kind, table["score"].isna().sum()) == ("i", 3)
    assert read_own_table(path, lambda name: name == "label").columns.tolist() == ["label"]
