"""Stacks whose objects are joined in depth: by Python and the command, tables that agree, what is refused."""

from __future__ import annotations

import pickle
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import PIL.Image
import pytest
import tifffile

pytest.importorskip("laptrack")

import hooke
from hooke.cli.segment import segment
from hooke.datasets import StackSettings, simulate_stack
from hooke.errors import ConfigError, HookeError
from hooke.io import open_image, read_labels, write_labels
from hooke.io.warning_cell import part_warnings
from hooke.metrics import count_overlap, match
from hooke.pipeline import SegmentOptions
from tests.builders import exit_code, run_command

MADE = simulate_stack(StackSettings(shape=(33, 96, 96), density=0.15), seed=5)
SIZES = {"PhysicalSizeX": 0.25, "PhysicalSizeY": 0.25, "PhysicalSizeZ": 0.75}


def write_stack(path, pixels, axes="ZYX", **sizes):
    path.parent.mkdir(exist_ok=True)
    tifffile.imwrite(path, pixels, metadata={"axes": axes, **sizes}, ome=True)
    return path


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stack")
    write_stack(folder / "a.ome.tif", MADE.image, **SIZES)
    result, code = run_command(segment, folder / "a.ome.tif", "-o", folder / "out", "--stitch", "z")
    assert (code, result.exception) == (0, None)
    return folder, result.output


def test_the_command_writes_labels_that_persist_with_axes_and_step(results):
    folder, printed = results
    labels, file = read_labels(folder / "out" / "labels" / "a.tif"), open_image(folder / "out" / "labels" / "a.tif")
    assert (file.axes, file.pixel_size_um, file.z_step_um) == ("Z", (0.25, 0.25), 0.75)
    assert match(count_overlap(labels, MADE.labels), 0.5).counts.f1 > 0.85
    assert f"joined to {labels.max()} objects in 3-D" in printed
    assert "counts in each" not in printed


def test_tables_agree_with_labels(results):
    folder, _ = results
    labels = read_labels(folder / "out" / "labels" / "a.tif")
    solid = pd.read_csv(folder / "out" / "measurements_3d.csv")
    plane = pd.read_csv(folder / "out" / "measurements.csv")
    assert solid["label"].tolist() == list(range(1, labels.max() + 1))
    assert solid["volume"].tolist() == np.bincount(labels.ravel())[1:].tolist()
    assert solid["volume_um3"].to_numpy() == pytest.approx(solid["volume"] * 0.25**2 * 0.75)
    assert plane.groupby("label")["area"].sum().tolist() == solid["volume"].tolist()
    assert len(plane) == sum(len(np.unique(part)) - 1 for part in labels)
    assert plane["score"].between(0, 1).all()
    means = plane["score"].mul(plane["area"]).groupby(plane["label"]).sum() / solid["volume"].to_numpy()
    assert solid["score"].to_numpy() == pytest.approx(means.to_numpy(), abs=0.05)  # drawn ones have their object's mean
    inside = [MADE.image[labels == label].mean() for label in solid["label"]]
    assert solid["intensity_mean"].to_numpy() == pytest.approx(inside)
    assert set(pd.read_csv(folder / "out" / "summary.csv")["objects_3d"]) == {labels.max()}


@pytest.mark.slow
def test_objects_of_all_stacks_are_counted(tmp_path):
    for name in ("zebra 1", "zebra 2"):
        write_stack(tmp_path / "in" / f"{name}.ome.tif", np.stack([MADE.image[:3]] * 2), axes="TZYX")
    options = ("--stitch", "z", "--no-page", "--no-overlays")
    result, _ = run_command(segment, tmp_path / "in", "-o", tmp_path / "out", *options)
    solid = pd.read_csv(tmp_path / "out" / "measurements_3d.csv")
    assert solid.groupby(["image", "t"]).ngroups == 4
    assert f"joined to {len(solid)} objects in 3-D" in result.output


