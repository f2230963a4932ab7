"""Layouts that people write, with missing, double and unknown wells."""

from __future__ import annotations

from pathlib import Path

import pytest

from hooke.errors import ConfigError, HookeError
from hooke.plates import Well, assign_images, read_layout


@pytest.fixture
def layout(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "layout.csv"
        path.write_text(text, encoding=encoding)
        return read_layout(path)

    return write


def conditions(layout):
    return {f"{plate}{well.name}": treatment.condition for (plate, well), treatment in layout.wells.items()}


@pytest.mark.parametrize(
    "text",
    [
        "well,condition\nA01,control\nB02,drug\n",
        "Well;Condition\nA1;control\nb2;drug\n",
        "row\tcolumn\tcondition\nA\t1\tcontrol\n2\t2\tdrug\n",
        ",1,2\nA,control,\nB,,drug\n",
        "plate 1,1,2\nA,control,\nB,,drug\n",
    ],
)
def test_forms_of_a_layout(layout, text):
    assert conditions(layout(text)) == {"A01": "control", "B02": "drug"}


def test_a_layout_from_a_spreadsheet(layout):
    found = layout("sep=;\nplate;well;condition;replicate;dose\np1;A1;µM;1;0,5\n\np2;A1;drug;2;\n", "utf-16")
    assert conditions(found) == {"p1A01": "µM", "p2A01": "drug"}
    assert [treatment.replicate for treatment in found.wells.values()] == ["1", "2"]
    assert found.wells["p1", Well(0, 0)].others == {"dose": "0,5"}


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("well,condition\nA01,a\nA1,b\n", "A01 in line 2 and line 3"),
        ("well,condition\nA01,a\nA49,b\n", "'A49' in line 3"),
        ("well,condition\nA01,a\n,b\n", "'nothing' in line 3"),
        ("well,treatment\nA01,a\n", "'condition' is missing"),
        ("well,condition\n", "names no well"),
        ("", "empty"),
        (",1,2\n1,a,b\n", "line 2 of the grid begins with '1'"),
        (",1,2\nA,a,b\nA,a,b\n", "A01 in line 2 and line 3"),
    ],
)
def test_a_layout_that_cannot_be_used_is_refused(layout, text, cause):
    with pytest.raises(HookeError, match=cause):
        layout(text)


def names(*wells):
    return [Path(f"p/{well}_s{site}.tif") for well in wells for site in (1, 2)]


def test_what_does_not_fit_is_said_and_the_rest_is_assigned(layout):
    known = layout("well,condition\nA01,a\nA02,b\nH12,c\n")
    found = assign_images([*names("A01", "A02", "B07"), Path("p/overview.tif")], known)
    assert [treatment.condition for treatment in found.treatments] == ["a", "a", "b", "b", "", "", ""]
    assert found.positions[-1] is None
    assert [well.name for _, well in found.missing] == ["H12"]
    assert sorted(note.split(" ", 1)[1].split(":")[1] for note in found.notes) == [" B07", " H12", " overview.tif"]


def test_a_layout_of_other_wells_is_refused(layout):
    with pytest.raises(ConfigError, match="none of the wells"):
        assign_images(names("B01"), layout("well,condition\nA01,a\n"))


def test_a_layout_is_that_of_every_plate_unless_it_names_them(layout):
    files = [Path(f"{plate}/A01_s1.tif") for plate in ("day1", "day2")]
    shared = assign_images(files, layout("well,condition\nA01,a\n"))
    assert [treatment.condition for treatment in shared.treatments] == ["a", "a"]
    assert shared.missing == ()
    own = assign_images(files, layout("plate,well,condition,replicate\nDay1,A01,a,1\nday2,A01,b,2\nday3,A01,b,3\n"))
    assert [treatment.condition for treatment in own.treatments] == ["a", "b"]
    assert own.missing == (("day3", Well(0, 0)),)


def test_files_of_several_channels_are_refused_and_the_lone_one_is_named():
    files = [Path(f"x_{well}_s1_w{channel}.tif") for well in ("A01", "A02") for channel in (1, 2)]
    with pytest.raises(ConfigError, match=r"1 \(2 files\), 2 \(1 files\); A02 site 1 has no channel 2"):
        assign_images(files[:3])


def test_names_that_occur_twice_stay_fields_of_their_own():
    # As in BBBC039, which mixes images of two plates.
    files = [
        Path(f"IXMtest_F22_s6_w1{guid}.tif")
        for guid in ("D6C33377-3947-4DAC-B62D-531C2565F150", "F4C7ADE4-B68D-4D30-A063-722B87AA2DA1")
    ]
    found = assign_images(files)
    assert len({position.field for position in found.positions}) == 2
    assert "F22 site 6" in found.notes[0]


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        (("DMSO", "dmso"), ["DMSO and dmso"]),
        (("1 µM", "1 \u03bcM", "1um"), ["1 µM and 1 μM and 1um"]),
        (("drug 10", "drug 1.0", "+drug", "-drug"), []),
        (("a", "a"), []),
        (("0", "0.0"), ["0 and 0.0"]),
        (("siRNA-1", "siRNA 1"), ["siRNA 1 and siRNA-1"]),
        (("CD8+", "CD8-"), []),
    ],
)
def test_conditions_that_hardly_differ_are_named(layout, conditions, said):
    wells = [f"A{column:02}" for column in range(1, len(conditions) + 1)]
    rows = "".join(f"{well},{condition}\n" for well, condition in zip(wells, conditions, strict=True))
    notes = assign_images(names(*wells), layout(f"well,condition\n{rows}")).notes
    assert len(notes) == len(said)
    for note, text in zip(notes, said, strict=True):
        assert sorted(note.partition(": ")[2].split(" and ")) == sorted(text.split(" and "))
