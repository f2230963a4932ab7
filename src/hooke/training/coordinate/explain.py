"""Ask a network that is queried at positions about the place of each cell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from hooke.image import Image
from hooke.preprocess import fit_normalisation
from hooke.training.coordinate.export import load_run
from hooke.training.explain.attribution import Question
from hooke.training.explain.subject import OBJECT_STRIDE, Subject, as_tensor, crop_to_stride, spread_labels


def find_subjects(
    run: Path, image: Image, count: int, diameter: float | None, labels: NDArray[np.int32] | None
) -> Iterator[Subject]:
    """Cells found in an image."""
    module = load_run(run)
    pixels = fit_normalisation(image).apply(image.pixels)
    config = module.config
    scale = config.frame / max(pixels.shape[:2])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=way), np.float32)
    small = crop_to_stride(small, module.network.stride)
    decoded = module.decode_frame(small)
    for label in spread_labels(decoded.scores, count):
        inside = (decoded.labels == label).astype(np.int32)
        place = np.argwhere(inside).mean(axis=0)[::-1]
        yield Subject(
            f"cell {label}",
            f"a cell, score {decoded.scores[label - 1]:.2f}",
            module.network,
            as_tensor(small, config.in_channels),
            small,
            inside,
            _answer_at(place),
            OBJECT_STRIDE,
        )


def _answer_at(place: NDArray[np.float64]) -> Question:
    """Ask for the logit of a cell at a place (x, y)."""
    query = torch.from_numpy(place.astype(np.float32))[None, None]
    return lambda network, image: network(image, query)[0, 0, 0]
