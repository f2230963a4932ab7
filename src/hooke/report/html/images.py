"""Reads the images that the label images of an evaluation belong to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.datasets.layout import find_image
from hooke.errors import HookeError
from hooke.io import read_image


class ImageFinder:
    """Finds images by name: in the truth's ``images`` folder, or where the prediction's ``run.json`` says they were.

    Parameters
    ----------
    truth : str or Path
        What was scored against; a hooke dataset has the images.
    pred : str or Path
        What was scored; ``hooke segment`` leaves a record in its folder.
    """

    def __init__(self, truth: str | Path, pred: str | Path) -> None:
        self.truth = Path(truth)
        self.recorded = _recorded_files(Path(pred) / "run.json")

    def find(self, name: str) -> Path | None:
        """Give the file of an image, or None where there is none."""
        recorded = self.recorded.get(name)
        return find_image(self.truth, name) or (recorded if recorded is not None and recorded.is_file() else None)

    def read(self, name: str, shape: tuple[int, ...]) -> NDArray[np.generic] | None:
        """Read an image; None where there is none, it can't be read, or it is not of this height and width."""
        path = self.find(name)
        if path is None:
            return None
        try:
            pixels = read_image(path).pixels
        except HookeError:
            return None  # the report goes without this picture; the scores need none
        return pixels if pixels.ndim in (2, 3) and pixels.shape[:2] == shape else None


def _recorded_files(path: Path) -> dict[str, Path]:
    """File of each image by the name of its results; empty where there is no such record."""
    try:
        record: Any = json.loads(path.read_text(encoding="utf-8"))
        return {row["image"]: Path(row["file"]) for row in record["images"] if row["file"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
