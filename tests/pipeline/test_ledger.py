"""Results of several runs in one folder: never another image's, never damaged, tables always those of the labels."""

import json
import os
import shutil
import sys
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

import hooke
from hooke import pipeline
from hooke.datasets import simulate
from hooke.errors import ClusterError, ConfigError, HookeError, OutputError
from hooke.io import read_labels, write_png
from hooke.io.entry import run_entries
from hooke.io.lock import only_run
from hooke.pipeline import SegmentOptions, ledger, segment_file, tables
from hooke.pipeline.folder_segmentation import _Run
from hooke.pipeline.record import read_replay
from hooke.pipeline.work import Origin, Settings

QUICK = SegmentOptions(diameter=22, threads=1)
segment_folder = partial(pipeline.segment_folder, page=False)  # which has tests of its own


def rows(out):
    return pd.read_csv(out / "summary.csv", keep_default_na=False)


def check_tables(out):
    """Labels, measurements and summary hold the same objects."""
    summary, table = rows(out), pd.read_csv(out / "measurements.csv")
    counted = {name: part["count"].astype(int).sum() for name, part in summary[summary["count"] != ""].groupby("image")}
    labels = {path.stem: read_labels(path) for path in (out / "labels").glob("[!.]*.tif")}
    assert {name: int(ids.max()) for name, ids in labels.items()} == counted
    for name, ids in labels.items():
        assert sorted(table[table["image"] == name]["label"]) == np.unique(ids[ids > 0]).tolist()
    assert set(table["image"]) == {name for name, count in counted.items() if count}
    assert not [path for path in out.rglob("*") if ".part" in path.name or path.suffix == ".work"]


@pytest.fixture(scope="module")
def field():
    """A smaller field than that of the other tests: what counts here are files."""
    return simulate((96, 112), seed=3, diameter=22, density=0.15, overlap=0.1)


@pytest.fixture(scope="module")
def done_once(tmp_path_factory, field):
    """An image and its results."""
    folder = tmp_path_factory.mktemp("done")
    write_png(folder / "b.png", field.image)
    segment_folder([folder / "b.png"], folder / "out", QUICK)
    return folder


@pytest.fixture
def done(done_once, tmp_path):
    """An image, and a copy of its results."""
    shutil.copytree(done_once / "out", tmp_path / "out")
    return done_once / "b.png", tmp_path / "out"


@pytest.fixture
def plates(tmp_path, field):
    """Two files of one name, size and time with other contents."""
    for plate, pixels in (("plate1", field.image), ("plate2", np.rot90(field.image, 2))):
        path = tmp_path / plate / "field1.npy"
        path.parent.mkdir()
        np.save(path, pixels)
        os.utime(path, ns=(10**18, 10**18))
    return tmp_path / "plate1", tmp_path / "plate2"


def test_no_image_takes_the_results_of_another_of_its_name_size_and_time(plates, tmp_path):
    out = tmp_path / "out"
    for plate in plates:
        result = segment_folder([plate], out, QUICK)
        assert not result.images[0].reused
    assert sorted(path.name for path in (out / "labels").iterdir()) == ["field1.tif", "plate2-field1.tif"]
    first, second = (read_labels(out / "labels" / f"{name}.tif") for name in ("field1", "plate2-field1"))
    assert not np.array_equal(first, second)
    assert all(image.reused for image in segment_folder(plates[::-1], out, QUICK).images)
    check_tables(out)


def test_file_that_was_moved_keeps_its_results_and_another_at_its_place_gets_its_own(plates, tmp_path):
    out, (first, second) = tmp_path / "out", plates
    segment_folder([first], out, QUICK)
    moved = first.rename(tmp_path / "elsewhere")
    assert [image.reused for image in segment_folder([moved], out, QUICK).images] == [True]
    shutil.copytree(second, first)
    result = segment_folder([first], out, QUICK)
    assert [(image.name, image.reused) for image in result.images] == [("plate1-field1", False)]
    assert set(rows(out)["file"]) == {str(moved / "field1.npy"), str(first / "field1.npy")}
    check_tables(out)


@pytest.mark.parametrize("part", ["labels/b.tif", "overlays/b.png", ".hooke/b.csv", ".hooke/b.json"])
@pytest.mark.parametrize("damage", ["cut", "changed", "missing"])
def test_damaged_result_is_done_again(done, part, damage):
    image, out = done
    path = out / part
    whole = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        at = len(whole) * 7 // 8  # in what is compressed
        path.write_bytes(whole[:100] if damage == "cut" else whole[:at] + b"#" + whole[at + 1 :])
    assert [one.reused for one in segment_folder([image], out, QUICK).images] == [False]
    assert not (out / "replaced").exists()  # what is damaged is not worth keeping, nor what is made again as it was
    assert path.read_bytes() == whole or part == ".hooke/b.json"  # which holds the seconds that it took
    assert [one.reused for one in segment_folder([image], out, QUICK).images] == [True]


