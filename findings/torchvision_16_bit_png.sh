#!/usr/bin/env bash
# torchvision makes the bright half of a 16-bit PNG negative in ToTensor, and everything above 255 white in Grayscale.
# Guess: ToTensor of a PNG of 16 bits, opened with Pillow, gives its values, or values from 0 to 1; Grayscale leaves it alone.
# Seen: ToTensor gives int16, in which 40000 is -25536 and 65535 is -1; 1000 is 1000. Grayscale, old and new, gives 8 bits in
#   which 1000, 40000 and 65535 are all 255. No error, no warning from torchvision. ToImage with ToDtype(scale=True)
#   is right: 0.0153, 0.6104, 1.
# Version: torchvision==0.29.2 pillow==13.0.0 numpy==2.4.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torchvision==0.29.2 pillow==13.0.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import torch
from PIL import Image
from torchvision import transforms
from torchvision.transforms import v2

values = np.array([[0, 1000, 40000, 65535]], np.uint16)
Image.fromarray(values).save("field.png")
picture = Image.open("field.png")
scaled = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
seen = {
    "ToTensor": transforms.ToTensor()(picture),
    "Grayscale": np.asarray(transforms.Grayscale()(picture)),
    "Grayscale of v2": np.asarray(v2.Grayscale()(picture)),
    "ToImage and ToDtype": scaled(picture),
}
print(f"stored: {values[0].tolist()} ({picture.mode})")
found = {name: np.asarray(result).ravel().tolist() for name, result in seen.items()}
for name, result in seen.items():
    print(f"{name}: {np.round(found[name], 4).tolist()} ({result.dtype})")
assert np.allclose(found["ToImage and ToDtype"], values / 65535, atol=1e-6)
assert found["ToTensor"] == [0, 1000, 40000 - 65536, -1], "torchvision has changed"
assert found["Grayscale"] == found["Grayscale of v2"] == [0, 255, 255, 255], "torchvision has changed"
PYTHON
