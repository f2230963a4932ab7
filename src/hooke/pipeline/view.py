"""Decide what the network is shown of an image: which part and channel, on which scale of intensities."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hooke.image import Image
from hooke.models import Model
from hooke.pipeline.bright_dirt import fit_to_nuclei
from hooke.pipeline.nuclear_channel import choose_channel
from hooke.preprocess import Normalisation, Recorded, find_recorded, recognise_picture
from hooke.targets import TellsDiameter
from hooke.targets.splitline import Decoded

__all__ = ["View", "prepare_view"]

_WITHIN = 0.5  # share of an object's pixels that must have been recorded


@dataclass(frozen=True)
class View:
    """What the network is shown of an image.

    Parameters
    ----------
    image : Image
        The part of it that was recorded.
    pixels : ndarray, shape (Y, X) or (Y, X, C)
        Of that part, with the channels that the network takes.
    normalisation : Normalisation
    recorded : Recorded or None
        Which part; None for all of it.
    ceiling : float
        Objects whose median intensity lies above are dirt.
    warnings : tuple of str
    """

    image: Image
    pixels: NDArray[np.generic]
    normalisation: Normalisation
    recorded: Recorded | None = None
    ceiling: float = np.inf
    warnings: tuple[str, ...] = ()

    def keep_real(self, decoded: Decoded) -> tuple[Decoded, tuple[str, ...]]:
        """Drop objects in pixels that were not recorded, and dirt; say so of the latter."""
        labels = decoded.labels
        keep = np.ones(len(decoded.scores), np.bool_)
        if self.recorded is not None and self.recorded.fill.any():
            labels = np.where(self.recorded.fill, 0, labels)
            before, after = (np.bincount(one.ravel(), minlength=len(keep) + 1)[1:] for one in (decoded.labels, labels))
            keep = after > _WITHIN * before
        warnings: tuple[str, ...] = ()
        if np.isfinite(self.ceiling):
            bright = np.greater(self.normalisation.select(self.pixels), self.ceiling)
            area, lit = (np.bincount(one, minlength=len(keep) + 1)[1:] for one in (labels.ravel(), labels[bright]))
            dirt = lit > area / 2
            keep &= ~dirt
            warnings = (
                "bright dirt: something is far brighter than the nuclei, so intensities were scaled to these"
                + (f" and {dirt.sum()} objects in it dropped" if dirt.any() else "")
                + "; check that it is dirt",
            )
        if keep.all():
            return replace(decoded, labels=labels), warnings
        number = np.concatenate([[0], np.where(keep, np.cumsum(keep), 0)]).astype(np.int32)
        kept = replace(decoded, labels=number[labels], scores=decoded.scores[keep], traits=decoded.traits[keep])
        return kept, warnings

    def restore(self, labels: NDArray[np.int32], whole: Image) -> NDArray[np.int32]:
        """Labels of the part as labels of the whole image."""
        return labels if self.recorded is None else self.recorded.restore(labels, (whole.height, whole.width))


def prepare_view(image: Image, model: Model, channel: int | None, threads: int) -> View:
    """Choose part, channel and scale of intensities.

    The network is asked only where names, colours and intensities leave it open.

    Parameters
    ----------
    image : Image
    model : Model
    channel : int or None
        Asked for by the user, who is obeyed.
    threads : int

    Raises
    ------
    HookeError
        See `hooke.models.Model.see`.
    """
    recorded = find_recorded(image.pixels)
    if recorded is None:
        return _choose(recognise_picture(image), model, channel, threads, None)
    image = replace(image, pixels=image.pixels[recorded.window])
    real = recognise_picture(replace(image, pixels=image.pixels[~recorded.fill][:, None]))
    image = replace(image, is_rgb=real.is_rgb, channel_names=real.channel_names)
    _, fit = model.see(image, channel, fill=recorded.fill)
    dark = fit.modality in ("fluorescence", "") and not fit.keeps_colours and fit.high >= fit.low
    shown = replace(image, pixels=recorded.replace_fill(image.pixels, dark=dark))
    return replace(_choose(shown, model, channel, threads, recorded.fill), image=image, recorded=recorded)


def _choose(image: Image, model: Model, channel: int | None, threads: int, fill: NDArray[np.bool_] | None) -> View:
    """Choose channel and scale of intensities, by what the network sees where anything else leaves it open."""
    seen, normalisation = model.see(image, channel, fill=fill)
    warnings: tuple[str, ...] = ()
    if (normalisation.is_flat and not normalisation.rivals) or not isinstance(model.scheme, TellsDiameter):
        return View(image, seen.pixels, normalisation)
    if normalisation.rivals:
        normalisation, warnings = choose_channel(model, image, normalisation, threads=threads, fill=fill)
    grey = model.suited(colour=normalisation.keeps_colours)
    refit = fit_to_nuclei(grey, seen.pixels, normalisation, threads=threads)
    if refit is None:
        return View(image, seen.pixels, normalisation, warnings=warnings)
    return View(image, seen.pixels, refit.normalisation, ceiling=refit.ceiling, warnings=warnings)
