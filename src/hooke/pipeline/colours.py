"""Measures the share of pixels whose colour does not occur in a model's training images.

Red, green and blue, as the network is shown them, are parted into 16 levels each; of the 4096 cells those are known in
which a training image of the shipped models has a thousandth of its pixels or more, and their neighbours.
``benchmarks/fit_trust.py`` finds them.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.image import sample_grid
from hooke.preprocess import Normalisation

_STORED = Path(__file__).with_name("colours.json")
_LEVELS = 16
_COMMON = 1e-3  # share of an image's pixels
_SAMPLE = 65_536  # pixels sampled


@dataclass(frozen=True, eq=False)
class Palette:
    """Colours that occur in a set of images.

    Parameters
    ----------
    cells : ndarray of bool, shape (16, 16, 16)
        Which cells of red, green and blue are known.
    """

    cells: NDArray[np.bool_]

    def unseen_share(self, colours: NDArray[np.float32]) -> float:
        """Share (0..1) of the pixels whose colour is not known.

        Parameters
        ----------
        colours : ndarray of float32, shape (N, 3)
            See `sample_colours`.
        """
        return float(1 - self.cells.ravel()[_cell_of(colours)].mean())


def sample_colours(pixels: NDArray[np.generic], normalisation: Normalisation) -> NDArray[np.float32]:
    """Take colours from a regular grid of pixels, as the network is shown them.

    Parameters
    ----------
    pixels : ndarray, shape (Y, X, 3)
    normalisation : Normalisation
        Of mode ``rgb``.

    Returns
    -------
    ndarray of float32, shape (N, 3)
    """
    return normalisation.apply(sample_grid(pixels, _SAMPLE)).reshape(-1, 3)


def find_palette(images: Iterable[NDArray[np.float32]]) -> Palette:
    """Collect the colours of images.

    Parameters
    ----------
    images : iterable of ndarray of float32, shape (N, 3)
        From `sample_colours`.
    """
    cells = np.zeros(_LEVELS**3, bool)
    for colours in images:
        cells |= np.bincount(_cell_of(colours), minlength=_LEVELS**3) >= _COMMON * len(colours)
    return Palette(_grown(cells.reshape(_LEVELS, _LEVELS, _LEVELS)))


@functools.cache
def known_palette() -> Palette:
    """Colours of the stained slides that the shipped models were trained on."""
    stored = json.loads(_STORED.read_text(encoding="utf-8"))
    packed = np.frombuffer(bytes.fromhex(stored["cells"]), np.uint8)
    return Palette(np.unpackbits(packed).view(np.bool_).reshape(_LEVELS, _LEVELS, _LEVELS))


def _cell_of(colours: NDArray[np.float32]) -> NDArray[np.int64]:
    level = np.clip(colours * _LEVELS, 0, _LEVELS - 1).astype(np.int64)
    return np.asarray(level @ np.array([_LEVELS * _LEVELS, _LEVELS, 1]), np.int64)


def _grown(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Add the cells one level above and below in red, green or blue."""
    padded = np.pad(cells, 1)
    grown = cells.copy()
    for axis in range(3):
        for shift in (-1, 1):
            grown |= np.roll(padded, shift, axis)[1:-1, 1:-1, 1:-1]
    return grown