JSON_OF_ALL_KINDS = [
    b"", b"{", b"null", b"[]", b"5", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"entry": 1, "sha256": 2}',
    b'{"entry": {"name": 1}, "sha256": "x"}', b'{"entry": null}', b"1e999", b"NaN",
]  # fmt: skip


@pytest.mark.parametrize("content", JSON_OF_ALL_KINDS)
def test_damaged_entry_means_not_done(done, content):
    image, out = done
    (out / ".hooke" / "b.json").write_bytes(content)
    (out / ".hooke" / "c.work").write_bytes(content)
    result = segment_folder([image], out, QUICK)
    assert [(one.error, one.reused) for one in result.images] == [("", False)]
    check_tables(out)


def test_marker_removes_nothing_outside_of_the_results(images, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "mine.txt").write_text("")
    (out / "notes.txt").write_text("")
    (out / ".hooke").mkdir()
    (out / ".hooke" / "b.work").write_text(json.dumps(["../mine.txt", "notes.txt", "labels/../../mine.txt"]))
    segment_folder([images / "b.png"], out, QUICK)
    assert (tmp_path / "mine.txt").exists()
    assert (out / "notes.txt").exists()


def test_run_on_one_image_keeps_the_rows_of_the_others_and_says_their_options(images, tmp_path):
    out = tmp_path / "out"
    segment_folder([images], out, QUICK)
    result = segment_folder([images / "b.png"], out, SegmentOptions(diameter=30, threads=1))
    assert list(rows(out)["image"]) == ["a_png", "a_tif", "b"]
    assert list(rows(out)["options"]) == ["diameter=22.0", "diameter=22.0", "diameter=30.0"]
    assert list(rows(out)["diameter"].astype(float)) == [22, 22, 30]
    assert [note for note in result.notes if "2 image(s) of earlier runs" in note and "other options" in note]
    check_tables(out)
    record = json.loads((out / "run.json").read_text())
    assert [row["options"] for row in record["images"]] == list(rows(out)["options"])
    assert len(record["inputs"]) == 1


def test_failure_beside_an_earlier_result_is_said_in_its_row(images, tmp_path):
    out = tmp_path / "out"
    segment_folder([images], out, QUICK)
    result = segment_folder([images], out, SegmentOptions(diameter=30, channel=1, threads=1))
    assert len(result.failed) == 3
    assert all("no channel 1" in error and "of an earlier run" in error for error in rows(out)["error"])
    check_tables(out)
    assert all(image.reused for image in segment_folder([images], out, QUICK).images)
    assert not any(rows(out)["error"])


def test_row_of_a_failure_stays_until_its_image_is_done(images, tmp_path):
    out, whole = tmp_path / "out", (images / "b.png").read_bytes()
    (images / "b.png").write_bytes(whole[:100])
    segment_folder([images], out, QUICK)
    segment_folder([images / "a.png"], out, QUICK)
    assert list(rows(out)["error"] != "") == [False, False, True]
    (images / "b.png").write_bytes(whole)
    segment_folder([images / "b.png"], out, QUICK)
    assert not any(rows(out)["error"])
    check_tables(out)


def test_row_of_a_failure_goes_with_its_image(images, tmp_path):
    out, whole = tmp_path / "out", (images / "b.png").read_bytes()
    (images / "b.png").write_bytes(whole[:100])
    (images / "c.png").symlink_to(tmp_path / "nowhere.png")
    segment_folder([images], out, QUICK)
    assert list(rows(out)["error"] != "") == [False, False, True, True]
    (images / "b.png").rename(images / "d.png")  # the same file under another name
    segment_folder([images], out, QUICK)
    assert [Path(file).name for file in rows(out)["file"]] == ["a.png", "a.tif", "d.png", "nowhere.png"]
    (images / "d.png").unlink()
    segment_folder([images], out, QUICK)
    assert [Path(file).name for file in rows(out)["file"]] == ["a.png", "a.tif", "nowhere.png"]  # of a link
    assert not (out / ".hooke" / "b.json").exists()
    (images / "c.png").unlink()
    (images / "a.png").unlink()
    segment_folder([images], out, QUICK)
    assert list(rows(out)["image"]) == ["a_png", "a_tif"]  # results stay when their image goes
    check_tables(out)


