"""Reads images of OME-Zarr 0.4 and 0.5 (zarr 2 and 3) window by window: chunks that are needed, and no others.

A store holds one image, or several as scenes: images in groups below (``0``, ``1`` as Bio-Formats writes them), or the
fields of a plate's wells (``A/1/0``). Needs the package zarr. A chunk that is not there is read as the fill value, as
zarr has it: writers leave out chunks that hold nothing else, and a copy that was cut short looks the same, so that a
note says how many are not there. A store may be on a server (`hooke.io.remote`), where scenes are found by metadata.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.addresses import is_url
from hooke.errors import HookeError, ImageReadError
from hooke.extras import how_to_install
from hooke.io.annotations.ome_zarr import Level, all_levels, ome_metadata
from hooke.io.axes import Layout, select, stored_layout, to_plane
from hooke.io.gaps import Gaps
from hooke.io.image_file import ImageFile, check_dtype
from hooke.io.levels import check_level, choose_scene

_DEEPEST = 3  # groups below a store in which images are looked for: plate, row, column
_LETTERS = {"t": "T", "c": "C", "z": "Z", "y": "Y", "x": "X"}


def open_zarr(path: Path, axes: str | None = None, *, scene: str | None = None, level: int = 0) -> ImageFile:
    """Open an OME-Zarr store.

    Parameters
    ----------
    path : Path
        A folder, or one on a server: see `hooke.addresses.to_path`.
    axes : str, optional
        One letter per dimension, where the metadata state none or wrong ones.
    scene : str, optional
        Which image of a store of several, by its path within; the first when not given.
    level : int
        Which resolution, 0 for the finest.

    Raises
    ------
    ImageReadError
        If zarr is not installed, or the store is not OME-Zarr, damaged, or has no such scene or level.
    """
    gaps = Gaps("chunk")
    with _reading(path):
        images = dict(_images(_open(path, gaps)))
        if not images:
            raise ImageReadError("holds no OME-Zarr image", path=path, remedy="write it as OME-Zarr 0.4 or 0.5")
        chosen = choose_scene(scene, list(images), path, next(iter(images)))
        group = images[chosen]
        found = _Found.of_group(group, path, level, axes)
        return _image_file(found, path, tuple(images) if len(images) > 1 else (), chosen, gaps)


@dataclass(frozen=True)
class _Found:
    """One image of a store: an array of one level, with its axes."""

    array: Any
    layout: Layout
    level: int
    levels: tuple[tuple[int, int], ...]
    pixel_size_um: tuple[float, float] | None
    channel_names: tuple[str, ...]
    z_step_um: float | None

    @classmethod
    def of_group(cls, group: Any, path: Path, level: int, axes: str | None) -> _Found:
        metadata = ome_metadata(group)
        levels = all_levels(group, metadata)
        shapes = tuple(found.frame.shape for found in levels)
        check_level(level, shapes, path)
        array = group[levels[level].path]
        check_dtype(np.dtype(array.dtype), path)
        named = metadata["multiscales"][0].get("axes") or []
        names = [axis["name"] if isinstance(axis, dict) else axis for axis in named]
        letters = axes or "".join(_LETTERS.get(str(name).lower(), "Q") for name in names) or "TCZYX"[-array.ndim :]
        layout = stored_layout(letters, array.shape, path)
        return cls(
            array,
            layout,
            level,
            shapes if len(shapes) > 1 else (),
            _pixel_size_um(levels[level]),
            _channel_names(metadata, layout.channels),
            levels[level].z_step_um,
        )


def _image_file(found: _Found, path: Path, scenes: tuple[str, ...], chosen: str, gaps: Gaps) -> ImageFile:
    array, layout = found.array, found.layout
    chunks = array.chunks[-2:]

    def read_window(position: Mapping[str, int], rows: slice, columns: slice) -> NDArray[np.generic]:
        return _read(found, path, position, {"Y": rows, "X": columns}, gaps)

    height, width = layout.plane_shape[:2]
    dtype = np.dtype(array.dtype).newbyteorder("=")
    return ImageFile(
        path=path,
        name=path.name.removesuffix(".zarr").removesuffix(".ome"),
        axes=layout.stack_axes,
        stack_shape=layout.stack_shape,
        plane_shape=layout.plane_shape,
        pixel_size_um=found.pixel_size_um,
        channel_names=found.channel_names,
        z_step_um=found.z_step_um,
        scenes=scenes,
        scene=chosen if scenes else "",
        notes=() if is_url(path) else _missing_note(array),
        read_bytes=math.prod(layout.plane_shape) * dtype.itemsize,
        dtype=dtype,
        levels=found.levels,
        level=found.level,
        segment_shape=(int(chunks[0]), int(chunks[1])),
        gaps=gaps,
        read=lambda position: read_window(position, slice(0, height), slice(0, width)),
        read_window=read_window,
    )


def _read(
    found: _Found, path: Path, position: Mapping[str, int], window: Mapping[str, slice], gaps: Gaps
) -> NDArray[np.generic]:
    """Read a window of a plane; a chunk that can't be decoded is filled with zeros."""
    array, stored = found.array, iter(found.layout.axes)
    # Axes of length 1 other than Y and X are not in the layout.
    axes = [next(stored) if size != 1 or at >= array.ndim - 2 else "" for at, size in enumerate(array.shape)]
    key = tuple(0 if not axis else position.get(axis, window.get(axis, slice(None))) for axis in axes)
    with _reading(path):
        try:
            block = np.asarray(array[key])
        except HookeError:  # of a server that is gone
            raise
        except Exception:  # one damaged chunk fails the whole window
            block = _by_chunks(array, key, gaps)
    left = "".join(axis for axis in axes if axis and axis not in position)
    return to_plane(*select(block, left, {}))


