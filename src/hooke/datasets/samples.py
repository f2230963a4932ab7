"""Sample images for a first look: simulated fields with known truth, and a real one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.datasets.simulator import simulate
from hooke.io import read_image, write_labels, write_png

__all__ = ["write_samples"]

# Its README.md says whence it is and under which licence.
REAL = Path(__file__).parent / "pictures" / "immunohistochemistry.jpg"


def write_samples(folder: str | Path, *, seed: int = 7) -> list[Path]:
    """Write the sample images, and the truth of the simulated ones.

    Parameters
    ----------
    folder : str or Path
        Images go into its ``images/``, truth into ``truth/``.
    seed : int
        Of the simulator.

    Returns
    -------
    list of Path
        The images.
    """
    folder = Path(folder)
    images = {name: _simulated(folder, name, seed) for name in ("fluorescence", "histology", "brightfield")}
    images[REAL.stem] = np.asarray(read_image(REAL).pixels, np.uint8)
    paths = []
    for name, pixels in images.items():
        paths.append(folder / "images" / f"{name}.png")
        write_png(paths[-1], pixels)
    return paths


def _simulated(folder: Path, modality: str, seed: int) -> NDArray[np.uint8]:
    made = simulate((512, 512), seed=seed, modality=modality)  # type: ignore[arg-type]
    write_labels(folder / "truth" / f"{modality}.tif", [made.labels])
    return np.asarray(made.image, np.uint8)
