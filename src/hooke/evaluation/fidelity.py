"""Encode label images to the maps of a target scheme and decode them again, to score what the scheme itself loses.

A network that is trained on a scheme's maps can at best predict these maps; what their decoding loses is lost for every
model. Scored like any prediction, it is the ceiling that the scheme sets.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hooke.errors import DatasetError
from hooke.evaluation.sources import open_labels
from hooke.labels.labelled_image import LabelledImage, LabelSource
from hooke.targets import make_scheme


class ThroughScheme:
    """Label images as a scheme, with its default parameters, gives them back; scores and classes are not kept.

    Parameters
    ----------
    source : LabelSource
        Of the label images.
    name : str
        Of the scheme, see `hooke.targets.SCHEMES`.

    Raises
    ------
    ModelError
        When there is no such scheme.
    """

    def __init__(self, source: LabelSource, name: str) -> None:
        scheme = make_scheme(name, {})
        self._source, self._decode, self._encode = source, scheme.decode, scheme.encode

    @property
    def names(self) -> list[str]:
        """Those of the source."""
        return self._source.names

    def __contains__(self, name: str) -> bool:
        """Whether the source holds an image of this name."""
        return name in self._source

    def read(self, name: str, shape: tuple[int, ...] | None = None) -> LabelledImage:
        """Read one, encode it and decode it."""
        image = self._source.read(name, shape)
        if image.labels.ndim != 2:
            raise DatasetError("is a stack, and schemes encode planes", path=name, remedy="give it plane by plane")
        # Schemes make an index of all ids, and ids may be any numbers.
        ids, places = np.unique(image.labels, return_inverse=True)
        labels = places.reshape(image.labels.shape).astype(np.int32) + np.int32(ids[0] != 0)
        return LabelledImage(self._decode(self._encode(labels)).labels, note=image.note, oddities=image.oddities)


def open_prediction(
    pred: str | Path, truth: LabelSource, through: str | None = None, split_components: bool | None = None
) -> LabelSource:
    """Open what is to be scored.

    Parameters
    ----------
    pred : str or Path
        As `open_labels` takes it.
    truth : LabelSource
        What it will be compared with.
    through : str, optional
        Name of a target scheme by which each label image is encoded and decoded first.
    split_components : bool, optional
        As `open_labels` takes it.
    """
    source = open_labels(pred, truth, split_components)
    return source if through is None else ThroughScheme(source, through)
