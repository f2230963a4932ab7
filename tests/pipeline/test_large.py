"""A large image in blocks gives what one pass gives: the same objects, each once, whole, with the same measurements."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tifffile
from skimage import data

import hooke
from hooke.datasets import simulate
from hooke.errors import ConfigError, ImageReadError
from hooke.io import open_image, read_labels
from hooke.io.lazy_plane import LazyPlane
from hooke.io.warning_cell import part_warnings
from hooke.models import Model, PixelSegmenter
from hooke.models.tile_store import TileStore
from hooke.pipeline import SegmentOptions, segment_folder
from hooke.pipeline.large.block_files import BlockFiles
from hooke.pipeline.large.block_objects import BlockObjects, ObjectFinder
from hooke.pipeline.large.blocks import BlockGrid, find_owned
from hooke.pipeline.large.plan import needs_blocks, plan_blocks
from hooke.pipeline.large.settle import _number, settle
from hooke.pipeline.large.survey import survey
from hooke.preprocess import AS_IT_IS
from hooke.targets import SplitLine
from tests.builders import same_partition
from tests.cases import cases

QUICK = SegmentOptions(diameter=26, threads=2)


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """A tiled file of 540 x 1060 pixels, and its result in one pass."""
    field = simulate((540, 1060), seed=3, diameter=26, density=0.25, overlap=0.15)
    path = tmp_path_factory.mktemp("wide") / "wide.ome.tif"
    meta = {"axes": "YX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
    tifffile.imwrite(path, field.image, tile=(128, 128), compression="zlib", metadata=meta)
    return path, hooke.segment(path, diameter=26, threads=2)


@pytest.fixture(scope="module")
def done(wide, tmp_path_factory):
    """The same in blocks of 512."""
    out = tmp_path_factory.mktemp("done")
    result = segment_folder([wide[0]], out, QUICK, block=512)
    assert not result.failed
    return out


def in_order(table):
    return table.sort_values(["centroid_y", "centroid_x"]).reset_index(drop=True)


def test_blocks_leave_no_trace_in_the_labels(wide, done):
    labels = read_labels(done / "labels" / "wide.tif")
    assert wide[1].count > 100
    assert same_partition(labels, wide[1].labels)
    assert sorted(np.unique(labels)) == list(range(wide[1].count + 1))


@pytest.mark.slow
def test_nor_in_the_rims_of_large_objects(tmp_path):
    path = tmp_path / "large.tif"
    tifffile.imwrite(
        path, simulate((600, 1060), seed=4, diameter=58, density=0.25, overlap=0.15).image, tile=(128, 128)
    )
    expected = hooke.segment(path, diameter=58, threads=2)
    assert expected.count > 20
    segment_folder([path], tmp_path / "out", SegmentOptions(diameter=58, threads=2), block=512)
    assert same_partition(read_labels(tmp_path / "out" / "labels" / "large.tif"), expected.labels)


@pytest.mark.slow
def test_nor_in_those_of_a_slide_that_is_predicted_twice(tmp_path):
    slide = np.tile(data.immunohistochemistry(), (1, 2, 1))
    path = tmp_path / "slide.tif"
    tifffile.imwrite(path, slide, tile=(128, 128), photometric="rgb")
    expected = hooke.segment(path, diameter=20, threads=2)
    assert expected.normalisation.keeps_colours and expected.count > 20
    segment_folder([path], tmp_path / "out", SegmentOptions(diameter=20, threads=2), block=512)
    assert same_partition(read_labels(tmp_path / "out" / "labels" / "slide.tif"), expected.labels)


def test_nor_in_the_table(wide, done):
    table = in_order(pd.read_csv(done / "measurements.csv"))
    expected = in_order(wide[1].table)
    assert [name for name in table.columns if name in expected] == list(expected.columns)
    for name in expected.columns.drop("label"):
        np.testing.assert_allclose(table[name].astype(float), expected[name].astype(float), rtol=1e-6, err_msg=name)
    labels = read_labels(done / "labels" / "wide.tif")
    at = pd.read_csv(done / "measurements.csv")
    np.testing.assert_array_equal(np.bincount(labels.ravel())[at["label"]], at["area"])


def test_the_summary_says_what_one_pass_says(wide, done):
    row = pd.read_csv(done / "summary.csv").iloc[0]
    found = wide[1]
    assert (row["count"], row["dropped"]) == (found.count, found.dropped)
    assert row["median_area"] == found.summary.median_area
    assert (row["low"], row["high"]) == (found.normalisation.low, found.normalisation.high)
    assert not (done / ".hooke" / "wide.blocks").exists()


def test_labels_and_overlay_are_pyramids(wide, done):
    with tifffile.TiffFile(done / "labels" / "wide.tif") as tif:
        levels = tif.series[0].levels
        full, half = levels[0].asarray(), levels[1].asarray()
        assert levels[0].keyframe.is_tiled
        assert 'PhysicalSizeX="0.5"' in tif.ome_metadata
        np.testing.assert_array_equal(half, full[::2, ::2])
    with tifffile.TiffFile(done / "overlays" / "wide.tif") as tif:
        assert [level.shape for level in tif.series[0].levels] == [(540, 1060, 3), (270, 530, 3)]
        picture = tif.series[0].asarray()
    coloured = np.ptp(picture.astype(int), axis=2) > 60
    rim = full != np.roll(full, 1, axis=0)
    assert coloured[rim].mean() > 5 * coloured[~rim & (full == 0)].mean()


@pytest.mark.slow
def test_threads_and_the_side_of_the_blocks_change_nothing(wide, done, tmp_path):
    one = SegmentOptions(diameter=26, threads=1)
    segment_folder([wide[0]], tmp_path, one, block=1024, overlays=False)
    labels = read_labels(tmp_path / "labels" / "wide.tif")
    assert same_partition(labels, read_labels(done / "labels" / "wide.tif"))
    assert not (tmp_path / "overlays").exists()


def test_labels_and_table_in_formats_of_large_data(wide, done, tmp_path, monkeypatch):
    zarr = pytest.importorskip("zarr")
    monkeypatch.setattr("hooke.io.annotations.results_folder.ResultsFolder._plane", None)  # loads label images whole
    monkeypatch.setattr("hooke.io.annotations.ome_zarr_writer._CHUNK", 256)
    shutil.copytree(done, tmp_path / "out")
    segment_folder([wide[0]], tmp_path / "out", QUICK, block=512, write="ome-zarr,parquet")
    group = zarr.open_group(str(tmp_path / "out/ome-zarr/wide.ome.zarr/labels/nuclei"), mode="r")
    labels = read_labels(done / "labels" / "wide.tif")
    for level, step in enumerate((1, 2, 4, 8)):
        np.testing.assert_array_equal(group[str(level)][...], labels[::step, ::step])
    scales = [each["coordinateTransformations"][0]["scale"] for each in group.attrs["multiscales"][0]["datasets"]]
    assert scales == [[0.5, 0.5], [1.0, 1.0], [2.0, 2.0], [4.0, 4.0]]
    assert (tmp_path / "out/objects.parquet").read_bytes()[:4] == b"PAR1"


def test_a_second_run_does_nothing_again(wide, done):
    before = (done / "labels" / "wide.tif").stat().st_mtime_ns
    assert segment_folder([wide[0]], done, QUICK, block=512).images[0].reused
    assert (done / "labels" / "wide.tif").stat().st_mtime_ns == before


@pytest.mark.slow
def test_a_stopped_run_goes_on_from_the_finished_blocks(wide, done, tmp_path, monkeypatch):
    found = []
    original = ObjectFinder.find

    def stop_at_third(self, block):
        found.append(block.number)
        if len(found) == 3:
            raise KeyboardInterrupt
        return original(self, block)

    monkeypatch.setattr(ObjectFinder, "find", stop_at_third)
    with pytest.raises(KeyboardInterrupt):
        segment_folder([wide[0]], tmp_path, SegmentOptions(diameter=26, threads=1), block=512, overlays=False)
    kept = sorted((tmp_path / ".hooke" / "wide.blocks").glob("*.objects.npz"))
    assert len(kept) == 2
    again = []

    def count(self, block):
        again.append(block.number)
        return original(self, block)

    monkeypatch.setattr(ObjectFinder, "find", count)
    segment_folder([wide[0]], tmp_path, SegmentOptions(diameter=26, threads=1), block=512, overlays=False)
    assert again == [2, 3, 4, 5]
    assert (tmp_path / "labels" / "wide.tif").read_bytes() == (done / "labels" / "wide.tif").read_bytes()
    assert (tmp_path / "measurements.csv").read_bytes() == (done / "measurements.csv").read_bytes()


def test_blocks_made_with_another_key_are_removed(tmp_path):
    files = BlockFiles(tmp_path / "a.blocks", ("settings", "content"))
    files.objects(3).write_bytes(b"half a fi")
    assert not files.has(files.objects(3))
    BlockObjects((0, 0), np.ones((2, 2), np.int32), np.ones(1), np.zeros(1, bool), np.zeros((1, 0)), (0, 0, 0, 0)).save(
        files.objects(3)
    )
    same = BlockFiles(tmp_path / "a.blocks", ("settings", "content"))
    assert same.has(same.objects(3))
    other = BlockFiles(tmp_path / "a.blocks", ("settings", "other content"))
    assert not other.objects(3).exists()


@pytest.mark.slow
def test_a_killed_run_goes_on(wide, done, tmp_path):
    command = [sys.executable, "-m", "hooke", "segment", str(wide[0]), "-o", str(tmp_path / "out")]
    command += ["--diameter", "26", "--threads", "2", "--block", "512"]
    folder = tmp_path / "out" / ".hooke" / "wide.blocks"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        while run.poll() is None and len(list(folder.glob("*.npz"))) < 2:
            time.sleep(0.02)
        os.kill(run.pid, signal.SIGKILL) if sys.platform != "win32" else run.kill()
    assert not (tmp_path / "out" / "labels" / "wide.tif").exists()
    assert subprocess.run(command, capture_output=True).returncode == 0
    for name in ("labels/wide.tif", "overlays/wide.tif", "measurements.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (done / name).read_bytes(), name
    assert not folder.exists()
    assert not list((tmp_path / "out").rglob(".hooke-*.part*"))


@pytest.mark.slow
def test_a_region(wide, tmp_path):
    expected = hooke.segment(wide[0], diameter=26, threads=2, region=(20, 200, 500, 600))
    assert expected.labels.shape == (500, 600)
    for block in (None, 512):
        out = tmp_path / str(block)
        options = SegmentOptions(diameter=26, threads=2, region="20,200,500,600")
        segment_folder([wide[0]], out, options, block=block, overlays=False)
        assert same_partition(read_labels(out / "labels" / "wide.tif"), expected.labels)
    assert json.loads((out / "run.json").read_text())["options"]["region"] == [20, 200, 500, 600]
    with pytest.raises(ConfigError, match="paths of files"):
        hooke.segment(np.zeros((50, 50)), level=1)


def test_an_image_that_is_large_or_does_not_fit_is_done_in_blocks(tmp_path, monkeypatch):
    tifffile.imwrite(tmp_path / "a.tif", np.full((3000, 3000), 7, np.uint8), tile=(256, 256), compression="zlib")
    with pytest.raises(ImageReadError, match="may take 480"):
        hooke.segment(tmp_path / "a.tif", max_memory="480M")
    file = hooke.open_image(tmp_path / "a.tif")
    assert needs_blocks(file, 9_000_000, 480 << 20)
    assert not needs_blocks(file, 9_000_000, 8 << 30)
    assert needs_blocks(file, 90_000_000, 1 << 40)
    assert plan_blocks(LazyPlane(file), 8 << 30, 2).side == 2048
    small = plan_blocks(LazyPlane(file), 480 << 20, 8)
    assert (small.side, small.workers) == (512, 2)
    with pytest.raises(ImageReadError, match="needs about"):
        plan_blocks(LazyPlane(file), 200 << 20, 1)
    result = segment_folder([tmp_path / "a.tif"], tmp_path / "out", SegmentOptions(threads=1), max_memory="480M")
    assert not result.failed


@pytest.mark.parametrize("value", [0, 200])
def test_a_constant_image(tmp_path, value):
    tifffile.imwrite(tmp_path / "a.tif", np.full((900, 700), value, np.uint8), tile=(256, 256), compression="zlib")
    result = segment_folder([tmp_path / "a.tif"], tmp_path / "out", SegmentOptions(threads=1), block=512)
    assert result.images[0].count == 0
    assert "constant" in result.images[0].rows[0]["warning"]
    assert read_labels(tmp_path / "out" / "labels" / "a.tif").shape == (900, 700)


@pytest.mark.parametrize("name", ["nan", "two rows"])
def test_what_one_pass_says_of_odd_images_blocks_say_too(tmp_path, name):
    field = simulate((256, 600), seed=3, diameter=26).image
    pixels = np.full((256, 600), np.nan, np.float32) if name == "nan" else field[:2]
    tifffile.imwrite(tmp_path / "a.tif", pixels, tile=(128, 128))
    blocks, one = (
        segment_folder([tmp_path / "a.tif"], tmp_path / str(side), QUICK, block=side) for side in (512, None)
    )
    assert blocks.images[0].error == one.images[0].error
    assert blocks.images[0].rows[0]["warning"] == one.images[0].rows[0]["warning"]
    assert (
        "no pixel is a finite number" in one.images[0].error or "no objects found" in one.images[0].rows[0]["warning"]
    )


@pytest.mark.parametrize("kind", ["a saturated channel", "NaN"])
def test_blocks_doubt_the_intensities_that_one_pass_doubts(tmp_path, kind):
    """In objects of the second block alone."""
    field = simulate((160, 700), seed=3, diameter=26, density=0.3, bits=16)
    pixels = field.image.astype(np.float32)
    if kind == "NaN":
        pixels[::9, 520::9] = np.nan
    else:
        other = np.where(np.arange(700) < 300, 500, np.minimum(field.image.astype(int) * 8, 60000))
        pixels = np.stack([field.image, other], axis=0).astype(np.uint16)
    axes = "CYX" if pixels.ndim == 3 else "YX"
    tifffile.imwrite(tmp_path / "a.ome.tif", pixels, tile=(128, 128), metadata={"axes": axes})
    blocks, one = (
        segment_folder([tmp_path / "a.ome.tif"], tmp_path / str(side), QUICK, block=side, overlays=False).images[0]
        for side in (512, None)
    )
    said = [text for text in part_warnings(one.rows[0]["warning"]) if text.startswith(("no numbers", "saturated of"))]
    assert len(said) == 1
    assert said[0] in part_warnings(blocks.rows[0]["warning"])


def test_a_narrow_image(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", simulate((1200, 40), seed=2, diameter=26).image, tile=(64, 16))
    result = segment_folder([tmp_path / "a.tif"], tmp_path / "out", QUICK, block=512)
    expected = hooke.segment(tmp_path / "a.tif", diameter=26, threads=2)
    assert result.images[0].count == expected.count > 3


def test_damaged_tiles_are_said(wide, tmp_path):
    content = bytearray(wide[0].read_bytes())
    with tifffile.TiffFile(wide[0]) as tif:
        damaged = tif.pages[0].dataoffsets[5]
    content[damaged : damaged + 20] = bytes(20)
    (tmp_path / "a.ome.tif").write_bytes(content)
    options = SegmentOptions(diameter=26, threads=2, region="0,512,128,300")
    result = segment_folder([tmp_path / "a.ome.tif"], tmp_path / "out", options, block=512, overlays=False)
    assert "1 tile missing or damaged" in result.images[0].rows[0]["warning"]


@pytest.mark.slow
def test_an_ome_zarr(wide, done, tmp_path):
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(str(tmp_path / "wide.zarr"), mode="w")
    pixels = hooke.read_image(wide[0]).pixels
    group.create_array("0", shape=pixels.shape, chunks=(100, 100), dtype=pixels.dtype)[...] = pixels
    steps = [{"type": "scale", "scale": [0.5, 0.5]}]
    axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "yx"]
    datasets = [{"path": "0", "coordinateTransformations": steps}]
    group.attrs["ome"] = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": datasets}]}
    out = tmp_path / "out"
    assert not segment_folder([tmp_path / "wide.zarr"], out, QUICK, block=512, overlays=False).failed
    assert same_partition(read_labels(out / "labels" / "wide.tif"), read_labels(done / "labels" / "wide.tif"))
    assert segment_folder([tmp_path], out, QUICK, block=512, overlays=False).images[0].reused


def test_blocks_that_do_not_fit_the_tiles_are_refused(wide, tmp_path):
    result = segment_folder([wide[0]], tmp_path, QUICK, block=600)
    assert "block is 600; give a multiple of 512" in result.images[0].error


# --- ownership, with maps made of known labels ------------------------------------------------------------------------


class Seen:
    """What of a survey the search for objects in a block needs."""

    def __init__(self, shape):
        self.diameter, self.min_size, self.min_score, self.grow = 20.0, 1.0, 0.0, 0.0
        self.segmenter, self.normalisation = PixelSegmenter(lambda threads: None, SplitLine()), AS_IT_IS
        self.model = type("Model", (), {"settings": type("Settings", (), {"classes": []})})
        pixels = type("Pixels", (), {"shape": shape})
        self.view = type("View", (), {"pixels": pixels, "ceiling": np.inf, "redness": None, "fill_of": lambda *_: None})


def find_all(labels, side):
    maps = SplitLine().encode(labels)
    finder = ObjectFinder(Seen(labels.shape), side, lambda window, first: maps[:3, window[0], window[1]])
    grid = BlockGrid(labels.shape, side)
    return grid, [finder.find(block) for block in grid.blocks]


def paint(grid, results, settled):
    whole = np.zeros(grid.shape, np.int32)
    for number, found in reversed(list(enumerate(results))):
        (top, left), (height, width) = found.corner, found.labels.shape
        part = whole[top : top + height, left : left + width]
        numbers = settled.numbers[number][found.labels]
        part[numbers > 0] = numbers[numbers > 0]
    return whole


def disks(shape, count, radius, seed):
    """Overlapping disks, each in front of the later ones."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(shape, np.int32)
    y, x = np.mgrid[: 2 * radius, : 2 * radius] - radius + 0.5
    disk = np.hypot(y, x) < radius
    for label in range(1, count + 1):
        top, left = (int(rng.integers(0, side - 2 * radius)) for side in shape)
        part = labels[top : top + 2 * radius, left : left + 2 * radius]
        part[disk & (part == 0)] = label
    return labels


