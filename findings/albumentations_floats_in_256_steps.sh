#!/usr/bin/env bash
# Transforms of albumentations leave about 13 of the 2000 grey values of a dim 16-bit image that was made floats.
# Guess: an image in 32-bit floats from 0 to 1, as ToFloat makes it of 16 bits and as each of them lists it, keeps its
#   grey values. In 16 bits it is handled, as Affine and GaussianBlur handle it, or refused, as Equalize refuses it.
# Seen: of 500 to 3500 grey values, divided by 65535, MedianBlur leaves 12, Downscale, AutoContrast and Equalize 13: they
#   make 8 bits of the image and floats again. GaussianBlur keeps thousands. Of the image in 16 bits MedianBlur makes 255
#   in every pixel, Downscale in nearly every one. No error, no warning: a network is trained on nuclei without texture.
# Version: albumentations==2.0.8 albucore==0.0.24 opencv-python-headless==5.0.0.93 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet albumentations==2.0.8 albucore==0.0.24 opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$folder"
NO_ALBUMENTATIONS_UPDATE=1 "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import albumentations
import numpy as np

row, column = np.mgrid[:64, :64]
image = (500 + 3000 * (np.sin(row / 5) * np.sin(column / 7) + 1) / 2).astype(np.uint16)[..., None]
floats = albumentations.ToFloat(p=1)(image=image)["image"]
assert np.array_equal(floats, (image / 65535).astype(np.float32))
seen = {}
for name in ("Affine", "GaussianBlur", "MedianBlur", "Downscale", "CLAHE", "AutoContrast", "Equalize"):
    transform = getattr(albumentations, name)(p=1)
    for given in (floats, image):
        try:
            found = albumentations.Compose([transform], seed=0)(image=given)["image"]
        except Exception as error:  # of OpenCV and of albumentations
            print(f"{name}, {given.dtype}: refused, {type(error).__name__}")
            continue
        seen[name, given.dtype.name] = values = np.unique(found)
        print(f"{name}, {given.dtype}: {len(np.unique(given))} grey values become {len(values)}, up to {values[-1]:.4g}")
for name in ("MedianBlur", "Downscale", "AutoContrast", "Equalize"):
    assert len(seen[name, "float32"]) <= 15, "albumentations has changed"
for name in ("Affine", "GaussianBlur"):
    assert len(seen[name, "float32"]) > 1500 and seen[name, "uint16"][-1] > 3000, "albumentations has changed"
assert seen["MedianBlur", "uint16"].tolist() == [255] and seen["Downscale", "uint16"][-1] == 255, "it has changed"
PYTHON
