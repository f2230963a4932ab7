"""Opens Leica .lif files with liffile, frame by frame.

The format states the length of an axis from the centre of its first pixel to that of its last, so that the size of a
pixel is length / (N - 1).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ImageReadError
from hooke.io.axes import stored_layout
from hooke.io.image_file import ImageFile, check_dtype
from hooke.io.levels import check_level, choose_scene
from hooke.io.vendor_errors import report_errors


def open_lif(path: Path, axes: str | None = None, /, *, scene: str | None = None, level: int = 0) -> ImageFile:
    """Open a .lif file; its images are scenes, by their names.

    Raises
    ------
    ImageReadError
        If it is damaged, or has no such image, level or axes.
    """
    check_level(level, (), path)
    with _reading(path) as file:
        images = _named(file)
        if not images:
            raise ImageReadError("holds no image", path=path, remedy="export the images as TIFF")
        names = tuple(images) if len(images) > 1 else ()
        chosen = choose_scene(scene, names, path, max(images, key=lambda name: math.prod(images[name].shape)))
        image = images[chosen]
        check_dtype(np.dtype(image.dtype), path)
        layout = stored_layout(axes or "".join(image.dims), image.shape, path)
        steps = {axis: _step(image.coords.get(axis)) for axis in "XYZT"}
        dims, shape, dtype = tuple(image.dims), dict(image.sizes), np.dtype(image.dtype)

    def read(position: Mapping[str, int]) -> NDArray[np.generic]:
        with _reading(path) as file:
            frames = _named(file)[chosen]
            fixed = {axis: at for axis, at in position.items() if axis in dims}
            channels = range(shape["C"]) if "C" in dims else [None]
            parts = [frames.frame(**fixed, **({} if at is None else {"C": at})) for at in channels]
        pixels = np.stack(parts, axis=-1) if len(parts) > 1 else parts[0]
        return np.ascontiguousarray(pixels)

    is_rgb = "S" in dims
    return ImageFile(
        path=path,
        name=path.stem,
        axes=layout.stack_axes,
        stack_shape=layout.stack_shape,
        plane_shape=layout.plane_shape,
        pixel_size_um=None if steps["Y"] is None or steps["X"] is None else (steps["Y"] * 1e6, steps["X"] * 1e6),
        is_rgb=is_rgb,
        z_step_um=None if steps["Z"] is None else steps["Z"] * 1e6,
        time_step_s=steps["T"],
        scenes=names,
        scene=chosen if names else "",
        read_bytes=math.prod(layout.plane_shape) * dtype.itemsize,
        dtype=dtype,
        read=read,
    )


def _named(file: Any) -> dict[str, Any]:
    """Images of a file by their names; those of one name by their place, too."""
    named: dict[str, Any] = {}
    for number, image in enumerate(file.images):
        named[image.name if image.name not in named else f"{image.name}_{number}"] = image
    return named


def _step(coords: Any) -> float | None:
    """Distance of neighbours along an axis, in its unit; None where there are none."""
    if coords is None or len(coords) < 2:
        return None
    step = abs(float(coords[-1]) - float(coords[0])) / (len(coords) - 1)
    return step if 0 < step < math.inf else None


@contextmanager
def _reading(path: Path) -> Iterator[Any]:
    """Open the file for the length of a block."""
    import liffile

    with report_errors(path, ".lif"), liffile.LifFile(path) as file:
        yield file
