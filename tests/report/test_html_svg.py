"""Plots of the report: places and ticks by hand; every drawing is well-formed XML with a text for who can't see it."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from hooke.report.html.charts import (
    Bars,
    Curve,
    Estimate,
    bar_chart,
    confusion_chart,
    curve_chart,
    histogram_chart,
    interval_chart,
    scatter_chart,
)
from hooke.report.html.svg import Frame, Scale, stand_alone

NASTY = 'a <b> & "c"'


def test_scale_places_values_evenly_and_by_ratio():
    even = Scale(0, 10, 100, 200)
    assert [even(0), even(5), even(10)] == [100, 150, 200]
    assert even(1e9) == pytest.approx(202)  # what lies outside stays near the axis
    log = Scale(1, 100, 0, 200, log=True)
    assert log(10) == pytest.approx(100)
    assert Scale(3, 3, 0, 10)(3) == 5


@pytest.mark.parametrize(
    ("scale", "ticks"),
    [
        (Scale(0, 1, 0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (Scale(0.5, 0.95, 0, 1), [0.5, 0.6, 0.7, 0.8, 0.9]),
        (Scale(-0.04, 0.04, 0, 1), [-0.04, -0.02, 0, 0.02, 0.04]),
        (Scale(0, 3, 0, 1, whole=True), [0, 1, 2, 3]),
        (Scale(4, 60, 0, 1, log=True), [5, 10, 20, 50]),
        (Scale(1, 1e6, 0, 1, log=True), [1, 10, 100, 1000, 1e4, 1e5, 1e6]),
    ],
)
def test_ticks_are_round(scale, ticks):
    assert scale.ticks() == pytest.approx(ticks)


def drawn(svg):
    """Parse a drawing; ElementTree refuses what is not well-formed."""
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert root.get("aria-label")
    return root


def test_curves_lie_where_their_values_do():
    curve = Curve("one", [0, 0.5, 1], [1, 0.5, 0], [(0.9, 1), (0.4, 0.6), (0, 0.1)])
    root = drawn(curve_chart([curve], alt="falls", x_label="x", y_label="y"))
    frame = Frame.around((0, 1), (0, 1))
    dots = [(float(dot.get("cx")), float(dot.get("cy"))) for dot in root.iter("circle")]
    assert dots == [pytest.approx((frame.x(x), frame.y(y)), abs=0.06) for x, y in ((0, 1), (0.5, 0.5), (1, 0))]
    assert dots[0][1] < dots[2][1]  # larger values lie higher
    assert len(root.find("polygon").get("points").split()) == 6
    assert not [text for text in root.iter("text") if text.text == "one"]  # a single curve needs no legend


def test_several_curves_are_named_and_differ_in_style():
    curves = [Curve(f"{NASTY} {index}", [0, 1], [0, 1]) for index in range(8)]
    root = drawn(curve_chart(curves, alt=NASTY, x_label=NASTY, y_label="y"))
    assert root.get("aria-label") == NASTY
    words = [text.text for text in root.iter("text")]
    assert all(curve.name in words for curve in curves)
    styles = [line.get("class") for line in root.iter("polyline")]
    assert len(set(styles)) == 6


def test_intervals_around_zero():
    root = drawn(interval_chart([Estimate("a", -0.1, (-0.2, 0.05))], alt="a", x_label="d", around_zero=True))
    low, high = (float(root.find("line[@class='s0 whisker']").get(end)) for end in ("x1", "x2"))
    zero, dot = float(root.find("line[@class='ideal']").get("x1")), float(root.find("circle").get("cx"))
    assert low < dot < zero < high
    assert "−0.100" in [text.text for text in root.iter("text")]


def test_an_undefined_value_is_named_and_not_drawn():
    root = drawn(interval_chart([Estimate("a", math.nan)], alt="a", x_label="d"))
    assert root.find("circle") is None
    drawn(bar_chart(["a"], [Bars("one", [math.nan], ["–"])], alt="a"))


def test_bars_are_as_long_as_their_values():
    root = drawn(
        bar_chart(["a", "b"], [Bars("one", [1, 0], ["1", "0"]), Bars("two", [0.5, 0.25], ["x", "y"])], alt="b")
    )
    bars = [float(bar.get("width")) for bar in root.iter("rect") if float(bar.get("height")) == 13]
    longest = max(bars)
    assert [round(bar / longest, 3) for bar in bars] == [1, 0.5, 0, 0.25]


@pytest.mark.parametrize("log", [False, True])
def test_points_on_the_line_of_agreement(log):
    root = drawn(scatter_chart([1, 10, 100], [1, 10, 100], alt="s", x_label="x", y_label="y", log=log))
    path = root.find("path").get("d")
    assert path.count("M") == 3
    line = root.find("line[@class='ideal']")
    (x1, y1), (x2, y2) = ((float(line.get(f"x{end}")), float(line.get(f"y{end}"))) for end in (1, 2))
    for point in path.removesuffix("h0").split("h0"):
        x, y = (float(number) for number in point.removeprefix("M").split())
        assert (y - y1) / (y2 - y1) == pytest.approx((x - x1) / (x2 - x1), abs=0.005)


def test_many_points_are_thinned_and_none_are_fine():
    many = [float(value) for value in range(1, 20_001)]
    assert drawn(scatter_chart(many, many, alt="s", x_label="x", y_label="y")).find("path").get("d").count("M") == 5000
    assert drawn(scatter_chart([], [], alt="s", x_label="x", y_label="y")).find("path") is None


def bars_of(root):
    """The bars of a histogram: its note, left edge, width, upper edge and height."""
    bars = [bar for bar in root.iter("rect") if "bar" in bar.get("class").split() and bar.find("title") is not None]
    return [(bar.find("title").text, *(float(bar.get(key)) for key in ("x", "width", "y", "height"))) for bar in bars]


@pytest.mark.parametrize("log", [False, True])
def test_a_histogram_stacks_its_groups_and_counts_what_lies_outside(log):
    groups = {f"one {NASTY}": [1, 1.5, 3, 100], "two": [1.5, 0.5], "none": []}
    svg = histogram_chart(groups, [1, 2, 4], alt="h", x_label="size", log=log, usual=(1, 2), marked=3)
    root = drawn(svg)
    frame = Frame.around((1, 4), (0, 4), log=log, size=(460, 260), legend_lines=3)
    frame = replace(frame, y=replace(frame.y, log=False))  # counts are never on a logarithmic axis
    unit = frame.y(0) - frame.y(1)
    lower, upper, second = bars_of(root)
    assert [bar[0] for bar in (lower, upper, second)] == [
        f"one {NASTY}, 1 to 2: 2",
        f"one {NASTY}, 2 to 4: 2",
        "two, 1 to 2: 2",
    ]
    assert lower[1:] == pytest.approx((frame.x(1) + 0.5, frame.x(2) - frame.x(1) - 1, frame.y(2), 2 * unit), abs=0.11)
    assert second[3] == pytest.approx(frame.y(4), abs=0.11)  # on top of the first
    assert float(root.find("rect[@class='column']").get("width")) == pytest.approx(frame.x(2) - frame.x(1), abs=0.11)
    assert float(root.find("line[@class='ideal']").get("x1")) == pytest.approx(frame.x(3), abs=0.11)


def test_a_histogram_of_categories_names_them_and_nothing_is_fine():
    root = drawn(histogram_chart({"": [0, 1, 1]}, [-0.5, 0.5, 1.5], alt="h", x_label="", names=("round", NASTY)))
    assert [bar[0] for bar in bars_of(root)] == ["round: 1", f"{NASTY}: 2"]
    assert {"round", NASTY} <= {text.text for text in root.iter("text")}
    assert bars_of(drawn(histogram_chart({}, [0, 1], alt="h", x_label=""))) == []


def test_a_confusion_matrix_has_a_count_and_a_share_in_each_cell():
    root = drawn(confusion_chart(["a", NASTY], ["a", NASTY, "none"], [[3, 1, 0], [0, 0, 0]], alt="c"))
    words = [text.text for text in root.iter("text")]
    assert [word for word in words if word[0].isdigit()] == ["3", "75.0 %", "1", "25.0 %", *["0", "0.0 %"] * 4]
    assert [float(cell.get("fill-opacity")) for cell in root.iter("rect")] == pytest.approx(
        [0.715, 0.265, 0.04, 0.04, 0.04, 0.04]
    )


def test_curves_find_their_own_range_and_many_points_get_no_dots():
    curve = Curve("loss", list(range(100)), [10 - step / 10 for step in range(100)])
    root = drawn(curve_chart([curve], alt="c", x_label="x", y_label="y", x_range=(0, 99), y_range=None, level=2))
    assert root.find("circle") is None
    high = [float(pair.split(",")[1]) for pair in root.find("polyline").get("points").split()]
    frame = Frame.around((0, 99), (0.1 - 0.495, 10 + 0.495))  # 5 % beyond the values
    assert high[0] == pytest.approx(frame.y(10), abs=0.2)
    assert float(root.find("line[@class='ideal']").get("y1")) == pytest.approx(frame.y(2), abs=0.2)


def test_a_file_of_plots_needs_no_page():
    plots = [curve_chart([Curve("one", [0, 1], [0, 1])], alt=NASTY, x_label="x", y_label="y") for _ in range(2)]
    text = stand_alone(*plots)
    root = ET.fromstring(text)
    assert "var(" not in text
    svg = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{svg}svg"
    assert [float(root.get(key)) for key in ("width", "height")] == [920, 320]
    assert [part.get("x") for part in root.findall(f"{svg}svg")] == ["0", "460"]
    used = {name for part in root.iter() for name in (part.get("class") or "").split()}
    assert {name for name in used if f".{name}" not in text} <= {"plot"}
