"""Measures the features of objects that a classifier uses: one row of numbers per object.

Size and shape of `hooke.measure`, intensities there and in a ring around the object, and texture: how much the pixels
inside differ from their neighbours, at two scales.
"""

from __future__ import annotations

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.image import has_equal_channels
from hooke.measure import measure

_PLACE = ("label", "centroid_y", "centroid_x", "bbox_top", "bbox_left", "bbox_bottom", "bbox_right", "orientation")
_RING = 9  # pixels: width of the ring around an object
_PERCENTILES = (10, 50, 90)
_SIGMAS = (1.0, 2.5)


def measure_features(pixels: NDArray[np.float32], labels: NDArray[np.int32]) -> pd.DataFrame:
    """Describe every object by numbers.

    Parameters
    ----------
    pixels : ndarray of float32, shape (Y, X, C)
        Normalised; three equal channels count as one.
    labels : ndarray of int32, shape (Y, X)

    Returns
    -------
    DataFrame
        By increasing label: a column per feature, all finite. None of them depends on the object's position, or on a
        turn of the image by 90 degrees.
    """
    grey = pixels.shape[2] == 3 and has_equal_channels(pixels)
    image = pixels[..., :1] if grey else pixels
    table = measure(labels, np.ascontiguousarray(image), more=False)  # a classifier names its features
    boxes = table[["bbox_top", "bbox_left", "bbox_bottom", "bbox_right"]].to_numpy(np.int64)
    rows = [_inside(image, labels, int(id_), box) for id_, box in zip(table["label"], boxes, strict=True)]
    names = _names(image.shape[2])
    more = pd.DataFrame(np.array(rows).reshape(len(rows), len(names)), columns=names)
    joined = pd.concat([table.drop(columns=[*_PLACE]), more], axis=1).astype(np.float32)
    return joined.replace([np.inf, -np.inf], np.nan).fillna(0.0)


def _names(channels: int) -> list[str]:
    names = []
    for channel in range(channels):
        end = f"_{channel}" if channels > 1 else ""
        names += [f"percentile_{percent}{end}" for percent in _PERCENTILES]
        names += [f"ring_mean{end}", f"ring_std{end}", f"contrast{end}"]
        for sigma in _SIGMAS:
            names += [f"edges_{sigma:g}{end}", f"spots_{sigma:g}{end}"]
    return names


def _inside(image: NDArray[np.float32], labels: NDArray[np.int32], id_: int, box: NDArray[np.int64]) -> list[float]:
    """Intensity and texture of one object, measured in its box with the ring around it."""
    top, left = np.maximum(box[:2] - _RING, 0)
    window = slice(top, box[2] + _RING), slice(left, box[3] + _RING)
    near, part = labels[window], image[window]
    own = near == id_
    # A disc by distance: OpenCV's MORPH_ELLIPSE is wider than high.
    away = cv2.distanceTransform((~own).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    ring = (away <= _RING) & (near == 0)
    values: list[float] = []
    for channel in range(part.shape[2]):
        plane = np.ascontiguousarray(part[..., channel])
        within, around = plane[own], plane[ring] if ring.any() else np.zeros(1, np.float32)
        values += np.percentile(within, _PERCENTILES).tolist()
        values += [float(around.mean()), float(around.std()), float(within.mean() - around.mean())]
        for sigma in _SIGMAS:
            smooth = cv2.GaussianBlur(plane, (0, 0), sigma)
            slope = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
            values += [float(slope[own].mean()), float(cv2.Laplacian(smooth, cv2.CV_32F)[own].std())]
    return values
