"""Reads TIFF, OME-TIFF, BigTIFF, ImageJ hyperstacks, LSM and STK.

By tifffile and imagecodecs: 1 to 64 bits, integer or float, any byte order, strips or tiles, interleaved or planar,
and their compressions. Of a pyramid the full resolution is read. Planes are read one by one, each from its own pages.
Images of one file that have the same shape (positions of an OME-TIFF) are a stack ``P``; those of other sizes are
scenes, each an `ImageFile` of its own. An OME-TIFF that points to other files is read for its own planes, since those
files are given by themselves; what it lacks is noted. The orientation tag is obeyed. Colours: alpha is dropped, a
picture's palette is applied, YCbCr becomes RGB, white-is-zero is inverted (but in images of 1 bit, which tifffile
writes so in either meaning).
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tifffile
from numpy.typing import NDArray

from hooke.addresses import is_url
from hooke.errors import ImageReadError
from hooke.io.arrays import channels_note, ends_in_channels
from hooke.io.axes import Layout, given_layout, select, stored_layout, to_plane
from hooke.io.formats import result_stem
from hooke.io.gaps import Gaps
from hooke.io.image_file import ImageFile, check_dtype
from hooke.io.levels import check_level, coarser_size, other_scenes
from hooke.io.orientation import ORIENTATION_TAG, orient, orientation_note, swaps_sides, valid_orientation
from hooke.io.remote import open_binary
from hooke.io.tiff_colour import TiffColour
from hooke.io.tiff_limits import check_page, check_planes, page_bytes
from hooke.io.tiff_metadata import channel_names, pixel_size_um, time_step_s, z_step_um
from hooke.io.tiff_parts import part_notes, take_own_part
from hooke.io.tiff_scenes import Scene, find_scenes
from hooke.io.tiff_windows import read_page_window, segment_shape
from hooke.limits import check_memory

_COPY_AGAIN = "copy or export it again"
_UPDATE = "pip install -U tifffile imagecodecs, or export it with LZW or without compression"
_OPAQUE = 0.5  # share of the pixels of an alpha channel that are opaque or empty, at least
_DESCRIPTION = 270


def open_tiff(
    path: Path, axes: str | None = None, *, scene: str | None = None, level: int = 0, raw: bool = False
) -> ImageFile:
    """Open a TIFF file.

    Parameters
    ----------
    path : Path
        The file.
    axes : str, optional
        One letter per dimension, where the file states none or wrong ones.
    scene : str, optional
        Which scene of a file of several, by its name in `ImageFile.scenes`; the largest when not given.
    level : int
        Which resolution of a pyramid, 0 for the finest.
    raw : bool
        Whether stored values are wanted, as of a label image: no palette, no inversion, no alpha dropped.

    Raises
    ------
    ImageReadError
        If it is truncated or damaged, of a kind that is not read, its axes are uncertain, or it has no such scene
        or level.
    """
    source = open_binary(path) if is_url(path) else path
    with _reading(path), tifffile.TiffFile(source, _multifile=False) as tif:
        _check_pages(tif, path)
        check_planes(tif, path)
        _take_split_pages(tif)
        own_notes = take_own_part(tif, path)
        scenes = find_scenes(tif, path)
        chosen = _choose_scene(scenes, scene, path)
        levels = _level_shapes(chosen)
        check_level(level, levels, path)
        stored = _stored(tif, chosen, path, level)
        colour = TiffColour.of_page(tif, stored.keyframe, path, raw=raw)
        layout = _layout(stored, axes, path, raw=raw)
        if colour.drops_alpha and np.dtype(stored.keyframe.dtype).itemsize > 1:
            colour = _with_fourth_stain(stored, layout, colour, path)
        shown = colour.shown(layout)
        size = coarser_size(pixel_size_um(tif, stored.image), levels, level)
        gaps, windows = Gaps("row" if segment_shape(stored.keyframe)[0] == 1 else "tile"), _has_windows(stored, layout)
        swapped = swaps_sides(stored.orientation)
        return ImageFile(
            path=path,
            name=result_stem(path),
            axes=layout.stack_axes,
            stack_shape=layout.stack_shape,
            plane_shape=_turned(shown.plane_shape) if swapped else shown.plane_shape,
            pixel_size_um=(size[1], size[0]) if size and swapped else size,
            z_step_um=z_step_um(tif, stored.image),
            time_step_s=time_step_s(tif, stored.image),
            channel_names=() if colour.is_picture(shown) else channel_names(tif, shown.channels, stored.image),
            is_rgb=colour.is_picture(shown),
            scenes=tuple(scene.name for scene in scenes) if len(scenes) > 1 else (),
            scene=chosen.name if len(scenes) > 1 else "",
            notes=(other_scenes([one.name for one in scenes], chosen.name, ", its largest,") if scene is None else ())
            + (() if raw else own_notes + part_notes(tif, path, shown.channels))
            + orientation_note(stored.orientation)
            + colour.notes
            + (() if "C" in stored.axes else channels_note(layout, stored.shape, axes)),
            orientation=stored.orientation,
            read_bytes=_read_bytes(stored, layout),
            dtype=colour.dtype_of(np.dtype(stored.keyframe.dtype)),
            levels=levels if len(levels) > 1 else (),
            level=level,
            segment_shape=segment_shape(stored.keyframe) if windows else None,
            gaps=gaps,
            read=lambda position: _read_plane(stored, layout, colour, position, path),
            read_window=(
                (lambda *window: _read_window(stored, layout, colour, window, path, gaps)) if windows else None
            ),
        )


def _with_fourth_stain(stored: _Stored, layout: Layout, colour: TiffColour, path: Path) -> TiffColour:
    """Keep the last sample where it is not opacity: tifffile writes any four stains as red, green, blue and alpha."""
    if "S" not in layout.axes or stored.contiguous is not None:
        return colour
    check_memory(2 * _read_bytes(stored, layout), path)
    block, axes = _read_pages(stored, layout, dict.fromkeys(layout.stack_axes, 0), path)
    last = block.take(-1, axis=axes.index("S"))
    plain = float(np.mean((last == last.max()) | (last == 0)))
    return colour if plain > _OPAQUE else replace(colour, picture=False, drops_alpha=False)


def _turned(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of a plane whose rows and columns change places."""
    return (shape[1], shape[0], *shape[2:])


