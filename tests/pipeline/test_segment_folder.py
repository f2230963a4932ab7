import json
import os
import shutil
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tifffile

import hooke
from hooke.errors import ConfigError, ImageReadError, ModelError, OutputError
from hooke.io import read_labels, write_png
from hooke.pipeline import SegmentOptions, segment_folder
from hooke.pipeline.record import read_replay

QUICK = SegmentOptions(diameter=22, threads=1)


def test_folder_gets_everything(images, tmp_path, field):
    result = segment_folder([images], tmp_path / "out", QUICK)
    out = tmp_path / "out"
    assert [image.name for image in result.images] == ["a_png", "a_tif", "b"]
    assert not result.failed
    for image in result.images:
        labels = read_labels(out / "labels" / f"{image.name}.tif")
        assert labels.shape == field.image.shape
        assert labels.max() == image.count
        assert (out / "overlays" / f"{image.name}.png").exists()
    table = pd.read_csv(out / "measurements.csv")
    summary = pd.read_csv(out / "summary.csv")
    assert list(summary["image"]) == ["a_png", "a_tif", "b"]
    assert list(summary["modality"]) == ["fluorescence"] * 3
    assert [row["modality"] for row in json.loads((out / "run.json").read_text())["images"]] == ["fluorescence"] * 3
    assert dict(table["image"].value_counts()) == dict(zip(summary["image"], summary["count"], strict=True))
    found = hooke.segment(images / "b.png", diameter=22, threads=1)
    assert np.array_equal(read_labels(out / "labels" / "b.tif"), found.labels)
    of_b = table[table["image"] == "b"].reset_index(drop=True)
    for column in ("label", "area", "centroid_y", "solidity", "intensity_mean", "score"):
        np.testing.assert_allclose(of_b[column], found.table[column], rtol=1e-6)
    assert not list(out.rglob("*.partial*"))


def test_one_bad_file_does_not_stop_the_others(images, tmp_path):
    (images / "broken.png").write_bytes((images / "b.png").read_bytes()[:200])
    (images / "empty.tif").write_bytes(b"")
    (images / "text.jpg").write_text("this is not a picture")
    result = segment_folder([images], tmp_path / "out", QUICK)
    assert sorted(image.name for image in result.failed) == ["broken", "empty", "text"]
    summary = pd.read_csv(tmp_path / "out" / "summary.csv").set_index("image")
    assert summary.loc["broken", "error"].count("broken.png") == 1
    assert summary.loc["a_tif", "count"] > 0
    assert len(list((tmp_path / "out" / "labels").iterdir())) == 3


@pytest.mark.slow
def test_small_images_are_done_side_by_side_with_the_same_results(images, tmp_path, field, monkeypatch):
    (images / "a_broken.png").write_bytes(b"no picture")
    write_png(images / "aa_large.png", np.tile(field.image, (2, 2)))
    monkeypatch.setattr(sys.modules["hooke.pipeline.turns"], "_SMALL", field.image.size)
    seen, shares = [], []
    names = {}
    for threads in (1, 3):
        options = SegmentOptions(diameter=22, threads=threads)
        result = segment_folder([images], tmp_path / str(threads), options, progress=seen.append)
        names[threads] = [image.name for image in result.images]
        assert [one.name for one in seen if one.name] == names[threads]
        assert [one.done for one in seen if one.name] == [1, 2, 3, 4, 5]
        assert [bool(one.error) for one in seen if one.name] == [False, False, True, False, False]
        assert {one.total for one in seen} == {5}
        shares += [one.share for one in seen]
        assert [image.name for image in result.failed] == ["a_broken"]
        seen.clear()
    assert names[1] == names[3] == ["a_png", "a_tif", "a_broken", "aa_large", "b"]
    assert max(shares) == 1
    one, other = tmp_path / "1", tmp_path / "3"
    assert (one / "measurements.csv").read_bytes() == (other / "measurements.csv").read_bytes()
    for name in ("aa_large", "b"):
        labels = [read_labels(folder / "labels" / f"{name}.tif") for folder in (one, other)]
        assert np.array_equal(*labels)


def test_channel_out_of_range_fails_that_image_only(images, tmp_path):
    write_png(images / "rgb.png", np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8))
    result = segment_folder([images], tmp_path / "out", SegmentOptions(diameter=22, channel=2, threads=1))
    assert {image.name for image in result.failed} == {"a_png", "a_tif", "b"}
    assert "no channel 2" in result.failed[0].error


