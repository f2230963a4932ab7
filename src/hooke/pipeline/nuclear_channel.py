"""Chooses the nuclear channel by the network's result in each, if names and colours do not decide it.

A name that decides is held against the content: a few fields of each channel are shown to the network, and more where
another channel seems to show nuclei far more clearly than the one that is named so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hooke.image import Image, Pixels, sample_grid
from hooke.models import Model
from hooke.pipeline.first_pass import clarity, spread_jobs, view_fields
from hooke.pipeline.sparse import interesting_fields
from hooke.preprocess import Normalisation
from hooke.preprocess.channel_names import NUCLEAR_MARKER, nuclear_evidence

_SCALES = (1.0, 0.5, 0.25)
_FIELDS = 2  # on each scale
_CLOSE = 0.6  # share of the clearest channel's clarity from which another may be meant
_FIRST = 1.15  # how much more the first of several unnamed channels counts
# ... and the colour that the field uses for nuclei: another must be clearer beyond doubt. On DKFZ's training images the
# two colours that show nuclei are within 1.26 of each other, and neither gives better outlines.
_COLOUR = 1 / _CLOSE
_SEEN = 0.3  # clarity below which a channel shows no nuclei
_SAME = 0.9  # correlation of channels that show the same, of which either will do
_SAMPLE = 100_000  # pixels that show it
# A name is doubted where another channel is clearer by this factor, and shows a few sure nuclei at least: DKFZ's two
# stains of nuclei are within a factor of 1.3 of each other, its stain of bodies is less clear by 2.8 or more.
_CONTRADICTS = 2.5
_SOME = 1.0
_CERTAIN = 3.0  # clarity that makes up for another name, where the channel named so shows no nuclei
_COLOURS = ("red", "green", "blue")


@dataclass(frozen=True)
class ChosenChannel:
    """The channel that shows the nuclei.

    Parameters
    ----------
    channel : int
        0 is the first.
    why : str
        The reason, for the run's record.
    warnings : tuple of str
        Which other channels show nuclei nearly as clearly.
    """

    channel: int
    why: str
    warnings: tuple[str, ...] = ()


def channel_clarity(
    model: Model,
    pixels: Pixels,
    fits: Mapping[int, Normalisation],
    expected: int | None = None,
    *,
    threads: int = 1,
    briefly: bool = False,
) -> dict[int, float]:
    """Measure how clearly each channel that may show the nuclei does so to the network.

    Fields spread over the image are shown, and where a channel shows no nuclei there, the places that stand out most in
    each, unless the expected channel shows some. Only the expected channel is searched so where another is certain: it
    took most of the time of such images. Objects darker than what surrounds them are cells, in a stain of their borders
    or of the cytoplasm, and do not count: in 15 images all that the nuclear channel shows is brighter, and 3 % at most
    of what these stains show.

    Parameters
    ----------
    model : Model
    pixels : Pixels, shape (Y, X, C)
    fits : mapping of int to Normalisation
        By channel, fitted to it.
    expected : int or None
        The channel that names, colours or order suggest.
    threads : int
    briefly : bool
        Show the network one field on each scale, and nothing else if it is empty.

    Returns
    -------
    dict of int to float
        By channel; 0 for none.
    """
    shown = {channel: fit for channel, fit in fits.items() if not fit.is_flat}
    jobs = spread_jobs(pixels.shape, _SCALES, 1 if briefly else _FIELDS)
    clear = dict.fromkeys(fits, 0.0)
    for channel, fit in shown.items():
        clear[channel] = clarity(view_fields(model, pixels, fit, jobs, threads, brighter=True))
    if briefly:
        return clear
    lacking = [channel for channel in shown if clear[channel] < _SEEN]
    if expected is not None and clear.get(expected, 0.0) >= _SOME:
        searched = []
    elif max(clear.values(), default=0.0) >= _CERTAIN:
        searched = [channel for channel in lacking if channel == expected]
    else:  # all or none: more fields make more of the little that any channel shows
        searched = list(shown) if lacking else []
    for channel in searched:
        fit = shown[channel]
        found = clarity(view_fields(model, pixels, fit, interesting_fields(pixels, fit), threads, brighter=True))
        clear[channel] = max(clear[channel], found)
    return clear


def choose_channel(image: Image, clear: Mapping[int, float], usual: int | None) -> ChosenChannel | None:
    """Choose the channel that shows the nuclei most clearly, or the usual one where that is nearly as clear.

    Parameters
    ----------
    image : Image
        Whose channels they are.
    clear : mapping of int to float
        See `channel_clarity`.
    usual : int or None
        The channel that colours or order suggest.

    Returns
    -------
    ChosenChannel or None
        None where no channel shows nuclei.
    """
    bonus = _COLOUR if image.is_rgb else _FIRST
    first, *others = sorted(clear, key=lambda channel: -clear[channel] * (bonus if channel == usual else 1))
    if max(clear.values()) < _SEEN:
        return None
    names = {channel: _name(image, channel) for channel in clear}
    why = f"looks most like nuclei of {len(clear)} channels: {names[first]}"
    least = _CLOSE * clear[first]
    close = [channel for channel in others if clear[channel] > least and not _show_same(image, first, channel)]
    if not close:
        return ChosenChannel(first, why)
    also = " and ".join(names[channel] for channel in close) + (" show" if len(close) > 1 else " shows")
    warning = (
        f"uncertain channel: the nuclei were taken from {names[first]}, but {also} objects nearly as clearly "
        "(choose one with --channel)"
    )
    return ChosenChannel(first, why, (warning,))


def channels_named_otherwise(image: Image) -> tuple[int, ...]:
    """Channels whose names speak against them, where the name of another says that it shows the nuclei."""
    if image.is_rgb or image.channels == 1 or not image.channel_names:
        return ()
    ranks = [nuclear_evidence(name) for name in image.channel_names]
    return tuple(at for at, rank in enumerate(ranks) if rank < max(ranks)) if max(ranks) >= NUCLEAR_MARKER else ()


def contradicting_channels(clear: Mapping[int, float], named: int) -> tuple[int, ...]:
    """Channels that show nuclei far more clearly than the one that was named so.

    Parameters
    ----------
    clear : mapping of int to float
        See `channel_clarity`.
    named : int
    """
    least = max(_SOME, _CONTRADICTS * clear[named])
    return tuple(channel for channel, value in clear.items() if channel != named and value >= least)


def check_name(image: Image, by_name: ChosenChannel, clear: Mapping[int, float]) -> ChosenChannel:
    """Hold the channel that a name has decided for against the content of all.

    Another is taken only where the one named so shows no nuclei at all; else a warning names both.

    Parameters
    ----------
    image : Image
        Whose channels they are.
    by_name : ChosenChannel
    clear : mapping of int to float
        See `channel_clarity`.
    """
    against = contradicting_channels(clear, by_name.channel)
    if not against:
        return by_name
    best = max(against, key=lambda channel: clear[channel])
    named, other = _name(image, by_name.channel), _name(image, best)
    if clear[by_name.channel] < _SEEN and clear[best] >= _CERTAIN:
        why = f"looks like nuclei, which {named} does not show: {other}"
        warning = (
            f"uncertain channel: the nuclei were taken from {other}, since {named} shows none in spite of its name "
            "(check the names, or choose one with --channel)"
        )
        return ChosenChannel(best, why, (warning,))
    warning = (
        f"uncertain channel: the nuclei were taken from {named} for its name, but {other} shows objects that look far "
        "more like nuclei (check the names, or choose one with --channel)"
    )
    return ChosenChannel(by_name.channel, by_name.why, (*by_name.warnings, warning))


def _show_same(image: Image, first: int, second: int) -> bool:
    sample = sample_grid(image.pixels, _SAMPLE)
    both = np.stack([sample[..., channel].ravel() for channel in (first, second)]).astype(np.float64)
    both = both[:, np.isfinite(both).all(axis=0)]
    return bool(both.size and both.std(axis=1).min() > 0 and np.corrcoef(*both)[0, 1] > _SAME)


def _name(image: Image, channel: int) -> str:
    if image.channel_names:
        return f"channel {channel} ({image.channel_names[channel]!r})"
    return f"channel {channel} ({_COLOURS[channel]})" if image.is_rgb else f"channel {channel}"
