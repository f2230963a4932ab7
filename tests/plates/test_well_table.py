"""Tables of wells and conditions, against sums worked out by hand and SciPy's distribution."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hooke.plates import (
    FieldRow,
    PlateLayout,
    Treatment,
    Well,
    assign_images,
    replicate_values,
    summarise_conditions,
    summarise_wells,
)
from hooke.plates.well_table import student_t

LAYOUT = PlateLayout(
    {
        ("", Well(0, 0)): Treatment("control", "1"),
        ("", Well(0, 1)): Treatment("control", "1"),
        ("", Well(0, 2)): Treatment("control", "2"),
        ("", Well(1, 0)): Treatment("drug", "1"),
        ("", Well(7, 11)): Treatment("drug", "2"),
    }
)
NAMES = [f"{well}_f{site}" for well in ("A01", "A02", "A03", "B01") for site in (1, 2)]
COUNTS = [10, 20, 40, None, 7, 8, 0, 1]


@pytest.fixture
def wells():
    images = assign_images([Path(f"{name}.tif") for name in NAMES], LAYOUT)
    found = [FieldRow(index, count, {"mitotic": 1} if count else {}) for index, count in enumerate(COUNTS)]
    rows = np.repeat(np.arange(8), [count or 0 for count in COUNTS])
    objects = pd.DataFrame({"row": rows, "area": np.arange(len(rows)) % 13 + 1.0})
    return summarise_wells(images, found, objects), objects


def test_counts_and_means_of_wells(wells):
    table, objects = wells
    table = table.set_index("well")
    assert list(table.index) == ["A01", "A02", "A03", "B01", "H12"]
    assert table["count"].tolist()[:4] == [30, 40, 15, 1]
    assert table["count_per_field"].tolist()[:4] == [15, 40, 7.5, 0.5]
    assert table["fields"].tolist() == [2, 1, 2, 2, 0]
    assert table["failed"].tolist() == [0, 1, 0, 0, 0]
    assert table["count_mitotic"].tolist()[:4] == [2, 1, 2, 1]
    assert pd.isna(table.loc["H12", "count"])
    assert table.loc["H12", "condition"] == "drug"
    assert table.loc["A01", "mean_area"] == objects[objects["row"] < 2]["area"].mean()


def test_a_replicate_counts_once_however_many_wells_and_cells_it_has(wells):
    values = replicate_values(wells[0]).set_index(["condition", "replicate"])
    assert values["wells"].to_dict() == {("control", "1"): 2, ("control", "2"): 1, ("drug", "1"): 1}
    assert values.loc[("control", "1"), "count_per_field"] == (15 + 40) / 2
    summary = summarise_conditions(wells[0]).set_index(["condition", "measurement"])
    control = summary.loc["control", "count_per_field"]
    assert control["mean"] == (27.5 + 7.5) / 2
    assert control["sd"] == pytest.approx(np.std([27.5, 7.5], ddof=1))
    assert control["high"] - control["mean"] == pytest.approx(12.706 * control["sd"] / np.sqrt(2))
    assert np.isnan(summary.loc[("drug", "count_per_field"), "low"])


def test_wells_are_replicates_where_none_are_named():
    images = assign_images(
        [Path(f"A0{n}_f1.tif") for n in (1, 2, 3)], PlateLayout({("", Well(0, n)): Treatment("a") for n in range(3)})
    )
    wells = summarise_wells(images, [FieldRow(n, 10 * n, {}) for n in range(3)], pd.DataFrame({"row": [], "area": []}))
    assert replicate_values(wells)["replicate"].tolist() == ["A01", "A02", "A03"]
    assert summarise_conditions(wells).loc[0, "replicates"] == 3


def test_planes_of_a_field_are_averaged():
    images = assign_images([Path(f"r01c01f01p{plane:02d}-ch1.tif") for plane in (1, 2)])
    wells = summarise_wells(images, [FieldRow(0, 10, {}), FieldRow(1, 13, {})], pd.DataFrame({"row": [], "area": []}))
    assert wells[["fields", "count"]].values.tolist() == [[1, 11.5]]


def test_student_t_is_that_of_scipy():
    stats = pytest.importorskip("scipy.stats")
    for freedom in (*range(1, 31), 40, 100, 1000):
        assert student_t(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), abs=0.0011)
