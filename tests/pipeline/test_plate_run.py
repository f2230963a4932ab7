"""A drawn plate through the whole run: counts per well against its label images, errors before any work."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
import tifffile

import hooke
from hooke.datasets import simulate
from hooke.errors import ConfigError
from hooke.io import read_labels, write_png
from hooke.pipeline import SegmentOptions, report_results, segment_folder
from hooke.pipeline.record import read_replay

QUICK = SegmentOptions(diameter=18, threads=1)
WELLS = {"A01": ("control", 0.05), "A02": ("control", 0.06), "B01": ("drug", 0.2), "B02": ("drug", 0.22)}
LAYOUT = "well,condition,replicate\n" + "".join(
    f"{well},{condition},{number}\n" for number, (well, (condition, _)) in enumerate(WELLS.items())
)


@pytest.fixture(scope="module")
def plate(tmp_path_factory):
    """A plate of four wells with two fields each, one of which is broken, and its layout."""
    folder = tmp_path_factory.mktemp("plate")
    for number, (well, (_, density)) in enumerate(WELLS.items()):
        for site in (1, 2):
            field = simulate((96, 96), seed=10 * number + site, diameter=18, density=density, overlap=0)
            write_png(folder / "images" / f"x_{well}_s{site}_w1.png", field.image)
    (folder / "images" / "x_B02_s2_w1.png").write_bytes(b"no picture")
    (folder / "layout.csv").write_text(LAYOUT)
    return folder


@pytest.fixture(scope="module")
def results(plate):
    found = segment_folder([plate / "images"], plate / "out", QUICK, layout=plate / "layout.csv")
    assert len(found.failed) == 1
    return plate / "out"


def test_counts_of_wells_are_those_of_the_label_images(results):
    wells = pd.read_csv(results / "wells.csv").set_index("well")
    assert list(wells.index) == list(WELLS)
    for well, row in wells.iterrows():
        labels = [read_labels(path) for path in sorted((results / "labels").glob(f"x_{well}_*"))]
        counts = [len(np.unique(plane)) - 1 for plane in labels]
        areas = np.concatenate([np.bincount(plane.ravel())[1:] for plane in labels])
        assert row["count"] == sum(counts)
        assert row["count_per_field"] == np.mean(counts)
        assert row["mean_area"] == pytest.approx(areas.mean())
        assert (row["fields"], row["failed"]) == ((1, 1) if well == "B02" else (2, 0))
        assert row["condition"] == WELLS[well][0]


def test_conditions_are_means_over_replicates(results):
    wells, conditions = pd.read_csv(results / "wells.csv"), pd.read_csv(results / "conditions.csv")
    counts = conditions[conditions["measurement"] == "count_per_field"].set_index("condition")
    by_hand = wells.groupby("condition")["count_per_field"].agg(["mean", "std"])
    np.testing.assert_allclose(counts[["mean", "sd"]], by_hand)
    assert counts.loc["drug", "mean"] > 2 * counts.loc["control", "mean"]


def test_the_heat_map_shades_by_count(results):
    drawn = (results / "plate.svg").read_text(encoding="utf-8")
    wells = pd.read_csv(results / "wells.csv").set_index("well")["count_per_field"]
    shades = {well: float(share) for share, well in re.findall(r'fill-opacity="([\d.]+)"[^>]*><title>(\w\d\d),', drawn)}
    assert set(shades) == set(WELLS)
    assert sorted(shades, key=shades.get) == sorted(wells.index, key=wells.get)
    assert drawn.count('class="well"') == 24 - 4
    page = (results / "results.html").read_text(encoding="utf-8")
    assert "Heat map of objects per field: 4 wells" in page
    assert "by condition, mean over replicates" in page


def test_wells_are_compared_with_the_control(results):
    wells = pd.read_csv(results / "wells.csv").set_index("well")
    control = wells.loc[["A01", "A02"], "count_per_field"].mean()
    np.testing.assert_allclose(wells["difference_count_per_field"], wells["count_per_field"] - control)
    assert not (results / "controls.csv").exists()  # there is no positive control


def test_a_replay_takes_the_layout_from_the_record(plate, results, tmp_path):
    recorded = read_replay(results / "run.json")
    assert recorded.layout == (plate / "layout.csv").resolve()
    again = [result for result in recorded.inputs if "B" not in result.name]
    segment_folder(again, tmp_path / "out", recorded.options, layout=recorded.layout, wells=recorded.wells)
    old, new = (pd.read_csv(folder / "wells.csv").set_index("well") for folder in (results, tmp_path / "out"))
    assert new.loc["A02"].dropna().to_dict() == old.loc["A02"].dropna().to_dict()


def test_a_replay_refuses_another_layout(plate, results, tmp_path):
    record = json.loads((results / "run.json").read_text())
    (tmp_path / "layout.csv").write_text(LAYOUT.replace("drug", "other"))
    for path, cause in ((tmp_path / "layout.csv", "it has changed"), (tmp_path / "none.csv", "can't be read")):
        record["plate"]["layout"] = str(path)
        (tmp_path / "run.json").write_text(json.dumps(record))
        with pytest.raises(ConfigError, match=rf"{path.name}: .*{cause}.*--layout FILE"):
            read_replay(tmp_path / "run.json")
        assert read_replay(tmp_path / "run.json", plate=False).layout is None
    record["plate"] = {"layout": None, "sha256": None, "wells": "auto"}
    (tmp_path / "run.json").write_text(json.dumps(record))
    assert read_replay(tmp_path / "run.json").wells == "auto"


def test_a_layout_can_come_later(plate, results, tmp_path):
    first = (results / "wells.csv").read_bytes()
    (results / "wells.csv").unlink()
    report_results(results, layout=plate / "layout.csv")
    assert (results / "wells.csv").read_bytes() == first
    report_results(results, wells="x_{well}_s{site}_*")
    assert pd.read_csv(results / "wells.csv")["condition"].isna().all()


def test_names_of_conditions_cannot_break_the_page(plate, results, tmp_path):
    (tmp_path / "layout.csv").write_text(LAYOUT.replace("drug", "<script>alert(1)</script>"))
    page = report_results(results, layout=tmp_path / "layout.csv").path.read_text(encoding="utf-8")
    assert "alert(1)" in page
    assert "<script>alert" not in page + (results / "plate.svg").read_text(encoding="utf-8")


def test_what_is_wrong_with_a_plate_is_said_before_any_work(plate, tmp_path):
    (tmp_path / "layout.csv").write_text("well,condition\nD06,a\n")
    for wells, layout, cause in [
        (None, tmp_path / "layout.csv", "none of the wells"),
        ("{site}", None, "names no well"),
        ("well {well}", None, "no file name holds a well"),
    ]:
        with pytest.raises(ConfigError, match=cause):
            segment_folder([plate / "images"], tmp_path / "out", QUICK, layout=layout, wells=wells)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_wells_that_do_not_fit_are_reported(plate, tmp_path):
    (tmp_path / "layout.csv").write_text(LAYOUT.replace("A02,control,1\n", "C03,control,1\n"))
    found = segment_folder([plate / "images"], tmp_path / "out", QUICK, layout=tmp_path / "layout.csv")
    assert any("not in the layout, and have no condition: A02" in note for note in found.notes)
    assert any("have no image: C03" in note for note in found.notes)
    wells = pd.read_csv(tmp_path / "out" / "wells.csv").set_index("well")
    assert wells.loc["C03", "fields"] == 0
    assert np.isnan(wells.loc["C03", "count"])


def test_images_of_earlier_runs_cost_no_page(plate, tmp_path):
    """A folder that holds another channel's images already: each would be counted."""
    field = simulate((96, 96), seed=1, diameter=18, density=0.1, overlap=0)
    for channel in (1, 2):
        write_png(tmp_path / str(channel) / f"x_A01_s1_w{channel}.png", field.image)
    segment_folder([tmp_path / "1"], tmp_path / "out", QUICK, wells="auto")
    found = segment_folder([tmp_path / "2"], tmp_path / "out", QUICK, wells="auto")
    assert any(note.startswith("there is no table of wells: the files are of 2 channels") for note in found.notes)
    assert not (tmp_path / "out" / "wells.csv").exists()
    assert (tmp_path / "out" / "results.html").exists()