@pytest.mark.slow
def test_second_run_does_nothing_again(images, tmp_path):
    out = tmp_path / "out"
    segment_folder([images], out, QUICK)
    before = {path: path.stat().st_mtime_ns for path in (out / "labels").iterdir()}
    table = (out / "measurements.csv").read_text()
    again = segment_folder([images], out, QUICK)
    assert all(image.reused for image in again.images)
    assert {path: path.stat().st_mtime_ns for path in (out / "labels").iterdir()} == before
    assert (out / "measurements.csv").read_text() == table
    assert not any(image.reused for image in segment_folder([images], out, QUICK, overwrite=True).images)


@pytest.mark.slow
def test_changed_options_or_images_are_done_again(images, tmp_path):
    out = tmp_path / "out"
    segment_folder([images], out, QUICK)
    assert not any(image.reused for image in segment_folder([images], out, SegmentOptions(diameter=30)).images)
    segment_folder([images], out, QUICK)
    os.utime(images / "b.png", ns=(1, 1))  # the time alone says nothing
    assert all(image.reused for image in segment_folder([images], out, QUICK).images)
    changed = (images / "b.png").read_bytes()[:-1] + b"x"
    (images / "b.png").write_bytes(changed)  # as long as before, and as old
    os.utime(images / "b.png", ns=(1, 1))
    assert [image.reused for image in segment_folder([images], out, QUICK).images] == [True, True, False]


def test_stopped_run_keeps_what_is_done(images, tmp_path):
    out = tmp_path / "out"

    def stop_at_second(progress):
        if progress.name == "a_tif":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        segment_folder([images], out, QUICK, progress=stop_at_second)
    assert set(pd.read_csv(out / "measurements.csv")["image"]) == {"a_png", "a_tif"}
    result = segment_folder([images], out, QUICK)
    assert [image.reused for image in result.images] == [True, True, False]
    assert set(pd.read_csv(out / "measurements.csv")["image"]) == {"a_png", "a_tif", "b"}


def test_stack_keeps_its_axes_and_pixel_size(tmp_path, field):
    path = tmp_path / "stack.ome.tif"
    planes = np.stack([field.image, field.image[::-1], field.image[:, ::-1], field.image]).reshape(
        2, 2, *field.image.shape
    )
    meta = {"axes": "TZYX", "PhysicalSizeX": 0.25, "PhysicalSizeY": 0.25, "PhysicalSizeZ": 2.0, "TimeIncrement": 30.0}
    tifffile.imwrite(path, planes, metadata=meta)
    segment_folder([path], tmp_path / "out", QUICK)
    with tifffile.TiffFile(tmp_path / "out" / "labels" / "stack.tif") as written:
        assert written.series[0].axes == "TZYX"
        assert written.series[0].shape == planes.shape
        for said in ('PhysicalSizeX="0.25"', 'PhysicalSizeZ="2.0"', 'TimeIncrement="30.0"'):
            assert said in written.ome_metadata
    table = pd.read_csv(tmp_path / "out" / "measurements.csv")
    assert list(table.columns[:4]) == ["image", "t", "z", "label"]
    assert "area_um2" in table
    assert table.groupby(["t", "z"]).ngroups == 4
    assert (tmp_path / "out" / "overlays" / "stack_t1_z0.png").exists()


@pytest.mark.filterwarnings("error")
def test_a_plane_without_a_number_is_empty_and_said_so(tmp_path, field):
    pixels = np.stack([field.image, np.full(field.image.shape, np.nan), field.image]).astype(np.float32)
    tifffile.imwrite(tmp_path / "stack.tif", pixels, photometric="minisblack", metadata={"axes": "ZYX"})
    segment_folder([tmp_path / "stack.tif"], tmp_path / "out")
    summary = pd.read_csv(tmp_path / "out" / "summary.csv")
    first, blank, last = summary["count"]
    assert first == last > 0 == blank
    assert ["finite" in str(warning) for warning in summary["warning"]] == [False, True, False]


@pytest.mark.slow
def test_scenes_of_a_file_are_segmented_each_by_its_name(tmp_path, field):
    cuts = [field.image[:, :150], field.image, field.image[:130]]
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as writer:
        for name, pixels in zip("xyz", cuts, strict=True):
            writer.write(pixels, metadata={"Name": f"well {name}"})
    shutil.copy(tmp_path / "a.ome.tif", tmp_path / "a_well_y.ome.tif")  # its name is that of a scene
    inputs = [tmp_path / "a.ome.tif", tmp_path / "a_well_y.ome.tif"]
    result = segment_folder(inputs, tmp_path / "out", QUICK)
    assert not result.failed
    names = [image.name for image in result.images]
    assert len({name.casefold() for name in names}) == 6
    assert names[0] == "a_well_x"
    for name, pixels in zip(names, cuts * 2, strict=True):
        assert read_labels(tmp_path / "out/labels" / f"{name}.tif").shape == pixels.shape
        assert (tmp_path / "out/overlays" / f"{name}.png").exists()
    summary = pd.read_csv(tmp_path / "out/summary.csv")
    assert summary["image"].tolist() == names
    again = segment_folder(inputs, tmp_path / "out", QUICK)
    assert all(image.reused for image in again.images)