def test_each_object_belongs_to_one_block():
    labels = disks((1040, 1100), 600, 12, 0)
    scheme = SplitLine()
    expected = scheme.decode(scheme.encode(labels)[:3], min_size=1, diameter=20.0, min_score=0.0)
    grid, results = find_all(labels, 512)
    assert sum(len(found.scores) for found in results) == len(expected.scores)
    settled = settle(grid, results.__getitem__)
    assert settled.count == len(expected.scores)
    assert same_partition(paint(grid, results, settled), expected.labels)


def test_seams_through_the_catalogue_of_cases_leave_no_trace():
    """The cases side by side, each pixel of a drawing a square of 12, with the seam of two blocks through all."""
    drawings = [np.kron(case.truth, np.ones((12, 12), np.int32)) for case in cases("more than 65535 ids")]
    labels = np.zeros((1024, sum(drawing.shape[1] + 12 for drawing in drawings)), np.int32)
    left, count = 0, 0
    for drawing in drawings:
        height, width = drawing.shape
        part = labels[512 - height // 2 :, left : left + width][:height]
        ids, numbered = np.unique(drawing, return_inverse=True)
        part[...] = np.where(drawing > 0, numbered.reshape(drawing.shape) + count, 0)
        left, count = left + width + 12, count + len(ids)
    scheme = SplitLine()
    expected = scheme.decode(scheme.encode(labels)[:3], min_size=1, diameter=20.0, min_score=0.0).labels
    grid, results = find_all(labels, 512)
    settled = settle(grid, results.__getitem__)
    assert settled.count == sum(len(case.true_areas) for case in cases("more than 65535 ids"))
    assert same_partition(paint(grid, results, settled), expected)


@pytest.mark.slow
def test_objects_half_a_block_long_stay_whole():
    labels = np.zeros((1536, 1536), np.int32)
    for label, (top, left, height, width) in enumerate(
        [(300, 400, 30, 256), (420, 505, 256, 20), (505, 505, 14, 300), (900, 900, 250, 250), (1000, 300, 12, 256)], 1
    ):
        part = labels[top : top + height, left : left + width]
        part[part == 0] = label
    scheme = SplitLine()
    expected = scheme.decode(scheme.encode(labels)[:3], min_size=1, diameter=20.0, min_score=0.0)
    grid, results = find_all(labels, 512)
    settled = settle(grid, results.__getitem__)
    assert settled.count == len(expected.scores)
    assert same_partition(paint(grid, results, settled), expected.labels)


def test_an_object_longer_than_a_window_is_put_together():
    labels = np.zeros((3072, 512), np.int32)
    labels[100:2950, 200:240] = 1
    labels[1000:1020, 400:420] = 2
    grid, results = find_all(labels, 512)
    settled = settle(grid, results.__getitem__)
    whole = paint(grid, results, settled)
    assert settled.count == 2
    (number,) = settled.joined
    assert (whole[100:2950, 200:240] == number).all()
    assert whole[1010, 410] not in (0, number)


def test_a_copy_is_dropped_and_a_corner_is_not():
    square = np.ones((10, 10), np.int32)
    no_votes = np.zeros((1, 0), np.float32)

    def block(corner, cut=False):
        return BlockObjects(corner, square, np.ones(1, np.float32), np.array([cut]), no_votes, (0, 0, 0, 0))

    grid = BlockGrid((512, 1024), 512)
    for corner, count in (((5, 506), 1), ((5, 515), 2)):
        results = [block((5, 508)), block(corner)]
        assert settle(grid, results.__getitem__).count == count


def test_the_last_pixel_owns():
    grid = BlockGrid((1024, 512), 512)
    labels = np.zeros((600, 512), np.int32)
    labels[500:511, 5:20] = 1
    labels[505:515, 40:60] = 2
    labels[590:600, 80:90] = 3
    window = slice(0, 600), slice(0, 512)
    owned, cut = find_owned(labels, window, grid.blocks[0], grid.shape)
    assert owned.tolist() == [False, True, False, False]
    assert not cut.any()
    labels[400:600, 200:210] = 4
    owned, cut = find_owned(labels, window, grid.blocks[0], grid.shape)
    assert cut.tolist() == [False, False, False, False, True]


def test_more_objects_than_numbers_are_refused_before_memory_is_taken():
    with pytest.raises(ImageReadError, match="holds more than 2147483647 objects; segment it region by region"):
        _number([2**40, 2**40], {}, set())
    assert _number([2, 2], {}, {(1, 1)}).count == 3


def test_tiles_are_predicted_once_and_let_go():
    calls = []

    def predict(place):
        calls.append(place)
        return np.full((1, 10, 10), place[0], np.float32)

    places = [(number % 4, 0) for number in range(12)]
    store = TileStore(predict, places, 10_000)
    assert [int(store.get(place).max()) for place in places] == [number % 4 for number in range(12)]
    assert len(calls) == 4
    assert store.held == 0
    small = TileStore(predict, places, 400)
    calls.clear()
    assert [int(small.get(place).max()) for place in places] == [number % 4 for number in range(12)]
    assert len(calls) == 12
    assert small.held == 0


def test_a_tile_that_fails_fails_for_all_who_wait():
    def predict(place):
        raise ValueError("no network")

    store = TileStore(predict, [(0, 0), (0, 0)], 100)
    for _ in range(2):
        with pytest.raises(ValueError, match="no network"):
            store.get((0, 0))


def test_blocks_take_the_channel_of_a_tuned_model(tmp_path):
    fields = [simulate((300, 300), seed=seed, diameter=26).image for seed in (1, 2)]
    path = tmp_path / "two.ome.tif"
    tifffile.imwrite(path, np.stack(fields), metadata={"axes": "CYX"})
    bundle = hooke.load_model().bundle
    for channel in (0, 1):
        tuned = Model(replace(bundle, settings=bundle.settings.model_copy(update={"channel": channel})))
        plane = LazyPlane(open_image(path), 0, None)
        assert survey(plane, tuned, QUICK).normalisation.channel == channel
        assert hooke.segment(path, tuned, diameter=26).normalisation.channel == channel
        assert survey(plane, tuned, replace(QUICK, channel=0)).normalisation.channel == 0
