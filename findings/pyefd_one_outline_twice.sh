#!/usr/bin/env bash
# pyefd's normalised descriptors of one outline have other signs when the outline starts at another point.
# Guess: elliptic_fourier_descriptors(normalize=True) does not depend on where the outline starts: a nucleus has one set
#   of descriptors, the first of them 1, by which nuclei can be compared and grouped.
# Seen: from 8 starts along an egg-shaped outline there are two sets: every second harmonic, the odd ones, has the sign
#   reversed, and the first number is 1 or -1. The distance between two sets of the same outline is 2.4, between the egg
#   and a disc 0.4. The size and the turn of the outline are taken out as said.
# Version: pyefd==1.8.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pyefd==1.8.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
import numpy as np
from pyefd import elliptic_fourier_descriptors


def descriptors(outline):
    return elliptic_fourier_descriptors(np.r_[outline, outline[:1]], order=8, normalize=True)


turn = np.linspace(0, 2 * np.pi, 200, endpoint=False)
egg = np.c_[10 * np.cos(turn) + 2 * np.cos(2 * turn) + np.sin(3 * turn), 6 * np.sin(turn)]
sets = [descriptors(np.roll(egg, start, axis=0)) for start in range(0, 200, 25)]
first = [round(float(values[0, 0]), 3) for values in sets]
apart = max(float(np.linalg.norm(values - sets[0])) for values in sets)
turned = np.where(np.arange(1, 9) % 2, -1, 1)[:, None]  # the odd harmonics reversed
left = max(min(np.abs(values - sets[0]).max(), np.abs(values * turned - sets[0]).max()) for values in sets)
disc = float(np.linalg.norm(descriptors(10 * np.c_[np.cos(turn), np.sin(turn)]) - sets[0] * sets[0][0, 0]))
larger = float(np.linalg.norm(descriptors(3 * egg @ np.array([[0.8, 0.6], [-0.6, 0.8]])) - sets[0]))
print(f"first number of the descriptors from 8 starts: {first}; distances between them up to {apart:.2f}")
print(
    f"with their odd harmonics reversed {left:.3f}; "
    f"distance to a disc {disc:.2f}, to the larger, turned outline {larger:.2f}"
)
assert larger < 0.01 and left < 0.01 and disc < 0.5
assert set(first) == {1.0, -1.0} and apart > 2, "pyefd has changed"
PYTHON
