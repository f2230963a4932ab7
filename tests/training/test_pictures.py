"""What a run shows in progress: its own page, and curves of what it logged."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("torch")

from hooke.report.html.svg import stand_alone
from hooke.training.pictures import draw_curves, run_page

PICTURES = np.zeros((8, 32, 3), np.uint8)


def test_the_page_of_a_run_names_it_as_text_and_reloads_until_the_end():
    curves = draw_curves(pd.DataFrame({"step": [1], "train/loss": [0.5]}))
    page = run_page("<b> & co", 10, 20, {"dsb": 0.51234, "f1": float("nan")}, curves, PICTURES)
    assert "<h1>&lt;b&gt; &amp; co: step 10</h1>" in page
    assert "<b>" not in page
    assert "step 10 of 20" in page
    assert "0.512" in page
    assert 'http-equiv="refresh"' in page
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    assert page.count("<svg") == 1
    assert 'http-equiv="refresh"' not in run_page("run", 20, 20, {}, [], PICTURES)


def test_curves_hold_what_was_logged_when_it_was():
    table = pd.DataFrame({"step": [0, 10, 10, 20], "train/loss": [4, 2, None, 0], "val/dsb": [None, None, 0.5, None]})
    train, val = map(ET.fromstring, draw_curves(table))
    assert [dot.find("title").text for dot in train.iter("circle")] == [
        "0: 2.000",
        "10: 2.000",
        "20: 2.000",
    ]  # smoothed
    assert [dot.find("title").text for dot in val.iter("circle")] == ["10: 0.500"]
    ET.fromstring(stand_alone(*draw_curves(table)))
    assert draw_curves(table[["step"]]) == []
