"""Explains why a result should be checked before it is used, from an image's pixels and objects.

Sharpness and score were set on validation images, colours and noise on training images (``benchmarks/fit_trust.py``),
so that hardly an image is flagged as it is; ``benchmarks/trust.py`` measures what they catch and what they miss.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.labels.recognition import holds_labels
from hooke.pipeline.colours import known_palette, sample_colours
from hooke.pipeline.edges import background_beside, intensity_slope
from hooke.pipeline.familiarity import is_unfamiliar
from hooke.pipeline.lettering import count_lettering
from hooke.pipeline.outlines import looks_fragmented
from hooke.pipeline.window import choose_window
from hooke.preprocess import Normalisation
from hooke.targets.decoded import Decoded

_WINDOW = 1024  # side of the part of a large image that is measured, pixels
_SHARP = 1.95  # sharper than this (object widths per edge width) were all but 2 % of the validation images
_SURE = 0.62  # the median score of an image was above this on all but 1 % of them
_SATURATED = 0.2
_UNSEEN = 0.05  # three times the largest share of unseen colours in a training image, its own field left out
_NOISY = 0.15  # noise over contrast: up to 0.2, 6 % of AP at 0.5 is lost, then a fifth; clean images have 0.06
_LOOK = 32.0  # diameter to which larger objects are shrunk before noise is measured, since it averages out, pixels
_DETAIL = 1 / 16  # of an object that stand out from noise: standard deviation of the smoothing, in diameters
_MAD = 0.6745  # median absolute deviation of a normal distribution, as a share of its standard deviation
_DROPPED = 0.2  # share of an image's candidates ...
_DROPPED_FEW = 5  # ... and number, below which chance makes the share
#: Said of images that the shipped model `nuclei` was not made for.
UNFAMILIAR: Final = (
    "unlike the training images: this may be phase contrast, a stained section in grey, a stain of whole cells, or not "
    "microscopy of nuclei, and what was found should not be trusted"
)
_LABELS = (
    "labels: nearly all neighbouring pixels within objects are equal, as in a label image or a mask: give the image "
    "that it was made of"
)
_FAR = 12.0  # times as bright as the typical one: in 764 images of three sources no nucleus is 8 times as bright
_FEWEST = 5  # objects of which there is a typical one
_SMALLEST = 6.0  # pixels: in smaller objects there is no outline to see
_SMALLEST_PART = 3.0  # of those that are counted, most of all
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def quality_warnings(
    pixels: NDArray[np.generic],
    normalisation: Normalisation,
    decoded: Decoded,
    diameter: float,
    *,
    foreground: NDArray[np.uint16] | None = None,
    parts: bool = False,
    threads: int = 1,
) -> tuple[str, ...]:
    """Say why a result should be checked before it is used.

    Parameters
    ----------
    pixels : ndarray, shape (Y, X) or (Y, X, C)
    normalisation : Normalisation
    decoded : Decoded
        The objects with their scores, and how many candidates were dropped.
    diameter : float
        Typical diameter, pixels.
    foreground : ndarray of uint16, shape (Y, X), optional
        First map of the model `nuclei`. What other models saw is not known here: give None, and neither the kind of
        image nor its colours are compared with what it saw.
    parts : bool
        Whether the objects are small parts of larger ones, such as micronuclei, against whose edges and brightness
        theirs can't be compared.
    threads : int
        Reasons looked for at once.

    Returns
    -------
    tuple of str
        Empty when nothing is suspicious.
    """
    labels, scores = decoded.labels, decoded.scores
    if not len(scores):
        return ()
    window = choose_window(labels, _WINDOW)
    part, shown = labels[window], pixels[window]
    grey = _mean_of_channels(normalisation.apply(shown))
    with ThreadPoolExecutor(threads) as pool:  # in the order in which they are found to take long
        letters_of = pool.submit(_count_lettering, pixels, normalisation, labels)
        unlike = foreground is not None and pool.submit(
            is_unfamiliar, grey, foreground[window], part, decoded, diameter, normalisation
        )
        sharpness_of = pool.submit(edge_sharpness, grey, part, diameter)
        noise_of = pool.submit(noise_level, grey, part, diameter)
        fragmented = not normalisation.keeps_colours and not parts and pool.submit(looks_fragmented, part)
        saturated = pool.submit(saturated_share, shown, normalisation, part)
    found = []
    if unlike and unlike.result():
        found.append(UNFAMILIAR)
    if text := dropped_candidates(decoded):
        found.append(text)
    if letters := letters_of.result():
        found.append(
            f"burnt-in text: {letters} of the objects look like letters or a scale bar that were drawn into the "
            "picture: use the picture without them"
        )
    found += _unlike_nuclei(normalisation, shown, part, parts=parts)
    if float(np.median(scores)) < _SURE:
        found.append(
            f"low confidence: the typical object scores {np.median(scores):.2f}: "
            "the image may be noisy, or unlike what the model was trained on"
        )
    if diameter < (_SMALLEST_PART if parts else _SMALLEST):
        found.append(f"objects are only {diameter:.1f} pixels wide: take images at a higher magnification")
    if fragmented and fragmented.result():
        found.append("fragments: sizes vary and many outlines are lumpy, so several fragments may share one outline")
    if (share := saturated.result()) > _SATURATED:
        found.append(f"saturated: {share:.0%} of the objects' pixels are at the highest intensity")
    noise = noise_of.result()
    if noise is not None and noise > _NOISY:
        found.append(f"noisy: the noise is {noise:.0%} of the objects' contrast, so faint objects may be missed")
    if foreground is not None and normalisation.keeps_colours:
        unseen = known_palette().unseen_share(sample_colours(pixels, normalisation))
        if unseen > _UNSEEN:
            found.append(f"unknown colours: {unseen:.0%} of the pixels have colours that the model never saw")
    sharpness = sharpness_of.result()
    if sharpness is not None and sharpness < _SHARP and not parts:
        found.append("out of focus: the objects' edges are blurred, so their outlines and areas are uncertain")
    return tuple(found)


def _unlike_nuclei(
    normalisation: Normalisation, shown: NDArray[np.generic], labels: NDArray[np.int32], *, parts: bool
) -> Iterator[str]:
    """Say that the pixels (Y, X) or (Y, X, C) are those of labels, or that some objects outshine the others."""
    plane = normalisation.select(shown)
    if holds_labels(plane if plane.ndim == 2 else plane[..., 0]):
        yield _LABELS
    if plane.ndim == 2 and not parts and normalisation.is_on_dark and (bright := count_far_brighter(plane, labels)):
        yield (
            f"far brighter: {bright} of the objects are over {_FAR:.0f} times as bright as the typical one, as nuclei "
            "hardly are: check that they are not dirt"
        )


def _mean_of_channels(channels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean over the last axis, plane by plane: a reduction over an axis of three takes several times as long."""
    total = channels[..., 0].copy()
    for index in range(1, channels.shape[2]):
        total += channels[..., index]
    return np.asarray(total / channels.shape[2], np.float32)


