#!/usr/bin/env bash
# imea measures circles around and in an object by its place in the image, and no scatter in micrometres.
# Guess: shape_measurements_2d of a square of 10 x 10 pixels has a circumscribing circle of 13 to 14 and an inscribing
#   one of 9 to 10 pixels across, wherever the square lies, and with a pixel of 0.5 um every length is half of that.
# Seen: the same square has circumscribing circles of 26.9 and 151.8 in two corners of the image, and inscribing ones of
#   1.4 and 131.5: the outline is counted from the corner of the object's box, the centroid from that of the image.
#   feret_std, martin_std and the other standard deviations of lengths stay in pixels, beside means in um. A rod of 10 x
#   20 is 14 long.
# Version: imea==0.3.5 scikit-image==0.26.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet imea==0.3.5 scikit-image==0.26.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import imea
import numpy as np

image = np.zeros((90, 90), bool)
image[5:15, 5:15] = image[70:80, 10:20] = True
image[30:40, 60:80] = True
found = imea.shape_measurements_2d(image, 1.0)
half = imea.shape_measurements_2d(image, 0.5)
names = ["diameter_circumscribing_circle", "diameter_inscribing_circle", "feret_max", "feret_std", "geodeticlength"]
print(found[["area_projection", *names]].round(1).to_string())
print("with a pixel of 0.5:")
print(half[["area_projection", *names]].round(1).to_string())
spreads = [name for name in found if name.endswith("_std")]
assert found["area_projection"].tolist() == [100, 200, 100] and (half["feret_max"] * 2 == found["feret_max"]).all()
assert found["diameter_circumscribing_circle"][0] < 30 and found["diameter_circumscribing_circle"][2] > 150, (
    "imea has changed"
)
assert found["diameter_inscribing_circle"][0] < 2 and found["diameter_inscribing_circle"][2] > 130, "imea has changed"
assert (half[spreads] == found[spreads]).all(axis=None) and found["geodeticlength"][1] == 14, "imea has changed"
PYTHON
