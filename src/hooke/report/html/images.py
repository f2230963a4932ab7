"""Reads the images that the label images of an evaluation belong to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.datasets.layout import find_image
from hooke.errors import HookeError
from hooke.io import read_image
from hooke.io.channel_files import open_recorded
from hooke.io.entry import run_entries


class ImageFinder:
    """Finds images by name: in the truth's ``images`` folder, or where the prediction's run found them.

    Parameters
    ----------
    truth : str or Path
        What was scored against; a hooke dataset has the images.
    pred : str or Path
        What was scored; ``hooke segment`` leaves a record in its folder.
    """

    def __init__(self, truth: str | Path, pred: str | Path) -> None:
        self.truth = Path(truth)
        self.recorded = {entry.name: entry for entry in run_entries(Path(pred)) if entry.path}

    def read(self, name: str, shape: tuple[int, ...]) -> NDArray[np.generic] | None:
        """Read an image; None where there is none, it can't be read, or it is not of this height and width."""
        path, entry = find_image(self.truth, name), self.recorded.get(name)
        try:
            if path is not None:
                pixels = read_image(path).pixels
            elif entry is not None:
                pixels = open_recorded(entry.path, entry.scene, entry.channels).plane(0).pixels
            else:
                return None
        except HookeError:
            return None  # the report goes without this picture; the scores need none
        return pixels if pixels.ndim in (2, 3) and pixels.shape[:2] == shape else None