def test_an_object_has_one_colour_in_all_planes(results):
    folder, _ = results
    labels = read_labels(folder / "out" / "labels" / "a.tif")
    largest = np.bincount(labels.ravel())[1:].argmax() + 1
    seen = set()
    for index, plane in enumerate(labels):
        mask = plane == largest
        if np.count_nonzero(mask) < 100:
            continue
        rgb = np.asarray(PIL.Image.open(folder / "out" / "overlays" / f"a_z{index}.png").convert("RGB"))
        inner = np.zeros_like(mask)
        inner[1:-1, 1:-1] = mask[1:-1, 1:-1] & mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]
        colours, counts = np.unique(rgb[mask & ~inner], axis=0, return_counts=True)
        seen.add(tuple(colours[counts.argmax()].tolist()))
    assert len(seen) == 1


@pytest.mark.slow
def test_python_gives_the_same(results, tmp_path):
    folder, _ = results
    found = hooke.segment(MADE.image, axes="ZYX", stitch="z", pixel_size=0.25, z_step=0.75)
    assert (found.labels == read_labels(folder / "out" / "labels" / "a.tif")).all()
    written = pd.read_csv(folder / "out" / "measurements_3d.csv")
    names = ["volume", "surface_um2", "intensity_mean", "score"]
    assert found.table[names].to_numpy() == pytest.approx(written[names].to_numpy(), rel=1e-6)
    assert found.count == len(written)
    assert not [warning for warning in found.warnings if "voxels" in warning]
    assert found.plane(4).overlay().shape == (96, 96, 3)
    again = hooke.segment(folder / "a.ome.tif", stitch="z").save(tmp_path / "saved")
    saved = pd.read_csv(again / "measurements_3d.csv")
    assert saved[names].to_numpy() == pytest.approx(written[names].to_numpy())
    assert (read_labels(again / "labels" / "a.tif") == found.labels).all()


@pytest.mark.slow
def test_each_time_is_a_stack_of_its_own_in_any_order_of_axes(tmp_path):
    both = np.stack([MADE.image[:5], MADE.image[5:10]])
    one = hooke.segment(both, axes="TZYX", stitch="z")
    other = hooke.segment(np.ascontiguousarray(both.swapaxes(0, 1)), axes="ZTYX", stitch="z")
    assert (one.labels == other.labels.swapaxes(0, 1)).all()
    assert one.table["t"].unique().tolist() == [0, 1]
    assert one.table.groupby("t")["label"].min().tolist() == [1, 1]
    names = [name for name in one.table if name != "image"]
    pd.testing.assert_frame_equal(one.table[names], other.table[names])


def test_without_a_step_all_is_in_voxels_with_a_warning(tmp_path):
    found = hooke.segment(MADE.image[:4], axes="ZYX", stitch="z", pixel_size=0.25)
    assert repr(found).startswith(f"<StackSegmentation: {found.count} objects, ZYX 4 x 96 x 96, warning: ")
    assert "volume_um3" not in found.table
    assert "give --z-step" in found.warnings[0]
    path = write_stack(tmp_path / "a.ome.tif", MADE.image[:4], PhysicalSizeX=0.25, PhysicalSizeY=0.25)
    _, code = run_command(segment, path, "-o", tmp_path / "out", "--stitch", "z", "--no-page", "--no-overlays")
    assert code == 0
    warnings = pd.read_csv(tmp_path / "out" / "summary.csv", keep_default_na=False)["warning"].tolist()
    assert ["give --z-step" in warning for warning in warnings] == [True, False, False, False]
    assert not (tmp_path / "out" / "overlays").exists()


