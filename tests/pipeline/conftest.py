"""A small field of simulated nuclei, as array and as files."""

import numpy as np
import pytest

from hooke.datasets import simulate
from hooke.io import write_png


@pytest.fixture(scope="session")
def field():
    """Image (160, 192) uint8 and its truth."""
    return simulate((160, 192), seed=3, diameter=22, density=0.15, overlap=0.1)


@pytest.fixture
def images(tmp_path, field):
    """A folder of three images, two of which share a stem."""
    import tifffile

    folder = tmp_path / "images"
    write_png(folder / "a.png", field.image)
    tifffile.imwrite(folder / "a.tif", field.image[:, ::-1].astype(np.uint16) * 200)
    write_png(folder / "b.png", field.image[::-1])
    return folder