def test_a_scene_that_no_file_has_is_refused_with_those_there_are(tmp_path, field):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as writer:
        for name, pixels in (("left", field.image[:, :80]), ("right", field.image[:, 90:])):
            writer.write(pixels, metadata={"Name": name})
    result = segment_folder([tmp_path / "a.ome.tif"], tmp_path / "out", replace(QUICK, scene="middle"))
    assert [image.error for image in result.images] and "choose one of: left, right" in result.images[0].error


def test_a_scene_of_a_file_that_has_one_image_is_refused(images):
    first, *others = segment_folder([images], images / "out", replace(QUICK, scene="2")).images
    assert f"{first.path.name}: has no scene '2'; leave the scene out: the file has one image" in first.error
    assert all(image.error for image in others)


def test_images_with_and_without_pixel_size_share_a_table(images, tmp_path, field):
    tifffile.imwrite(
        images / "sized.ome.tif", field.image, metadata={"axes": "YX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
    )
    segment_folder([images], tmp_path / "out", QUICK)
    table = pd.read_csv(tmp_path / "out" / "measurements.csv")
    known = table["area_um2"].notna()
    assert set(table[known]["image"]) == {"sized"}
    np.testing.assert_allclose(table[known]["area_um2"], table[known]["area"] * 0.25)


@pytest.mark.slow
def test_run_can_be_replayed(images, tmp_path):
    out = tmp_path / "out"
    segment_folder([images], out, QUICK, command=["hooke", "segment"])
    record = json.loads((out / "run.json").read_text())
    assert record["options"]["diameter"] == 22
    assert record["model"]["sha256"] == hooke.load_model().checksum
    replay = read_replay(out / "run.json")
    segment_folder(replay.inputs, tmp_path / "again", replay.options, axes=replay.axes)
    for path in (out / "labels").iterdir():
        assert np.array_equal(read_labels(path), read_labels(tmp_path / "again" / "labels" / path.name))
    assert (out / "measurements.csv").read_text() == (tmp_path / "again" / "measurements.csv").read_text()


def test_replay_refuses_another_model_and_other_files(images, tmp_path):
    out = tmp_path / "out"
    segment_folder([images / "b.png"], out, QUICK)
    record = json.loads((out / "run.json").read_text())
    for part, other in (("sha256", "0" * 64), ("settings", record["model"]["settings"] | {"diameter_band": [10, 20]})):
        changed = record | {"model": record["model"] | {part: other}}
        (out / "run.json").write_text(json.dumps(changed))
        with pytest.raises(ModelError, match="settings differ" if part == "settings" else "weights differ"):
            read_replay(out / "run.json")
    with pytest.raises(ConfigError, match="not the record of a run"):
        read_replay(out / "summary.csv")


def test_nothing_to_do_is_an_error(tmp_path, images):
    (tmp_path / "none").mkdir()
    with pytest.raises(ImageReadError):
        segment_folder([tmp_path / "none"], tmp_path / "out")
    (tmp_path / "file").write_text("")
    told = []
    with pytest.raises(OutputError):
        segment_folder([images], tmp_path / "file" / "out", QUICK, progress=told.append)
    assert not told  # found before any work was done


def test_own_results_are_not_segmented_again(images):
    first = segment_folder([images], images / "out", QUICK)
    second = segment_folder([images], images / "out", QUICK)
    assert len(first.images) == len(second.images) == 3


def test_more_objects_than_16_bits_hold_are_written(tmp_path):
    from hooke.io import write_labels

    labels = np.arange(300 * 300, dtype=np.int32).reshape(300, 300)
    write_labels(tmp_path / "many.tif", [labels])
    assert np.array_equal(read_labels(tmp_path / "many.tif"), labels)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, []),
        ({"level": 1}, ["positions, outlines and areas are in pixels of level 1, not of the finest"]),
        ({"region": (20, 30, 64, 64)}, ["the corner of the region, at row 20 and column 30 of the image"]),
        ({"region": (20, 30, 64, 64), "level": 1}, ["at row 20 and column 30 of the image, in pixels of level 1"]),
    ],
)
def test_what_positions_count_from_is_said(tmp_path, field, options, said):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as writer:
        writer.write(field.image, subifds=1, tile=(64, 64), metadata={"axes": "YX"})
        writer.write(field.image[::2, ::2], subfiletype=1, tile=(64, 64))
    result = segment_folder([tmp_path / "a.ome.tif"], tmp_path / "out", replace(QUICK, **options), page=False)
    assert len(result.notes) == len(said)
    assert all(text in note for text, note in zip(said, result.notes, strict=True))