@pytest.mark.parametrize("when", ["overlay", "commit", "entry", "tables"])
@pytest.mark.parametrize("options", [QUICK, SegmentOptions(diameter=30, threads=1)])
def test_tables_agree_with_labels_wherever_a_run_is_stopped(images, tmp_path, monkeypatch, when, options):
    out, calls = tmp_path / "out", []
    segment_folder([images / "a.png", images / "b.png"], out, QUICK)
    owner, name = {
        "overlay": (segment_file, "write_overlay"),
        "commit": (ledger.Ledger, "_announce"),
        "entry": (ledger.Ledger, "_write"),
        "tables": (tables, "_write_summary"),
    }[when]
    real = getattr(owner, name)

    def stop(*args, **kwargs):
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, name, stop)
    with pytest.raises(KeyboardInterrupt):
        segment_folder([images], out, options)
    monkeypatch.undo()
    check_tables(out)
    segment_folder([images], out, options)
    check_tables(out)
    assert len(rows(out)) == 3


def test_nothing_is_written_once_the_tables_are(images, tmp_path):
    out, origin = tmp_path / "out", Origin("b", "b", images / "b.png")
    segment_folder([images], out, QUICK)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    late = ledger.Ledger(out, Settings("other", "", "0"))
    with pytest.raises(HookeError, match="the run has ended"), late.writing(origin, late.content(origin.path)) as work:
        work.place(out / "labels" / "b.tif").write_bytes(b"late")
        late.close()
    late.fail(origin, None, "late, too")
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def kill_at(monkeypatch, owner, name, when=lambda *args: True):
    """End the run in a function as KILL does: nothing is tidied up."""
    real = getattr(owner, name)

    def stop(*args, **kwargs):
        if when(*args):
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, name, stop)
    monkeypatch.setattr(ledger.Ledger, "close", lambda self: None)
    monkeypatch.setattr(_Run, "close", lambda self, finished: None)


@pytest.mark.parametrize("when", ["before the first result", "after the entry"])
def test_what_a_killed_run_had_not_begun_or_had_finished_is_not_done_again(images, tmp_path, monkeypatch, when):
    out = tmp_path / "out"
    segment_folder([images / "b.png"], out, SegmentOptions(diameter=30, threads=1, expand=4))
    was = (out / "labels" / "b.tif").read_bytes()
    if when == "after the entry":
        kill_at(monkeypatch, ledger, "_remove", lambda path: path.suffix == ".work")
    else:
        kill_at(monkeypatch, ledger.Ledger, "_check_token", lambda self: (out / ".hooke" / "b.work").exists())
    with pytest.raises(KeyboardInterrupt):
        segment_folder([images / "b.png"], out, QUICK)
    monkeypatch.undo()
    assert (out / ".hooke" / "b.work").exists()
    assert ((out / "labels" / "b.tif").read_bytes() == was) == (when != "after the entry")
    options = QUICK if when == "after the entry" else SegmentOptions(diameter=30, threads=1, expand=4)
    assert [image.reused for image in segment_folder([images / "b.png"], out, options).images] == [True]
    assert (out / "cytoplasm" / "b.tif").exists() == (when != "after the entry")
    check_tables(out)


def test_entry_that_a_killed_run_had_not_named_is_of_no_image(images, tmp_path):
    out = tmp_path / "out"
    segment_folder([images / "b.png"], out, QUICK)
    (out / ".hooke" / "b.json").rename(out / ".hooke" / ".hooke-0.part.json")
    assert list(run_entries(out)) == []


def test_run_waits_for_a_worker_whose_results_are_taking_their_places(tmp_path):
    run = ledger.Ledger(tmp_path, Settings("", "", ""))
    with run.with_workers():
        marker = tmp_path / ".hooke" / "a.work"
        marker.write_text("[]")
        threading.Timer(0.2, marker.unlink).start()
    assert not marker.exists()


def test_worker_whose_run_has_ended_takes_back_what_it_announced(tmp_path, monkeypatch):
    worker = ledger.Ledger(tmp_path, Settings("", "", ""), only="a", token="run-1")
    (tmp_path / ".hooke").mkdir()
    mark = tmp_path / ".hooke" / "run-1"
    mark.touch()
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.tif").write_bytes(b"")

    # The run ends after the token was read for the first time.
    monkeypatch.setattr(ledger.Ledger, "_set_aside", lambda self, name, new: mark.unlink())
    with pytest.raises(ClusterError, match="the run has ended"), worker.writing(Origin("a", "a", None), None) as work:
        work.place(tmp_path / "labels" / "a.tif").write_bytes(b"new")
    assert not (tmp_path / ".hooke" / "a.work").exists()
    assert (tmp_path / "labels" / "a.tif").read_bytes() == b""


