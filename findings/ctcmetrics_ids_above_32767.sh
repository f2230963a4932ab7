#!/usr/bin/env bash
# py-ctcmetrics scores a perfect result 0 where the ids of its tracks are above 32767, in masks of 16 bits.
# Guess: masks of the Cell Tracking Challenge have 16 bits, so ids up to 65535 are valid; a result that equals its truth
#   scores TRA, DET, SEG and LNK 1.
# Seen: 1 with the ids 1 to 40, and 0 with the same tracks as 60001 to 60040, without a warning. Before it compares,
#   it adds the largest true id to the ids found, in the file's 16 bits, where they wrap around. Masks of 32 bits score 1.
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


def scores(first, dtype):
    """Scores of 40 squares in 3 frames against themselves, numbered from `first` on."""
    ids = range(first, first + 40)
    stack = np.zeros((3, 64, 64), dtype)
    for place, one in enumerate(ids):
        row, column = 8 * (place // 8), 8 * (place % 8)
        stack[:, row + 1 : row + 7, column + 1 : column + 7] = one
    lines = "".join(f"{one} 0 2 0\n" for one in ids)
    root = Path(f"{first}-{np.dtype(dtype).name}")
    for name, mask, file in (
        ("01_GT/TRA", "man_track", "man_track.txt"),
        ("01_GT/SEG", "man_seg", ""),
        ("01_RES", "mask", "res_track.txt"),
    ):
        (root / name).mkdir(parents=True)
        for frame, plane in enumerate(stack):
            tifffile.imwrite(root / name / f"{mask}{frame:03d}.tif", plane)
        if file:
            (root / name / file).write_text(lines)
    with contextlib.redirect_stdout(io.StringIO()):
        found = evaluate_sequence(str(root / "01_RES"), str(root / "01_GT"), metrics=["TRA", "DET", "SEG", "LNK"])
    return tuple(float(found[name]) for name in ("TRA", "DET", "SEG", "LNK"))


low, high, wide = scores(1, np.uint16), scores(60001, np.uint16), scores(60001, np.int32)
print(f"TRA, DET, SEG, LNK of ids from 1: {low}, from 60001: {high}, from 60001 in 32 bits: {wide}")
assert (low, high, wide) == ((1.0,) * 4, (0.0,) * 4, (1.0,) * 4), "py-ctcmetrics has changed"
PYTHON