def _count_lettering(pixels: NDArray[np.generic], normalisation: Normalisation, labels: NDArray[np.int32]) -> int:
    """Count the objects that are letters, also in colours that the channel chosen does not show, as yellow in blue."""
    count = count_lettering(_as_picture(pixels, normalisation), labels)
    is_picture = pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.dtype == np.uint8
    return count_lettering(pixels, labels) if not count and is_picture and not normalisation.keeps_colours else count


def _as_picture(pixels: NDArray[np.generic], normalisation: Normalisation) -> NDArray[np.generic]:
    """The channel chosen, as stored; or colours in 8 bits, from any type."""
    if normalisation.keeps_colours and pixels.dtype != np.uint8:
        return np.clip(normalisation.apply(pixels) * 255, 0, 255).astype(np.uint8)
    return normalisation.select(pixels)


def dropped_candidates(decoded: Decoded) -> str:
    """Warn where more than a fifth of an image's candidates, and at least five, were dropped; else empty."""
    small, unsure = decoded.too_small, decoded.too_unsure
    share = (small + unsure) / max(len(decoded.scores) + small + unsure, 1)
    if small + unsure < _DROPPED_FEW or share <= _DROPPED:
        return ""
    reasons = [f"{small} for their size" if small else "", f"{unsure} for their score" if unsure else ""]
    return (
        f"dropped: {small + unsure} of {len(decoded.scores) + small + unsure} candidates were left out, "
        f"{' and '.join(filter(None, reasons))} (see --min-size and --min-score)"
    )


