#!/usr/bin/env bash
# albumentations' ShotNoise takes away most of a dim image: a background of 20 becomes 3.
# Guess: photon noise leaves the mean of an image as it is, and its documentation says so.
# Seen: at scale 0.1, the least of the default range, flat fields of 200, 128, 62 and 20 in 8 bits have means of 194, 116,
#   35 and 3.4; at 0.3 they are 172, 87, 21 and 1.8. Noise is added to the 2.2th power of the image, of which a dim pixel
#   has less than one photon, and the root of it has another mean. Nuclei in fluorescence lose their background and
#   contrast grows: a network that is trained so sees other images than it will meet.
# Version: albumentations==2.0.8 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet albumentations==2.0.8 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import albumentations
import numpy as np

seen = {}
for scale in (0.01, 0.1, 0.3):
    noise = albumentations.Compose([albumentations.ShotNoise((scale, scale), p=1)], seed=0)
    for value in (200, 128, 62, 20):
        image = np.full((256, 256), value, np.uint8)
        seen[scale, value] = float(noise(image=image)["image"].mean())
    print(f"scale {scale}: " + ", ".join(f"{value} becomes {seen[scale, value]:.1f}" for value in (200, 128, 62, 20)))
defaults = albumentations.ShotNoise().scale_range
print(f"default scales {defaults}; documented: {'Preserves the image' in albumentations.ShotNoise.__doc__}")
assert tuple(defaults) == (0.1, 0.3) and abs(seen[0.01, 128] - 128) < 2
assert seen[0.1, 20] < 5 and seen[0.1, 62] < 40 and seen[0.3, 62] < 25, "albumentations has changed"
PYTHON
