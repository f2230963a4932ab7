"""Jobs of an array share the images of a run and the blocks of large ones; merged, all is as one run leaves it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

from hooke import pipeline
from hooke.datasets import simulate
from hooke.errors import ConfigError, OutputError
from hooke.io import read_labels, write_png
from hooke.io.lock import only_run
from hooke.pipeline import SegmentOptions, merge_results
from hooke.pipeline.large.block_objects import ObjectFinder
from hooke.pipeline.record import read_replay
from hooke.pipeline.shards import Shard
from hooke.pipeline.work import Settings

QUICK = SegmentOptions(diameter=22, threads=1)
segment_folder = partial(pipeline.segment_folder, page=False)  # which has tests of its own


@pytest.fixture(scope="module")
def plate(tmp_path_factory):
    """Five images in two folders, two of one name, one damaged."""
    folder = tmp_path_factory.mktemp("plate")
    for number, name in enumerate(("p1/a.png", "p1/b.png", "p1/c.png", "p2/a.png")):
        write_png(folder / name, simulate((120, 128), seed=number, diameter=22, density=0.15).image)
    (folder / "p1" / "damaged.tif").write_bytes(b"II*\x00 nothing more")
    return folder


@pytest.fixture(scope="module")
def whole(plate, tmp_path_factory):
    """All of them in one run."""
    out = tmp_path_factory.mktemp("whole")
    segment_folder([plate], out, QUICK)
    return out


def same_results(one, other):
    """Whether two folders hold the same, except times."""
    files = [
        {
            path.relative_to(out).as_posix(): path.read_bytes()
            for path in out.rglob("*")
            if path.parent.name in ("labels", "overlays") or path.name == "measurements.csv"
        }
        for out in (one, other)
    ]
    assert files[0].keys() == files[1].keys()
    assert [name for name in files[0] if files[0][name] != files[1][name]] == []
    tables = [
        pd.read_csv(out / "summary.csv", dtype=str, keep_default_na=False).drop(columns="seconds")
        for out in (one, other)
    ]
    pd.testing.assert_frame_equal(*tables)
    return len(files[0])


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "a/b", "1/0", "", "1/9999999"])
def test_what_is_no_shard_is_refused(text):
    with pytest.raises(ConfigError, match="1/8 to 8/8"):
        Shard.parse(text)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_each_image_and_each_block_falls_to_one_shard(count):
    shards = [Shard(number, count) for number in range(1, count + 1)]
    assert [sum(shard.has(place) for shard in shards) for place in range(20)] == [1] * 20
    assert [block for shard in shards for block in shard.run_of(range(5))] == list(range(5))


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 3, 8])
def test_shards_into_one_folder_merge_to_what_one_run_leaves(plate, whole, tmp_path, count):
    for number in range(count, 0, -1):
        segment_folder([plate], tmp_path / "out", QUICK, shard=f"{number}/{count}")
    merged = merge_results([tmp_path / "out"])
    assert (merged.complete, merged.images, merged.failed) == (True, 5, 1)
    assert same_results(tmp_path / "out", whole) == 9
    assert not (tmp_path / "out" / "shards").exists()
    records = [json.loads((out / "run.json").read_bytes()) for out in (tmp_path / "out", whole)]
    assert records[0]["inputs"] == records[1]["inputs"] and records[0]["options"] == records[1]["options"]
    assert records[0]["finished"] and "shard" not in records[0]
    assert read_replay(tmp_path / "out" / "run.json").inputs == read_replay(whole / "run.json").inputs
    assert "results.html" in [path.name for path in (tmp_path / "out").iterdir()]
    again = segment_folder([plate], tmp_path / "out", QUICK, shard="1/2")
    assert all(image.reused or image.error for image in again.images)  # a job that is run again after the merge
    assert all(image.reused or image.error for image in segment_folder([plate], tmp_path / "out", QUICK).images)


def test_shards_into_folders_of_their_own_merge_and_stay(plate, whole, tmp_path):
    folders = [tmp_path / f"part{number}" for number in (1, 2)]
    for number, folder in enumerate(folders, 1):
        segment_folder([plate], folder, QUICK, shard=f"{number}/2")
    merged = merge_results(folders, tmp_path / "out")
    assert merged.complete
    same_results(tmp_path / "out", whole)
    assert all((folder / "shards").is_dir() for folder in folders)
    assert merge_results(folders, tmp_path / "out").complete
    same_results(tmp_path / "out", whole)


@pytest.mark.slow
def test_shards_of_other_images_are_no_whole(plate, tmp_path):
    images = shutil.copytree(plate / "p1", tmp_path / "images")
    segment_folder([images], tmp_path / "out", QUICK, shard="1/2")
    shutil.copy(images / "c.png", images / "a0.png")  # takes a place, and moves all that follow to another shard
    segment_folder([images], tmp_path / "out", QUICK, shard="2/2")
    merged = merge_results([tmp_path / "out"])
    assert not merged.complete
    assert any("shard 1/2 was given other images than shard 2/2" in note for note in merged.notes)
    for number in (1, 2):
        segment_folder([images], tmp_path / "out", QUICK, shard=f"{number}/2")
    merged = merge_results([tmp_path / "out"])
    assert (merged.complete, merged.images, merged.failed) == (True, 5, 1)


@pytest.mark.slow
def test_a_shard_that_is_missing_or_was_stopped_is_named_and_nothing_is_lost(plate, whole, tmp_path, monkeypatch):
    out = tmp_path / "out"
    segment_folder([plate], out, QUICK, shard="1/3")
    stop_after(monkeypatch, 1)
    with pytest.raises(KeyboardInterrupt):
        segment_folder([plate], out, QUICK, shard="2/3")
    monkeypatch.undo()
    merged = merge_results([out])
    assert not merged.complete
    assert any("not there: 3/3" in note for note in merged.notes)
    assert any("2-of-3" in note and "stopped" in note for note in merged.notes)
    assert not json.loads((out / "run.json").read_bytes())["finished"]
    assert len(list((out / "labels").iterdir())) == 2
    for number in (2, 3):
        segment_folder([plate], out, QUICK, shard=f"{number}/3")
    assert merge_results([out]).complete
    same_results(out, whole)


def stop_after(monkeypatch, images):
    """Press Ctrl-C when this many images are done."""
    from hooke.pipeline import folder_segmentation

    real, done = folder_segmentation.segment_file, []

    def segment(*arguments):
        if len(done) == images:
            raise KeyboardInterrupt
        done.append(real(*arguments))
        return done[-1]

    monkeypatch.setattr(folder_segmentation, "segment_file", segment)


def test_a_merge_waits_for_no_shard_that_is_at_work(plate, tmp_path):
    segment_folder([plate], tmp_path, QUICK, shard="1/2")
    segment_folder([plate], tmp_path, QUICK, shard="2/2")
    with (
        only_run(tmp_path / "shards" / "2-of-2"),
        pytest.raises(OutputError, match="another run writes to this folder"),
    ):
        merge_results([tmp_path])
    assert merge_results([tmp_path]).complete


def test_a_merge_that_was_killed_is_done_again(plate, whole, tmp_path, monkeypatch):
    from hooke.pipeline import merge_sources

    for number in (1, 2):
        segment_folder([plate], tmp_path, QUICK, shard=f"{number}/2")
    real, calls = merge_sources.link_or_copy, []

    def link(*arguments):
        calls.append(arguments)
        if len(calls) == 6:
            raise KeyboardInterrupt
        real(*arguments)

    monkeypatch.setattr(merge_sources, "link_or_copy", link)
    with pytest.raises(KeyboardInterrupt):
        merge_results([tmp_path])
    monkeypatch.undo()
    assert merge_results([tmp_path]).complete
    same_results(tmp_path, whole)
    assert not [path for path in tmp_path.rglob("*") if ".part" in path.name or path.suffix == ".work"]


def test_results_that_contradict_each_other_are_named_and_kept(plate, tmp_path):
    one, other, out = tmp_path / "one", tmp_path / "other", tmp_path / "out"
    segment_folder([plate / "p1" / "a.png"], one, QUICK)
    segment_folder([plate / "p1" / "a.png", plate / "p1" / "b.png"], other, SegmentOptions(diameter=30, threads=1))
    kept = (other / "labels" / "a.tif").read_bytes()
    merged = merge_results([one, other], out)
    assert not merged.complete
    assert any("differs from what was merged before" in note and "other" in note for note in merged.notes)
    assert any("not all images were segmented in the same way" in note for note in merged.notes)
    assert (out / "labels" / "a.tif").read_bytes() == (one / "labels" / "a.tif").read_bytes() != kept
    assert (other / "labels" / "a.tif").read_bytes() == kept
    assert sorted(path.name for path in (out / "labels").iterdir()) == ["a.tif", "b.tif"]
    with pytest.raises(ConfigError, match="stopped before its end"):
        read_replay(out / "run.json")


def test_two_images_of_one_name_get_two(plate, tmp_path):
    for part in ("p1", "p2"):
        segment_folder([plate / part / "a.png"], tmp_path / part, QUICK)
    merged = merge_results([tmp_path / "p1", tmp_path / "p2"], tmp_path / "out")
    assert merged.complete and merged.images == 2
    table = pd.read_csv(tmp_path / "out" / "measurements.csv")
    for name, part in (("a", "p1"), ("p2-a", "p2")):
        labels = read_labels(tmp_path / "out" / "labels" / f"{name}.tif")
        assert np.array_equal(labels, read_labels(tmp_path / part / "labels" / "a.tif"))
        assert sorted(table[table["image"] == name]["label"]) == list(range(1, labels.max() + 1))
        assert (tmp_path / "out" / "overlays" / f"{name}.png").is_file()
    again = segment_folder([plate / "p2" / "a.png"], tmp_path / "out", QUICK)
    assert [(image.name, image.reused) for image in again.images] == [("p2-a", True)]


def test_a_damaged_result_stays_and_is_named(plate, tmp_path):
    segment_folder([plate / "p1" / "a.png"], tmp_path / "one", QUICK)
    (tmp_path / "one" / "labels" / "a.tif").write_bytes(b"cut")
    merged = merge_results([tmp_path / "one"], tmp_path / "out")
    assert not merged.complete and any("changed or removed" in note for note in merged.notes)
    with pytest.raises(ConfigError, match="holds no results of hooke segment"):
        merge_results([plate], tmp_path / "out")
    with pytest.raises(ConfigError, match="add -o FOLDER"):
        merge_results([tmp_path / "one", tmp_path / "two"])


def test_a_shard_does_no_work_for_all_images(plate, tmp_path):
    with pytest.raises(ConfigError, match="hooke track"):
        segment_folder([plate], tmp_path, QUICK, shard="1/2", track=True)
    with pytest.raises(ConfigError, match="--write to hooke merge"):
        segment_folder([plate], tmp_path, QUICK, shard="1/2", write="rois")
    segment_folder([plate / "p1" / "a.png"], tmp_path, QUICK, shard="1/1")
    assert any("rois" in note for note in merge_results([tmp_path], write="rois").notes)
    assert (tmp_path / "rois" / "a.zip").is_file()


@pytest.fixture(scope="module")
def slide(tmp_path_factory):
    """An image of three blocks, and what one run leaves of it."""
    folder = tmp_path_factory.mktemp("slide")
    field = simulate((160, 1060), seed=3, diameter=26, density=0.2, overlap=0.15)
    tifffile.imwrite(folder / "slide.tif", field.image, tile=(256, 256), compression="zlib")
    out = tmp_path_factory.mktemp("done")
    segment_folder([folder], out, SegmentOptions(diameter=26, threads=1, expand=3), block=512)
    return folder, out


@pytest.mark.slow
def test_the_blocks_of_a_large_image_are_shared(slide, tmp_path, monkeypatch):
    folder, whole = slide
    options = SegmentOptions(diameter=26, threads=1, expand=3)
    found = count_blocks(monkeypatch)
    for number in (1, 2, 3):
        segment_folder([folder], tmp_path, options, block=512, shard=f"{number}/3")
        if number == 2:
            early = merge_results([tmp_path])
            assert not early.complete and any("not finished until" in note for note in early.notes)
    assert sorted(found) == list(range(3))
    merged = merge_results([tmp_path], threads=1)
    assert merged.complete and len(found) == 3  # none is found again
    same_results(tmp_path, whole)
    assert not list(tmp_path.rglob("*.blocks")) and not (tmp_path / "shards").exists()


def count_blocks(monkeypatch):
    """Numbers of the blocks whose objects are found from now on."""
    found, real = [], ObjectFinder.find

    def find(self, block):
        found.append(block.number)
        return real(self, block)

    monkeypatch.setattr(ObjectFinder, "find", find)
    return found


@pytest.mark.slow
def test_blocks_are_kept_where_the_image_can_not_be_finished(slide, tmp_path, monkeypatch):
    folder, whole = slide
    copied = tmp_path / "images"
    shutil.copytree(folder, copied)
    options = SegmentOptions(diameter=26, threads=1, expand=3)
    for number in (1, 2):
        segment_folder([copied], tmp_path / "out", options, block=512, shard=f"{number}/2")
    (copied / "slide.tif").rename(tmp_path / "elsewhere.tif")
    merged = merge_results([tmp_path / "out"], threads=1)
    assert not merged.complete and merged.failed == 1
    assert (tmp_path / "out" / "shards" / "1-of-2").is_dir()
    (tmp_path / "elsewhere.tif").rename(copied / "slide.tif")
    monkeypatch.setattr("hooke.pipeline.merge.run_settings", lambda *given: Settings("another", "", ""))
    merged = merge_results([tmp_path / "out"], threads=1)
    assert not merged.complete and any("another version of hooke" in note for note in merged.notes)
    monkeypatch.undo()
    found = count_blocks(monkeypatch)
    assert merge_results([tmp_path / "out"], threads=1).complete and found == []
    labels = [read_labels(out / "labels" / "slide.tif") for out in (tmp_path / "out", whole)]
    assert np.array_equal(*labels)


def test_what_was_set_aside_in_a_shard_stays(plate, tmp_path):
    out = tmp_path / "out"
    segment_folder([plate / "p1" / "a.png"], out, QUICK, shard="1/1")
    part = out / "shards" / "1-of-1"
    edited = np.full((120, 128), 7, np.uint16)
    tifffile.imwrite(part / "labels" / "a.tif", edited)
    segment_folder([plate / "p1" / "a.png"], out, QUICK, shard="1/1")
    merged = merge_results([out])
    assert merged.complete and any("set aside" in note for note in merged.notes)
    assert np.array_equal(tifffile.imread(part / "replaced" / "a.tif"), edited)
    assert read_labels(out / "labels" / "a.tif").max() > 1


@pytest.mark.slow
def test_blocks_found_in_another_way_are_not_mixed(slide, tmp_path):
    folder, _ = slide
    segment_folder([folder], tmp_path, SegmentOptions(diameter=26, threads=1), block=512, shard="1/2")
    segment_folder([folder], tmp_path, SegmentOptions(diameter=30, threads=1), block=512, shard="2/2")
    merged = merge_results([tmp_path])
    assert not merged.complete
    assert any("other settings, software or runtime" in note for note in merged.notes)
    assert (tmp_path / "shards" / "2-of-2").is_dir()


@pytest.mark.slow
def test_a_killed_shard_goes_on(slide, tmp_path):
    folder, whole = slide
    command = [sys.executable, "-m", "hooke", "segment", str(folder), "-o", str(tmp_path / "out"), "--block", "512"]
    command += ["--diameter", "26", "--threads", "1", "--expand", "3", "-q", "--shard"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    first = subprocess.Popen([*command, "1/2"], env=environment)
    blocks = tmp_path / "out" / "shards" / "1-of-2" / ".hooke" / "slide.blocks"
    deadline = time.monotonic() + 60
    while not list(blocks.glob("*.objects.npz")) and time.monotonic() < deadline:
        time.sleep(0.01)
    first.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
    first.wait()
    assert list(blocks.glob("*.objects.npz"))
    both = [subprocess.Popen([*command, f"{number}/2"], env=environment) for number in (1, 2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    merged = subprocess.run([sys.executable, "-m", "hooke", "merge", str(tmp_path / "out"), "-q"], env=environment)
    assert merged.returncode == 0
    same_results(tmp_path / "out", whole)
    shutil.rmtree(tmp_path / "out")
    assert Path(folder / "slide.tif").is_file()