@dataclass(frozen=True)
class _Stored:
    """Where an image's pixels lie: pages in the order of the leading axes, each holding the trailing ones.

    `contiguous` is the first byte of the pixels where one page stands for a whole stack (ImageJ beyond 4 GB, STK).
    """

    file: tifffile.TiffFile
    pages: Sequence[Any]
    axes: str
    shape: tuple[int, ...]
    shapes: tuple[tuple[int, ...], ...]
    keyframe: tifffile.TiffPage
    image: int
    kind: str
    contiguous: int | None
    orientation: int


def _check_pages(tif: tifffile.TiffFile, path: Path) -> None:
    """Refuse a file cut in its list of pages, or in the description of the first, which tifffile passes over."""
    directories = list(_directories(tif, path))
    if not directories:
        raise ImageReadError("a TIFF file without an image", path=path, remedy=_COPY_AGAIN)
    if _DESCRIPTION in directories[0] and _DESCRIPTION not in tif.pages.first.tags:
        raise ImageReadError("the file is truncated: its description is missing", path=path, remedy=_COPY_AGAIN)


def _directories(tif: tifffile.TiffFile, path: Path) -> Iterator[set[int]]:
    """Walk the chain of pages and yield each one's tag codes; tifffile takes a chain that leaves the file for ended."""
    layout, file = tif.tiff, tif.filehandle
    order: Literal["little", "big"] = "little" if tif.byteorder == "<" else "big"
    file.seek(8 if tif.is_bigtiff else 4)
    offset = int.from_bytes(file.read(layout.offsetsize), order)
    seen: set[int] = set()
    while offset and offset not in seen:
        seen.add(offset)
        file.seek(offset)
        size = int.from_bytes(file.read(layout.tagnosize), order) * layout.tagsize
        entries, following = file.read(size), file.read(layout.offsetsize)
        if len(following) < layout.offsetsize:
            raise ImageReadError("the file is truncated: pages are missing", path=path, remedy=_COPY_AGAIN)
        yield {int.from_bytes(entries[start : start + 2], order) for start in range(0, size, layout.tagsize)}
        offset = int.from_bytes(following, order)


