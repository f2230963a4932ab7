#!/usr/bin/env bash
# Nyxus counts weighted centroids from 1 and centroids from 0: an even nucleus has its brightness beside its middle.
# Guess: of an evenly bright object WEIGHTED_CENTROID is CENTROID, and MASS_DISPLACEMENT, the distance of both, is 0.
# Seen: of a disc around (40, 60), 100 everywhere, the centroid is (40, 60), the weighted centroid (41, 61) and the
#   displacement 1.41, as it is of every even object of any size. Of one whose brightness lies a pixel up and to the
#   left it is 0.
# Version: nyxus==0.11.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet nyxus==0.11.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import nyxus
import numpy as np

row, column = np.mgrid[:128, :128]
names = ["CENTROID_Y", "CENTROID_X", "WEIGHTED_CENTROID_Y", "WEIGHTED_CENTROID_X", "MASS_DISPLACEMENT"]
seen = {}
for name, radius in (("small", 5), ("large", 30)):
    disc = np.hypot(row - 40, column - 60) <= radius
    table = nyxus.Nyxus(names).featurize(np.full(disc.shape, 100, np.uint32), disc.astype(np.uint32))
    seen[name] = table[names].iloc[0].round(3).tolist()
    print("{}, even disc: centroid ({}, {}), weighted ({}, {}), displacement {}".format(name, *seen[name]))
disc = np.hypot(row - 40, column - 60) <= 10
y, x = np.argwhere(disc).T - np.array([[40], [60]])
slope = 1 / np.mean(y**2)  # moves the weighted centroid by one pixel
leaning = np.zeros(disc.shape, np.uint32)
leaning[disc] = np.round(1e5 * (1 - slope * (y + x)))
table = nyxus.Nyxus(names).featurize(leaning, disc.astype(np.uint32))
apart = float(table["MASS_DISPLACEMENT"].iloc[0])
by_hand = (np.argwhere(disc).T @ leaning[disc] / leaning[disc].sum()).round(3).tolist()
print(f"brighter up and to the left, weighted centroid {by_hand} by hand: displacement {apart:.3f}")
assert all(one == [40, 60, 41, 61, 1.414] for one in seen.values()) and apart < 0.01, "Nyxus has changed"
PYTHON
