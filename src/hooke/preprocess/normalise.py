"""Normalises an image for a network: the nuclear channel, stretched to 0..1 by percentiles.

`fit_normalisation` measures a sample of the pixels and decides; the `Normalisation` that it returns is then applied
to any part of the image, so that a large image is never held in memory as floats. The same two steps serve training.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hooke.image import Image, sample_grid
from hooke.preprocess.channel_names import EXCITATION, NUCLEAR_MARKER, nuclear_evidence
from hooke.preprocess.channels import find_channel
from hooke.preprocess.modality import Appearance, describe, is_grey

_STORED_GREY = "grey stored as colour"
_SAMPLE = 500_000  # pixels sampled; percentiles of more change nothing
_FEW = 100_000  # pixels by which two channels are compared
_FAINT = 0.1  # contrast of a colour, as a share of the strongest, from which it may be a stain of its own
_STRONG = 0.25  # ... and from which it is one
_SAME = 0.9  # correlation of channels that show the same


@dataclass(frozen=True)
class Normalisation:
    """How the pixels of one image become a network's input.

    Parameters
    ----------
    mode : {"grey", "rgb", "channels"}
        Grey: one channel, repeated three times. RGB: colours kept. Channels: all kept, however many.
    channel : int or None
        The channel that grey takes; None for an image of one channel, or for the brightest of all channels.
    low, high : float
        Intensities that become 0 and 1; `low` is the higher one where dark nuclei on white are turned into bright ones
        on black.
    why : str
        The reason for the channel, in words, for the run's record.
    modality : str
        Fluorescence, histology or brightfield, by the shipped classifier; empty when it was not used.
    scales : tuple of (float, float)
        `low` and `high` of each channel, where each has a scale of its own; those above are then the first one's.
    rivals : tuple of int
        Channels that may show the nuclei just as well as `channel`, which is one of them, as far as names and colours
        go: their content has to decide. Empty where nothing is left to decide.
    """

    mode: Literal["grey", "rgb", "channels"]
    channel: int | None
    low: float
    high: float
    why: str = ""
    modality: str = ""
    scales: tuple[tuple[float, float], ...] = ()
    rivals: tuple[int, ...] = ()

    @property
    def keeps_colours(self) -> bool:
        """True for a stained slide, of which red, green and blue are used together."""
        return self.mode == "rgb"

    @property
    def is_on_dark(self) -> bool:
        """True for fluorescence that is not inverted: its background is darker than its objects."""
        return self.modality in ("fluorescence", "") and not self.keeps_colours and self.high >= self.low

    @property
    def is_flat(self) -> bool:
        """True when the image, or each of its channels, holds one intensity only, so that there is nothing to find."""
        return all(high == low for low, high in self.scales or ((self.low, self.high),))

    def select(self, pixels: NDArray[np.generic]) -> NDArray[np.generic]:
        """Take the chosen channel or colours of (Y, X[, C]) pixels, on the scale as stored."""
        if pixels.ndim == 2 or self.mode == "channels":
            return pixels
        if self.keeps_colours:
            return pixels[..., :3]
        return pixels.max(axis=2) if self.channel is None else pixels[..., self.channel]

    def apply(self, pixels: NDArray[np.generic]) -> NDArray[np.float32]:
        """Normalise pixels of the image that this was fitted to.

        Parameters
        ----------
        pixels : ndarray, shape (Y, X) or (Y, X, C)

        Returns
        -------
        ndarray of float32, shape (Y, X, 3), or (Y, X, C) for ``channels``
            0..1 for most pixels, never outside -0.5..2; pixels that are NaN or infinite become 0.
        """
        chosen = self.select(pixels).astype(np.float32)
        if self.is_flat:
            scaled = np.zeros_like(chosen)
        else:
            low, factor = self._scale()
            scaled = (chosen - low) * factor
            if pixels.dtype.kind == "f":
                np.nan_to_num(scaled, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
            np.clip(scaled, -0.5, 2.0, out=scaled)
        return scaled if scaled.ndim == 3 else np.repeat(scaled[..., None], 3, axis=2)

    def _scale(self) -> tuple[NDArray[np.float32] | np.float32, NDArray[np.float32] | np.float32]:
        """What is taken off, and what the rest is multiplied by: one number, or one a channel; 0 for a flat channel."""
        if not self.scales:
            return np.float32(self.low), np.float32(1 / (self.high - self.low))
        factors = [0.0 if high == low else 1 / (high - low) for low, high in self.scales]
        return np.array([low for low, _ in self.scales], np.float32), np.array(factors, np.float32)


#: For pixels (Y, X, C) that are normalised already.
AS_IT_IS = Normalisation("channels", None, 0.0, 1.0, "normalised before")


def fit_normalisation(
    image: Image,
    channel: int | None = None,
    percentiles: tuple[float, float] = (1.0, 99.8),
    *,
    fill: NDArray[np.bool_] | None = None,
    appearance: Appearance | None = None,
) -> Normalisation:
    """Choose channel and intensity scale for an image.

    Parameters
    ----------
    image : Image
    channel : int, optional
        Use this channel (0 is the first) as grey. By default: the colours of a brightfield or histology picture;
        the one channel that holds the signal of a fluorescence picture saved in colour; of several stains the one
        whose name says that it is nuclear, else the first or, in colour, blue, with the others as `rivals`. Inverted
        fluorescence in grey is turned back.
    percentiles : (float, float)
        Percentiles, 0..100, that become 0 and 1.
    fill : ndarray of bool, shape (Y, X), optional
        Pixels that were not recorded and don't count: see `hooke.preprocess.find_recorded`.
    appearance : Appearance, optional
        The recorded pixels', where they were described before: see `hooke.preprocess.describe`.

    Raises
    ------
    ConfigError
        When the image has no such channel.
    """
    if channel is not None:
        find_channel(image, channel)
    if fill is not None and fill.any():
        image = replace(image, pixels=image.pixels[~fill][:, None])
    sample = sample_grid(image.pixels, _SAMPLE)
    seen = appearance or describe(image)
    rivals: tuple[int, ...] = ()
    mode: Literal["grey", "rgb"] = "grey"
    chosen: int | None = channel
    if channel is not None:
        why = "asked for"
    else:
        mode, chosen, why, rivals = _choose(sample, image, seen)
    draft = Normalisation(mode, chosen, 0.0, 1.0, why)
    values = draft.select(sample).astype(np.float64)
    values = values[np.isfinite(values)]
    low, high = _range(values, percentiles)
    if seen.surely_inverted and (image.channels == 1 or why == _STORED_GREY):
        low, high = _turned(values, percentiles)
        why += ", inverted"
    return Normalisation(mode, chosen, float(low), float(high), why, seen.modality, rivals=rivals)


def fit_channels(
    image: Image, percentiles: tuple[float, float] = (1.0, 99.8), *, fill: NDArray[np.bool_] | None = None
) -> Normalisation:
    """Choose an intensity scale for each channel of an image on its own, as stains want it.

    Parameters
    ----------
    image : Image
        Its pixels have the shape (Y, X, C); see `hooke.preprocess.Channels`.
    percentiles : (float, float)
        Percentiles, 0..100, that become 0 and 1.
    fill : ndarray of bool, shape (Y, X), optional
        Pixels that were not recorded and don't count.
    """
    recorded = image.pixels if fill is None or not fill.any() else image.pixels[~fill][:, None]
    sample = sample_grid(recorded, _SAMPLE).astype(np.float64)
    scales = tuple(_range(channel[np.isfinite(channel)], percentiles) for channel in np.moveaxis(sample, 2, 0))
    return Normalisation("channels", None, *scales[0], "each channel on a scale of its own", scales=scales)


def _range(values: NDArray[np.float64], percentiles: tuple[float, float]) -> tuple[float, float]:
    """Intensities that become 0 and 1."""
    low, high = np.percentile(values, percentiles) if values.size else (0.0, 0.0)
    if high <= low and values.size:  # sparse signal on a constant background
        low, high = values.min(), values.max()
    return float(low), float(high)


def _turned(values: NDArray[np.float64], percentiles: tuple[float, float]) -> tuple[float, float]:
    """The scale that the image would have had, were it not inverted."""
    low, high = np.percentile(values, [100 - percent for percent in percentiles])
    return (low, high) if low > high else (values.max(), values.min())


_Choice = tuple[Literal["grey", "rgb"], int | None, str, tuple[int, ...]]


def _choose(sample: NDArray[np.generic], image: Image, seen: Appearance) -> _Choice:
    """Choose mode and channel; say why; and name the channels among which content should decide."""
    if image.channels == 1:
        return "grey", None if sample.ndim == 2 else 0, "only channel", ()
    if not (image.is_rgb and image.channels == 3):
        return "grey", *_nuclear_channel(image)
    colours = np.nan_to_num(sample.reshape(-1, 3).astype(np.float32))
    if is_grey(colours):
        return "grey", 0, _STORED_GREY, ()
    if seen.modality != "fluorescence" or seen.inverted:
        return "rgb", None, "colours on a bright background", ()
    return "grey", *_fluorescent_channel(colours)


def _nuclear_channel(image: Image) -> tuple[int, str, tuple[int, ...]]:
    """Choose by name: a DNA dye before any other nuclear stain; without either, content has to decide."""
    ranks = [nuclear_evidence(name) for name in image.channel_names] or [0]
    best = max(ranks)
    first = ranks.index(best)
    if best < NUCLEAR_MARKER:
        why = f"channel named {image.channel_names[first]!r}" if best == EXCITATION else "first of several channels"
        return first, why, tuple(range(image.channels))
    equal = tuple(index for index, rank in enumerate(ranks) if rank == best)
    return first, f"channel named {image.channel_names[first]!r}", equal if len(equal) > 1 else ()


def _fluorescent_channel(colours: NDArray[np.float32]) -> tuple[int | None, str, tuple[int, ...]]:
    """Where a fluorescence picture saved in colour holds its nuclei."""
    contrast = np.subtract(*np.percentile(colours, (99.8, 5.0), axis=0))
    strongest = int(np.argmax(contrast))
    correlation = np.corrcoef(colours[:: max(1, len(colours) // _FEW)][:, contrast > 0].T, dtype=np.float64)
    alike = np.zeros((3, 3))
    alike[np.ix_(contrast > 0, contrast > 0)] = correlation
    names = ("red", "green", "blue")
    strong = contrast > _STRONG * contrast[strongest]
    # A faint colour is light of the strongest's that leaked, unless it shows something else.
    stains = strong | ((contrast > _FAINT * contrast[strongest]) & (alike[strongest] < _SAME / 2))
    if stains.sum() <= 1:
        return strongest, f"fluorescence in {names[strongest]}", ()
    if alike[np.ix_(stains, stains)].min() > _SAME:
        return None, "fluorescence in one mixed colour", ()
    rivals = tuple(int(index) for index in np.flatnonzero(stains))
    # Several stains in one picture: blue is the field's habit for the nuclear one.
    if strong[2]:
        return 2, "blue of several stains", rivals
    return strongest, f"strongest of several stains: {names[strongest]}", rivals