def test_a_single_plane_among_stacks_is_reported_and_the_others_are_done(tmp_path):
    (tmp_path / "in").mkdir()
    write_stack(tmp_path / "in" / "a.ome.tif", MADE.image[:3])
    tifffile.imwrite(tmp_path / "in" / "b.tif", MADE.image[0])
    assert exit_code("segment", tmp_path / "in", "-o", tmp_path / "out", "--stitch", "z", "--no-page") == 1
    errors = pd.read_csv(tmp_path / "out" / "summary.csv", keep_default_na=False).groupby("image")["error"].first()
    assert (errors["a"], "not a stack in depth" in errors["b"]) == ("", True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stitch": "x"}, "give z"),
        ({"stitch": "t"}, "--track"),
        ({"stitch": "z", "z_step": 0.0}, "micrometres, above 0"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        SegmentOptions(**options)


@pytest.mark.parametrize(
    ("pixels", "axes", "stitch", "message"),
    [
        (MADE.image[:3], "TYX", "z", "no depth of two planes or more; leave --stitch .* or name its axes"),
        (MADE.image[:3, None], "TZYX", "z,t", "no depth of two planes or more"),
        (MADE.image[:3], "ZYX", "z,t", "no time of two frames or more"),
        (MADE.image[None, :3], "TZYX", "z,t", "no time of two frames or more"),
        (MADE.image[:5], None, "z", "does not say which of its axes is depth; name its axes"),
        (MADE.image[0], None, "z", "one plane, not a stack in depth; leave --stitch .* saved as one stack before"),
        (hooke.Image(MADE.image[0]), None, "z", "has no depth"),
    ],
)
def test_what_has_no_depth_is_refused(pixels, axes, stitch, message):
    with pytest.raises(HookeError, match=message):
        hooke.segment(pixels, axes=axes, stitch=stitch)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({}, "neither the size of a pixel nor the distance of the planes"),
        ({"z_step": 0.9}, "the size of a pixel is not known"),
        ({"pixel_size": 0.3}, "the distance of the planes is not known"),
    ],
)
def test_all_sizes_that_are_missing_are_asked_for_at_once(sizes, message):
    found = hooke.segment(MADE.image[:2], axes="ZYX", stitch="z", **sizes)
    assert found.warnings[0].startswith(message)
    assert ["--pixel-size" in found.warnings[0], "--z-step" in found.warnings[0]] == [
        "pixel_size" not in sizes,
        "z_step" not in sizes,
    ]
    assert (found.plane(-1).labels == found.labels[-1]).all()
    with pytest.raises(IndexError):
        found.plane(2)


@pytest.mark.parametrize(("axes", "says"), [("ZYX", ""), ("TYX", "none of them depth"), ("", "this is a single plane")])
def test_a_step_between_planes_that_are_not_in_depth_is_said_to_have_no_effect(tmp_path, axes, says):
    pixels = MADE.image[:2] if axes else MADE.image[0]
    tifffile.imwrite(tmp_path / "a.ome.tif", pixels, metadata={"axes": axes or "YX"}, ome=True)
    options = ("--z-step", "0.9", "--no-page", "--no-overlays")
    _, code = run_command(segment, tmp_path / "a.ome.tif", "-o", tmp_path / "out", *options)
    warnings = pd.read_csv(tmp_path / "out" / "summary.csv", keep_default_na=False)["warning"]
    assert code == 0
    assert warnings.str.contains("--z-step .z_step. has no effect: ").all() == (says != "")
    assert warnings.str.contains(says).all()
    assert open_image(tmp_path / "out" / "labels" / "a.tif").z_step_um == (0.9 if axes == "ZYX" else None)


def test_a_step_without_planes_to_join_is_refused():
    with pytest.raises(ConfigError, match='joined in depth; add stitch="z"'):
        hooke.segment(MADE.image[0], z_step=0.9)


def test_a_warning_with_a_remedy_of_its_own_comes_back_as_one(tmp_path):
    note = "only some planes were read; copy the file again"
    file = open_image(write_stack(tmp_path / "a.ome.tif", MADE.image[:2], **SIZES))
    found = hooke.segment(replace(file, notes=(note,)), stitch="z", diameter=12)
    assert sum(warning.startswith("only some planes") for warning in found.warnings) == 1
    assert not any(warning.startswith("copy") for warning in found.warnings)
    found.save(tmp_path / "out")
    row = pd.read_csv(tmp_path / "out" / "summary.csv", keep_default_na=False).iloc[0]
    assert note.replace(";", ",") in part_warnings(row["warning"])


def test_empty_planes_give_an_empty_table(tmp_path):
    found = hooke.segment(np.zeros((3, 32, 32), np.uint8), axes="ZYX", stitch="z")
    assert (found.count, len(found.table), found.labels.max()) == (0, 0, 0)
    assert found.save(tmp_path) == tmp_path
    assert (tmp_path / "labels" / "image.tif").is_file()
    assert list(pd.read_csv(tmp_path / "measurements_3d.csv"))[:3] == ["image", "label", "volume"]


