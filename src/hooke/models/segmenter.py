"""The main job on arrays: predict an image's maps at the scale that its objects need, and decode them to labels."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hooke.image import Pixels
from hooke.labels import offset_outlines
from hooke.models.predict import Network, Tiling, predict_maps
from hooke.models.scale import scale_for
from hooke.models.tta import HALF_TURN, with_mirror_tta
from hooke.models.visible_rim import follows_rim, take_rims
from hooke.preprocess import Normalisation
from hooke.targets import Decoded, Scheme
from hooke.targets.decoded import drop_small

_SMALLEST_SHARE = 0.07  # objects below this share of the typical object's area are dropped
_SMALLEST = 12.0  # pixels: an object of fewer looks like noise
_OVER_RIMS = 1.2  # times as large: objects that have grown over their rims
_BEFORE_RIMS = 0.5  # share of the smallest area that an object must have before it grows over its rim


@dataclass(frozen=True)
class SegmentedPixels:
    """Objects found in an array of pixels.

    Parameters
    ----------
    maps : ndarray of uint16, shape (K, Y, X)
        What the network predicted; 65535 for 1.
    decoded : Decoded
        Labels and scores.
    scale : float
        Network pixels per image pixel.
    min_size : float
        Objects of fewer pixels were dropped.
    inside : ndarray of bool, shape (Y, X), optional
        Pixels of all objects before their outlines were moved; None where they were not.
    """

    maps: NDArray[np.uint16]
    decoded: Decoded
    scale: float
    min_size: float
    inside: NDArray[np.bool_] | None = None

    def before_growing(self, decoded: Decoded) -> Decoded:
        """Some of the objects, as `decoded` holds them, in the pixels that they had before they grew."""
        if self.inside is None:
            return decoded
        return replace(decoded, labels=np.where(self.inside, decoded.labels, np.int32(0)))


@dataclass(frozen=True)
class PixelSegmenter:
    """A network, and how its maps become objects: the same at run time, in validation and in explanations.

    Parameters
    ----------
    network : callable
        Gives the network for a number of threads that one call of it may use.
    scheme : Scheme
        Decodes the maps.
    band : (float, float), optional
        Diameters (pixels) that images are resized to, see `hooke.models.scale.scale_for`; without, images are not
        resized.
    maps : int, optional
        Number of maps to predict, from the first; those that the scheme decodes when not given.
    tiling : Tiling
    threads : int
        Threads in all.
    min_size : float, optional
        Objects of fewer pixels are dropped; `smallest_area` is the default.
    grow : float
        Pixels that outlines move outwards, or inwards below 0: see `hooke.labels.offset_outlines`.
    exact : bool
        Whether images are brought to the band exactly, rather than in steps.
    visible_rim : bool
        Whether bright objects are outlined by their visible rim: see `hooke.models.visible_rim`.
    turned_pixels : int
        Images of up to this many pixels are predicted twice, as they are and turned by 180 degrees, and the mean taken.
    smallest_share : float, optional
        Objects below this share of the typical object's area are dropped where no `min_size` is given; 0.07 without.
    """

    network: Callable[[int], Network]
    scheme: Scheme
    band: tuple[float, float] | None = None
    maps: int | None = None
    tiling: Tiling = Tiling()  # noqa: RUF009 - frozen
    threads: int = 1
    min_size: float | None = None
    grow: float = 0.0
    exact: bool = False
    visible_rim: bool = False
    turned_pixels: int = 0
    smallest_share: float | None = None

    def scale_of(self, diameter: float) -> float:
        """Network pixels per image pixel for objects of a diameter, pixels."""
        return 1.0 if self.band is None else scale_for(diameter, self.band, exact=self.exact)

    def segment(
        self,
        pixels: Pixels,
        normalisation: Normalisation,
        diameter: float,
        *,
        min_size: float | None = None,
        min_score: float | None = None,
        grow: float | None = None,
        known: NDArray[np.uint16] | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> SegmentedPixels:
        """Segment an image whose objects' diameter is known.

        Parameters
        ----------
        pixels : Pixels, shape (Y, X) or (Y, X, C)
        normalisation : Normalisation
        diameter : float
            Typical diameter of the objects, pixels.
        min_size, grow : float, optional
            Instead of the segmenter's own.
        min_score : float, optional
            Instead of the scheme's own.
        known : ndarray of uint16, shape (K, Y, X), optional
            Maps that were predicted at scale 1 before.
        progress : callable, optional
            Given the share of the tiles done, 0..1.
        """
        scale = self.scale_of(diameter)
        min_size = self.min_size if min_size is None else min_size
        min_size = self.smallest_area(diameter, normalisation) if min_size is None else min_size
        maps = known if known is not None and scale == 1 else self.predict(pixels, normalisation, scale, progress)
        least = self.least_decoded(min_size, normalisation)
        decoded = self.scheme.decode(maps, min_size=least, diameter=diameter, min_score=min_score, threads=self.threads)
        if self.follows_rim(normalisation):
            labels = self.take_rims(decoded.labels, maps, pixels, normalisation, diameter)
            decoded = drop_small(replace(decoded, labels=labels), min_size, self.threads)
        inside = None
        if offset := self.grow if grow is None else grow:
            inside = decoded.labels > 0
            decoded = replace(decoded, labels=offset_outlines(decoded.labels, offset))
        return SegmentedPixels(maps, decoded, scale, float(min_size), inside)

    def follows_rim(self, normalisation: Normalisation) -> bool:
        """Whether an image's objects are outlined by their visible rim."""
        return self.visible_rim and follows_rim(normalisation)

    def smallest_area(self, diameter: float, normalisation: Normalisation) -> float:
        """Area in pixels below which objects are dropped unless another is given."""
        share = _SMALLEST_SHARE if self.smallest_share is None else self.smallest_share
        area = max(share * math.pi / 4 * diameter**2, _SMALLEST)
        return _OVER_RIMS * area if self.follows_rim(normalisation) else area

    def least_decoded(self, min_size: float, normalisation: Normalisation) -> float:
        """Area, pixels, from which candidates are decoded: those that grow over their rims may begin smaller."""
        return min_size * _BEFORE_RIMS if self.follows_rim(normalisation) else min_size

    def take_rims(
        self,
        labels: NDArray[np.int32],
        maps: NDArray[np.uint16],
        pixels: Pixels,
        normalisation: Normalisation,
        diameter: float,
    ) -> NDArray[np.int32]:
        """Outline decoded objects by their visible rim; as they are where these are not followed."""
        if not self.follows_rim(normalisation):
            return labels
        return take_rims(labels, maps[0], pixels, normalisation, diameter, self.threads)

    def predict(
        self,
        pixels: Pixels,
        normalisation: Normalisation,
        scale: float = 1.0,
        progress: Callable[[float], None] | None = None,
        *,
        at_least: int = 0,
    ) -> NDArray[np.uint16]:
        """Predict maps at a scale: at least `at_least` of them; see `segment` for the other parameters."""
        # Several tiles are predicted side by side on one thread each; a single one takes all threads.
        network = self.network_for(pixels.shape, self.threads if self.is_one_tile(pixels.shape, scale) else 1)
        return predict_maps(
            network,
            pixels,
            normalisation,
            scale=scale,
            maps=max(self.maps or self.scheme.decoded, at_least),
            tiling=self.tiling,
            threads=self.threads,
            progress=progress,
        )

    def network_for(self, shape: tuple[int, ...], threads: int) -> Network:
        """Give the network that predicts tiles of an image of a shape, for a number of threads of one call."""
        plain = self.network(threads)
        return with_mirror_tta(plain, HALF_TURN) if math.prod(shape[:2]) <= self.turned_pixels else plain

    def is_one_tile(self, shape: tuple[int, ...], scale: float = 1.0) -> bool:
        """Whether an image of a shape is predicted in one piece."""
        return round(max(shape[:2]) * scale) <= self.tiling.tile
