"""Makes the pictures of the README and the pages: the simulator's images and scikit-image's, outlined by hooke.

python docs/images/make.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import hooke
from hooke.datasets import FieldSettings, write_samples
from hooke.io import write_png

HERE = Path(__file__).parent
SIDE = 320


def overview(folder: Path) -> NDArray[np.uint8]:
    """The samples of `hooke demo` side by side, one not to be trusted among them."""
    return np.concatenate([hooke.segment(path).overlay()[:SIDE, -SIDE:] for path in write_samples(folder)], axis=1)


def first_image(folder: Path) -> NDArray[np.uint8]:
    """What the first tutorial draws and segments, magnified."""
    image, *_ = write_samples(folder, FieldSettings(shape=(256, 256)), modalities=["fluorescence"], seed=3)
    return hooke.segment(image).overlay().repeat(2, axis=0).repeat(2, axis=1)


def write_webp(name: str, picture: NDArray[np.uint8]) -> None:
    """Write a picture for a page: a tenth of a PNG's size."""
    Image.fromarray(picture).save(HERE / f"{name}.webp", quality=85, method=6)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        write_png(HERE / "overview.png", overview(Path(folder) / "overview"))
        write_webp("first-image", first_image(Path(folder) / "first"))
