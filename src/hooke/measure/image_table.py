"""Measures the objects of one image with its metadata: options, names of channels, cytoplasm."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.errors import ConfigError
from hooke.image import Image
from hooke.labels.bands import bands
from hooke.labels.column_names import check_names
from hooke.labels.expansion import FARTHEST, expand_labels
from hooke.labels.runs import cut_rows, join_runs
from hooke.measure.further import texture_columns
from hooke.measure.intensity import measure_channels
from hooke.measure.median import medians

PixelSize = float | str | Sequence[float]
_RGB = ("red", "green", "blue")
_NUMBER = r"(\d+(?:\.\d*)?|\.\d+)"
_SIZES = re.compile(rf"{_NUMBER}(?:\s*[x×]\s*{_NUMBER})?\s*(?:um|µm|μm|micron)?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class MeasureOptions:
    """What is measured of objects, and what the columns are called.

    Parameters
    ----------
    pixel_size : float, str or (float, float), optional
        Height and width of a pixel in micrometres, or one number for both, in place of what the file says;
        ``"0.5"`` and ``"0.5x0.4"`` are understood.
    surroundings : float
        Distance in pixels up to which background and other objects around an object are measured.
    expand : float, optional
        Width in pixels of the ring around each object that is measured as its cytoplasm.
    texture : bool
        Whether to measure texture.
    names : str
        What columns are called: a way of `hooke.measure.name_columns`.

    Raises
    ------
    ConfigError
        When a value is out of range.
    """

    pixel_size: PixelSize | None = None
    surroundings: float = 6.0
    expand: float | None = None
    texture: bool = False
    names: str = "hooke"

    def __post_init__(self) -> None:
        if self.pixel_size is not None:
            object.__setattr__(self, "pixel_size", parse_pixel_size(self.pixel_size))
        if not 0 <= self.surroundings <= FARTHEST:
            raise ConfigError(f"surroundings is {self.surroundings}", remedy=f"give pixels, 0 to {FARTHEST:g}")
        if self.expand is not None and not 1 <= self.expand <= FARTHEST:
            raise ConfigError(f"expand is {self.expand}", remedy=f"give a width in pixels, 1 to {FARTHEST:g}")
        check_names(self.names)
        make_floats(self, "surroundings", "expand")


def make_floats(options: object, *names: str) -> None:
    """Make floats of whole numbers among frozen options: 3 and 3.0 decide the same, and are to be recorded the same."""
    for name in names:
        value = getattr(options, name)
        if value is not None:
            object.__setattr__(options, name, float(value))


def parse_pixel_size(size: PixelSize) -> tuple[float, float]:
    """Read the size of a pixel.

    Returns
    -------
    (float, float)
        Height and width in micrometres.

    Raises
    ------
    ConfigError
        If it is not one or two numbers above 0.

    Examples
    --------
    >>> parse_pixel_size("0.5 x 0.4 um"), parse_pixel_size(0.325)
    ((0.5, 0.4), (0.325, 0.325))
    """
    remedy = "give micrometres, such as 0.325, or height and width, such as 0.5x0.4"
    if isinstance(size, str):
        match = _SIZES.fullmatch(size.strip())
        if match is None:
            raise ConfigError(f"pixel size is {size!r}", remedy=remedy)
        numbers = [float(number) for number in match.groups() if number]
    else:
        try:
            numbers = np.asarray(size, float).ravel().tolist()
        except (TypeError, ValueError) as error:
            raise ConfigError(f"pixel size is {size!r}", remedy=remedy) from error
    if len(numbers) not in (1, 2) or not all(0 < number < math.inf for number in numbers):
        raise ConfigError(f"pixel size is {size!r}", remedy=remedy)
    return numbers[0], numbers[-1]


def known_channels(image: Image) -> tuple[str, ...]:
    """Names of an image's channels for its table; empty where none are known."""
    return image.channel_names or (_RGB if image.is_rgb else ())


def cytoplasm_labels(labels: NDArray[np.int32], width: float) -> NDArray[np.int32]:
    """Label the ring of this width in pixels around each object with the object's number.

    Examples
    --------
    >>> cytoplasm_labels(np.array([[0, 0, 3, 0, 0, 5]], np.int32), 1).tolist()
    [[0, 3, 0, 3, 5, 0]]
    """
    return np.where(labels > 0, np.int32(0), expand_labels(labels, width))


def cytoplasm_table(
    labels: NDArray[np.int32],
    ids: NDArray[np.int64],
    image: Image,
    *,
    texture: bool = False,
    threads: int = 1,
) -> pd.DataFrame:
    """Measure the cytoplasm of each object.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
        See `cytoplasm_labels`.
    ids : ndarray of int64, shape (objects,)
        All objects, increasing.
    image : Image
    texture : bool
    threads : int

    Returns
    -------
    DataFrame
        In the order of `ids`: ``cytoplasm_area`` (pixels), and of each channel ``cytoplasm_intensity_mean``, ``_min``,
        ``_max``, ``_std``, ``_sum`` and ``_median``, named as in `hooke.measure.measure`; NaN where an object has no
        cytoplasm, because others are all around it.
    """
    runs = join_runs([cut_rows(labels[band], band.start) for band in bands(labels)], ids)
    columns: dict[str, NDArray[np.generic]] = {"area": runs.sum(runs.length).astype(np.int64)}
    channels = measure_channels(labels, image.pixels, runs, known_channels(image))
    for channel in channels:
        columns |= channel.columns
        columns[f"intensity_sum{channel.ending}"] = channel.total
        columns[f"intensity_median{channel.ending}"] = medians(channel.plane, runs, threads)
    if texture:
        columns |= texture_columns(runs, channels)
    return pd.DataFrame({f"cytoplasm_{name}": values for name, values in columns.items()})
