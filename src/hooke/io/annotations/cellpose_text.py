"""Reads the outlines that Cellpose saves as text: NAME_cp_outlines.txt, a line for each object, x,y,x,y,...

The numbers are those of border pixels, 0 for the first, which belong to the object; the outline of its largest piece,
without holes. The line of an object with fewer than five border pixels is empty.

https://cellpose.readthedocs.io/en/latest/outputs.html
"""

from __future__ import annotations

from pathlib import Path

from hooke.errors import DatasetError
from hooke.io.annotations.json_fields import located
from hooke.labels.polygons import fill_border, to_ring
from hooke.labels.shape_layer import ShapeLayer

#: What the names of such files end in, the longest first.
ENDINGS = ("_cp_outlines.txt", "_outlines.txt")
TOO_SMALL = "objects of fewer than 5 border pixels, of which Cellpose writes no outline"
_REMEDY = "save the outlines again from Cellpose, or give its _seg.npy or _cp_masks.png"


def read_outlines(path: Path, shape: tuple[int, ...]) -> ShapeLayer:
    """Read the outlines of an image of this height and width.

    Raises
    ------
    DatasetError
        If the file can't be read, or a line is not pairs of numbers.
    """
    layer = ShapeLayer(shape)
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise DatasetError(f"can't be read ({error.strerror})", path=path, remedy="check the file") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            with located(path, f"line {number}"):
                _add(layer, str(number), line)
        else:
            layer.notes[TOO_SMALL] += 1
    return layer


def _add(layer: ShapeLayer, name: str, line: str) -> None:
    """Add the object of a line."""
    try:
        ring = to_ring([float(number) for number in line.split(",")])
    except (ValueError, DatasetError) as error:
        raise DatasetError("is not x,y,x,y,... of an outline", remedy=_REMEDY) from error
    region = fill_border(ring)
    if region is None:  # changed by hand or simplified: the centres of pixels are half a pixel from their corners
        layer.add_polygon(name, [[ring + 0.5]])
    else:
        mask, top, left = region
        layer.add_mask(name, mask, top=top, left=left)
