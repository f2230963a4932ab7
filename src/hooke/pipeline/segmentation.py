"""Defines the result of one segmentation: labels and scores, and on request the table, the picture and the files."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.image import Image
from hooke.labels.classes import Classes
from hooke.measure import measure
from hooke.models import Model
from hooke.pipeline.save import save_segmentation
from hooke.preprocess import Normalisation
from hooke.report.class_overlay import class_overlay
from hooke.report.overlay import overlay

_RGB = ("red", "green", "blue")
_DOUBTFUL = 0.6  # of objects that score below this, about half have no true object at IoU 0.5 (validation images)


@dataclass(frozen=True)
class Segmentation:
    """What `hooke.segment` found in one image.

    Parameters
    ----------
    image : Image
    labels : ndarray of int32, shape (Y, X)
        0 background, 1..n instances.
    scores : ndarray of float32, shape (n,)
        Confidence in each instance, 0..1: its predicted IoU with the true object.
    model : Model
    normalisation : Normalisation
        Channel and intensity scale that the network saw.
    diameter : float or None
        Typical diameter in pixels, as given or measured, or as a model that takes whole images expects it; None when
        nothing was found to measure.
    scale : float
        Network pixels per image pixel.
    min_size : float
        Area in pixels below which objects were dropped.
    seconds : float
        Time from pixels to labels.
    warnings : tuple of str
        What the user should know of this result.
    classes : Classes or None
        The class of each instance, for models that predict classes.
    dropped : int
        Candidates that were left out because they are smaller than `min_size` or score too low. What is both is
        noise, and not counted.
    """

    image: Image
    labels: NDArray[np.int32]
    scores: NDArray[np.float32]
    model: Model
    normalisation: Normalisation
    diameter: float | None
    scale: float
    min_size: float
    seconds: float
    warnings: tuple[str, ...] = field(default=())
    classes: Classes | None = None
    dropped: int = 0

    @property
    def count(self) -> int:
        """Number of instances."""
        return len(self.scores)

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row per instance: see `hooke.measure.measure` for the columns; then ``doubtful`` and any class."""
        table = measure(
            self.labels,
            self.image.pixels,
            pixel_size_um=self.image.pixel_size_um,
            channel_names=self.image.channel_names or (_RGB if self.image.is_rgb else ()),
            scores=self.scores,
        )
        table["doubtful"] = self.doubtful
        if self.classes is not None:
            table = table.assign(**self.classes.columns)
        return table

    @property
    def doubtful(self) -> NDArray[np.bool_]:
        """Whether each instance scores below 0.6, so that its outline should be checked. Shape (n,)."""
        return self.scores < _DOUBTFUL

    def overlay(self) -> NDArray[np.uint8]:
        """The image with outlines, the doubtful dashed: RGB, shape (Y, X, 3).

        Where classes are known, each in the colour of its class, and a legend below.
        """
        channel = self.normalisation.channel
        if self.classes is not None:
            # In a colour image, the stain that shows the class is rarely the one that shows the nuclei.
            shown = None if self.image.is_rgb else channel
            return class_overlay(self.image, self.labels, self.classes, channel=shown, doubtful=self.doubtful)
        return overlay(self.image.pixels, self.labels, channel=channel, dashed=np.flatnonzero(self.doubtful) + 1)

    def save(self, folder: str | Path) -> Path:
        """Write labels, overlay and measurements into a folder, as ``hooke segment`` does; rows of others stay.

        Parameters
        ----------
        folder : str or Path

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        OutputError
            When it can't be written to.
        """
        return save_segmentation(self, Path(folder))
