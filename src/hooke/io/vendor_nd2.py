"""Opens Nikon .nd2 files with nd2, frame by frame, and windows of frames where they are not compressed.

Positions of the stage are scenes: their images are not of one place. Where the file does not call a size calibrated,
nd2 gives 1.0; here there is none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.io.axes import refuse_axes
from hooke.io.image_file import ImageFile, check_dtype
from hooke.io.levels import check_level, choose_scene
from hooke.io.vendor_errors import report_errors

_IN_FRAME = "CYXS"


def open_nd2(path: Path, axes: str | None = None, /, *, scene: str | None = None, level: int = 0) -> ImageFile:
    """Open a .nd2 file; scenes are called ``P0``, ``P1``.

    Raises
    ------
    ImageReadError
        If it is damaged, or has no such scene, level or axes.
    """
    check_level(level, (), path)
    refuse_axes(axes, path)
    with _reading(path) as file:
        sizes, dtype, is_rgb = dict(file.sizes), np.dtype(file.dtype), bool(file.is_rgb)
        frames = {_place(indices): number for number, indices in enumerate(file.loop_indices)} or {(): 0}
        pixel, z_step, names = _metadata(file)
    check_dtype(dtype, path)
    scenes = [f"P{number}" for number in range(sizes.get("P", 1))] if sizes.get("P", 1) > 1 else []
    chosen = choose_scene(scene, scenes, path, scenes[0] if scenes else "")
    fixed = {"P": int(chosen[1:])} if chosen else {}
    stack = [axis for axis, length in sizes.items() if axis not in (*_IN_FRAME, "P") and length > 1]
    samples = sizes.get("S", 1) if is_rgb else sizes.get("C", 1)
    shape = (sizes["Y"], sizes["X"], *((samples,) if samples > 1 else ()))

    def read_window(position: Mapping[str, int], rows: slice, columns: slice) -> NDArray[np.generic]:
        with _reading(path) as file:
            frame = file.read_frame(frames[_place({**position, **fixed})])  # (C, Y, X), (Y, X) or (Y, X, S)
            window = frame[..., rows, columns, :] if is_rgb else frame[..., rows, columns]
            if not is_rgb and window.ndim == 3:
                window = np.moveaxis(window, 0, -1)
            return np.array(window, dtype, order="C")  # a copy: the file is closed

    return ImageFile(
        path=path,
        name=path.stem,
        axes="".join(stack),
        stack_shape=tuple(sizes[axis] for axis in stack),
        plane_shape=shape,
        pixel_size_um=pixel,
        channel_names=names if not is_rgb and len(names) == samples else (),
        is_rgb=is_rgb,
        z_step_um=z_step,
        scenes=tuple(scenes),
        scene=chosen,
        read_bytes=math.prod(shape) * dtype.itemsize,
        dtype=dtype,
        read=lambda position: read_window(position, slice(0, shape[0]), slice(0, shape[1])),
        read_window=read_window,
    )


def _place(indices: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Where a frame is along the axes that are not in it, first places left out."""
    return tuple(sorted((axis, at) for axis, at in indices.items() if axis not in _IN_FRAME and at))


def _metadata(file: Any) -> tuple[tuple[float, float] | None, float | None, tuple[str, ...]]:
    """Size of a pixel and distance of planes in micrometres, where the file calls them calibrated, and channels."""
    channels = getattr(file.metadata, "channels", None) or []
    names = tuple(str(channel.channel.name) for channel in channels)
    if not channels:
        return None, None, names
    volume = channels[0].volume
    known = [
        float(size) if is_known and 0 < size < math.inf else None
        for size, is_known in zip(volume.axesCalibration, volume.axesCalibrated, strict=True)
    ]
    x, y, z = known
    return (None if x is None or y is None else (y, x)), z, names


@contextmanager
def _reading(path: Path) -> Iterator[Any]:
    """Open the file for the length of a block."""
    import nd2

    with report_errors(path, ".nd2"), nd2.ND2File(path) as file:
        yield file