def test_evaluate_scores_label_stacks_as_objects_in_3d(results, tmp_path):
    folder, _ = results
    write_labels(tmp_path / "truth" / "a.tif", MADE.labels, axes="Z", shape=(len(MADE.labels),))
    scores = hooke.evaluate(folder / "out", tmp_path / "truth").per_image.iloc[0]
    counts = match(count_overlap(read_labels(folder / "out" / "labels" / "a.tif"), MADE.labels), 0.5).counts
    assert (scores["tp_50"], scores["fp_50"], scores["fn_50"]) == (counts.tp, counts.fp, counts.fn)
    assert scores["f1_50"] == pytest.approx(counts.f1)
    assert scores["n_true"] == MADE.count


def test_without_laptrack_nothing_is_begun(tmp_path, monkeypatch):
    path = write_stack(tmp_path / "a.ome.tif", MADE.image[:2])
    monkeypatch.setitem(sys.modules, "laptrack", None)
    monkeypatch.delitem(sys.modules, "laptrack._optimization", raising=False)
    with pytest.raises(ConfigError, match="needs laptrack"):
        hooke.segment_folder([path], tmp_path / "out", SegmentOptions(stitch="z"))
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_objects_are_followed_through_time_too(tmp_path):
    moved = np.stack([np.roll(MADE.image[:6], 2 * t, axis=2) for t in range(3)])
    path = write_stack(tmp_path / "a.ome.tif", moved, axes="TZYX", **SIZES)
    result, code = run_command(segment, path, "-o", tmp_path / "out", "--stitch", "z,t")
    assert (code, result.exception) == (0, None)
    labels = read_labels(tmp_path / "out" / "labels" / "a.tif")
    solid = pd.read_csv(tmp_path / "out" / "measurements_3d.csv")
    plane = pd.read_csv(tmp_path / "out" / "measurements.csv")
    assert list(solid)[:4] == ["image", "t", "label", "parent"]
    for t, stack in enumerate(labels):
        here = solid[solid["t"] == t]
        assert dict(zip(here["label"], here["volume"], strict=True)) == dict(
            zip(*(part.tolist() for part in np.unique(stack[stack > 0], return_counts=True)), strict=True)
        )
    sums = plane.groupby(["t", "label"])["area"].sum().tolist()
    assert sums == solid["volume"].tolist()
    scores = plane["score"].mul(plane["area"]).groupby([plane["t"], plane["label"]]).sum() / np.array(sums)
    assert solid["score"].to_numpy() == pytest.approx(scores.to_numpy(), abs=0.05)
    ends = solid.groupby("label")["t"].agg(["min", "max"])
    inside = ends[(ends["min"] == 0) & (ends["max"] == 2)]
    assert len(inside) > 0.7 * len(ends)
    step = solid[solid["label"].isin(inside.index)].groupby("label")["centroid_x"].diff()
    assert step.dropna().median() == pytest.approx(2, abs=0.2)
    found = hooke.segment(path, stitch="z,t")
    assert (found.labels == labels).all()
    assert found.count == labels.max()


@pytest.mark.parametrize("as_file", [False, True])
def test_a_stack_is_sent_to_another_process_with_its_planes(tmp_path, as_file):
    pixels = MADE.image[2:8, :64, :64]
    source = write_stack(tmp_path / "a.ome.tif", pixels, **SIZES) if as_file else pixels
    found = hooke.segment(source, stitch="z", axes=None if as_file else "ZYX", diameter=20, threads=1)
    arrived = pickle.loads(pickle.dumps(found))
    if as_file:
        source.unlink()
    assert np.array_equal(arrived.labels, found.labels)
    assert np.array_equal(arrived.plane(3).image.pixels, pixels[3])
    if not as_file:
        assert arrived.table.equals(found.table)
    assert arrived.count == found.count > 0
    assert repr(arrived) == repr(found)
