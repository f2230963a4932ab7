#!/usr/bin/env bash
# py-ctcmetrics calls a sequence invalid, and gives no score, where cells leave no background in a frame.
# Guess: a confluent layer, every pixel of which is a cell, is scored as any other: 1 against itself.
# Seen: every score is None and Valid 0. The first label of a frame is left out as if it were the background, so the cell
#   with the least id counts as missing in its masks. With one pixel of background in each frame all scores are 1.
# Version: py-ctcmetrics==1.3.3
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet py-ctcmetrics==1.3.3
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import contextlib
import io
from pathlib import Path

import numpy as np
import tifffile
from ctc_metrics.scripts.evaluate import evaluate_sequence


def scores(name, background):
    """Scores of two cells in 3 frames against themselves."""
    stack = np.ones((3, 32, 32), np.uint16)
    stack[:, :, 16:] = 2
    stack[:, 0, :background] = 0
    for place, mask, file in (
        ("01_GT/TRA", "man_track", "man_track.txt"),
        ("01_GT/SEG", "man_seg", ""),
        ("01_RES", "mask", "res_track.txt"),
    ):
        (Path(name) / place).mkdir(parents=True)
        for frame, plane in enumerate(stack):
            tifffile.imwrite(Path(name) / place / f"{mask}{frame:03d}.tif", plane)
        if file:
            (Path(name) / place / file).write_text("1 0 2 0\n2 0 2 0\n")
    with contextlib.redirect_stdout(io.StringIO()):
        found = evaluate_sequence(f"{name}/01_RES", f"{name}/01_GT", metrics=["Valid", "TRA", "DET", "LNK"])
    return found["Valid"], found["TRA"], found["DET"], found["LNK"]


full, almost = scores("full", 0), scores("almost", 1)
print(f"Valid, TRA, DET, LNK without background: {full}, with one pixel of it: {almost}")
assert (full, almost) == ((0, None, None, None), (1, 1.0, 1.0, 1.0)), "py-ctcmetrics has changed"
PYTHON