def _choose_scene(scenes: Sequence[Scene], name: str | None, path: Path) -> Scene:
    """The scene of a name, or the largest."""
    if not scenes:
        raise ImageReadError("a TIFF file without an image", path=path, remedy=_COPY_AGAIN)
    if name is None:
        return max(scenes, key=lambda scene: scene.size)
    for scene in scenes:
        if scene.name == name:
            return scene
    names = ", ".join(scene.name for scene in scenes)
    raise ImageReadError(f"has no scene {name!r}", path=path, remedy=f"choose one of: {names}")


def _level_shapes(scene: Scene) -> tuple[tuple[int, int], ...]:
    """Height and width of each level of a scene's pyramid."""
    return tuple((level.keyframe.imagelength, level.keyframe.imagewidth) for level in scene.series[0].levels)


def _stored(tif: tifffile.TiffFile, scene: Scene, path: Path, level: int = 0) -> _Stored:
    """Find the pages of a scene, or of a coarser level of it."""
    main = scene.series[0].levels[level]
    _check_imagej(tif, main, path)
    check_page(main.keyframe, path)
    check_dtype(np.dtype(main.dtype), path)
    axes, shape = main.get_axes(squeeze=False), main.get_shape(squeeze=False)
    contiguous = main.dataoffset if main.is_truncated and main.keyframe.is_memmappable else None
    pages = list(main)
    if len(scene.series) > 1 and contiguous is None:
        pages, axes = [page for series in scene.series for page in series.levels[level]], f"P{axes}"
        shape = (len(scene.series), *shape)
    return _Stored(
        file=tif,
        pages=pages,
        axes=axes,
        shape=tuple(shape),
        shapes=(tuple(shape), tuple(shape[:-1] if axes[-1] == "S" and shape[-1] == 1 else shape)),
        keyframe=main.keyframe,
        image=scene.number,
        kind=main.kind,
        contiguous=contiguous,
        orientation=valid_orientation(main.keyframe.tags.valueof(ORIENTATION_TAG)),
    )


def _take_split_pages(tif: tifffile.TiffFile) -> None:
    """Take what was split from an ImageJ stack, and still has its description, for the pages that it holds."""
    if _imagej_planes(tif) <= len(tif.pages) or not _ends_as_written(tif):
        return
    kept = vars(tif)  # tifffile keeps what it has found out of a file as attributes
    kept["is_imagej"] = False
    _ = tif.series  # worked out once, from the pages
    kept["is_imagej"] = True  # the pixel size is as described


def _ends_as_written(tif: tifffile.TiffFile) -> bool:
    """Whether a file surely holds all its pages.

    ImageJ describes the first page before all pixels, so a file that is cut off still has it. Where a page is described
    after its pixels, and none is said to follow, nothing is missing.
    """
    last, end = tif.pages[len(tif.pages) - 1], tif.pages.next_page_offset
    if end is None or not isinstance(last, tifffile.TiffPage) or last.offset < max(last.dataoffsets, default=0):
        return False
    tif.filehandle.seek(end)
    return not any(tif.filehandle.read(tif.tiff.offsetsize))


def _imagej_planes(tif: tifffile.TiffFile) -> int:
    """Planes that ImageJ's description counts."""
    said = (tif.imagej_metadata or {}) if tif.is_imagej else {}
    return int(said.get("frames", 1) * said.get("slices", 1) * said.get("channels", 1))


