#!/usr/bin/env bash
# A gap that laptrack closes when a cell is alone stays open when another cell, which stands still, has a gap too.
# Guess: with gap_closing_cutoff=15**2 a cell that moves 10 pixels while it is missing in one frame is linked over the
#   gap, no matter what happens 1000 pixels away.
# Seen: alone it is one track; beside one cell or more that stand still and are missing in a frame as well, it is two.
#   Where no cost of "no link" is given, it is taken from the 90th percentile of all costs of gaps, which is then far below
#   that of the mover. track_start_cost and track_end_cost concern frames only; with segment_start_cost and
#   segment_end_cost given it is one track again.
# Version: laptrack==0.17.1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet laptrack==0.17.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import pandas as pd
from laptrack import LapTrack

CUTOFF = 15.0**2


def pieces(still, **costs):
    """How many tracks the mover is cut into; `still` cells stand still far away. All are missing in frame 3."""
    rows = [
        (frame, y, x, name)
        for frame in range(7)
        for y, x, name in [(1000.0 + 5 * frame, 1000.0, "mover"), *((100.0 * one, 0.0, "still") for one in range(still))]
        if frame != 3
    ]
    tracker = LapTrack(cutoff=CUTOFF, gap_closing_cutoff=CUTOFF, gap_closing_max_frame_count=2, **costs)
    table = pd.DataFrame(rows, columns=["frame", "y", "x", "name"])
    tracked, _, _ = tracker.predict_dataframe(table, ["y", "x"], only_coordinate_cols=False)
    return int(tracked.loc[tracked["name"] == "mover", "track_id"].nunique())


alone, beside, beside_many = (pieces(still) for still in (0, 1, 20))
given = pieces(20, segment_start_cost=1.05 * CUTOFF, segment_end_cost=1.05 * CUTOFF)
print(f"tracks of the mover: alone {alone}, beside one {beside}, beside 20 {beside_many}, with costs given {given}")
assert (alone, beside, beside_many, given) == (1, 2, 2, 1), "laptrack has changed"
PYTHON
