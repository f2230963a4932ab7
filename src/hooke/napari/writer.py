"""Saves labels layers as hooke writes label images."""

from __future__ import annotations

from typing import Any

import numpy as np

from hooke.errors import OutputError
from hooke.io import write_labels
from hooke.napari.layer_stack import guess_axes
from hooke.napari.physical_size import physical_size

_LARGEST = int(np.iinfo(np.int32).max)


def write_label_layer(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write a labels layer as an OME-TIFF with axes and pixel size, which all of hooke's commands read.

    Parameters
    ----------
    path : str
    data : ndarray of integer, shape (Y, X) or (..., Y, X)
        Up to three axes in front of Y and X.
    attributes : dict
        Of the layer: ``scale``, ``units`` and ``axis_labels`` are written.

    Returns
    -------
    list of str
        The file.

    Raises
    ------
    OutputError
        If it can't be written, or labels are negative or too large.
    """
    labels = np.asarray(data)
    if labels.ndim < 2 or labels.ndim > 5:
        remedy = "save planes, or stacks with at most three more axes"
        raise OutputError(f"a labels layer of {labels.ndim} axes", path=path, remedy=remedy)
    if labels.size and (int(labels.min()) < 0 or int(labels.max()) > _LARGEST):
        cause = f"labels from {labels.min()} to {labels.max()}"
        raise OutputError(cause, path=path, remedy=f"number the objects from 1 to at most {_LARGEST}")
    letters = guess_axes(labels.shape, axis_labels=tuple(attributes.get("axis_labels") or ()))
    scale, units = attributes.get("scale"), attributes.get("units")
    size = physical_size(() if scale is None else tuple(scale), () if units is None else tuple(units), letters)
    write_labels(
        path,
        labels.reshape(-1, *labels.shape[-2:]),
        axes=letters[:-2],
        shape=labels.shape[:-2],
        pixel_size_um=size.pixel_size_um,
        z_step_um=size.z_step_um,
        time_step_s=size.time_step_s,
        max_label=int(labels.max(initial=0)),
    )
    return [path]