def _check_imagej(tif: tifffile.TiffFile, series: tifffile.TiffPageSeries, path: Path) -> None:
    """Refuse an ImageJ stack that lacks planes, which tifffile reads as its first page alone."""
    if tif.is_imagej and series.kind != "imagej" and not _ends_as_written(tif):
        planes = _imagej_planes(tif)
        if planes > len(series) * series.keyframe.samplesperpixel:
            cause = f"the file is truncated: it should hold {planes} planes"
            raise ImageReadError(cause, path=path, remedy=_COPY_AGAIN)


def _layout(stored: _Stored, axes: str | None, path: Path, *, raw: bool) -> Layout:
    """Axes that the user states, or else those of the file."""
    if axes:
        squeezed = tuple(n for axis, n in zip(stored.axes, stored.shape, strict=True) if n != 1 or axis in "YX")
        return given_layout(axes, [squeezed, *stored.shapes], path)
    letters = stored.axes
    if stored.kind == "shaped" and letters.endswith("QYX") and ends_in_channels(stored.shape[-3:]):
        # tifffile stores an array of shape (Y, X, 2) or (Y, X, 5) as Y pages of X lines.
        letters = letters[:-3] + "YXC"
    # Channels of a label image are label images of their own: a stack along a letter that means nothing else.
    return stored_layout(letters.replace("C", "L") if raw else letters, stored.shape, path)


def _has_windows(stored: _Stored, layout: Layout) -> bool:
    """Whether windows of a plane can be read: its rows and columns are those of pages, and not turned."""
    inner = layout.axes[_page_axes(layout, stored) :] if stored.contiguous is None else ""
    return {"Y", "X"} <= set(inner) and stored.orientation == 1


def _read_window(
    stored: _Stored,
    layout: Layout,
    colour: TiffColour,
    window: tuple[Mapping[str, int], slice, slice],
    path: Path,
    gaps: Gaps,
) -> NDArray[np.generic]:
    """Read a window of one plane: what `_read_plane` gives there, with zeros for what the file lacks."""
    position, rows, columns = window
    lengths = {"Y": rows.stop - rows.start, "X": columns.stop - columns.start}
    depth = _page_axes(layout, stored)
    inner = [lengths.get(axis, length) for axis, length in zip(layout.axes[depth:], layout.shape[depth:], strict=True)]
    with _reading(path):
        numbers = np.arange(len(stored.pages)).reshape(layout.shape[:depth])
        wanted, wanted_axes = select(numbers, layout.axes[:depth], position)
        parts = []
        for number in np.asarray(wanted).ravel():
            page = stored.pages[int(number)]
            if page is None:
                gaps.add((int(number), rows.start, columns.start))
                parts.append(np.zeros(inner, stored.keyframe.dtype))
            else:
                parts.append(read_page_window(page, path, rows, columns, gaps).reshape(inner))
        block = (parts[0] if len(parts) == 1 else np.stack(parts)).reshape(*np.shape(wanted), *inner)
        block, axes = select(block, wanted_axes + layout.axes[depth:], position)
        return to_plane(*colour.apply(block, axes, int(stored.keyframe.bitspersample)))


def _read_plane(
    stored: _Stored, layout: Layout, colour: TiffColour, position: Mapping[str, int], path: Path
) -> NDArray[np.generic]:
    """Read one plane's pages and bring them to (Y, X) or (Y, X, C)."""
    with _reading(path):
        stored.file.filehandle.open()
        try:
            if stored.contiguous is not None:
                part, axes = select(_mapped(stored, layout), layout.axes, position)
                block = np.array(part)  # in memory, since the file is closed below
            else:
                block, axes = _read_pages(stored, layout, position, path)
            pixels = to_plane(*colour.apply(block, axes, int(stored.keyframe.bitspersample)))
            return orient(pixels, stored.orientation)
        finally:
            stored.file.filehandle.close()


