"""Changes of an image that leave its objects where they are: size, frame, intensities, noise, colours, pixel types."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

Labels = NDArray[np.int32]
Pixels = NDArray[Any]


@dataclass(frozen=True)
class Field:
    """An image and its true objects.

    Attributes
    ----------
    pixels : ndarray, shape (Y, X) or (Y, X, 3)
    labels : ndarray of int32, shape (Y, X)
    is_rgb : bool
    window : (slice, slice)
        What it shows of the unchanged image, by whose result it is judged.
    """

    pixels: Pixels
    labels: Labels
    is_rgb: bool = False
    window: tuple[slice, slice] = (slice(None), slice(None))

    @property
    def ends(self) -> tuple[float, float]:
        """Intensities between which nearly all pixels lie."""
        low, high = np.percentile(self.pixels, (1, 99.8))
        return float(low), float(max(high, low + 1))

    @property
    def unit(self) -> NDArray[np.float64]:
        """Pixels, 0..1 between the ends."""
        low, high = self.ends
        return np.asarray((self.pixels - low) / (high - low))

    def of(self, values: Pixels) -> Field:
        """The same with other pixels: of the old type, unless these are floats of their own."""
        kept = np.clip(np.rint(values), 0, np.iinfo(self.pixels.dtype).max).astype(self.pixels.dtype)
        return replace(self, pixels=kept)

    def times(self, light: NDArray[np.float64]) -> Field:
        """The same in other light, (Y, X)."""
        return self.of(self.pixels * (light[..., None] if self.pixels.ndim == 3 else light))


Change = Callable[[Field, np.random.Generator], Field]


def changes_of(field: Field) -> dict[str, Change]:
    """Changes that make sense for a field, by name."""
    return EVERY | (OF_COLOURS if field.is_rgb else OF_GREY)


def _resized(down: float, across: float) -> Change:
    def change(field: Field, _: np.random.Generator) -> Field:
        size = tuple(max(1, round(n * by)) for n, by in zip(field.labels.shape[::-1], (across, down), strict=True))
        way = cv2.INTER_AREA if down * across < 1 else cv2.INTER_CUBIC
        labels = cv2.resize(field.labels.astype(np.float32), size, interpolation=cv2.INTER_NEAREST)
        return replace(field, pixels=cv2.resize(field.pixels, size, interpolation=way), labels=labels.astype(np.int32))

    return change


def _crop(share: float) -> Change:
    def change(field: Field, _: np.random.Generator) -> Field:
        rows, columns = (slice(round(n * (1 - share) / 2), round(n * (1 + share) / 2)) for n in field.labels.shape)
        return replace(
            field, pixels=field.pixels[rows, columns], labels=field.labels[rows, columns], window=(rows, columns)
        )

    return change


def _mosaic(field: Field, _: np.random.Generator) -> Field:
    count = field.labels.max()
    rows = [[np.where(field.labels, field.labels + count * (3 * y + x), 0) for x in range(3)] for y in range(3)]
    return replace(field, pixels=np.tile(field.pixels, (3, 3, 1)[: field.pixels.ndim]), labels=np.block(rows))


def _framed(value: Callable[[Field], Any]) -> Change:
    def change(field: Field, _: np.random.Generator) -> Field:
        margin = min(field.labels.shape) // 4
        labels = np.pad(field.labels, margin)
        pixels = np.empty((*labels.shape, *field.pixels.shape[2:]), field.pixels.dtype)
        pixels[:] = value(field)
        pixels[margin:-margin, margin:-margin] = field.pixels
        return replace(field, pixels=pixels, labels=labels)

    return change


def _beside_itself(field: Field, _: np.random.Generator) -> Field:
    dark = 0.0 if field.is_rgb else field.ends[0]
    dim = field.of(dark + (field.pixels - dark) * (0.6 if field.is_rgb else 0.3)).pixels
    other = np.where(field.labels, field.labels + field.labels.max(), 0)
    return replace(
        field, pixels=np.concatenate([field.pixels, dim], 1), labels=np.concatenate([field.labels, other], 1)
    )


def _turned(field: Field, _: np.random.Generator) -> Field:
    pixels, labels = (np.ascontiguousarray(np.rot90(one)[:, ::-1]) for one in (field.pixels, field.labels))
    return replace(field, pixels=pixels, labels=labels)


def _ramp(field: Field, first: float, last: float) -> NDArray[np.float64]:
    return np.tile(np.linspace(first, last, field.labels.shape[1]), (field.labels.shape[0], 1))


def _tiles(field: Field, rng: np.random.Generator) -> Field:
    coarse = rng.uniform(0.7, 1, (3, 3))
    return field.times(cv2.resize(coarse, field.labels.shape[::-1], interpolation=cv2.INTER_NEAREST))


def _noise(share: float) -> Change:
    def change(field: Field, rng: np.random.Generator) -> Field:
        noisy = 40 + 160 * (field.unit + rng.normal(0, share, field.pixels.shape))
        return replace(field, pixels=np.clip(noisy, 0, 255).astype(np.uint8))

    return change


def _some_pixels(value: float) -> Change:
    def change(field: Field, rng: np.random.Generator) -> Field:
        pixels = field.unit.astype(np.float32)
        pixels[rng.random(field.labels.shape) < 1e-3] = value
        return replace(field, pixels=pixels)

    return change


def _jpeg(field: Field, _: np.random.Generator) -> Field:
    file = io.BytesIO()
    Picture.fromarray(np.clip(255 * field.unit, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=30)
    return replace(field, pixels=np.asarray(Picture.open(file)))


def _sixteen_bits(field: Field, gain: float, offset: float) -> Field:
    return replace(field, pixels=np.clip(gain * field.unit + offset, 0, 65535).astype(np.uint16))


def _fibre(field: Field, _: np.random.Generator) -> Field:
    light = np.zeros(field.labels.shape, np.float32)
    height, width = light.shape
    cv2.line(light, (width // 10, height // 7), (9 * width // 10, height // 4), 1.0, 4)
    light = 20 * cv2.GaussianBlur(light, (0, 0), 1.2)
    return _sixteen_bits(replace(field, pixels=field.unit + light), 40000, 300)


def _one_colour(index: int) -> Change:
    def change(field: Field, _: np.random.Generator) -> Field:
        pixels = np.zeros((*field.labels.shape, 3), field.pixels.dtype)
        pixels[..., index] = field.pixels
        return replace(field, pixels=pixels, is_rgb=True)

    return change


EVERY: dict[str, Change] = {
    **{f"size x {by}": _resized(by, by) for by in (0.4, 0.6, 1.6, 2.5)},
    "height x 1.3": _resized(1.3, 1.0),
    "middle quarter": _crop(0.5),
    "mosaic of 3 x 3": _mosaic,
    "rotated and mirrored": _turned,
    "black frame": _framed(lambda field: 0),
    "frame of background": _framed(lambda field: np.median(field.pixels[field.labels == 0], axis=0)),
    "beside a dim copy": _beside_itself,
    "gamma 0.5": lambda field, _: field.of(field.pixels.max() * (field.pixels / field.pixels.max()) ** 0.5),
    "gamma 2": lambda field, _: field.of(field.pixels.max() * (field.pixels / field.pixels.max()) ** 2.0),
    "light falls to 0.3": lambda field, _: field.times(_ramp(field, 1, 0.3)),
    "stitched tiles": _tiles,
    "a tenth of the levels": lambda field, _: field.of(field.pixels * 0.1),
    "blur of 1.5 px": lambda field, _: replace(field, pixels=cv2.GaussianBlur(field.pixels, (0, 0), 1.5)),
    "noise 0.1 of range": _noise(0.1),
    "noise 0.25 of range": _noise(0.25),
    "JPEG of quality 30": _jpeg,
    "not numbers, 0.1 %": _some_pixels(np.nan),
    "hot pixels, 0.1 %": _some_pixels(1.0),
    "float, mean 0": lambda field, _: replace(field, pixels=(field.unit - field.unit.mean()).astype(np.float32)),
}
OF_GREY: dict[str, Change] = {
    "16 bit, large offset": lambda field, _: _sixteen_bits(field, 4000, 40000),
    "background ramp": lambda field, _: _sixteen_bits(
        replace(field, pixels=field.unit + _ramp(field, 0, 1)), 20000, 500
    ),
    "bright fibre": _fibre,
    "stored as green": _one_colour(1),
    "stored as blue": _one_colour(2),
}
OF_COLOURS: dict[str, Change] = {
    "darker stain": lambda field, _: field.of(255 * (np.maximum(field.pixels, 1) / 255) ** 1.6),
    "paler stain": lambda field, _: field.of(255 - 0.35 * (255.0 - field.pixels)),
    "yellow light": lambda field, _: field.of(field.pixels * (1, 0.95, 0.7)),
    "red for blue": lambda field, _: replace(field, pixels=np.ascontiguousarray(field.pixels[..., ::-1])),
    "three 16 bit channels": lambda field, _: replace(field, pixels=field.pixels.astype(np.uint16) * 257, is_rgb=False),
    "in grey": lambda field, _: replace(field, pixels=cv2.cvtColor(field.pixels, cv2.COLOR_RGB2GRAY), is_rgb=False),
}
