"""Scores of tracks: cases worked out by hand, files of the challenge, and what is wrong with them."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import tifffile

pytest.importorskip("laptrack")
pytest.importorskip("ctc_metrics")

import hooke
from hooke.cli.evaluate import evaluate
from hooke.datasets import SequenceSettings, simulate_sequence
from hooke.errors import DatasetError
from hooke.tracking import TrackOptions, evaluate_tracks, read_track_file
from tests.builders import run_command
from tests.tracking.builders import squares

TWO = squares([{1: (20, 10 + t, 8), 2: (40, 50 - t, 8)} for t in range(4)])


def write(folder, stack, rows, name="man_track"):
    folder.mkdir(parents=True)
    for frame, plane in enumerate(stack):
        tifffile.imwrite(folder / f"{name}{frame:03d}.tif", np.asarray(plane, np.uint16), photometric="minisblack")
    file = "man_track.txt" if name == "man_track" else "res_track.txt"
    (folder / file).write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    return folder


def scores(tmp_path, stack, rows, truth=TWO, true_rows=("1 0 3 0", "2 0 3 0")):
    write(tmp_path / "gt" / "TRA", truth, true_rows)
    write(tmp_path / "res", stack, rows, "mask")
    return evaluate_tracks(tmp_path / "res", tmp_path / "gt")


def test_the_truth_itself_is_perfect(tmp_path):
    result = scores(tmp_path, TWO, ["1 0 3 0", "2 0 3 0"])
    names = ("TRA", "DET", "LNK", "CHOTA", "MOTA", "complete_tracks")
    assert [result.scores[name] for name in names] == [1.0] * 6
    assert math.isnan(result.scores["division_f1"])
    assert math.isnan(result.scores["SEG"])


def test_ids_that_change_places_cost_links_and_complete_tracks(tmp_path):
    swapped = TWO.copy()
    swapped[2:] = np.array([0, 2, 1])[TWO[2:]]
    result = scores(tmp_path, swapped, ["1 0 3 0", "2 0 3 0"])
    # Two links false and two missed; 8 objects cost 10 each and 6 links 1.5 each to draw.
    assert (result.counts["ED"], result.counts["EA"], result.counts["FN"]) == (2, 2, 0)
    assert result.scores["TRA"] == pytest.approx(1 - (2 * 1 + 2 * 1.5) / (8 * 10 + 6 * 1.5))
    assert result.scores["LNK"] == pytest.approx(1 - 5 / 9)
    assert (result.scores["DET"], result.scores["complete_tracks"]) == (1.0, 0.0)


def test_frames_without_objects_on_either_side(tmp_path):
    truth = squares([{1: (20, 10, 8)}, {}, {2: (20, 12, 8)}, {2: (20, 13, 8)}])
    found = squares([{1: (20, 10, 8)}, {}, {}, {2: (20, 13, 8)}])
    result = scores(tmp_path, found, ["1 0 0 0", "2 3 3 0"], truth, ["1 0 0 0", "2 2 3 1"])
    assert result.counts["FN"] == 1
    assert result.scores["DET"] == pytest.approx(2 / 3)


def test_a_result_without_any_object_scores_0(tmp_path):
    result = scores(tmp_path, np.zeros_like(TWO), [])
    assert [result.scores[name] for name in ("TRA", "DET", "LNK", "complete_tracks")] == [0.0] * 4
    assert json.dumps(result.to_dict())


@pytest.mark.parametrize("depth", [(), (3,)])
def test_frames_without_background_are_scored(tmp_path, depth):
    stack = np.ones((3, *depth, 32, 32), np.int32)
    stack[..., 16:] = 2
    for place in ("gt", "res"):
        write(tmp_path / place, stack, ["1 0 2 0", "2 0 2 0"])
    assert evaluate_tracks(tmp_path / "res", tmp_path / "gt").scores["TRA"] == 1


def test_large_numbers_do_not_wrap_around(tmp_path):
    number = np.array([0, 40_000, 60_000])
    result = scores(tmp_path, number[TWO], ["40000 0 3 0", "60000 0 3 0"], number[TWO], ["40000 0 3 0", "60000 0 3 0"])
    assert result.scores["TRA"] == 1.0


def test_divisions_and_outlines(tmp_path):
    before, after = {1: (32, 32, 14)}, {2: (32, 26, 10), 3: (32, 38, 10)}
    stack = squares([before, before, after, after])
    write(tmp_path / "gt" / "SEG", stack[:2], [], "man_seg")
    result = scores(tmp_path, stack, ["1 0 1 0", "2 2 3 1", "3 2 3 1"], stack, ["1 0 1 0", "2 2 3 1", "3 2 3 1"])
    assert (result.scores["division_f1"], result.scores["SEG"]) == (1.0, 1.0)
    write(tmp_path / "late", stack, ["1 0 1 0", "2 2 3 0", "3 2 3 0"], "mask")
    without = evaluate_tracks(tmp_path / "late", tmp_path / "gt")
    assert without.scores["division_f1"] == 0.0
    assert without.counts["found_divisions"] == 0


def test_what_hooke_writes_scores_as_it_is(tmp_path):
    made = simulate_sequence(SequenceSettings(frames=8, shape=(128, 128), displacement=0.15), seed=4)
    present = {int(i): np.flatnonzero((made.truth == i).any(axis=(1, 2))) for i in np.unique(made.truth)[1:]}
    rows = [f"{i} {t[0]} {t[-1]} {made.parents.get(i, 0)}" for i, t in present.items()]
    write(tmp_path / "gt" / "TRA", made.truth, rows)
    hooke.track(made.found, options=TrackOptions(fill_gaps=True)).save(tmp_path / "out", movie=False)
    result, code = run_command(evaluate, tmp_path / "out", tmp_path / "gt", "--tracks", "-o", tmp_path / "scores")
    assert (code, result.exception) == (0, None)
    assert "complete_tracks" in result.output
    saved = json.loads((tmp_path / "scores" / "track_scores.json").read_text())
    assert saved["scores"]["TRA"] > 0.97
    itself = evaluate_tracks(tmp_path / "out", tmp_path / "out").scores  # such as tracks that a person has corrected
    assert (itself["TRA"], itself["complete_tracks"]) == (1, 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1 0 3 0\n2 0 3 1\n", "does not end before"),
        ("1 0 3 0\n2 0 3 7\n", "is missing"),
        ("1 0 3 0\n1 0 3 0\n", "there twice"),
        ("1 3 0 0\n", "ends before it begins"),
        ("1 0 x 0\n", "line 1 is not four"),
        ("1 0 3 99999999999999999999\n", "line 1 is not four"),
    ],
)
def test_a_track_file_that_makes_no_sense_is_refused(tmp_path, text, says):
    (tmp_path / "res_track.txt").write_text(text)
    with pytest.raises(DatasetError, match=says):
        read_track_file(tmp_path / "res_track.txt")


def test_masks_and_track_file_must_agree(tmp_path):
    with pytest.raises(DatasetError, match="track 2 is to be in frames 0 to 2, and is seen in 4"):
        scores(tmp_path / "a", TWO, ["1 0 3 0", "2 0 2 0"])
    with pytest.raises(DatasetError, match="track 3 of the track file is in none"):
        scores(tmp_path / "b", TWO, ["1 0 3 0", "2 0 3 0", "3 0 0 0"])
    with pytest.raises(DatasetError, match="has 3 frames, the truth 4"):
        scores(tmp_path / "c", TWO[:3], ["1 0 2 0", "2 0 2 0"])
    with pytest.raises(DatasetError, match="no track file"):
        evaluate_tracks(tmp_path, tmp_path)
