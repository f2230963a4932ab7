"""Opens Zeiss .czi files with pylibCZIrw, window by window.

pylibCZIrw gives colours as the file stores them, blue first; here they are red first. It gives a size of 0 for an axis
whose scale is not known; here that axis has none. It gives a plane that was never taken as black; here it is noted.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ImageReadError
from hooke.io.axes import refuse_axes
from hooke.io.gaps import Gaps
from hooke.io.image_file import ImageFile
from hooke.io.levels import check_level, choose_scene
from hooke.io.vendor_errors import report_errors

_STACK = "TZ"
_COLOURS = ("Bgr24", "Bgr48", "Bgr96Float")
_TYPES = {"Gray8": "u1", "Gray16": "u2", "Gray32Float": "f4", "Bgr24": "u1", "Bgr48": "u2", "Bgr96Float": "f4"}
_WHITE = (1.0, 1.0, 1.0)
_OVERVIEW = 512  # pixels along the longer side of a plane that is looked through for any pixel that was taken
_LOCK = threading.Lock()  # its files are not made for several threads


def open_czi(path: Path, axes: str | None = None, /, *, scene: str | None = None, level: int = 0) -> ImageFile:
    """Open a .czi file; scenes are called ``S0``, ``S1``.

    Raises
    ------
    ImageReadError
        If it is damaged, or has no such scene, level or axes.
    """
    check_level(level, (), path)
    refuse_axes(axes, path)
    with _reading(path) as document:
        scenes = {f"S{number}": box for number, box in sorted(document.scenes_bounding_rectangle.items())}
        names = tuple(scenes) if len(scenes) > 1 else ()
        largest = max(scenes, key=lambda name: scenes[name].w * scenes[name].h, default="")
        chosen = choose_scene(scene, names, path, largest)
        box = scenes.get(chosen, document.total_bounding_rectangle)
        ends = {axis: stop for axis, (_, stop) in document.total_bounding_box.items()}
        types = {channel: str(kind) for channel, kind in sorted(document.pixel_types.items())}
        metadata = document.metadata["ImageDocument"]["Metadata"]
    unknown = sorted(set(types.values()) - set(_TYPES))
    if unknown or not types:
        kinds = ", ".join(unknown) or "none"
        raise ImageReadError(f"holds pixels of type {kinds}", path=path, remedy="export it as TIFF")
    is_rgb = set(types.values()) <= set(_COLOURS) and len(types) == 1
    if not is_rgb and set(types.values()) & set(_COLOURS):
        raise ImageReadError("mixes colour and grey channels", path=path, remedy="export the channels as TIFF")
    stack = [axis for axis in _STACK if ends.get(axis, 1) > 1]
    samples = 3 if is_rgb else len(types)
    shape = (int(box.h), int(box.w), *((samples,) if samples > 1 else ()))
    dtype = np.result_type(*[np.dtype(_TYPES[kind]) for kind in types.values()])
    gaps = Gaps("plane")
    planes = _Planes(int(chosen[1:]) if chosen else None, gaps)

    def read_window(position: Mapping[str, int], rows: slice, columns: slice) -> NDArray[np.generic]:
        roi = (box.x + columns.start, box.y + rows.start, columns.stop - columns.start, rows.stop - rows.start)
        with _reading(path) as document:
            parts = [planes.read(document, roi, {**position, "C": channel}) for channel in types]
        pixels = parts[0][..., ::-1] if is_rgb else np.concatenate(parts, axis=-1)
        return np.ascontiguousarray(pixels if pixels.shape[-1] > 1 else pixels[..., 0]).astype(dtype, copy=False)

    sizes = _sizes_um(metadata)
    others = [axis for axis, stop in ends.items() if stop > 1 and axis not in (*_STACK, "C", "X", "Y", "S", "M")]
    return ImageFile(
        path=path,
        name=path.stem,
        axes="".join(stack),
        stack_shape=tuple(int(ends[axis]) for axis in stack),
        plane_shape=shape,
        pixel_size_um=(sizes["Y"], sizes["X"]) if "Y" in sizes and "X" in sizes else None,
        channel_names=() if is_rgb else _channel_names(metadata, len(types)),
        is_rgb=is_rgb,
        z_step_um=sizes.get("Z"),
        scenes=names,
        scene=chosen if names else "",
        notes=tuple(f"only the first of {ends[axis]} positions along its axis {axis} is read" for axis in others),
        read_bytes=math.prod(shape) * dtype.itemsize,
        dtype=dtype,
        segment_shape=(256, 256),
        read=lambda position: read_window(position, slice(0, shape[0]), slice(0, shape[1])),
        read_window=read_window,
        gaps=gaps,
    )


class _Planes:
    """Reads windows of planes of one scene, and notes planes without a pixel, as when imaging was stopped."""

    def __init__(self, scene: int | None, gaps: Gaps) -> None:
        self._scene, self._gaps = scene, gaps
        self._looked_at: set[tuple[tuple[str, int], ...]] = set()

    def read(self, document: Any, roi: tuple[int, int, int, int], plane: dict[str, int]) -> NDArray[np.generic]:
        part = np.asarray(document.read(roi=roi, plane=plane, scene=self._scene))
        key = tuple(sorted(plane.items()))
        if key not in self._looked_at and not part.any():
            self._looked_at.add(key)
            if not self._was_taken(document, plane):
                self._gaps.add(key)
        return part

    def _was_taken(self, document: Any, plane: dict[str, int]) -> bool:
        """What is not in the file has the colour that one asks for: in white it differs from pixels of 0."""
        box = document.scenes_bounding_rectangle.get(self._scene, document.total_bounding_rectangle)
        zoom = min(1.0, _OVERVIEW / max(box.w, box.h))
        overview = document.read(plane=plane, scene=self._scene, zoom=zoom, background_pixel=_WHITE)
        return not np.all(overview)


def _sizes_um(metadata: Mapping[str, Any]) -> dict[str, float]:
    """Distance of pixels along each axis, where it is known; the file has it in metres."""
    items = ((metadata.get("Scaling") or {}).get("Items") or {}).get("Distance") or []
    sizes = {}
    for item in items if isinstance(items, list) else [items]:
        try:
            size = float(item["Value"]) * 1e6
        except (KeyError, TypeError, ValueError):
            continue
        if 0 < size < math.inf:
            sizes[str(item.get("@Id"))] = round(size, 9)
    return sizes


def _channel_names(metadata: Mapping[str, Any], count: int) -> tuple[str, ...]:
    """Names of the channels, where each has one."""
    image = (metadata.get("Information") or {}).get("Image") or {}
    channels = ((image.get("Dimensions") or {}).get("Channels") or {}).get("Channel") or []
    listed = channels if isinstance(channels, list) else [channels]
    names = tuple(str(channel.get("@Name") or "") for channel in listed if isinstance(channel, dict))
    return names if len(names) == count and all(names) else ()


@contextmanager
def _reading(path: Path) -> Iterator[Any]:
    """Open the file for the length of a block, one thread at a time."""
    from pylibCZIrw import czi

    with (
        _LOCK,
        report_errors(path, ".czi", remedy="copy it again, or open and save it in ZEN"),
        czi.open_czi(str(path)) as document,
    ):
        yield document
