"""Measuring labels that are there, options shared with segmentation, channels of one file each, other formats."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from skimage.segmentation import expand_labels

import hooke
from hooke.cli.measure import measure as measure_command
from hooke.cli.segment import segment as segment_command
from hooke.datasets import simulate
from hooke.errors import ConfigError, DatasetError
from hooke.io import read_labels, write_labels, write_png
from hooke.io.channel_files import find_channels
from hooke.measure import measure
from hooke.pipeline import MeasureOptions, SegmentOptions
from tests.builders import run_command

FIELD = simulate((96, 112), seed=2, density=0.25, diameter=18)
IMAGE = FIELD.image.reshape(*FIELD.labels.shape, -1)[..., 0]


@pytest.fixture
def folder(tmp_path):
    """Two images of two channels, one file each, and the labels of both."""
    for name, image in (("a", IMAGE), ("b", IMAGE[::-1])):
        for channel, factor in (("w1", 1), ("w2", 2)):
            (tmp_path / "images").mkdir(exist_ok=True)
            tifffile.imwrite(tmp_path / "images" / f"{name}_{channel}.tif", (image // 4 * factor).astype(np.uint16))
        write_labels(tmp_path / "masks" / f"{name}_w1.tif", [FIELD.labels if name == "a" else FIELD.labels[::-1]])
    return tmp_path


def test_every_channel_is_measured_in_the_nuclei_of_one(folder):
    measured = hooke.measure_folder([folder / "images"], folder / "masks", folder / "out")
    assert measured.notes == (
        "4 files of the channels w1, w2 joined to 2 image(s); --channels-from none leaves them apart",
    )
    table = pd.read_csv(folder / "out" / "measurements.csv")
    assert len(table) == 2 * FIELD.labels.max()
    np.testing.assert_allclose(table["intensity_mean_w2"], 2 * table["intensity_mean_w1"], rtol=1e-6)
    assert list(table.columns[-2:]) == ["folder", "suffix"]
    assert set(table["folder"]) == {str(folder / "images")}
    assert set(table["suffix"]) == {".tif"}
    first = table[table["image"] == "a_w1"].reset_index(drop=True)
    expected = measure(FIELD.labels, IMAGE // 4)
    np.testing.assert_allclose(first["corrected_mean_w1"], expected["corrected_mean"], rtol=1e-6)
    assert np.array_equal(read_labels(folder / "out" / "labels" / "a_w1.tif"), FIELD.labels)
    assert (folder / "out" / "overlays" / "b_w1.png").is_file()


def test_the_ring_around_a_nucleus_is_its_cytoplasm(folder):
    options = MeasureOptions(expand=4)
    measured = hooke.measure_folder([folder / "images"], folder / "masks", folder / "out", options, write="geojson")
    rings = read_labels(folder / "out" / "cytoplasm" / "a_w1.tif")
    assert np.array_equal(rings > 0, (expand_labels(FIELD.labels, 4) > 0) & (FIELD.labels == 0))
    rows = measured.table[measured.table["image"] == "a_w1"]
    assert rows["cytoplasm_area"].tolist() == np.bincount(rings.ravel(), minlength=len(rows) + 1)[1:].tolist()
    means = [(IMAGE // 4 * 2)[rings == label].mean() for label in rows["label"]]
    np.testing.assert_allclose(rows["cytoplasm_intensity_mean_w2"], means)
    feature = json.loads((folder / "out" / "geojson" / "a_w1.geojson").read_text())["features"][0]
    assert feature["properties"]["objectType"] == "cell"
    assert "nucleusGeometry" in feature


def test_one_label_image_is_that_of_the_one_image_whatever_its_name(tmp_path):
    write_png(tmp_path / "a.png", IMAGE)
    write_labels(tmp_path / "masks" / "result.tif", [FIELD.labels])
    measured = hooke.measure_folder([tmp_path / "a.png"], tmp_path / "masks" / "result.tif", tmp_path / "out")
    assert len(measured.table) == FIELD.labels.max()
    assert "paired though their names differ: result with a" in measured.notes
    assert hooke.measure_folder([tmp_path / "a.png"], tmp_path / "masks", tmp_path / "out").failed == 1


def test_what_an_earlier_run_left_is_named(folder):
    images, out = [folder / "images"], folder / "out"
    hooke.measure_folder(images, folder / "masks", out, MeasureOptions(expand=2), parents=folder / "masks")
    for name in ("b_w1", "b_w2"):
        (folder / "images" / f"{name}.tif").unlink()
    notes = hooke.measure_folder(images, folder / "masks", out).notes
    assert notes[-1] == (
        "of earlier runs into this folder, and not of this one, are 5 file(s): cytoplasm/a_w1.tif, "
        "cytoplasm/b_w1.tif, labels/b_w1.tif, overlays/b_w1.png, parents.csv"
    )
    in_place = hooke.measure_folder(images, out, out).notes
    assert not any("earlier runs" in note for note in in_place)


def test_segmentation_takes_the_same_options(folder):
    result, status = run_command(
        segment_command, folder / "images", "-o", folder / "out", "--expand", "3", "--texture", "--ids", "--pixel-size",
        "0.5", "--diameter", "9um", "--names", "cellprofiler", "--write", "geojson,coco", "--channel", "w1",
        "--threads", "1",
    )  # fmt: skip
    assert status == 0, result.output
    assert "joined to 2 image(s)" in result.output
    table = pd.read_csv(folder / "out" / "measurements.csv")
    assert {"image", "label", "score", "AreaShape_FormFactor", "AreaShape_Area_um2", "Texture_Contrast_w2"} <= set(
        table
    )
    assert {"AreaShape_Area_um2", "Cytoplasm_Intensity_MeanIntensity_w2", "folder", "suffix"} <= set(table)
    assert pd.read_csv(folder / "out" / "summary.csv")["diameter"].tolist() == [18, 18]
    assert table["AreaShape_Orientation"].abs().max() > 2  # degrees
    record = json.loads((folder / "out" / "run.json").read_text())
    assert [len(record["inputs"]), record["options"]["expand"]] == [4, 3]
    assert len(json.loads((folder / "out" / "coco.json").read_text())["annotations"]) == len(table)
    assert hooke.evaluate(folder / "out", folder / "masks").overall.mean["f1_50"] > 0.5
    again, status = run_command(
        segment_command, "--replay", folder / "out" / "run.json", "-o", folder / "again", "--threads", "1"
    )
    assert status == 0, again.output
    assert (folder / "again" / "measurements.csv").read_text() == (folder / "out" / "measurements.csv").read_text()


def test_names_of_columns_need_no_new_segmentation(folder):
    options = SegmentOptions(threads=1, channel="w1")
    hooke.segment_folder([folder / "images"], folder / "out", options)
    plain = pd.read_csv(folder / "out" / "measurements.csv")
    named = SegmentOptions(threads=1, channel="w1", names="cellprofiler")
    result = hooke.segment_folder([folder / "images"], folder / "out", named)
    assert all(image.reused for image in result.images)
    table = pd.read_csv(folder / "out" / "measurements.csv")
    np.testing.assert_allclose(table["AreaShape_Orientation"], np.degrees(plain["orientation"]), rtol=1e-5)


def test_a_changed_channel_is_segmented_again(folder):
    options = SegmentOptions(threads=1, channel="w1")
    hooke.segment_folder([folder / "images"], folder / "out", options)
    tifffile.imwrite(folder / "images" / "a_w2.tif", (IMAGE // 2).astype(np.uint16))
    result = hooke.segment_folder([folder / "images"], folder / "out", options)
    assert [image.reused for image in result.images] == [False, True]


def test_formats_follow_the_results_and_spare_the_files_of_others(folder):
    options = SegmentOptions(threads=1, channel="w1")
    hooke.segment_folder([folder / "images"], folder / "out", options, write=["geojson"])
    first, second = (folder / "out" / "geojson" / f"{name}_w1.geojson" for name in "ab")
    written = first.read_text()
    first.write_text("corrected by hand")
    second.unlink()
    notes = hooke.segment_folder([folder / "images"], folder / "out", options).notes
    assert first.read_text() == written
    assert second.is_file()
    assert (folder / "out" / "replaced" / first.name).read_text() == "corrected by hand"
    assert any("1 file(s) that others had made or changed are kept" in note for note in notes)


def test_what_fails_is_reported_and_the_rest_continues(folder):
    (folder / "images" / "b_w2.tif").unlink()
    (folder / "masks" / "a_w1.tif").unlink()
    write_png(folder / "images" / "c_w1.png", np.zeros((9, 9), np.uint8))
    write_png(folder / "images" / "c_w2.png", np.zeros((9, 9), np.uint8))
    write_labels(folder / "masks" / "c_w1.tif", [np.pad(np.ones((3, 3), np.int32), 3)])
    result, status = run_command(
        measure_command, folder / "images", "--labels", folder / "masks", "-o", folder / "out",
        "--channels-from", "_w{}",
    )  # fmt: skip
    assert status == 1
    summary = pd.read_csv(folder / "out" / "summary.csv", keep_default_na=False).set_index("image")
    assert "no labels are named 'a_w1'; name images and labels alike" in summary.loc["a_w1", "error"]
    assert "the file of channel w2 is missing beside it" in summary.loc["b_w1", "error"]
    assert (summary.loc["c_w1", "error"], summary.loc["c_w1", "count"]) == ("", 1)
    assert "1 objects in 1 image(s)" in result.output


def test_labels_of_another_size_are_refused(folder):
    write_labels(folder / "masks" / "a_w1.tif", [np.ones((4, 4), np.int32)])
    measured = hooke.measure_folder([folder / "images"], folder / "masks", folder / "out", channels_from="_w{}")
    assert "labels and image differ in size: 4 x 4 and 96 x 112" in measured.summary["error"][0]


def test_stacks_are_measured_plane_by_plane(tmp_path):
    stack = np.stack([IMAGE, IMAGE // 2])
    tifffile.imwrite(tmp_path / "s.ome.tif", stack.astype(np.uint16), metadata={"axes": "ZYX"})
    write_labels(tmp_path / "masks" / "s.tif", [FIELD.labels, FIELD.labels], axes="Z", shape=(2,))
    options = MeasureOptions(expand=2, pixel_size="0.5x0.25")
    measured = hooke.measure_folder([tmp_path / "s.ome.tif"], tmp_path / "masks", tmp_path / "out", options)
    assert measured.table.columns[:3].tolist() == ["image", "z", "label"]
    assert measured.summary["count"].tolist() == [FIELD.labels.max()] * 2
    assert set(measured.table["suffix"]) == {".ome.tif"}
    np.testing.assert_allclose(measured.table["area_um2"], measured.table["area"] / 8)
    assert read_labels(tmp_path / "out" / "cytoplasm" / "s.tif").shape == (2, *IMAGE.shape)


def test_label_stacks_are_to_have_the_axes_of_the_image_in_its_order(tmp_path):
    image = np.stack([np.full((20, 24), 10 * plane, np.uint16) for plane in range(6)]).reshape(2, 3, 20, 24)
    labels = np.zeros((2, 3, 20, 24), np.uint16)
    labels[..., 5:9, 5:9] = 1
    (tmp_path / "in").mkdir()
    tifffile.imwrite(tmp_path / "in" / "a.ome.tif", image, metadata={"axes": "TZYX"}, ome=True)
    for axes, found in (("TZYX", labels), ("ZTYX", labels.reshape(3, 2, 20, 24)), ("ZYX", labels.reshape(6, 20, 24))):
        out = tmp_path / axes
        out.mkdir()
        tifffile.imwrite(out / "a.ome.tif", found, metadata={"axes": axes}, ome=True)
        measured = hooke.measure_folder([tmp_path / "in"], out, out / "out")
        if axes == "ZTYX":
            assert "differ in size: 3 x 2 x 20 x 24 and 2 x 3 x 20 x 24" in measured.summary["error"][0]
        else:
            assert measured.table["intensity_mean"].tolist() == [0, 10, 20, 30, 40, 50]


def test_objects_of_the_second_channel_are_measured_in_all(folder):
    for name, ending in (("a", "_w2"), ("b", "_w2_mask")):
        (folder / "masks" / f"{name}_w1.tif").rename(folder / "masks" / f"{name}{ending}.tif")
    measured = hooke.measure_folder([folder / "images"], folder / "masks", folder / "out")
    assert measured.failed == 0
    assert set(measured.table["image"]) == {"a_w2", "b_w2"}
    assert {"intensity_mean_w1", "intensity_mean_w2"} <= set(measured.table)
    (folder / "masks" / "a_w2.tif").rename(folder / "masks" / "a.tif")
    measured = hooke.measure_folder([folder / "images"], folder / "masks", folder / "out")
    assert set(measured.table["image"]) == {"a", "b_w2"}


def test_annotations_of_another_program_are_measured(folder):
    hooke.convert(folder / "masks", folder / "qupath", to="geojson")
    measured = hooke.measure_folder([folder / "images"], folder / "qupath", folder / "out")
    first = measured.table[measured.table["image"] == "a_w1"]
    assert first["area"].tolist() == np.bincount(FIELD.labels.ravel())[1:].tolist()
    assert measured.failed == 0


def test_a_file_that_keeps_the_others_from_being_joined_is_named():
    files = [Path(f"{well}_w{channel}.tif") for well in ("A01", "A02", "A03") for channel in (1, 2)]
    paths, channels = find_channels(files[:-1])
    assert paths == files[:-1]
    (note,) = channels.notes
    assert "A03_w1.tif has no partner w2; --channels-from _w{} joins the others" in note
    assert find_channels(files[:3])[1].notes == ()  # one pair and one alone may as well be something else
    assert find_channels([*files[:-1], Path("overview.tif")])[1].notes == ()


@pytest.mark.parametrize(
    ("names", "pattern", "first", "channels"),
    [
        (["a_w1.tif", "a_w2.tif", "b_w1.tif", "b_w2.tif"], None, ["a_w1.tif", "b_w1.tif"], ("w1", "w2")),
        (["a_ch00.tif", "a_ch01.tif"], None, ["a_ch00.tif"], ("ch00", "ch01")),
        (["r1-ch2sk1.tiff", "r1-ch1sk1.tiff"], None, ["r1-ch1sk1.tiff"], ("ch1", "ch2")),
        (["a_w1.tif", "a_w2.tif", "b_w1.tif"], None, ["a_w1.tif", "a_w2.tif", "b_w1.tif"], ()),  # one is missing
        (["a_w1.tif", "b_w1.tif"], None, ["a_w1.tif", "b_w1.tif"], ()),
        (["a_w1.tif", "a_w2.tif"], "none", ["a_w1.tif", "a_w2.tif"], ()),
        (["1_DAPI.tif", "1_GFP.tif", "2.tif"], "_{}", ["1_DAPI.tif", "2.tif"], ("DAPI", "GFP")),
        (["A1_w10.tif", "A1_w9.tif"], "_w{}", ["A1_w9.tif"], ("w9", "w10")),
        (["x_w1.tif", "x_w2.png"], None, ["x_w1.tif", "x_w2.png"], ()),
    ],
)
def test_files_are_joined_by_their_names(names, pattern, first, channels, tmp_path):
    found, joined = find_channels([tmp_path / name for name in names], pattern)
    assert sorted(path.name for path in found) == sorted(first)
    assert joined.channels == channels


@pytest.mark.parametrize(
    ("pattern", "message"), [("_w", "write {} once"), ("{}_{}", "write {} once"), ("_z{}", "no file name holds '_z{}'")]
)
def test_a_pattern_that_joins_nothing_is_refused(pattern, message, tmp_path):
    with pytest.raises(ConfigError, match=message):
        find_channels([tmp_path / "a_w1.tif"], pattern)


@pytest.mark.parametrize(
    ("channel", "message"),
    [
        (np.eye(3, dtype=np.uint8)[np.arange(20).reshape(4, 5) % 3], "holds 3 channels, and is to be one"),
        (np.zeros((7, 5), np.uint8), "differs in size from a_w1.tif: 7 x 5 and 4 x 5"),
    ],
)
def test_files_that_are_no_channels_of_one_image_are_refused(channel, message, tmp_path):
    tifffile.imwrite(tmp_path / "a_w1.tif", np.zeros((4, 5), np.uint16))
    tifffile.imwrite(tmp_path / "a_w2.tif", channel, photometric="rgb" if channel.ndim == 3 else "minisblack")
    (first,), channels = find_channels([tmp_path / "a_w1.tif", tmp_path / "a_w2.tif"])
    with pytest.raises(hooke.HookeError, match=message):
        channels.open(first).plane(0)


def test_channels_that_differ_in_type_or_pixel_size_are_named(tmp_path):
    def write(name, dtype, per_cm):
        stated = {"resolution": (per_cm, per_cm), "resolutionunit": "CENTIMETER"}
        tifffile.imwrite(tmp_path / name, np.ones((4, 5), dtype), **stated)

    for well, dtype, per_cm in (("a", np.uint16, 20000), ("b", np.uint8, 40000)):
        write(f"{well}_w1.tif", np.uint16, 20000)
        write(f"{well}_w2.tif", dtype, per_cm)
    (same, unlike), channels = find_channels(sorted(tmp_path.iterdir()))
    assert channels.open(same).notes == ()
    types, sizes = channels.open(unlike).notes
    assert types.endswith("w1 uint16, w2 uint8")
    assert sizes.endswith("w1 0.5 x 0.5, w2 0.25 x 0.25")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"pixel_size": "half"}, "pixel size is 'half'; give micrometres"),
        ({"pixel_size": (1, 2, 3)}, "pixel size is"),
        ({"pixel_size": 0}, "pixel size is 0"),
        ({"expand": 0.5}, "expand is 0.5; give a width in pixels"),
        ({"surroundings": -1}, "surroundings is -1"),
        ({"names": "imagej"}, "names is 'imagej'; choose one of: hooke, cellprofiler"),
        ({"diameter": "8km"}, "diameter is '8km'"),
        ({"diameter": "-8um"}, "diameter is '-8um'"),
    ],
)
def test_options_out_of_range_are_refused(given, message):
    with pytest.raises(ConfigError, match=message):
        SegmentOptions(**given)


def test_a_diameter_in_micrometres_needs_the_size_of_a_pixel():
    with pytest.raises(ConfigError, match="the diameter is 8um, and the image does not say the size of its pixels"):
        hooke.segment(IMAGE, diameter="8 µm")
    with pytest.raises(ConfigError, match=r"a diameter of 8um is 0\.8 pixels"):
        hooke.segment(IMAGE, diameter="8um", pixel_size=10)
    assert hooke.segment(IMAGE, diameter="8um", pixel_size=(0.25, 1)).diameter == 16


def test_label_images_of_none_of_the_images_are_named(folder):
    write_labels(folder / "masks" / "other.tif", [FIELD.labels])
    measured = hooke.measure_folder([folder / "images"], folder / "masks", folder / "out")
    assert "1 label image(s) are of none of these images: other" in measured.notes


def test_labels_called_masks_are_those_of_their_image(folder):
    before = hooke.measure_folder([folder / "images"], folder / "masks", folder / "first").table
    (folder / "masks" / "a_w1.tif").rename(folder / "masks" / "a_w1_nuclei_mask.tif")
    measured = hooke.measure_folder([folder / "images"], folder / "masks", folder / "out")
    pd.testing.assert_frame_equal(measured.table, before)
    assert "1 label image(s) paired with images of like names: a_w1_nuclei_mask with a_w1" in measured.notes


def test_no_labels_at_all_is_an_error(folder):
    (folder / "none").mkdir()
    with pytest.raises(DatasetError):
        hooke.measure_folder([folder / "images"], folder / "none", folder / "out")


def test_numbers_are_drawn_where_the_objects_are():
    found = hooke.segment(IMAGE, ids=True, diameter=18, threads=1)
    picture, plain = found.overlay(), hooke.segment(IMAGE, diameter=18, threads=1).overlay()
    times = len(picture) // len(plain)
    assert times > 1
    enlarged = plain.repeat(times, 0).repeat(times, 1)
    differs = (picture != enlarged).any(axis=2)
    for row in found.table.itertuples():
        top, left = round(row.centroid_y * times), round(row.centroid_x * times)
        assert differs[max(0, top - 6) : top + 6, max(0, left - 6) : left + 6].any(), row.label
    assert differs.mean() < 0.3


def test_parents_are_found_by_name_and_counted(folder):
    cells = expand_labels(FIELD.labels, 3)
    for name, parents in (("a", cells), ("b", cells[::-1])):
        write_labels(folder / "cells" / f"{name}_w1_mask.tif", [parents])
    command = [folder / "images", "--labels", folder / "masks", "--parents", folder / "cells"]
    _, status = run_command(measure_command, *command, "-o", folder / "out")
    assert status == 0
    table, parents = (pd.read_csv(folder / "out" / f"{name}.csv") for name in ("measurements", "parents"))
    assert (table["parent"] == table["label"]).all()
    assert (table["parent_share"] == 1).all()
    assert (parents["children"] == 1).all()
    assert list(parents.columns[:3]) == ["image", "label", "area"]
    assert set(parents["image"]) == {"a_w1", "b_w1"}
    assert parents["children_area"].sum() == table["area"].sum()


def test_parents_that_are_objects_are_left_out_on_request(folder):
    for name, parents in (("a", FIELD.labels), ("b", FIELD.labels[::-1])):
        write_labels(folder / "cells" / f"{name}_w1.tif", [parents])
    measured = hooke.measure_folder(
        [folder / "images"], folder / "masks", folder / "out", parents=folder / "cells", most_covered=0.5
    )
    assert measured.parents is not None and len(measured.parents) == 0
    assert measured.table["nearest_parent"].eq(0).all()
    with pytest.raises(ConfigError, match=r"a share of 1\.5"):
        hooke.measure_folder([folder / "images"], folder / "masks", folder / "out", most_covered=1.5)


def test_an_image_without_parents_fails_alone(folder):
    write_labels(folder / "cells" / "a_w1.tif", [FIELD.labels])
    measured = hooke.measure_folder([folder / "images"], folder / "masks", folder / "out", parents=folder / "cells")
    assert measured.failed == 1
    error = measured.summary.set_index("image").loc["b_w1", "error"]
    assert "no parents are named 'b_w1'" in error
    assert measured.parents is not None
    assert set(measured.parents["image"]) == {"a_w1"}
