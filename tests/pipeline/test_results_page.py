"""The page of a run: complete in itself, true to the tables, and made again from the folder alone."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
import tifffile

import hooke
from hooke.errors import ConfigError
from hooke.io import read_image, write_png
from hooke.pipeline import SegmentOptions, report_results, segment_folder
from hooke.pipeline.ledger import Ledger
from hooke.pipeline.object_rows import read_objects
from hooke.pipeline.work import Settings

QUICK = SegmentOptions(diameter=22, threads=1)


class Page(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.images, self.links, self.headings, self.ids, self.words = [], [], [], set(), ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids.add(attrs.get("id"))
        if tag == "img":
            self.images.append(attrs)
        if tag == "a":
            self.links.append(attrs["href"])
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_data(self, data):
        self.words += data


@pytest.fixture
def results(images, tmp_path, field):
    """A folder of results: two images, a stack, a name that an address must quote, and a broken file."""
    write_png(images / "field 50% #2.png", field.image)
    tifffile.imwrite(images / "stack.tif", np.stack([field.image, field.image[::-1]]), metadata={"axes": "ZYX"})
    (images / "broken.png").write_bytes(b"no picture")
    segment_folder([images], tmp_path / "out", QUICK)
    return tmp_path / "out"


def test_every_image_is_shown_with_its_count_and_its_full_picture(results):
    page = Page((results / "results.html").read_text(encoding="utf-8"))
    summary = pd.read_csv(results / "summary.csv", keep_default_na=False)
    good = summary[summary["error"] == ""]
    assert len(page.images) == len(good) == 6
    for attrs in page.images:
        assert attrs["src"].startswith("data:image/jpeg;base64,")
        assert "with outlines" in attrs["alt"]
    said = {attrs["alt"].split(" with outlines")[0]: attrs["alt"] for attrs in page.images}
    for row in good.to_dict("records"):
        name = row["image"] + (f"_z{float(row['z']):.0f}" if row["z"] != "" else "")
        assert f"{row['count']} object" in said[name]
    full = {unquote(link) for link in page.links if link.startswith("overlays/")}
    assert {f"overlays/{path.name}" for path in (results / "overlays").iterdir()} == full
    assert f"{sum(map(int, good['count']))}objects" in page.words
    assert "broken.png" in page.words


def test_the_page_needs_nothing_but_itself_and_can_be_read_aloud(results):
    html = (results / "results.html").read_text(encoding="utf-8")
    page = Page(html)
    assert not re.search(r"""(src|url)\s*[=(]\s*["']?(?!data:)[a-z]+:""", html)
    assert "default-src 'none'" in html
    assert page.headings[0] == 1
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    assert all(link[1:] in page.ids for link in page.links if link.startswith("#"))


def test_the_page_is_made_again_from_the_folder_alone(results):
    first = Page((results / "results.html").read_text(encoding="utf-8"))
    for path in (*(results / ".hooke").glob("*.jpg"), results / "results.html", results / "measurements.csv"):
        path.unlink()
    assert report_results(results).path == results / "results.html"
    second = Page((results / "results.html").read_text(encoding="utf-8"))
    assert [attrs["alt"] for attrs in second.images] == [attrs["alt"] for attrs in first.images]
    assert (results / "measurements.csv").is_file()


@pytest.mark.parametrize("byte", [b"\xff", b"\0"])
def test_a_table_that_was_damaged_is_said_and_the_others_shown(images, tmp_path, byte):
    out = tmp_path / "out"
    segment_folder([images], out, SegmentOptions(threads=1))
    path = sorted((out / ".hooke").glob("*.csv"))[0]
    content = path.read_bytes()
    path.write_bytes(content[:40] + byte + content[41:])
    (out / "measurements.csv").write_bytes(b"\xff\xfe nonsense")
    report_results(out)
    summary = pd.read_csv(out / "summary.csv", keep_default_na=False)
    damaged = summary["image"] == path.stem
    assert (
        summary.loc[damaged, "error"].str.contains("changed or removed since").all()
        and (summary.loc[~damaged, "error"] == "").all()
    )
    assert set(pd.read_csv(out / "measurements.csv")["image"]) == set(summary.loc[~damaged, "image"])


def test_images_whose_labels_were_edited_are_named(images, tmp_path):
    out = tmp_path / "out"
    segment_folder([images], out, SegmentOptions(threads=1), page=False)
    path = sorted((out / "labels").iterdir())[0]
    tifffile.imwrite(path, tifffile.imread(path).astype(np.float32), imagej=True)  # as Fiji saves it again
    (note,) = report_results(out).notes
    assert note.startswith("1 image(s) whose results were changed or removed since are not in the tables")
    assert f"({path.stem}): hooke measure" in note
    other = tmp_path / "other.png"
    write_png(other, np.zeros((40, 40), np.uint8))
    assert note in segment_folder([other], out, SegmentOptions(threads=1), page=False).notes


def test_a_folder_without_results_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="holds no results"):
        report_results(tmp_path)


def test_intensities_are_those_of_the_channel_that_was_segmented(tmp_path, field):
    other = np.full_like(field.image, 7)
    hooke.segment(np.stack([other, field.image], -1), channel=1, diameter=22, threads=1).save(tmp_path / "out")
    ledger = Ledger(tmp_path / "out", Settings("", "", ""))
    objects = read_objects(ledger, [row for entry in ledger.ordered() for row in entry.rows])
    table = pd.read_csv(tmp_path / "out" / "measurements.csv")
    np.testing.assert_allclose(objects["intensity"], table["intensity_mean_1"])
    assert objects["intensity"].min() > 7


def test_thumbnails_are_small_and_hold_the_outlines(results):
    for path in (results / ".hooke").glob("*.jpg"):
        picture = read_image(path).pixels
        full = read_image(results / "overlays" / f"{path.stem}.png").pixels
        assert max(picture.shape[:2]) <= 256
        assert np.abs(picture.astype(int) - full).mean() < 8


@pytest.mark.slow
def test_names_of_another_program_make_the_same_page_and_stay(images, tmp_path):
    pages = {}
    for names in ("hooke", "cellprofiler"):
        segment_folder([images], tmp_path / "out", replace(QUICK, names=names), overwrite=True)
        header = (tmp_path / "out" / "measurements.csv").read_text().splitlines()[0]
        page = Page(report_results(tmp_path / "out").path.read_text(encoding="utf-8"))
        pages[names] = page.words.rsplit("How this was made", 1)[0]
        assert (tmp_path / "out" / "measurements.csv").read_text().splitlines()[0] == header
    assert "median" in pages["hooke"]
    assert pages["hooke"] == pages["cellprofiler"]


def test_without_page_none_is_written(images, tmp_path):
    segment_folder([images], tmp_path / "out", QUICK, page=False)
    assert not (tmp_path / "out" / "results.html").exists()