def test_run_that_is_killed_after_it_set_an_edited_label_image_aside_leaves_no_table_that_counts_it(
    images, tmp_path, monkeypatch
):
    out = tmp_path / "out"
    segment_folder([images], out, QUICK)
    tifffile.imwrite(out / "labels" / "b.tif", read_labels(out / "labels" / "b.tif") % 3)
    kill_at(monkeypatch, ledger.Ledger, "_announce")
    with pytest.raises(KeyboardInterrupt):
        segment_folder([images / "b.png"], out, SegmentOptions(diameter=30, threads=1))
    monkeypatch.undo()
    assert (out / "replaced" / "b.tif").exists()
    assert not (out / "summary.csv").exists()


def test_label_image_that_changed_and_kept_its_size_is_not_counted(images, tmp_path):
    out = tmp_path / "out"
    segment_folder([images], out, QUICK)
    path = out / "labels" / "b.tif"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    segment_folder([images / "a.png"], out, QUICK)
    assert "segment it again" in rows(out).set_index("image").loc["b", "error"]


def test_tables_are_gone_while_results_change(images, tmp_path, monkeypatch):
    out, seen = tmp_path / "out", []
    segment_folder([images], out, QUICK)
    real = ledger.Ledger._write

    def look(self, entry):
        seen.append((out / "summary.csv").exists())
        real(self, entry)

    monkeypatch.setattr("hooke.pipeline.ledger.Ledger._write", look)
    segment_folder([images], out, QUICK)
    assert not seen  # nothing was done
    segment_folder([images], out, SegmentOptions(diameter=30, threads=1))
    assert seen == [False] * 3


def test_second_run_into_a_folder_is_refused_while_the_first_one_works(images, tmp_path):
    with only_run(tmp_path / "out"), pytest.raises(OutputError, match="another run writes to this folder"):
        segment_folder([images], tmp_path / "out", QUICK)
    segment_folder([images], tmp_path / "out", QUICK)


def test_results_that_are_gone_are_said_and_leave_the_tables(images, tmp_path):
    out = tmp_path / "out"
    segment_folder([images], out, QUICK)
    (out / "labels" / "b.tif").unlink()
    segment_folder([images / "a.png"], out, QUICK)
    assert "segment it again" in rows(out).set_index("image").loc["b", "error"]
    check_tables(out)


def test_stack_that_lost_planes_leaves_no_overlay_behind(tmp_path, field):
    path, out = tmp_path / "s.npy", tmp_path / "out"
    np.save(path, np.stack([field.image] * 3))
    segment_folder([path], out, QUICK, axes="TYX")
    np.save(path, np.stack([field.image] * 2))
    segment_folder([path], out, QUICK, axes="TYX")
    assert sorted(path.name for path in (out / "overlays").iterdir()) == ["s_t0.png", "s_t1.png"]


def test_equal_runs_give_equal_bytes(images, tmp_path):
    for out in ("one", "two"):
        segment_folder([images], tmp_path / out, QUICK)
    for path in (tmp_path / "one" / "labels").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / "labels" / path.name).read_bytes()


def test_replay_refuses_an_image_that_changed_or_is_gone(images, tmp_path):
    out = tmp_path / "out"
    segment_folder([images], out, QUICK)
    read_replay(out / "run.json")
    status = (images / "b.png").stat()
    write_png(images / "b.png", np.zeros((50, 50), np.uint8))
    os.utime(images / "b.png", ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(ConfigError, match=r"b\.png: .*changed"):
        read_replay(out / "run.json")
    (images / "b.png").unlink()
    with pytest.raises(ConfigError, match=r"b\.png: .*can't be read"):
        read_replay(out / "run.json")


def test_replay_refuses_a_record_of_a_run_that_did_not_end(images, tmp_path, monkeypatch):
    monkeypatch.setattr(_Run, "close", lambda self, finished: None)  # as if killed
    segment_folder([images], tmp_path / "out", QUICK)
    with pytest.raises(ConfigError, match="before its end"):
        read_replay(tmp_path / "out" / "run.json")


WRONG = ({}, [1], "x", 1e400)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("options", None), ("options", {}), ("inputs", [1]), ("inputs", []), ("inputs", [{"path": 5}]),
        ("finished", "x"), ("classifier", 5), ("model", []), ("model", {"source": 1}),
        *[("options", {key: value}) for key in ("diameter", "tta", "min_size") for value in WRONG],
        *[("options", {"channel": value}) for value in WRONG if value != "x"],  # it may be a channel's name
        *[("options", {key: value}) for key in ("axes", "classify") for value in ({}, [1], 5)],
    ],
)  # fmt: skip
def test_record_of_any_types_is_refused_in_one_sentence(done, part, value):
    path = done[1] / "run.json"
    record = json.loads(path.read_text())
    merged = record[part] | value if isinstance(value, dict) and value and part != "model" else value
    path.write_text(json.dumps(record | {part: merged}))
    with pytest.raises(ConfigError, match="not the record of a run") as caught:
        read_replay(path)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse some of these names")
