"""`hooke track` as a user meets it: results of a run, files in order, stacks, and what is wrong with them."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tifffile

pytest.importorskip("laptrack")

from hooke.cli.track import track
from hooke.io import read_labels, write_labels, write_png
from hooke.io.entry import Entry
from tests.builders import exit_code, run_command
from tests.tracking.builders import squares

MOVING = squares([{1: (20, 10 + 2 * t, 8), 2: (40, 50 - t, 8)} for t in range(4)])


def test_files_in_natural_order_become_tracks(tmp_path):
    for t, plane in enumerate(MOVING):
        write_labels(tmp_path / "labels" / f"t{t + 8}.tif", [plane])  # t10 after t9
    result, code = run_command(track, tmp_path / "labels", "-o", tmp_path / "out", "--time-step-s", "2")
    assert (code, result.exception) == (0, None)
    assert "2 tracks in 4 frame(s), 0 division(s)" in result.output
    table = pd.read_csv(tmp_path / "out" / "tracks.csv")
    assert table["displacement"].dropna().tolist() == [2.0] * 3 + [1.0] * 3
    assert table["time_s"].tolist() == [0, 2, 4, 6] * 2
    assert (read_labels(tmp_path / "out" / "labels.tif") == MOVING).all()
    assert (tmp_path / "out" / "ctc" / "res_track.txt").read_text() == "1 0 3 0\n2 0 3 0\n"
    assert (tifffile.imread(tmp_path / "out" / "ctc" / "mask003.tif") == MOVING[3]).all()
    assert pd.read_csv(tmp_path / "out" / "lineage.csv")["frames"].tolist() == [4, 4]
    assert json.loads((tmp_path / "out" / "tracks.json").read_text())["tracks"] == 2


def test_a_missing_frame_is_named(tmp_path):
    for t in (0, 1, 3):
        write_labels(tmp_path / "labels" / f"t{t}.tif", [MOVING[t]])
    result, code = run_command(track, tmp_path / "labels", "-o", tmp_path / "out")
    assert code == 0
    assert "frame 2 is missing between t1.tif and t3.tif: these count as consecutive frames" in result.output
    assert "frame 2 is missing" in json.loads((tmp_path / "out" / "tracks.json").read_text())["notes"][0]


def test_an_image_of_a_run_that_has_no_labels_is_named(tmp_path):
    out = tmp_path / "results"
    for t in (0, 2):
        write_labels(out / "labels" / f"t{t}.tif", [MOVING[t]])
    entry = Entry("", "", "", "", 0, "", "", "", "", [])
    (out / ".hooke").mkdir()
    for t in range(4):  # the last failed, too, and leaves no gap
        (out / ".hooke" / f"t{t}.json").write_text(
            replace(entry, name=f"t{t}", base=f"t{t}", error="damaged").to_json()
        )
    result, code = run_command(track, out, "-o", tmp_path / "out")
    assert code == 0
    assert "results: t1 has no label image, as where images failed" in result.output


def test_what_was_found_in_images_and_what_is_doubtful_there_is_said_before_they_are_tracked(tmp_path):
    from hooke.datasets import simulate

    field = simulate((128, 128), seed=3, diameter=22, density=0.2, blur=6).image
    for t in range(3):
        write_png(tmp_path / "in" / f"t{t}.png", np.roll(field, t, axis=1))
    (tmp_path / "in" / "t3.png").write_bytes(b"\x89PNG damaged")
    result, code = run_command(track, tmp_path / "in", "-o", tmp_path / "out", "--no-movie")
    assert code == 1
    assert "objects in 3 image(s); results in" in result.output
    assert "warning: t0: out of focus" in result.output
    assert "t3.png" in result.output
    result, _ = run_command(track, tmp_path / "in", "-o", tmp_path / "out", "--no-movie", "-q")
    assert "out of focus" not in result.output


@pytest.mark.parametrize("explicit", [True, False])
def test_frames_whose_names_hold_no_number_are_taken_as_given_and_the_order_is_said(tmp_path, explicit):
    names = ["before", "during", "after"]
    for name, labels in zip(names, MOVING, strict=False):
        write_labels(tmp_path / "in" / f"{name}.tif", [labels])
    inputs = [tmp_path / "in" / f"{name}.tif" for name in names] if explicit else [tmp_path / "in"]
    result, code = run_command(track, *inputs, "-o", tmp_path / "out", "--no-movie")
    assert code == 0
    order = names if explicit else sorted(names)
    assert f"in this order: {', '.join(f'{name}.tif' for name in order)}" in result.output
    assert (read_labels(tmp_path / "out" / "labels.tif")[0] > 0).tolist() == (
        MOVING[names.index(order[0])] > 0
    ).tolist()


def test_after_a_gap_the_challenge_gets_a_new_number(tmp_path):
    gap = squares([{1: (20, 10, 8), 2: (40, 50, 8)}, {2: (40, 50, 8)}, {1: (20, 11, 8), 2: (40, 50, 8)}])
    write_labels(tmp_path / "a.tif", gap, axes="T", shape=(3,))
    _, code = run_command(track, tmp_path / "a.tif", "-o", tmp_path / "out", "--quiet")
    assert code == 0
    assert (tmp_path / "out" / "ctc" / "res_track.txt").read_text() == "1 0 0 0\n2 2 2 1\n3 0 2 0\n"
    assert np.unique(tifffile.imread(tmp_path / "out" / "ctc" / "mask002.tif")).tolist() == [0, 2, 3]
    assert np.unique(read_labels(tmp_path / "out" / "labels.tif")[2]).tolist() == [0, 1, 2]


def test_results_of_a_run_bring_scores_and_steps(tmp_path):
    write_labels(
        tmp_path / "results" / "labels" / "a.tif",
        MOVING,
        axes="T",
        shape=(4,),
        pixel_size_um=(0.5, 0.5),
        time_step_s=60,
    )
    rows = [{"image": "a", "t": t, "label": label, "score": t / 10 + label} for t in range(4) for label in (1, 2)]
    pd.DataFrame(rows).to_csv(tmp_path / "results" / "measurements.csv", index=False)
    _, code = run_command(track, tmp_path / "results", "-o", tmp_path / "out")
    assert code == 0
    table = pd.read_csv(tmp_path / "out" / "tracks.csv")
    assert table["score"].tolist() == pytest.approx([1, 1.1, 1.2, 1.3, 2, 2.1, 2.2, 2.3])
    assert table["speed_um_s"].dropna().iloc[0] == pytest.approx(2 * 0.5 / 60)


def test_several_stacks_are_several_sequences_and_a_bad_one_does_not_stop_the_others(tmp_path):
    for name in ("a", "b"):
        write_labels(tmp_path / "in" / f"{name}.tif", MOVING, axes="T", shape=(4,))
    negative = np.array(MOVING, np.int16)
    negative[2] *= -1
    tifffile.imwrite(tmp_path / "in" / "c.tif", negative, metadata={"axes": "TYX"}, ome=True)
    result, code = run_command(track, tmp_path / "in", "-o", tmp_path / "out")
    assert code == 1
    assert "c.tif: holds negative ids" in result.output
    assert (tmp_path / "out" / "a" / "tracks.csv").read_bytes() == (tmp_path / "out" / "b" / "tracks.csv").read_bytes()


@pytest.mark.parametrize(("axes", "says"), [("Z", "stack in depth"), ("I", "does not say which axis is time")])
def test_a_stack_that_is_not_known_to_be_time_says_how_to_name_it(tmp_path, capsys, axes, says):
    if axes == "Z":
        write_labels(tmp_path / "a.tif", MOVING, axes="Z", shape=(4,))
    else:
        tifffile.imwrite(tmp_path / "a.tif", MOVING.astype(np.uint16), photometric="minisblack", metadata=None)
    assert exit_code("track", tmp_path / "a.tif", "-o", tmp_path / "out") == 2
    message = " ".join(capsys.readouterr().err.split())
    assert says in message
    assert "--axes TYX" in message
    assert exit_code("track", tmp_path / "a.tif", "-o", tmp_path / "out", "--axes", "TYX", "-q") == 0


def test_frames_of_two_sizes_and_images_are_refused(tmp_path, capsys):
    write_labels(tmp_path / "in" / "t0.tif", [MOVING[0]])
    write_labels(tmp_path / "in" / "t1.tif", [MOVING[1][:50]])
    assert exit_code("track", tmp_path / "in", "-o", tmp_path / "out") == 2
    assert "frames of one size" in " ".join(capsys.readouterr().err.split())
    grey = np.random.default_rng(0).integers(0, 255, (64, 64)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "grey.tif", grey)
    assert exit_code("track", tmp_path / "grey.tif", "-o", tmp_path / "out", "--images", tmp_path / "grey.tif") == 2
    assert "--images goes with label images" in capsys.readouterr().err


def test_images_must_be_as_many_as_label_images(tmp_path, capsys):
    write_labels(tmp_path / "a.tif", MOVING, axes="T", shape=(4,))
    tifffile.imwrite(tmp_path / "one.tif", np.zeros((64, 64), np.uint8))
    assert exit_code("track", tmp_path / "a.tif", "-o", tmp_path / "out", "--images", tmp_path / "one.tif") == 2
    assert "1 images for 4 label images" in capsys.readouterr().err


def test_segment_and_track_in_one_go(tmp_path):
    from hooke.cli.segment import segment
    from hooke.datasets import simulate

    field = simulate((96, 96), seed=3, density=0.12).image
    movie = np.stack([np.roll(field, t, axis=1) for t in range(3)])
    tifffile.imwrite(tmp_path / "movie.tif", movie, metadata={"axes": "TYX"}, ome=True)
    result, code = run_command(segment, tmp_path / "movie.tif", "-o", tmp_path / "out", "--track", "--no-page")
    assert (code, result.exception) == (0, None)
    table = pd.read_csv(tmp_path / "out" / "tracks" / "tracks.csv")
    labels = read_labels(tmp_path / "out" / "labels" / "movie.tif")
    assert len(table) == sum(len(np.unique(plane)) - 1 for plane in labels)
    assert table["score"].between(0, 1).all()
    assert (table.groupby("track")["frame"].count() == 3).mean() > 0.5
    assert "tracks in 3 frames" in " ".join(result.output.split())
    assert (tmp_path / "out" / "tracks" / "movie.tif").is_file()


FIELDS = np.zeros((2, 3, 64, 64), np.uint8)  # times and planes


@pytest.mark.parametrize(
    ("files", "options", "says"),
    [
        ({"a": ("TZYX", FIELDS)}, (), "is a stack in depth, whose objects can be followed only where they are joined"),
        ({"a": ("ZYX", FIELDS[0]), "b": ("ZYX", FIELDS[1])}, (), "add --stitch z"),
        ({"a": ("ZYX", FIELDS[0])}, ("--stitch", "z"), "is a stack in depth, not in time"),
        ({"a": ("TYX", FIELDS[0]), "b": ("TZYX", FIELDS)}, (), "add --stitch z"),
        ({"a": ("YX", FIELDS[0, 0]), "b": ("YX", FIELDS[0, 0, :32])}, (), "give frames of one size"),
    ],
)
def test_what_could_not_be_followed_is_refused_before_it_is_segmented(tmp_path, capsys, files, options, says):
    (tmp_path / "in").mkdir()
    for name, (axes, pixels) in files.items():
        tifffile.imwrite(tmp_path / "in" / f"{name}.ome.tif", pixels, metadata={"axes": axes}, ome=True)
    assert exit_code("segment", tmp_path / "in", "-o", tmp_path / "out", "--track", *options) == 2
    assert says in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()


def test_a_stack_in_depth_among_movies_does_not_stop_them(tmp_path):
    from hooke.cli.segment import segment

    (tmp_path / "in").mkdir()
    for name, axes in {"a": "TYX", "b": "TYX", "c": "ZYX"}.items():
        tifffile.imwrite(tmp_path / "in" / f"{name}.ome.tif", FIELDS[0], metadata={"axes": axes}, ome=True)
    result, code = run_command(segment, tmp_path / "in", "-o", tmp_path / "out", "--track", "--no-page")
    assert (code, result.exception) == (1, None)
    assert "is a stack in depth, not in time" in " ".join(result.output.split())
    assert (tmp_path / "out" / "tracks" / "a" / "tracks.csv").is_file()


def test_images_are_segmented_first(tmp_path):
    from hooke.datasets import simulate

    field = simulate((96, 96), seed=3, density=0.12).image
    for t in range(3):
        tifffile.imwrite(tmp_path / f"t{t + 9}.tif", np.roll(field, t, axis=1))  # t10 after t9
    result, code = run_command(track, tmp_path / "t*.tif", "-o", tmp_path / "out", "--no-movie")
    assert (code, result.exception) == (0, None)
    table = pd.read_csv(tmp_path / "out" / "tracks.csv")
    assert sorted(path.name for path in (tmp_path / "out" / "segmented" / "labels").iterdir()) == [
        "t10.tif", "t11.tif", "t9.tif",
    ]  # fmt: skip
    assert (table.groupby("track")["frame"].count() == 3).mean() > 0.5
    assert table["displacement"].median() == pytest.approx(1, abs=0.3)


def test_frames_that_are_stacks_are_tracked_in_3d(tmp_path):
    stack = np.zeros((4, 3, 64, 64), np.int32)
    for t in range(4):
        stack[t, 0:2, 10:18, 5 + 2 * t : 13 + 2 * t] = 3 - t % 2
        stack[t, 1:3, 40:50, 40:50] = 2 + t % 2
    write_labels(
        tmp_path / "a.tif", stack.reshape(-1, 64, 64), axes="TZ", shape=(4, 3), pixel_size_um=(0.5, 0.5), z_step_um=2.0
    )
    result, code = run_command(track, tmp_path / "a.tif", "-o", tmp_path / "out")
    assert (code, result.exception) == (0, None)
    table = pd.read_csv(tmp_path / "out" / "tracks.csv")
    assert table.groupby("track")["displacement_um"].max().tolist() == [0.0, 1.0]
    assert table.groupby("track")["centroid_z_um"].first().tolist() == [3.0, 1.0]
    assert table["volume_um3"].unique().tolist() == [100.0, 64.0]
    labels = read_labels(tmp_path / "out" / "labels.tif")
    assert labels.shape == stack.shape
    assert ((labels > 0) == (stack > 0)).all()
    assert [sorted(np.unique(frame[frame > 0])) for frame in labels] == [[1, 2]] * 4
    assert tifffile.imread(tmp_path / "out" / "ctc" / "mask003.tif").shape == (3, 64, 64)
    # Files of one time each are frames, too.
    for t, frame in enumerate(stack):
        write_labels(tmp_path / "files" / f"t{t}.tif", frame, axes="Z", shape=(3,))
    result, code = run_command(track, tmp_path / "files", "-o", tmp_path / "again", "--no-movie")
    assert (code, len(pd.read_csv(tmp_path / "again" / "lineage.csv"))) == (0, 2)
    assert "linked, but none is split" in result.output


def test_an_earlier_run_leaves_nothing_of_its_own(tmp_path):
    write_labels(tmp_path / "a.tif", MOVING, axes="T", shape=(4,))
    write_labels(tmp_path / "b.tif", MOVING[:2], axes="T", shape=(2,))
    out = tmp_path / "out"
    assert exit_code("track", tmp_path / "a.tif", "-o", out, "-q") == 0
    assert (out / "movie.tif").is_file()
    assert exit_code("track", tmp_path / "b.tif", "-o", out, "-q", "--no-movie") == 0
    assert not list(out.glob("movie.*"))
    assert sorted(path.name for path in (out / "ctc").iterdir()) == ["mask000.tif", "mask001.tif", "res_track.txt"]
    # What a user put there under such a name stays.
    (out / "movie.tif").write_bytes(b"a film")
    assert exit_code("track", tmp_path / "b.tif", "-o", out, "-q", "--no-movie") == 0
    assert (out / "movie.tif").read_bytes() == b"a film"


def test_what_is_read_is_never_replaced(tmp_path, capsys):
    write_labels(tmp_path / "labels.tif", MOVING, axes="T", shape=(4,))
    write_labels(tmp_path / "a.tif", MOVING, axes="T", shape=(4,))
    tifffile.imwrite(tmp_path / "movie.tif", np.zeros((4, 64, 64), np.uint8), imagej=True, metadata={"axes": "TYX"})
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert exit_code("track", tmp_path / "labels.tif", "-o", tmp_path, "-q") == 2
    assert exit_code("track", tmp_path / "a.tif", "-o", tmp_path, "-q", "--images", tmp_path / "movie.tif") == 2
    assert capsys.readouterr().err.count("choose another folder") == 2
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_tracks_are_tracked_again_by_their_label_stack(tmp_path):
    write_labels(tmp_path / "a.tif", MOVING, axes="T", shape=(4,))
    assert exit_code("track", tmp_path / "a.tif", "-o", tmp_path / "one", "-q") == 0
    assert exit_code("track", tmp_path / "one", "-o", tmp_path / "two", "-q") == 0
    assert (tmp_path / "two" / "tracks.csv").read_bytes() == (tmp_path / "one" / "tracks.csv").read_bytes()
    assert exit_code("track", tmp_path / "one", "-o", tmp_path / "one", "-q") == 2


def test_stacks_that_cannot_be_read_do_not_stop_the_others(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.tif").write_bytes(b"not a film")
    for name in ("b", "c"):
        write_labels(tmp_path / "in" / f"{name}.tif", MOVING, axes="T", shape=(4,))
    tifffile.imwrite(tmp_path / "in" / "d.tif", MOVING.astype(np.uint16), photometric="minisblack", metadata=None)
    result, code = run_command(track, tmp_path / "in", "-o", tmp_path / "out", "--no-movie")
    said = " ".join(result.output.split())
    assert code == 1
    assert "a.tif: not an image" in said and "d.tif: does not say which axis is time" in said
    assert sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_dir()) == ["b", "c"]
    # A frame that cannot be read is missing in its sequence.
    for t in range(3):
        write_labels(tmp_path / "frames" / f"t{t}.tif", [MOVING[t]])
    (tmp_path / "frames" / "t1.tif").write_bytes(b"not a frame")
    assert exit_code("track", tmp_path / "frames", "-o", tmp_path / "none", "-q") == 2


def test_labels_are_known_by_frames_that_show_something_and_if_stored_as_float(tmp_path):
    write_labels(tmp_path / "a.tif", MOVING, axes="T", shape=(4,))
    tifffile.imwrite(tmp_path / "b.tif", MOVING.astype(np.float32), imagej=True, metadata={"axes": "TYX"})
    for name in "ab":
        assert exit_code("track", tmp_path / f"{name}.tif", "-o", tmp_path / name, "-q", "--no-movie") == 0
        assert not (tmp_path / name / "segmented").exists()
    assert (tmp_path / "a" / "tracks.csv").read_bytes() == (tmp_path / "b" / "tracks.csv").read_bytes()
    film = np.random.default_rng(0).integers(0, 255, (4, 64, 64)).astype(np.uint8)
    film[:2] = 0  # the shutter was closed
    tifffile.imwrite(tmp_path / "film.tif", film, imagej=True, metadata={"axes": "TYX"})
    assert exit_code("track", tmp_path / "film.tif", "-o", tmp_path / "film", "-q", "--no-movie") == 0
    assert (tmp_path / "film" / "segmented" / "labels" / "film.tif").is_file()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--time-step-s", "0"), "give seconds, more than 0"),
        (("--pixel-size-um", "0"), "pixel size is 0.0; give micrometres"),
        (("--z-step-um", "0"), "give micrometres, more than 0"),
        (("--model", "cells"), "goes with images"),
        (("--images", "one.tif", "--images", "two.tif"), "8 images for 4 label images"),
    ],
)
def test_an_option_without_effect_is_refused(tmp_path, monkeypatch, capsys, options, says):
    monkeypatch.chdir(tmp_path)
    write_labels("a.tif", MOVING, axes="T", shape=(4,))
    for name in ("one.tif", "two.tif"):
        tifffile.imwrite(name, np.zeros((4, 64, 64), np.uint8), imagej=True, metadata={"axes": "TYX"})
    assert exit_code("track", "a.tif", "-o", "out", "-q", *options) == 2
    assert says in " ".join(capsys.readouterr().err.split())


@pytest.mark.slow
def test_planes_that_were_segmented_each_by_itself_are_no_objects_in_3d(tmp_path, capsys):
    from hooke.datasets import StackSettings, simulate_stack
    from hooke.pipeline import SegmentOptions, segment_folder

    made = simulate_stack(StackSettings(shape=(12, 96, 96), times=2, density=0.15), seed=5)
    tifffile.imwrite(tmp_path / "a.tif", made.image, imagej=True, metadata={"axes": "TZYX"})
    for stitch, code in ((None, 2), ("z", 0)):
        segment_folder([tmp_path / "a.tif"], tmp_path / "out", SegmentOptions(stitch=stitch), page=False)
        assert exit_code("track", tmp_path / "out", "-o", tmp_path / "tracks", "-q", "--no-movie") == code
    assert "segment again with --stitch z" in " ".join(capsys.readouterr().err.split())


def test_what_writing_finds_out_is_said_too(tmp_path, monkeypatch):
    monkeypatch.setattr("hooke.tracking.ctc_files._MOST", 1)  # for the 65535 that 16 bits hold
    write_labels(tmp_path / "a.tif", MOVING, axes="T", shape=(4,))
    result, code = run_command(track, tmp_path / "a.tif", "-o", tmp_path / "out", "--no-movie")
    assert code == 0
    assert "do not fit in the challenge's 16 bits" in " ".join(result.output.split())


def test_files_of_several_sequences_and_a_step_between_no_planes_are_said(tmp_path):
    for t, plane in enumerate(MOVING):
        for well in ("A01", "B02"):
            write_labels(tmp_path / "labels" / f"{well}_t{t}.tif", [plane])
    result, code = run_command(track, tmp_path / "labels", "-o", tmp_path / "out", "--z-step-um", "0.5")
    assert code == 0
    notes = json.loads((tmp_path / "out" / "tracks.json").read_text())["notes"]
    assert notes[0].startswith("these look like several sequences (A01_t0.tif, A01_t1.tif … B02_t3.tif)")
    assert "has no effect: frames are single planes" in notes[1]
    assert notes[0] in " ".join(result.output.split())