def count_far_brighter(channel: NDArray[np.generic], labels: NDArray[np.int32]) -> int:
    """Count the objects that are far brighter than the typical one, as dust and fibres are, and nuclei are not.

    Parameters
    ----------
    channel : ndarray, shape (Y, X)
        As stored.
    labels : ndarray of int32, shape (Y, X)
    """
    finite = np.isfinite(channel)
    inside, outside = (labels > 0) & finite, (labels == 0) & finite
    ids = labels[inside]
    areas = np.bincount(ids)[1:]
    there = areas > 0
    if there.sum() < _FEWEST or not outside.any():
        return 0
    means = np.bincount(ids, channel[inside])[1:][there] / areas[there]
    above = means - float(np.median(channel[outside]))
    return int((above > _FAR * max(float(np.median(above)), 1.0)).sum())


def edge_sharpness(grey: NDArray[np.float32], labels: NDArray[np.int32], diameter: float) -> float | None:
    """How steep the objects' edges are: intensity slope there, times diameter, over the objects' contrast.

    The edge of a large bright disk that is blurred by a Gaussian of sigma `s` has ``diameter / (s * sqrt(2 * pi))``.

    Parameters
    ----------
    grey : ndarray of float32, shape (Y, X)
    labels : ndarray of int32, shape (Y, X)
    diameter : float
        Pixels.

    Returns
    -------
    float or None
        None when no object can be compared with a background beside it.
    """
    ids = labels.astype(np.float32)
    inside = labels > 0
    edge = (cv2.erode(ids, _CROSS) != cv2.dilate(ids, _CROSS)) & inside
    around = background_beside(inside, diameter)
    if not edge.any() or not around.any():
        return None
    # The ends of both ranges, since what lies close to a blurred edge is neither object nor background.
    bright = bool(np.median(grey[inside]) > np.median(grey[around]))
    core = float(np.percentile(grey[inside], 90 if bright else 10))
    beyond = float(np.percentile(grey[around], 10 if bright else 90))
    return float(np.median(intensity_slope(grey)[edge])) * diameter / max(abs(core - beyond), 1e-3)


def noise_level(grey: NDArray[np.float32], labels: NDArray[np.int32], diameter: float) -> float | None:
    """How strong the noise is: its standard deviation over the objects' contrast, at the scale of the objects.

    The standard deviation is estimated from second differences over squares of four pixels, in which smooth shades and
    straight edges cancel, by their median absolute deviation, which detail in less than half of the image hardly moves
    (after Donoho and Johnstone 1994, section 4.2). Noise that was smoothed away, as by JPEG, is not seen. The contrast
    is that of the objects to what is around them, or that of their details where it is larger: cells in phase contrast
    are about as bright as the background.

    Parameters and result: see `edge_sharpness`.
    """
    inside = labels > 0
    around = background_beside(inside, diameter)
    if not inside.any() or not around.any():
        return None
    smooth = cv2.GaussianBlur(grey, (0, 0), max(_DETAIL * diameter, 1.0))
    details = float(np.subtract(*np.percentile(smooth[inside], (90, 10))))
    contrast = max(abs(float(np.median(grey[inside]) - np.median(grey[around]))), details)
    if (scale := _LOOK / diameter) < 1:
        grey = np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.float32)
    second = (grey[:-1, :-1] - grey[:-1, 1:] - grey[1:, :-1] + grey[1:, 1:]) / 2
    if not second.size:
        return None
    return float(np.median(np.abs(second))) / _MAD / max(contrast, 1e-3)


def saturated_share(pixels: NDArray[np.generic], normalisation: Normalisation, labels: NDArray[np.int32]) -> float:
    """Share of the objects' pixels that are at the highest intensity of the chosen part.

    A camera's full well need not be its data type's largest value, hence the highest that occurs. Colours of a
    brightfield or histology picture saturate in the background, not in the objects, and give 0.
    """
    inside = labels > 0
    if normalisation.keeps_colours or pixels.dtype.kind not in "ui" or not inside.any():
        return 0.0
    chosen = normalisation.select(pixels)
    return float((chosen[inside] >= chosen.max(axis=(0, 1))).mean())
