#!/usr/bin/env bash
# trackpy's drift of the stage leaves out what happened while a frame is missing, and leaves the next frame uncorrected.
# Guess: compute_drift gives the drift of each frame since the first, so that subtract_drift holds still what only drifts.
# Seen: of a field that drifts by 0.5 pixels a frame, frame 10 of 21 is missing: the drift of the last frame is 9 pixels
#   instead of 10, and the corrected particles, which should stand still, are at 0, at 5.5 in frame 11, and at 1 from then
#   on. Only steps from a frame to the very next are added, and a frame without a step is corrected by 0. Where every
#   other frame was kept, nothing is corrected. No error, no warning.
# Version: trackpy==0.7 pandas==3.1.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet trackpy==0.7 pandas==3.1.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import pandas as pd
import trackpy

places = np.random.default_rng(0).random((40, 2)) * 500
tracks = pd.DataFrame(
    [
        {"frame": frame, "particle": particle, "y": y, "x": x + 0.5 * frame}
        for frame in range(21)
        for particle, (y, x) in enumerate(places)
    ]
)
seen = {}
for name, part in (
    ("all frames", tracks),
    ("without frame 10", tracks[tracks["frame"] != 10]),
    ("every other frame", tracks[tracks["frame"] % 2 == 0]),
):
    drift = trackpy.compute_drift(part)
    last = float(drift["x"].iloc[-1]) if len(drift) else None
    corrected = trackpy.subtract_drift(part.copy(), drift).reset_index(drop=True)
    one = corrected[corrected["particle"] == 0].sort_values("frame")
    moved = (one["x"] - places[0, 1]).round(6).tolist()
    seen[name] = last, moved
    print(f"{name}: drift of the last frame {last}, a particle that stands still, once corrected, is at {moved}")
assert seen["all frames"] == (10.0, [0.0] * 21), "trackpy has changed"
assert seen["without frame 10"] == (9.0, [0.0] * 10 + [5.5] + [1.0] * 9), "trackpy has changed"
assert seen["every other frame"] == (None, [float(step) for step in range(11)]), "trackpy has changed"
PYTHON
