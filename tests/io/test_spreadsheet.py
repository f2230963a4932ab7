"""Tables that a spreadsheet opens without running anything, and that read back as they were."""

import os

import pandas as pd

from hooke.io.spreadsheet import write_table
from hooke.io.tables import read_table


def test_no_cell_is_a_formula_and_texts_read_back(tmp_path):
    texts = ["=cmd|' /C calc'!A0", "+1", "-", "@x", "plain", "'quoted", "a,b\n=c"]
    table = pd.DataFrame({"image": texts, "-shift": range(-3, 4), "flag": [True] * 7})
    write_table(table, tmp_path / "a.csv")
    raw = pd.read_csv(tmp_path / "a.csv")
    assert list(raw["image"]) == ["'=cmd|' /C calc'!A0", "'+1", "'-", "'@x", "plain", "'quoted", "a,b\n=c"]
    assert list(raw.columns) == ["image", "'-shift", "flag"]
    assert list(raw["'-shift"]) == list(range(-3, 4))
    assert list(read_table(tmp_path / "a.csv", texts=["image"])["image"]) == texts


def test_names_that_are_not_utf8_cost_no_table(tmp_path):
    write_table(pd.DataFrame({"file": [os.fsdecode(b"caf\xe9.png"), "\ud800", "é"]}), tmp_path / "a.csv")
    assert list(pd.read_csv(tmp_path / "a.csv")["file"]) == ["caf\\xe9.png", "\\ud800", "é"]
