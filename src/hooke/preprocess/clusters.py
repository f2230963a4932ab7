"""Sorts many images into modalities without a classifier: K-means clusters, named by simple rules.

More clusters than modalities are made, since one modality can look several ways (grey and blue fluorescence, pale and
dark stains); each cluster is named by what its centre looks like, so clusters of one name are one modality.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError
from hooke.preprocess.modality import FEATURES, Modality, colourfulness

#: Clusters made by default.
CLUSTERS: Final = 8

_RESTARTS = 20
_ITERATIONS = 200
_PRECISION = 1e-6
# Rules, chosen on the training and validation images of DSB 2018 and on simulated fields.
_DARK_BACKGROUND = 0.4  # share of the brightest; the median of a fluorescence image lies below
_DARK_COLOUR = 0.12  # ... and so does the darkest colour of one that was saved in colour
_STAINED = 0.2  # colourfulness above which a bright image is stained


@dataclass(frozen=True)
class Clusters:
    """Images sorted.

    Parameters
    ----------
    cluster : ndarray of int, shape (N,)
        0..k-1; clusters of one modality follow each other.
    modality : list of str
        Per image.
    distance : ndarray of float64, shape (N,)
        To the centre of the image's own cluster; 0 is the centre, 1 about the distance from black to white.
    margin : ndarray of float64, shape (N,)
        To the nearest centre of another modality, less `distance`; NaN where there is only one modality. Near 0: in
        doubt.
    """

    cluster: NDArray[np.intp]
    modality: list[Modality]
    distance: NDArray[np.float64]
    margin: NDArray[np.float64]


def cluster_modalities(features: NDArray[np.float64], clusters: int = CLUSTERS, *, seed: int = 0) -> Clusters:
    """Cluster images by background, darkest colour and saturation, and name the clusters.

    Parameters
    ----------
    features : ndarray, shape (N, 10)
        Of `hooke.preprocess.modality.measure_features`.
    clusters : int
        How many; at least 1, and no more than images.
    seed : int
        Of the starting centres; the best of 20 starts is taken.

    Raises
    ------
    ConfigError
        When there are fewer images than clusters.
    """
    if not 1 <= clusters <= len(features):
        raise ConfigError(
            f"{len(features)} image(s) can't make {clusters} cluster(s)", remedy="give more images or fewer clusters"
        )
    points = _points(features)
    cv2.setRNGSeed(seed)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, _ITERATIONS, _PRECISION)
    start = np.zeros((len(points), 1), np.int32)
    _, found, centres = cv2.kmeans(points, clusters, start, stop, _RESTARTS, cv2.KMEANS_PP_CENTERS)
    names = [name_centre(*centre.tolist()) for centre in centres]
    order = sorted(range(clusters), key=lambda index: (names[index], *centres[index].tolist()))
    cluster = np.argsort(order)[found.ravel()]
    ordered = [names[index] for index in order]
    return _measured(points, np.asarray(centres, np.float32)[order], cluster, ordered)


def name_centre(background: float, darkest: float, colour: float) -> Modality:
    """Name what looks like this.

    Parameters
    ----------
    background, darkest : float
        See `hooke.preprocess.modality.FEATURES`.
    colour : float
        `hooke.preprocess.modality.colourfulness` of the saturation.

    Examples
    --------
    >>> name_centre(0.1, 0.1, 0), name_centre(0.9, 0.7, 0.8), name_centre(0.9, 0.9, 0)
    ('fluorescence', 'histology', 'brightfield')
    """
    if background < _DARK_BACKGROUND or darkest < _DARK_COLOUR:
        return "fluorescence"
    return "histology" if colour > _STAINED else "brightfield"


def _points(features: NDArray[np.float64]) -> NDArray[np.float32]:
    """Coordinates, each 0..1: background, darkest, colourfulness."""
    background, darkest, saturation = (
        features[:, FEATURES.index(name)] for name in ("background", "darkest", "saturation")
    )
    return np.stack([background, darkest, colourfulness(saturation)], axis=1).astype(np.float32)


def _measured(
    points: NDArray[np.float32], centres: NDArray[np.float32], cluster: NDArray[np.intp], names: list[Modality]
) -> Clusters:
    """Give each image its modality and its distances."""
    distances = np.linalg.norm(points[:, None].astype(np.float64) - centres[None], axis=2)
    own = distances[np.arange(len(points)), cluster]
    modality = [names[index] for index in cluster]
    others = np.array([[name != own for name in names] for own in modality])
    nearest = np.where(others, distances, np.inf).min(axis=1)
    return Clusters(cluster, modality, own, np.where(np.isfinite(nearest), nearest - own, np.nan))
