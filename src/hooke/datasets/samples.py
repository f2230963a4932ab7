"""Sample images for a first look: simulated fields with known truth, and real ones that scikit-image ships."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.datasets.simulator import simulate
from hooke.io import write_labels, write_png

__all__ = ["write_samples"]


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
    images |= _real()
    paths = []
    for name, pixels in images.items():
        paths.append(folder / "images" / f"{name}.png")
        write_png(paths[-1], pixels)
    return paths


def _simulated(folder: Path, modality: str, seed: int) -> NDArray[np.uint8]:
    made = simulate((512, 512), seed=seed, modality=modality)  # type: ignore[arg-type]
    write_labels(folder / "truth" / f"{modality}.tif", [made.labels])
    return np.asarray(made.image, np.uint8)


def _real() -> dict[str, NDArray[np.uint8]]:
    """Immunohistochemistry of colon: haematoxylin-stained nuclei, brown where an antibody bound."""
    from skimage import data

    return {"immunohistochemistry": np.asarray(data.immunohistochemistry(), np.uint8)}  # type: ignore[no-untyped-call]
