#!/usr/bin/env bash
# scipy.ndimage gives an object that is not in the label image the darkest background as its median, and 0 as its maximum.
# Guess: NaN, as its mean is, or an error; ids that are missing are usual after a filter, an edit or a crop.
# Seen: with ids 1, 2 and 4 in the image, the median of 1, 2, 3 and 4 is 500, 600, 101 and 800: 101 is the least pixel
#   of the background. Maximum and minimum of 3 are 0, its place is (0, 0), the mean alone is NaN. In a table of all ids
#   the missing object looks like a dim one.
# Version: scipy==1.17.1 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scipy==1.17.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import scipy.ndimage

image = np.random.default_rng(0).integers(101, 120, (40, 40)).astype(float)
labels = np.zeros((40, 40), int)
for number, (corner, brightness) in {1: (4, 500), 2: (14, 600), 4: (24, 800)}.items():
    labels[corner : corner + 6, corner : corner + 6] = number
    image[labels == number] = brightness
ids = [1, 2, 3, 4]
seen = {
    name: getattr(scipy.ndimage, name)(image, labels, ids).tolist() for name in ("mean", "median", "maximum", "minimum")
}
place = tuple(int(part) for part in scipy.ndimage.maximum_position(image, labels, ids)[2])
for name, values in seen.items():
    print(f"{name} of {ids}: {values}")
print("place of the maximum of 3:", place, " least pixel of the background:", image[labels == 0].min())
assert np.isnan(seen["mean"][2])
assert seen["median"] == [500, 600, image[labels == 0].min(), 800], "scipy has changed"
assert seen["maximum"][2] == seen["minimum"][2] == 0 and place == (0, 0), "scipy has changed"
PYTHON