@pytest.mark.slow
def test_fields_in_one_file_are_fields_and_planes_of_them_are_not(tmp_path):
    fields = [simulate((96, 96), seed=seed, diameter=18, density=0.1, overlap=0).image for seed in (1, 2, 3)]
    (tmp_path / "in").mkdir()
    with tifffile.TiffWriter(tmp_path / "in" / "A01.ome.tif", ome=True) as writer:  # positions
        for field in fields:
            writer.write(np.stack([field, field]), metadata={"axes": "ZYX"})
    with tifffile.TiffWriter(tmp_path / "in" / "A02.ome.tif", ome=True) as writer:  # scenes, as they differ in size
        for cut, field in enumerate(fields[:2]):
            writer.write(field[cut:], metadata={"axes": "YX"})
    segment_folder([tmp_path / "in"], tmp_path / "out", QUICK, wells="auto")
    counts = [hooke.segment(field, diameter=18, threads=1).count for field in fields]
    wells = pd.read_csv(tmp_path / "out" / "wells.csv").set_index("well")
    assert wells["fields"].tolist() == [3, 2]
    assert wells["count"].tolist() == pytest.approx([sum(counts), sum(counts[:2])], abs=1)
    assert wells["count_per_field"].tolist() == pytest.approx([np.mean(counts), np.mean(counts[:2])], abs=0.5)


