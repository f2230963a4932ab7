"""Tables of wells and conditions, against sums worked out by hand and SciPy's distribution."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hooke.errors import ConfigError
from hooke.plates import (
    FieldRow,
    PlateLayout,
    Treatment,
    Well,
    assign_images,
    compare_with_controls,
    control_quality,
    control_wells,
    plates_without_control,
    read_layout,
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


def screen(plates=("p1",)):
    """A table of wells: three negative and two positive controls and a drug on each plate."""
    counts = {"A01": 10.0, "A02": 12.0, "A03": 17.0, "B01": 100.0, "B02": 104.0, "C01": 60.0}
    names = ["Control", "control", "CONTROL", "positive_control", "Positive control", "drug"]
    table = pd.DataFrame(
        [
            {"plate": plate, "well": well, "condition": name, "fields": 1, "count_per_field": count + 1000 * number}
            for number, plate in enumerate(plates)
            for (well, count), name in zip(counts.items(), names, strict=True)
        ]
    )
    table["mean_area"] = table["count_per_field"] / 2
    return table


def test_wells_are_compared_with_the_controls_of_their_own_plate():
    wells = compare_with_controls(screen(plates=("p1", "p2")))
    assert wells["difference_count_per_field"].tolist() == [-3, -1, 4, 87, 91, 47] * 2
    # Median 12, median absolute deviation 2.
    by_hand = (np.array([10, 12, 17, 100, 104, 60]) - 12) / (1.4826 * 2)
    np.testing.assert_allclose(wells["robust_z_count_per_field"], np.tile(by_hand, 2))
    np.testing.assert_allclose(wells["robust_z_mean_area"], wells["robust_z_count_per_field"])


def test_z_prime_is_that_of_its_authors():
    quality = control_quality(screen()).set_index("measurement")
    row = quality.loc["count_per_field"]
    assert (row["plate"], row["negative_wells"], row["positive_wells"]) == ("p1", 3, 2)
    spread = np.std([10, 12, 17], ddof=1) + np.std([100, 104], ddof=1)
    assert row["z_prime"] == pytest.approx(1 - 3 * spread / (102 - 13))
    assert quality.loc["mean_area", "z_prime"] == pytest.approx(row["z_prime"])


def test_a_column_says_which_wells_are_controls(tmp_path):
    (tmp_path / "layout.csv").write_text(
        "well,condition,Control\nA01,DMSO,negative\nA02,control,\nA03,staurosporine,Positive\n"
    )
    images = assign_images([Path(f"A0{n}_f1.tif") for n in (1, 2, 3)], read_layout(tmp_path / "layout.csv"))
    wells = summarise_wells(images, [FieldRow(n, 10 * n, {}) for n in range(3)], pd.DataFrame({"row": [], "area": []}))
    assert control_wells(wells).tolist() == ["negative", "", "positive"]
    compared = compare_with_controls(wells)
    assert compared["difference_count_per_field"].tolist() == [0, 10, 20]
    assert compared["robust_z_count_per_field"].isna().all()  # one well has no spread
    assert np.isnan(control_quality(wells).loc[0, "z_prime"])


def test_a_control_that_is_neither_is_refused(tmp_path):
    (tmp_path / "layout.csv").write_text("well,condition,control\nA01,DMSO,yes\nA02,x,\n")
    with pytest.raises(ConfigError, match="'yes' in line 2; write negative, positive or nothing"):
        read_layout(tmp_path / "layout.csv")


def test_without_controls_a_table_stays_as_it_is():
    wells = screen().query("condition == 'drug'")
    assert compare_with_controls(wells) is wells
    assert control_quality(wells).empty
    assert plates_without_control(wells) == []


def test_a_plate_without_control_is_named():
    wells = screen(plates=("p1", "p2"))
    wells.loc[(wells["plate"] == "p2") & (wells["well"] < "B"), "fields"] = 0
    wells.loc[wells["fields"] == 0, ["count_per_field", "mean_area"]] = np.nan
    assert plates_without_control(wells) == ["p2"]
    compared = compare_with_controls(wells)
    assert compared.loc[compared["plate"] == "p2", "difference_count_per_field"].isna().all()
    assert compared.loc[compared["plate"] == "p1", "difference_count_per_field"].notna().all()
    assert control_quality(wells)["plate"].unique().tolist() == ["p1"]
