"""Decides what the network gets of an image: which part and channel, on which scale of intensities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hooke.image import Image, Pixels
from hooke.models import Model, is_default
from hooke.models.bundle import NO_COLOUR
from hooke.pipeline.bright_dirt import fit_to_nuclei
from hooke.pipeline.large.shown_pixels import ShownPixels, WholePlane
from hooke.pipeline.nuclear_channel import (
    ChosenChannel,
    channel_clarity,
    channels_named_otherwise,
    check_name,
    choose_channel,
    contradicting_channels,
)
from hooke.pipeline.red_cells import Redness, measure_redness
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
    pixels : Pixels, shape (Y, X) or (Y, X, C)
        Of that part, with the channels that the network takes; of a `WholePlane`, all of the plane.
    normalisation : Normalisation
    recorded : Recorded or None
        Which part; None for all of it.
    ceiling : float
        Objects whose median intensity lies above are dirt.
    redness : Redness or None
        What red blood cells look like; None where they can't be distinguished from nuclei.
    warnings : tuple of str
    """

    image: Image
    pixels: Pixels
    normalisation: Normalisation
    recorded: Recorded | None = None
    ceiling: float = np.inf
    redness: Redness | None = None
    warnings: tuple[str, ...] = ()

    def keep_real(self, decoded: Decoded) -> tuple[Decoded, tuple[str, ...]]:
        """Drop objects in pixels that were not recorded, dirt and red blood cells; say so of the latter two."""
        whole = slice(0, self.pixels.shape[0]), slice(0, self.pixels.shape[1])
        labels, keep, dirt, red = find_real(decoded.labels, len(decoded.scores), self, whole)
        warnings = (*self.dirt_warnings(dirt), *red_warnings(red))
        if keep.all():
            return replace(decoded, labels=labels), warnings
        number = np.concatenate([[0], np.where(keep, np.cumsum(keep), 0)]).astype(np.int32)
        kept = replace(decoded, labels=number[labels], scores=decoded.scores[keep], traits=decoded.traits[keep])
        return kept, warnings

    def dirt_warnings(self, dropped: int) -> tuple[str, ...]:
        """Say that there is dirt, where there is, and that objects in it were dropped."""
        if not np.isfinite(self.ceiling):
            return ()
        return (
            "bright dirt: something is far brighter than the nuclei, so intensities were scaled to these"
            + (f" and {dropped} objects in it dropped" if dropped else "")
            + " (check that it is dirt)",
        )

    def fill_of(self, rows: slice, columns: slice) -> NDArray[np.bool_] | None:
        """What of a window of `pixels` was not recorded; None where all of it was."""
        if isinstance(self.pixels, ShownPixels):
            return self.pixels.fill_of(rows, columns)
        if self.recorded is None or not self.recorded.fill.any():
            return None
        return self.recorded.fill[rows, columns]

    def restore(self, labels: NDArray[np.int32], whole: Image) -> NDArray[np.int32]:
        """Labels of the part as labels of the whole image."""
        return labels if self.recorded is None else self.recorded.restore(labels, (whole.height, whole.width))


def red_warnings(dropped: int) -> tuple[str, ...]:
    """Say that red blood cells were dropped, where some were."""
    if not dropped:
        return ()
    return (
        f"red blood cells: {dropped} objects were dropped, for they are as red as blood and the nuclei are blue "
        "(where a red dye stains nuclei, --channel 1, green, keeps them)",
    )


def find_real(
    labels: NDArray[np.int32], count: int, view: View, window: tuple[slice, slice]
) -> tuple[NDArray[np.int32], NDArray[np.bool_], int, int]:
    """Find the objects of a window that are neither dirt nor red blood cells nor in pixels that were not recorded.

    Parameters
    ----------
    labels : ndarray of int32, shape (Y, X)
        1..n, of the window.
    count : int
        The n.
    view : View
    window : (slice, slice)
        Rows and columns of the view's pixels.

    Returns
    -------
    labels : ndarray of int32, shape (Y, X)
        Without pixels that were not recorded; the ids stay.
    keep : ndarray of bool, shape (n,)
    dirt, red : int
        Objects that are dirt, and red blood cells.
    """
    keep = np.ones(count, np.bool_)
    fill = view.fill_of(*window)
    outside = np.zeros(count, np.int64) if fill is None else np.bincount(labels[fill], minlength=count + 1)[1:]
    if fill is not None and outside.any():
        area = np.bincount(labels.ravel(), minlength=count + 1)[1:]
        labels, keep = np.where(fill, 0, labels), area - outside > _WITHIN * area
    if view.redness is not None:
        red = keep & view.redness.find(labels, count, view.normalisation.select(view.pixels[window]))
        return labels, keep & ~red, 0, int(red.sum())
    if not np.isfinite(view.ceiling):
        return labels, keep, 0, 0
    bright = np.greater(view.normalisation.select(view.pixels[window]), view.ceiling)
    area, lit = (np.bincount(ids, minlength=count + 1)[1:] for ids in (labels.ravel(), labels[bright]))
    dirt = lit > area / 2
    return labels, keep & ~dirt, int(dirt.sum()), 0