def test_names_of_all_kinds_cost_no_other_image_its_row(images, tmp_path):
    pixels, out = (images / "b.png").read_bytes(), tmp_path / "out"
    for name in (b"caf\xe9.png", b"=1+1.png", b"x" * 247 + b".png", b"a\nb.png"):
        (images / os.fsdecode(name)).write_bytes(pixels)
    os.mkfifo(images / "pipe.png")
    result = segment_folder([images], out, QUICK)
    assert not result.failed
    assert len(rows(out)) == 7
    assert {"'=1+1", "caf%E9", "a\nb"} <= set(rows(out)["image"])
    assert len(read_replay(out / "run.json").inputs) == 7
    assert all(image.reused for image in segment_folder([images], out, QUICK).images)


def test_saving_two_segmentations_into_one_folder_keeps_both(images, tmp_path):
    out = tmp_path / "out"
    for name in ("a.png", "b.png", "b.png"):
        hooke.segment(images / name, diameter=22, threads=1).save(out)
    assert list(rows(out)["image"]) == ["a", "b"]
    hooke.segment(images / "a.tif", diameter=22, threads=1).save(out)
    assert sorted(path.stem for path in (out / "labels").iterdir()) == ["a", "a_tif", "b"]
    check_tables(out)


def test_label_image_that_no_run_made_or_that_was_edited_is_kept(images, tmp_path):
    out, mine = tmp_path / "out", np.full((5, 6), 7, np.uint16)
    write_png(out / "labels" / "b.png", mine.astype(np.uint8))
    tifffile.imwrite(out / "labels" / "b.tif", mine)
    result = segment_folder([images / "b.png"], out, QUICK)
    assert np.array_equal(tifffile.imread(out / "replaced" / "b.tif"), mine)
    assert any("kept in" in note for note in result.notes)
    edited = read_labels(out / "labels" / "b.tif") % 3
    tifffile.imwrite(out / "labels" / "b.tif", edited)
    segment_folder([images / "b.png"], out, QUICK)
    assert np.array_equal(read_labels(out / "replaced" / "b_2.tif"), edited)
    assert not np.array_equal(read_labels(out / "labels" / "b.tif"), edited)
    segment_folder([images / "b.png"], out, SegmentOptions(diameter=30, threads=1))
    assert len(list((out / "replaced").iterdir())) == 2  # what a run made is replaced


def test_folder_of_images_may_be_the_output_folder(images):
    for _ in range(2):
        result = segment_folder([images], images, QUICK)
        assert [image.name for image in result.images] == ["a_png", "a_tif", "b"]
        assert [note for note in result.notes if "among the images" in note]
    assert all(image.reused for image in result.images)


def test_images_where_results_go_are_refused_before_any_work(images):
    write_png(images / "labels" / "x.png", np.zeros((9, 9), np.uint8))
    before = sorted(images.rglob("*"))
    for given, out in (([images / "labels"], images), ([images], images / "labels")):
        with pytest.raises(OutputError, match="holds images"):
            segment_folder(given, out, QUICK)
    assert sorted(images.rglob("*")) == before


def test_overlay_of_a_plane_does_not_replace_that_of_another_image(tmp_path, field):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    np.save(folder / "a.npy", np.stack([field.image] * 2))
    np.save(folder / "a_t0.npy", np.stack([field.image[::-1]] * 2))
    segment_folder([folder], out, QUICK, axes="TYX")
    assert len(list((out / "overlays").iterdir())) == 4
    assert all(image.reused for image in segment_folder([folder], out, QUICK, axes="TYX").images)