def _missing_note(array: Any) -> tuple[str, ...]:
    """What the user should know of chunks that are not there."""
    missing = int(array.nchunks) - int(array.nchunks_initialized)
    if missing <= 0:
        return ()
    return (
        f"{missing} of {array.nchunks} chunks are not in the store and count as {array.fill_value}: most writers leave "
        "out empty ones, but a copy that was cut short looks the same",
    )


def _by_chunks(array: Any, key: tuple[int | slice, ...], gaps: Gaps) -> NDArray[np.generic]:
    """Read chunk by chunk what can't be read at once, and fill what can't be read at all."""
    parts = [slice(part, part + 1) if isinstance(part, int) else part for part in key]
    spans = [range(*part.indices(length)) for part, length in zip(parts, array.shape, strict=True)]
    block = np.zeros([len(span) for span in spans], array.dtype)
    for number in product(*(_chunks(span, size) for span, size in zip(spans, array.chunks, strict=True))):
        place, inside = [], []
        for span, size, at in zip(spans, array.chunks, number, strict=True):
            start, stop = max(span.start, at * size), min(span.stop, (at + 1) * size)
            place.append(slice(start, stop))
            inside.append(slice(start - span.start, stop - span.start))
        try:
            block[tuple(inside)] = array[tuple(place)]
        except HookeError:
            raise
        except Exception:  # each codec has its own
            gaps.add((array.name, *number))
    return np.asarray(block[tuple(0 if isinstance(part, int) else slice(None) for part in key)])


def _chunks(span: range, size: int) -> range:
    """Numbers of the chunks that a span of an axis touches."""
    return range(span.start // size, -(-span.stop // size))


def _images(group: Any, parts: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Images in a group and those below, by their path; label images are not among them."""
    metadata = ome_metadata(group)
    if "multiscales" in metadata:
        yield "/".join(parts), group
    elif len(parts) < _DEEPEST:
        for name in _inner_groups(group, metadata):
            if name not in ("labels", "OME"):
                yield from _images(group[name], (*parts, *name.split("/")))


def _inner_groups(group: Any, metadata: Mapping[str, Any]) -> list[str]:
    """Names of the groups below one: those that are there or, where a server lists none, those of the metadata."""
    if group.store.supports_listing:
        return sorted(group.group_keys(), key=lambda name: (len(name), name))
    if "plate" in metadata:
        return [str(well["path"]) for well in metadata["plate"]["wells"]]
    if "well" in metadata:
        return [str(field["path"]) for field in metadata["well"]["images"]]
    if "bioformats2raw.layout" in metadata:
        series = ome_metadata(group["OME"]).get("series") if "OME" in group else None
        return [str(name) for name in series] if series else _numbered_groups(group)
    return []


def _numbered_groups(group: Any) -> list[str]:
    """Groups 0, 1 and so on, as far as there are some."""
    names: list[str] = []
    while str(len(names)) in group:
        names.append(str(len(names)))
    return names


def _pixel_size_um(level: Level) -> tuple[float, float] | None:
    """Size of a level's pixels; None where there is no scale, or it has no unit of length."""
    scale, units = level.frame.scale, level.frame.units
    return None if scale is None or units is None else (scale[0] * units[0], scale[1] * units[1])


def _channel_names(metadata: Mapping[str, Any], channels: int) -> tuple[str, ...]:
    """Names that the rendering settings give the channels, where all have one."""
    shown: Sequence[Any] = (metadata.get("omero") or {}).get("channels") or []
    names = [str(channel.get("label") or "") for channel in shown if isinstance(channel, dict)]
    return tuple(names) if channels > 1 and len(names) == channels and all(names) else ()


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn all that zarr and its codecs raise into an `ImageReadError`."""
    try:
        yield
    except ImageReadError:
        raise
    except HookeError as error:
        raise ImageReadError(error.cause, path=path, remedy=error.remedy) from error
    except Exception as error:  # zarr's own errors have no common parent
        text = " ".join(str(error).split())[:120] or type(error).__name__
        raise ImageReadError(f"damaged or unusual zarr ({text})", path=path, remedy="copy or write it again") from error


def _open(path: Path, gaps: Gaps) -> Any:
    try:
        zarr = importlib.import_module("zarr")
    except ImportError as error:
        cause = "is a zarr store, which needs the package zarr"
        raise ImageReadError(cause, path=path, remedy=how_to_install("zarr")) from error
    if is_url(path):
        from hooke.io.remote_store import RemoteStore

        return zarr.open_group(RemoteStore(path, gaps), mode="r")
    try:
        # A copy of all metadata at the root saves a server's answers; it knows nothing of what was added later.
        return zarr.open_group(str(path), mode="r", use_consolidated=False)
    except Exception:  # zarr's own errors have no common parent
        if isinstance(zarr.open(str(path), mode="r"), zarr.Array):
            cause = "is a zarr array alone, which says nothing of its axes"
            raise ImageReadError(
                cause, path=path, remedy="write it as OME-Zarr 0.4 or 0.5, or save the array as .npy"
            ) from None
        raise