def prepare_view(
    image: Image,
    model: Model,
    channel: int | None,
    threads: int,
    *,
    of_stack: ChosenChannel | None = None,
    whole: WholePlane | None = None,
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
    whole : WholePlane, optional
        The plane of which the image holds every n-th row and column only: these give intensities and colours, and the
        network is shown places of the whole.

    Raises
    ------
    HookeError
        See `hooke.models.Model.prepare_input`.
    """
    part = replace(_recorded_part(image, model, channel), whole=whole)
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
    glance: Counter[int] = Counter()
    clearest, usual, best = None, None, 0.0
    part = None
    for plane in planes:
        part = _recorded_part(plane, model, None)
        if _named_otherwise(part, model):
            glance.update(part.channel_clarity(model, range(plane.channels), None, threads, briefly=True))
        fit = part.normalisation
        if not fit.rivals:
            continue
        clear = part.channel_clarity(model, fit.rivals, fit.channel, threads)
        total.update(clear)
        if clearest is None or max(clear.values()) > best:
            clearest, usual, best = part.shown, fit.channel, max(clear.values())
    chosen = None if clearest is None else choose_channel(clearest, total, usual)
    if part is None or not glance:
        return chosen
    by_name = chosen or _chosen_by_name(part)
    others = _named_otherwise(part, model)
    return check_name(part.shown, by_name, {channel: glance[channel] for channel in (by_name.channel, *others)})


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
    whole : WholePlane or None
        Of which the image is a grid.
    """

    image: Image
    shown: Image
    appearance: Appearance
    normalisation: Normalisation
    recorded: Recorded | None = None
    whole: WholePlane | None = None

    def fit(self, model: Model, channel: int) -> Normalisation:
        """Fit the scale of intensities to a channel."""
        return model.prepare_input(self.shown, channel, fill=self.fill, appearance=self.appearance)[1]

    def channel_clarity(
        self, model: Model, channels: Sequence[int], expected: int | None, threads: int, *, briefly: bool = False
    ) -> dict[int, float]:
        """Measure how clearly some channels show nuclei to the network."""
        fits = {channel: self.fit(model, channel) for channel in channels}
        return channel_clarity(model, self.shown_pixels(()), fits, expected, threads=threads, briefly=briefly)

    def shown_pixels(self, channels: Sequence[int]) -> Pixels:
        """What the network is shown, with these channels only; all when there are none."""
        grid = self.shown.pixels
        if channels:
            grid = (grid if grid.ndim == 3 else grid[..., None])[..., list(channels)]
        if self.whole is None:
            return grid
        if self.recorded is None:
            return ShownPixels(self.whole, grid, channels=channels)
        fill = np.ones([-(-length // self.whole.step) for length in self.whole.pixels.shape[:2]], np.bool_)
        fill[self.recorded.window] = self.recorded.fill
        dark = self.normalisation.is_on_dark
        background = self.recorded.background(self.image.pixels, dark=dark)
        return ShownPixels(
            self.whole, grid, fill, background[..., list(channels)] if channels else background, channels
        )

    @property
    def fill(self) -> NDArray[np.bool_] | None:
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
    shown = replace(image, pixels=recorded.replace_fill(image.pixels, dark=fit.is_on_dark))
    return _Part(image, shown, appearance, fit, recorded)


def _choose(part: _Part, model: Model, channel: int | None, threads: int, of_stack: ChosenChannel | None) -> View:
    """Choose channel and scale of intensities, by what the network sees where anything else leaves it open."""
    model.take_channels(part.shown)  # refuses an image without them
    normalisation, pixels = part.normalisation, part.shown_pixels(model.settings.channels)
    if not isinstance(model.scheme, HasDiameterMap):
        return View(part.shown, pixels, normalisation)
    # What was chosen for the stack decides on every plane: of a merge, some planes may show another colour alone.
    chosen = of_stack if channel is None else None
    if chosen is None and normalisation.rivals:
        clear = part.channel_clarity(model, normalisation.rivals, normalisation.channel, threads)
        chosen = choose_channel(part.shown, clear, normalisation.channel)
    if channel is None and of_stack is None:
        chosen = _checked_by_content(part, model, threads, chosen)
    warnings: tuple[str, ...] = ()
    if chosen is not None:
        same = normalisation.mode == "grey" and normalisation.channel == chosen.channel
        fit = normalisation if same else part.fit(model, chosen.channel)
        normalisation, warnings = replace(fit, why=chosen.why), chosen.warnings
    normalisation = replace(normalisation, rivals=())
    if normalisation.keeps_colours and NO_COLOUR in model.bundle.missing:
        warnings = (*warnings, NO_COLOUR)
    if normalisation.keeps_colours:
        redness = measure_redness(part.shown.pixels, part.fill) if is_default(model) else None
        return View(part.shown, pixels, normalisation, redness=redness, warnings=warnings)
    refit = fit_to_nuclei(model.for_image(colour=normalisation.keeps_colours), pixels, normalisation, threads=threads)
    if refit is None:
        return View(part.shown, pixels, normalisation, warnings=warnings)
    return View(part.shown, pixels, refit.normalisation, ceiling=refit.ceiling, warnings=warnings)


def _checked_by_content(part: _Part, model: Model, threads: int, chosen: ChosenChannel | None) -> ChosenChannel | None:
    """Hold the channel that names have decided for against the content; what was chosen where names do not decide."""
    others = _named_otherwise(part, model)
    if not others:
        return chosen
    by_name = chosen or _chosen_by_name(part)
    glance = part.channel_clarity(model, (by_name.channel, *others), None, threads, briefly=True)
    suspects = contradicting_channels(glance, by_name.channel)
    if not suspects:
        return by_name
    clear = part.channel_clarity(model, (by_name.channel, *suspects), by_name.channel, threads)
    return check_name(part.shown, by_name, clear)


def _named_otherwise(part: _Part, model: Model) -> tuple[int, ...]:
    return () if model.settings.channels else channels_named_otherwise(part.shown)


def _chosen_by_name(part: _Part) -> ChosenChannel:
    return ChosenChannel(part.normalisation.channel or 0, part.normalisation.why)
