"""A damaged line of a data set's journal means that its image is not done, for any kind of damage."""

from __future__ import annotations

import json

import pytest

from hooke.datasets.journal import JOURNAL_NAME, Journal, Part, Record
from hooke.labels.painter import Conflict

RECORD = Record(
    source="a",
    recipe="r",
    parts=(Part("a", "fluorescence", 8, 9, 2, 100, 90),),
    named={"cell": 2},
    oddities={"specks": 1},
    classes={"a": {1: "cell", 2: "odd \udc80"}},
    conflicts=(Conflict("overlap", "x", "y", 3, "left"),),
)


def test_a_line_says_what_was_written():
    assert Record.from_line(RECORD.to_line().encode()) == RECORD


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("source",), 3),
        (("recipe",), None),
        (("parts",), []),
        (("parts",), [[]]),
        (("parts", 0, "height"), "8"),
        (("parts", 0, "nuclei"), 1.5),
        (("parts", 0, "image_bytes"), -1),
        (("parts", 0, "labels_bytes"), True),
        (("parts", 0, "id"), "../../elsewhere"),
        (("parts", 0, "id"), "a" * 300),
        (("named",), {"cell": "two"}),
        (("oddities",), [1]),
        (("classes",), {"a": {"one": "cell"}}),
        (("classes",), {"a": ["cell"]}),
        (("classes",), {"a": [[1]]}),
        (("classes",), {"a": 3}),
        (("classes",), None),
        (("conflicts",), [["overlap", "x"]]),
        (("conflicts",), [["overlap", "x", "y", "3", "left"]]),
    ],
)
def test_a_value_of_another_type(tmp_path, place, value):
    tree = json.loads(RECORD.to_line())
    holder = tree
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    (tmp_path / JOURNAL_NAME).write_text(json.dumps(tree) + "\n" + RECORD.to_line().replace('"a"', '"b"', 1))
    journal = Journal(tmp_path)
    assert journal.get("a") is None
    assert journal.get("b") is not None


@pytest.mark.parametrize("line", ["3", "null", "[" * 100_000, '{"source": ' + "9" * 5000 + "}", "\x00", '"text"'])
def test_a_line_of_something_else(tmp_path, line):
    (tmp_path / JOURNAL_NAME).write_text(line + "\n" + RECORD.to_line())
    assert Journal(tmp_path).get("a") is not None
