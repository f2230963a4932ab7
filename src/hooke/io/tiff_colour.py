"""Turns stored samples of a TIFF into intensities: palettes, alpha, white-is-zero and YCbCr.

A palette counts where it is the colours of a picture. In the formats of microscope software, and wherever it is a ramp
that grows with the index, it is a lookup table for display: the indices are the intensities, and are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from hooke.errors import ImageReadError
from hooke.io.axes import Layout
from hooke.io.opacity import drop_opacity
from hooke.io.segment_size import JPEG_2000

_RGB = tifffile.PHOTOMETRIC.RGB
_YCBCR = tifffile.PHOTOMETRIC.YCBCR
_PALETTE = tifffile.PHOTOMETRIC.PALETTE
_MINISWHITE = tifffile.PHOTOMETRIC.MINISWHITE
_INVERTED = (
    "inverted: the file calls 0 white, so intensities are the highest value of its type less those stored, and bright "
    "is high"
)
_NOT_READ: dict[int, str] = {
    tifffile.PHOTOMETRIC.SEPARATED: "CMYK",
    tifffile.PHOTOMETRIC.CIELAB: "CIELAB",
    tifffile.PHOTOMETRIC.ICCLAB: "ICCLAB",
}
_JPEG = (tifffile.COMPRESSION.JPEG, tifffile.COMPRESSION.OJPEG)  # decoded to RGB by its codec
_APERIO_YCBCR = 33003  # regardless of its photometric tag
_COEFFICIENTS, _SUBSAMPLING, _REFERENCE = 529, 530, 532
_MICROSCOPE_FORMATS = (
    "andor", "fei", "fluoview", "imagej", "lsm", "mediacy", "metaseries", "micromanager", "mmstack", "ndtiff", "nih",
    "ome", "scanimage", "sem", "sis", "stk", "tvips",
)  # fmt: skip


@dataclass(frozen=True)
class _YCbCr:
    """Luma coefficients of red, green and blue; black and white of each stored sample."""

    luma: tuple[float, float, float]
    reference: tuple[float, ...]

    @classmethod
    def of_page(cls, page: tifffile.TiffPage) -> _YCbCr:
        luma = _rationals(page, _COEFFICIENTS, (0.299, 0.587, 0.114))
        return cls((luma[0], luma[1], luma[2]), _rationals(page, _REFERENCE, (0, 255, 128, 255, 128, 255)))

    def to_rgb(self, samples: NDArray[np.generic]) -> NDArray[np.uint8]:
        """Convert samples (..., 3) of 8 bits."""
        black, white = np.array(self.reference[::2], np.float32), np.array(self.reference[1::2], np.float32)
        span = np.array([255, 127, 127], np.float32) / np.where(white == black, 1, white - black)
        y, cb, cr = np.moveaxis((samples.astype(np.float32) - black) * span, -1, 0)
        red_luma, green_luma, blue_luma = self.luma
        red = y + cr * (2 - 2 * red_luma)
        blue = y + cb * (2 - 2 * blue_luma)
        green = (y - red_luma * red - blue_luma * blue) / green_luma
        return np.asarray(np.clip(np.rint(np.stack([red, green, blue], -1)), 0, 255), np.uint8)


@dataclass(frozen=True)
class TiffColour:
    """How stored samples become intensities.

    Parameters
    ----------
    picture : bool
        Whether the file says that the samples are red, green and blue.
    drops_alpha, inverts : bool
        Whether the last sample is left out, and whether white is stored as 0.
    palette : ndarray of uint8, shape (n, 3) or (n,), optional
        Colours, or grey values, that stored samples are indices of.
    ycbcr : optional
        How to convert luma and chroma.
    """

    picture: bool = False
    drops_alpha: bool = False
    inverts: bool = False
    palette: NDArray[np.uint8] | None = None
    ycbcr: _YCbCr | None = None

    @classmethod
    def of_page(cls, tif: tifffile.TiffFile, page: tifffile.TiffPage, path: Path, *, raw: bool) -> TiffColour:
        """Read a page's tags.

        Raises
        ------
        ImageReadError
            If its colours would be mistaken for intensities.
        """
        kind = page.photometric
        ycbcr = _ycbcr(page, path)
        if (name := _NOT_READ.get(int(kind))) is not None:
            raise ImageReadError(f"a TIFF in {name} colours", path=path, remedy="save it as RGB")
        picture = kind in (_RGB, _YCBCR) or ycbcr is not None
        if raw:
            return cls(picture=picture, ycbcr=ycbcr)
        if kind == _PALETTE and page.colormap is not None:
            return cls() if _is_for_display(tif, page.colormap) else cls(palette=_palette(page.colormap))
        unsigned = page.dtype is not None and page.dtype.kind == "u"
        return cls(
            picture=picture,
            drops_alpha=_has_alpha(page, picture=picture),
            # ImageJ marks an inverted lookup table so, and leaves the intensities as they are.
            inverts=kind == _MINISWHITE and unsigned and not tif.is_imagej,
            ycbcr=ycbcr,
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of intensities that are not those of the file."""
        return (_INVERTED,) if self.inverts else ()

    def shown(self, layout: Layout) -> Layout:
        """Layout after colours are brought to intensities."""
        if self.palette is not None and self.palette.ndim == 2:
            return Layout(layout.axes + "S", (*layout.shape, 3))
        if self.drops_alpha and "S" in layout.axes:
            sizes = [size - (axis == "S") for axis, size in zip(layout.axes, layout.shape, strict=True)]
            return Layout(layout.axes, tuple(sizes))
        return layout

    def is_picture(self, shown: Layout) -> bool:
        """Whether the channels are red, green and blue."""
        return (self.picture or self.palette is not None) and shown.length("S") == 3 and shown.channels == 3

    def dtype_of(self, stored: np.dtype[np.generic]) -> np.dtype[np.generic]:
        """Type of the intensities that samples of a type become."""
        changed = self.palette is not None or self.ycbcr is not None
        return np.dtype(np.uint8) if changed else stored.newbyteorder("=")

    def apply(self, block: NDArray[np.generic], axes: str, bits: int) -> tuple[NDArray[np.generic], str]:
        """Turn stored samples into intensities."""
        if self.palette is not None:
            indices = block.astype(np.intp)
            return self.palette[indices], axes + "S" if self.palette.ndim == 2 else axes
        if self.ycbcr is not None:
            at = axes.index("S")
            return self.ycbcr.to_rgb(np.moveaxis(block, at, -1)), axes[:at] + axes[at + 1 :] + "S"
        if self.drops_alpha and "S" in axes:
            at = axes.index("S")
            block = np.moveaxis(drop_opacity(np.moveaxis(block, at, -1)), -1, at)
        if self.inverts:
            # Flipping the bits that count is max - value, in the type of the pixels and without overflow.
            block = np.bitwise_xor(block, np.array(2**bits - 1).astype(block.dtype))
        return block, axes