def test_previews_are_left_out_and_channels_joined(plate, tmp_path):
    field = simulate((96, 96), seed=1, diameter=18, density=0.1, overlap=0)
    for name in ("x_A01_s1_w1", "x_A01_s1_w2", "x_A02_s1_w1", "x_A02_s1_w2"):
        write_png(tmp_path / "in" / f"{name}.png", field.image)
        write_png(tmp_path / "in" / f"{name}_thumb.png", field.image[::4, ::4])
    found = segment_folder([tmp_path / "in"], tmp_path / "out", QUICK, wells="auto")
    assert any("left out 4 small copies" in note for note in found.notes)
    expected = hooke.segment(field.image, diameter=18, threads=1).count
    assert pd.read_csv(tmp_path / "out" / "wells.csv")["count"].tolist() == [expected, expected]
    assert len(json.loads((tmp_path / "out" / "run.json").read_text())["images"]) == 2
    (tmp_path / "in" / "x_A02_s1_w2.png").unlink()
    with pytest.raises(ConfigError, match="A02 site 1 has no channel 2"):
        segment_folder([tmp_path / "in"], tmp_path / "out2", QUICK, wells="auto")


def test_wells_of_a_plate_in_ome_zarr_are_those_of_the_store(tmp_path):
    zarr = pytest.importorskip("zarr")
    store = tmp_path / "L01" / "plate.ome.zarr"  # a folder that is named like a well says nothing
    group = zarr.open_group(str(store), mode="w", zarr_format=2)
    group.attrs["plate"] = {"wells": [{"path": "A/1"}, {"path": "B/12"}], "version": "0.4"}
    axes = [{"name": name, "type": "space"} for name in "yx"]
    counts = {}
    for well, density in (("A/1", 0.05), ("B/12", 0.2)):
        group.create_group(well).attrs["well"] = {"images": [{"path": "0"}, {"path": "1"}], "version": "0.4"}
        for field in "01":
            made = simulate((96, 96), seed=int(field), diameter=18, density=density, overlap=0)
            image = group.create_group(f"{well}/{field}")
            image.create_array("0", data=made.image, chunks=(96, 96))
            image.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": [{"path": "0"}]}]
            counts[well, field] = made.labels.max()
    (tmp_path / "layout.csv").write_text("well,condition\nA1,control\nb12,drug\n")
    found = segment_folder([store], tmp_path / "out", QUICK, layout=tmp_path / "layout.csv", overlays=False)
    assert not found.failed
    wells = pd.read_csv(tmp_path / "out" / "wells.csv").set_index("well")
    assert wells["condition"].to_dict() == {"A01": "control", "B12": "drug"}
    assert wells["fields"].tolist() == [2, 2]
    for well, path in (("A01", "A-1"), ("B12", "B-12")):
        labels = [read_labels(tmp_path / "out" / "labels" / f"plate_{path}-{field}.tif") for field in "01"]
        assert wells.loc[well, "count"] == sum(len(np.unique(plane)) - 1 for plane in labels)


def test_a_store_that_lacks_the_wells_of_a_layout_is_refused_before_any_work(tmp_path):
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(str(tmp_path / "p.zarr"), mode="w", zarr_format=2)
    for path in ("A/1/0", "A/2/0"):
        image = group.create_group(path)
        image.create_array("0", data=np.zeros((32, 32), np.uint8), chunks=(32, 32))
        image.attrs["multiscales"] = [{"version": "0.4", "datasets": [{"path": "0"}]}]
    (tmp_path / "layout.csv").write_text("well,condition\nH12,control\n")
    with pytest.raises(ConfigError, match="has none of the wells of the images, such as A01"):
        segment_folder([tmp_path / "p.zarr"], tmp_path / "out", QUICK, layout=tmp_path / "layout.csv")
    assert not (tmp_path / "out" / "labels").exists()
