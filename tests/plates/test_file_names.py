"""Wells in file names as microscopes write them, and names that only look like wells."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooke.errors import ConfigError
from hooke.plates import Well, compile_pattern, plate_shape, read_positions

GUID = "4A53F2C0-5F0E-4E0B-9C1D-0123456789AB"
# Names of two files of one run, and what the second one says: plate, well, site, channel, plane, time.
NAMES = {
    "MetaXpress": ("x_A01_s1_w1.TIF", "x_P24_s12_w1.TIF", ("", "P24", "12", "1", "", "")),
    "BBBC039": (f"IXMtest_A12_s7_w1{GUID}.tif", f"IXMtest_A12_s8_w1{GUID}.tif", ("", "A12", "8", "1", "", "")),
    "MetaXpress, times": ("TimePoint_1/x_A01_s1.TIF", "TimePoint_2/x_A01_s1.TIF", ("", "A01", "1", "", "", "2")),
    "Harmony": (
        "Images/r01c01f01p01-ch1sk1fk1fl1.tiff",
        "Images/r16c24f03p02-ch1sk1fk1fl1.tiff",
        ("", "P24", "3", "1", "2", "1"),
    ),
    "Opera, short": ("r01c01f01.tif", "r02c03f04.tif", ("", "B03", "4", "", "", "")),
    # A01 and C01 after the well are action and channel.
    "CellVoyager": (
        "AssayPlate_B02_T0001F001L01A01Z01C01.tif",
        "AssayPlate_H12_T0001F002L01A01Z01C01.tif",
        ("", "H12", "2", "1", "1", "1"),
    ),
    "IN Cell": (
        "A - 01(fld 01 wv DAPI - DAPI).tif",
        "B - 11(fld 2 wv DAPI - DAPI).tif",
        ("", "B11", "2", "DAPI - DAPI", "", ""),
    ),
    "ArrayScan": ("AS_1_050116_A01f00d0.TIF", "AS_1_050116_P24f03d0.TIF", ("", "P24", "3", "0", "", "")),
    "Incucyte": (
        "V1_A1_1_2020y01m01d_00h00m.tif",
        "V1_B2_4_2020y01m01d_00h00m.tif",
        ("", "B02", "4", "", "", "2020y01m01d_00h00m"),
    ),
    "by hand": ("A01_field1.tif", "B7_field02.png", ("", "B07", "2", "", "", "")),
    "by hand, spaced": ("well A1 site 3.tif", "well h12 site 4.tif", ("", "H12", "4", "", "", "")),
    "whole name": ("A1.ome.tif", "C12.ome.tif", ("", "C12", "", "", "", "")),
    # P2 is a passage, C1 a channel.
    "other words": ("e_P2_B03_C1.tif", "e_P2_C05_C1.tif", ("", "C05", "", "1", "", "")),
    "third column": ("C01_DAPI.tif", "C02_DAPI.tif", ("", "C02", "", "DAPI", "", "")),
    "stains": ("A01_02_DAPI.tif", "A01_02_GFP.tif", ("", "A01", "2", "GFP", "", "")),
    "targets": ("A01_actin.tif", "A02_tubulin.tif", ("", "A02", "tubulin", "", "", "")),
    "Columbus": ("001001-1-001001001.tif", "016024-12-002003001.tif", ("", "P24", "12", "1", "3", "2")),
    "Gen5": (
        "A1_02_1_1_DAPI_001.tif",
        "B2_-1_1_3_Stitched[DAPI 377,447]_002.tif",
        ("", "B02", "3", "Stitched[DAPI 377,447]", "", "2"),
    ),
    "NIS-Elements": (
        "WellA01_PointA01_0000_ChannelDAPI_Seq0000.tif",
        "WellB02_PointB02_0003_ChannelDAPI_Seq0007.tif",
        ("", "B02", "3", "DAPI", "", ""),
    ),
    "MetaXpress, planes": (
        "TimePoint_1/ZStep_1/x_A01_s1.TIF",
        "TimePoint_1/ZStep_2/x_A01_s1.TIF",
        ("", "A01", "1", "", "2", "1"),
    ),
    "folders": ("e/A01/img1.tif", "e/H12/img2.tif", ("", "H12", "img2", "", "", "")),
    "plates in the name": ("p/Q_A01_s1.tif", "p/R_A01_s1.tif", ("R", "A01", "1", "", "", "")),
    "plates in folders": ("p1/A01_s1.tif", "p2/A01_s1.tif", ("p2", "A01", "1", "", "", "")),
    "one plate in a folder": ("p1/A01_s1.tif", "p1/A02_s1.tif", ("", "A02", "1", "", "", "")),
}


@pytest.mark.parametrize("case", NAMES)
def test_names_as_microscopes_write_them(case):
    first, second, said = NAMES[case]
    found = read_positions([Path(first), Path(second)])
    assert found[0] is not None
    position = found[1]
    read = (position.plate, position.well.name, position.site, position.channel, position.plane, position.time)
    assert read == said


@pytest.mark.parametrize(
    "names", [["img1.tif", "img2.tif"], ["control_3.png"], ["0a1b2c.png", "b03f9e.png"], ["Q99.tif"]]
)
def test_names_without_a_well(names):
    assert read_positions([Path(name) for name in names]) == [None] * len(names)


def test_a_preview_is_recognised():
    found = read_positions([Path(f"x_A01_s1_w1{GUID}.tif"), Path(f"x_A01_s1_w1_thumb{GUID}.tif")])
    assert [position.preview for position in found] == [False, True]


@given(st.integers(0, 31), st.integers(0, 47))
def test_every_well_of_1536_reads_its_own_name(row, column):
    well = Well(row, column)
    assert Well.parse(well.name) == well
    assert Well.parse(well.name.lower().replace("0", "")) == well or "0" in str(column + 1)


@pytest.mark.parametrize("name", ["", "A", "A0", "A00", "A49", "AG1", "BA1", "1A", "A1B", "A-"])
def test_what_is_no_well(name):
    assert Well.parse(name) is None


@pytest.mark.parametrize(("last", "shape"), [("D06", (4, 6)), ("H12", (8, 12)), ("P24", (16, 24)), ("AF48", (32, 48))])
def test_the_plate_is_the_smallest_that_has_the_wells(last, shape):
    assert plate_shape([Well(0, 0), Well.parse(last)]) == shape


def test_a_pattern_reads_what_hooke_does_not_know():
    read = compile_pattern("{condition}/{replicate}/day*-r{row}-k{column}-{site}")
    found = read(Path("data/drug A/2/day7-r3-k11-north.tif"))
    assert (found.well.name, found.site, found.condition, found.replicate) == ("C11", "north", "drug A", "2")
    assert read(Path("data/drug A/2/day7.tif")) is None


@pytest.mark.parametrize(
    ("pattern", "cause"),
    [("{site}_*", "names no well"), ("{well}_{colour}", "unknown"), ("{well}_{site}_{site}", "twice"), ("", "no well")],
)
def test_a_pattern_that_cannot_be_used_is_refused(pattern, cause):
    with pytest.raises(ConfigError, match=cause):
        compile_pattern(pattern)