def _ycbcr(page: tifffile.TiffPage, path: Path) -> _YCbCr | None:
    """How to convert a page whose codec leaves luma and chroma as they are; None where there is nothing to convert."""
    compression = int(page.compression)
    if compression != _APERIO_YCBCR and (page.photometric != _YCBCR or page.compression in _JPEG):
        return None
    subsampling = page.tags.valueof(_SUBSAMPLING) or ((1, 1) if compression in JPEG_2000 else (2, 2))
    if tuple(subsampling) != (1, 1) or page.samplesperpixel != 3 or page.bitspersample != 8:
        raise ImageReadError(
            "a TIFF in YCbCr colours of which hooke reads only 8 bits without chroma subsampling, or JPEG",
            path=path,
            remedy="save it as RGB, for example with Fiji or QuPath",
        )
    return _YCbCr.of_page(page)


def _rationals(page: tifffile.TiffPage, tag: int, default: tuple[float, ...]) -> tuple[float, ...]:
    """Numbers of a tag that stores each as numerator and denominator."""
    value = page.tags.valueof(tag)
    if not isinstance(value, tuple) or len(value) != 2 * len(default) or 0 in value[1::2]:
        return default
    numbers = tuple(float(upper) / float(lower) for upper, lower in zip(value[::2], value[1::2], strict=True))
    return default if tag == _COEFFICIENTS and 0 in numbers else numbers


def _is_for_display(tif: tifffile.TiffFile, colormap: NDArray[np.uint16]) -> bool:
    """Whether a palette is a lookup table for the display of intensities."""
    if any(getattr(tif, f"is_{name}", False) for name in _MICROSCOPE_FORMATS) or colormap.shape[1] > 256:
        return True
    is_grey = bool((colormap == colormap[:1]).all())
    # One colour from dark to bright; a picture's palette is in any order, and its shorter ones are padded with black.
    return not is_grey and colormap.shape[1] == 256 and bool((np.diff(colormap.astype(np.int64)) >= 0).all())


def _palette(colormap: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Colours (n, 3) of 8 bits of a palette, or (n,) where all are grey."""
    colours = (colormap.T >> 8).astype(np.uint8)
    return colours[:, 0] if bool((colours == colours[:, :1]).all()) else colours


def _has_alpha(page: tifffile.TiffPage, *, picture: bool) -> bool:
    """Whether the last sample is alpha: said by its tag, or left open in an 8-bit picture of four samples."""
    extra = tuple(int(kind) for kind in page.extrasamples)
    if picture and page.samplesperpixel == 4:
        return not extra or extra[0] in (1, 2) or page.bitspersample == 8
    return page.samplesperpixel == 2 and extra in ((1,), (2,))
