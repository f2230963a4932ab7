"""Decides what the network gets of an image: which part and channel, on which scale of intensities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hooke.image import Image
from hooke.models import Model
from hooke.pipeline.bright_dirt import fit_to_nuclei
from hooke.pipeline.nuclear_channel import ChosenChannel, channel_clarity, choose_channel
from hooke.preprocess import Appearance, Normalisation, Recorded, describe_picture, find_recorded
from hooke.targets import HasDiameterMap
from hooke.targets.decoded import Decoded

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
            before, after = (np.bincount(ids.ravel(), minlength=len(keep) + 1)[1:] for ids in (decoded.labels, labels))
            keep = after > _WITHIN * before
        warnings: tuple[str, ...] = ()
        if np.isfinite(self.ceiling):
            bright = np.greater(self.normalisation.select(self.pixels), self.ceiling)
            area, lit = (np.bincount(ids, minlength=len(keep) + 1)[1:] for ids in (labels.ravel(), labels[bright]))
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


def prepare_view(
    image: Image, model: Model, channel: int | None, threads: int, *, of_stack: ChosenChannel | None = None
) -> View:
    """Choose part, channel and scale of intensities.

    The network is run only if names, colours and intensities do not decide.

    Parameters
    ----------
    image : Image
    model : Model
    channel : int or None
        Asked for by the user, who is obeyed.
    threads : int
    of_stack : ChosenChannel, optional
        What `choose_stack_channel` chose for the stack that the image is a plane of.

    Raises
    ------
    HookeError
        See `hooke.models.Model.prepare_input`.
    """
    part = _recorded_part(image, model, channel)
    view = _choose(part, model, channel, threads, of_stack)
    return view if part.recorded is None else replace(view, image=part.image, recorded=part.recorded)


def choose_stack_channel(planes: Iterable[Image], model: Model, threads: int) -> ChosenChannel | None:
    """Choose one channel for all planes of a stack by what the network sees in some of them.

    Chosen plane by plane, a plane without nuclei could take another stain for them.

    Parameters
    ----------
    planes : iterable of Image
        Some planes, spread over the stack.
    model : Model
    threads : int

    Returns
    -------
    ChosenChannel or None
        None where names and colours decide, or no channel shows nuclei.
    """
    if not isinstance(model.scheme, HasDiameterMap):
        return None
    total: Counter[int] = Counter()
    clearest, usual, best = None, None, 0.0
    for plane in planes:
        part = _recorded_part(plane, model, None)
        if not part.normalisation.rivals:
            continue
        clear = part.channel_clarity(model, threads)
        total.update(clear)
        if clearest is None or max(clear.values()) > best:
            clearest, usual, best = part.shown, part.normalisation.channel, max(clear.values())
    return None if clearest is None else choose_channel(clearest, total, usual)


@dataclass(frozen=True)
class _Part:
    """The part of an image that was recorded.

    Parameters
    ----------
    image : Image
        The part as it is.
    shown : Image
        The same with fill values replaced by background.
    appearance : Appearance
    normalisation : Normalisation
        What names, colours and intensities suggest.
    recorded : Recorded or None
        Which part; None for all of it.
    """

    image: Image
    shown: Image
    appearance: Appearance
    normalisation: Normalisation
    recorded: Recorded | None = None

    def fit(self, model: Model, channel: int) -> Normalisation:
        """Fit the scale of intensities to a channel."""
        return model.prepare_input(self.shown, channel, fill=self._fill, appearance=self.appearance)[1]

    def channel_clarity(self, model: Model, threads: int) -> dict[int, float]:
        """Measure how clearly each channel that may show the nuclei does so to the network."""
        fits = {channel: self.fit(model, channel) for channel in self.normalisation.rivals}
        return channel_clarity(model, self.shown.pixels, fits, threads=threads)

    @property
    def _fill(self) -> NDArray[np.bool_] | None:
        return None if self.recorded is None else self.recorded.fill


def _recorded_part(image: Image, model: Model, channel: int | None) -> _Part:
    recorded = find_recorded(image.pixels)
    if recorded is None:
        image, appearance = describe_picture(image)
        return _Part(image, image, appearance, model.prepare_input(image, channel, appearance=appearance)[1])
    image = replace(image, pixels=image.pixels[recorded.window])
    content = replace(image, pixels=image.pixels[~recorded.fill][:, None]) if recorded.fill.any() else image
    content, appearance = describe_picture(content)
    image = replace(image, is_rgb=content.is_rgb, channel_names=content.channel_names)
    _, fit = model.prepare_input(image, channel, fill=recorded.fill, appearance=appearance)
    dark = fit.modality in ("fluorescence", "") and not fit.keeps_colours and fit.high >= fit.low
    shown = replace(image, pixels=recorded.replace_fill(image.pixels, dark=dark))
    return _Part(image, shown, appearance, fit, recorded)


def _choose(part: _Part, model: Model, channel: int | None, threads: int, of_stack: ChosenChannel | None) -> View:
    """Choose channel and scale of intensities, by what the network sees where anything else leaves it open."""
    normalisation, pixels = part.normalisation, model.take_channels(part.shown).pixels
    if not isinstance(model.scheme, HasDiameterMap):
        return View(part.shown, pixels, normalisation)
    # What was chosen for the stack decides on every plane: of a merge, some planes may show another colour alone.
    chosen = of_stack if channel is None else None
    if chosen is None and normalisation.rivals:
        chosen = choose_channel(part.shown, part.channel_clarity(model, threads), normalisation.channel)
    warnings: tuple[str, ...] = ()
    if chosen is not None:
        normalisation, warnings = replace(part.fit(model, chosen.channel), why=chosen.why), chosen.warnings
    normalisation = replace(normalisation, rivals=())
    refit = fit_to_nuclei(model.for_image(colour=normalisation.keeps_colours), pixels, normalisation, threads=threads)
    if refit is None:
        return View(part.shown, pixels, normalisation, warnings=warnings)
    return View(part.shown, pixels, refit.normalisation, ceiling=refit.ceiling, warnings=warnings)