def _mapped(stored: _Stored, layout: Layout) -> NDArray[np.generic]:
    """Memory map of pixels that lie in one run."""
    start, file = stored.contiguous or 0, stored.file.filehandle
    dtype = np.dtype(stored.keyframe.dtype).newbyteorder(stored.file.byteorder)
    if start + math.prod(layout.shape) * dtype.itemsize > file.size:
        raise _truncated(Path(file.path))
    return np.memmap(file.path, dtype, "r", start, layout.shape)


def _read_pages(
    stored: _Stored, layout: Layout, position: Mapping[str, int], path: Path
) -> tuple[NDArray[np.generic], str]:
    """Read the pages that hold a plane; returns an array of the plane's axes."""
    depth = _page_axes(layout, stored)
    outer_axes, inner_axes = layout.axes[:depth], layout.axes[depth:]
    numbers = np.arange(len(stored.pages)).reshape(layout.shape[:depth])
    wanted, wanted_axes = select(numbers, outer_axes, position)
    pages = [_read_page(stored, int(number), path) for number in np.asarray(wanted).ravel()]
    block = (pages[0] if len(pages) == 1 else np.stack(pages)).reshape(*np.shape(wanted), *layout.shape[depth:])
    return select(block, wanted_axes + inner_axes, position)


def _read_bytes(stored: _Stored, layout: Layout) -> int:
    """Bytes that are decoded for one plane: of the whole pages that hold a part of it."""
    plane = math.prod(layout.plane_shape) * np.dtype(stored.keyframe.dtype).itemsize
    if stored.contiguous is not None:
        return plane
    page = page_bytes(stored.keyframe)
    return max(plane, page) if page >= plane else -(-plane // max(page, 1)) * page


def _page_axes(layout: Layout, stored: _Stored) -> int:
    """How many of the layout's leading axes run over pages; the others lie within one."""
    depth = len(layout.shape)
    while depth and math.prod(layout.shape[depth:]) < math.prod(stored.keyframe.shape):
        depth -= 1
    if math.prod(layout.shape[:depth]) != len(stored.pages):
        raise ValueError(f"{len(stored.pages)} pages of {stored.keyframe.shape} don't make {layout.shape}")
    return depth


def _read_page(stored: _Stored, number: int, path: Path) -> NDArray[np.generic]:
    """Decode one page whose bytes are all there."""
    page = stored.pages[number]
    if page is None:
        remedy = "export it again, or give the files that hold the other planes"
        raise ImageReadError(f"plane {number} is not in the file", path=path, remedy=remedy)
    size = stored.file.filehandle.size
    ends = (start + count for start, count in zip(page.dataoffsets, page.databytecounts, strict=True) if count)
    if not page.dataoffsets or max(ends, default=0) > size:
        raise _truncated(path)
    check_page(page, path)
    pixels: NDArray[np.generic] = page.asarray()
    return pixels


def _truncated(path: Path) -> ImageReadError:
    """Error for pixels that should lie beyond the end of the file."""
    return ImageReadError("the file is truncated: pixels are missing", path=path, remedy=_COPY_AGAIN)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn all that tifffile and its codecs raise into an `ImageReadError`, and keep their log off the screen."""
    quiet = _ThisThreadQuiet()
    logger = logging.getLogger("tifffile")
    logger.addFilter(quiet)
    try:
        yield
    except ImageReadError:
        raise
    except MemoryError as error:
        remedy = "close other programs, or cut the image into parts"
        raise ImageReadError("needs more memory than there is", path=path, remedy=remedy) from error
    except Exception as error:  # struct.error, IndexError, each codec's own...
        text = " ".join(str(error).split()) or type(error).__name__
        remedy = _UPDATE if "COMPRESSION." in text else _COPY_AGAIN  # what the installed versions can't decompress
        raise ImageReadError(f"damaged or unusual TIFF ({text[:120]})", path=path, remedy=remedy) from error
    finally:
        logger.removeFilter(quiet)


class _ThisThreadQuiet(logging.Filter):
    """Drops the log records of the thread that made it: what matters in them is raised as an error."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep other threads' records."""
        return record.thread != self._thread
