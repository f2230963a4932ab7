"""Reads label images of a zarr group: plain arrays, or labels of OME-Zarr in the frame of their image.

::

    LABELS.zarr/a                    an array (Y, X): the image named a
    LABELS.zarr/b/0                  a group with levels: the image named b, its level 0
    IMAGE.zarr/labels/nuclei/s0      OME-Zarr: the image named IMAGE, its finest level; of several label images nuclei
    PLATE.zarr/A/1/0/labels/nuclei   the image named A-1-0
    FOLDER/IMAGE.ome.zarr            a store per image, as hooke writes them: the image named IMAGE

Paths of levels, scales and shifts are those that the metadata of OME-Zarr 0.4 or 0.5 state. Needs the package zarr,
which is not part of hooke's own installation.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.errors import DatasetError, HookeError
from hooke.io.annotations.label_files import take_apart
from hooke.io.annotations.ome_zarr import Frame, Level, finest_level, ome_metadata, to_frame
from hooke.labels.labelled_image import LabelledImage, LabelSource
from hooke.limits import SMALL_PROMISE, check_memory, check_promise

MOVED = "label images resampled to the pixels of their image"
PAIRED = "label image named {!r}, paired with the only true image though the names differ"
_LABELS = "labels"
_CONSTANT = 0.8  # share of equal ones among neighbouring pixels that are not 0, from which an array is a label image
_SAMPLE = 1024
_EXPANSION = 5000  # bytes that one byte of a compressed chunk of labels can become
_COPIES = 3  # of the labels that are held at the peak


@dataclass(frozen=True)
class _Found:
    """One label image: the array's path in the group, its level, and the frame of the image that it belongs to."""

    array: str
    level: Level | None = None
    image: Frame | None = None


class ZarrSource:
    """The label images of one group.

    Parameters
    ----------
    path : Path
        A store, whose name ends in ``.zarr``, or a group in one.
    truth : LabelSource, optional
        What they will be compared with: a single label image takes the name of a single true one.
    split_components : bool, optional
        See `hooke.io.annotations.label_files`.
    """

    def __init__(self, path: Path, truth: LabelSource | None = None, split_components: bool | None = None) -> None:
        self.path = path
        self.split_components = split_components
        self.group = _open(path)
        rejected: list[str] = []
        with _reading(path):
            found = dict(_find(self.group, (), rejected))
        if rejected and not found:
            cause = f"holds intensities and no labels ({rejected[0] or 'itself'})"
            remedy = "give the group of its label image, such as IMAGE.zarr/labels/nuclei"
            raise DatasetError(cause, path=path, remedy=remedy)
        if not found:
            raise DatasetError("holds no label image", path=path, remedy="write one array (Y, X) per image")
        self.found = _named(found, path)
        self.oddities: dict[str, int] = {}
        if truth is not None and len(self.found) == 1:
            self._pair(next(iter(found)), truth.names)

    @property
    def names(self) -> list[str]:
        """Names of the label images, sorted."""
        return sorted(self.found)

    def __contains__(self, name: str) -> bool:
        """Whether there is a label image of this name."""
        return name in self.found

    def _pair(self, parts: tuple[str, ...], names: Sequence[str]) -> None:
        """Give the single label image the name of its true image, or of the only one, which is reported."""
        (own, found), *_ = self.found.items()
        known = next((name for name in (own, *parts[-1:], _stem(self.path)) if name in names), None)
        if known is None and len(names) == 1:
            known = names[0]
            self.oddities = {PAIRED.format(own): 1}
        self.found = {known or own: found}

    def read(self, name: str, shape: tuple[int, ...] | None = None) -> LabelledImage:
        """Read one, in the pixels of the image that it belongs to; axes of length 1 in front are dropped."""
        found = self.found[name]
        where = self.path / found.array
        with _reading(where):
            array = self.group[found.array]
            if array.dtype.kind not in "biu":
                raise DatasetError(f"holds {array.dtype}: not a label image", path=where, remedy="store whole numbers")
            _check_size(array, where, found.image)
            labels = np.asarray(array[...])
        while labels.ndim > 2 and labels.shape[0] == 1:
            labels = labels[0]
        if labels.ndim < 2:
            raise DatasetError(f"has {labels.ndim} dimensions", path=where, remedy="store an array (Y, X)")
        if labels.size and (labels.min() < 0 or labels.max() > np.iinfo(np.int32).max):
            raise DatasetError("holds negative or too large ids", path=where, remedy="number the objects from 1")
        labels = labels.astype(np.int32)
        framed = found.level is not None and found.image is not None
        placed = to_frame(labels, found.level.frame, found.image) if framed else labels  # type: ignore[union-attr, arg-type]
        read = take_apart(placed, self.split_components, path=where)
        moved = {} if placed is labels else {MOVED: 1}
        return LabelledImage(read.labels, oddities={**self.oddities, **moved, **read.oddities})


class ZarrFolder:
    """The label images of a folder of stores, named after these; one that can't be read costs the others nothing.

    Parameters
    ----------
    stores : sequence of Path
        As `find_stores` gives them.
    split_components : bool, optional
        See `hooke.io.annotations.label_files`.

    Raises
    ------
    DatasetError
        If none can be read, or two have the same name.
    """

    def __init__(self, stores: Sequence[Path], split_components: bool | None = None) -> None:
        self._held: dict[str, ZarrSource | DatasetError] = {}
        self._own: dict[str, str] = {}
        for store in stores:
            try:
                source = ZarrSource(store, split_components=split_components)
            except DatasetError as error:
                self._add(_stem(store), "", error, store)
                continue
            for own in source.names:
                self._add(_stem(store) if len(source.names) == 1 else f"{_stem(store)}-{own}", own, source, store)
        broken = [held for held in self._held.values() if isinstance(held, DatasetError)]
        if len(broken) == len(self._held):
            raise broken[0]

    def _add(self, name: str, own: str, held: ZarrSource | DatasetError, store: Path) -> None:
        if name in self._held:
            raise DatasetError(f"two label images are named {name}", path=store, remedy="keep one of the stores")
        self._held[name], self._own[name] = held, own

    @property
    def names(self) -> list[str]:
        """Names of the label images, sorted."""
        return sorted(self._held)

    def __contains__(self, name: str) -> bool:
        """Whether there is a label image of this name."""
        return name in self._held

    def read(self, name: str, shape: tuple[int, ...] | None = None) -> LabelledImage:
        """Read one, as `ZarrSource` does."""
        held = self._held[name]
        if isinstance(held, DatasetError):
            raise held
        return held.read(self._own[name], shape)


def find_stores(folder: Path) -> list[Path]:
    """The zarr stores that lie in a folder, sorted."""
    if not folder.is_dir():
        return []
    return [path for path in sorted(folder.iterdir()) if path.suffix.lower() == ".zarr" and path.is_dir()]


def is_in_zarr(path: Path) -> bool:
    """Whether a path is a zarr store, or a folder in one."""
    return any(part.lower().endswith(".zarr") for part in path.parts) and (path.is_dir() or path.suffix == ".zarr")


def _find(group: Any, parts: tuple[str, ...], rejected: list[str]) -> Iterator[tuple[tuple[str, ...], _Found]]:
    """Find label images below a group, by their path; note what shows intensities."""
    where = "/".join(parts)
    if parts and parts[-1] == _LABELS:
        yield from ((path, found) for path, found in _label_group(group, parts, None))
        return
    metadata = ome_metadata(group)
    if "multiscales" not in metadata:
        yield from (((*parts, name), _Found("/".join((*parts, name)))) for name in sorted(group.array_keys()))
        for name in sorted(group.group_keys()):
            inner = group[name]
            if "multiscales" not in ome_metadata(inner) and "0" in set(inner.array_keys()):
                yield (*parts, name), _Found("/".join((*parts, name, "0")))
            else:
                yield from _find(inner, (*parts, name), rejected)
        return
    level = finest_level(group, metadata)
    if _LABELS in set(group.group_keys()):
        yield from _label_group(group[_LABELS], (*parts, _LABELS), level.frame)
    elif "image-label" in metadata or _is_constant_in_parts(group[level.path]):
        yield parts, _Found("/".join((*parts, level.path)), level)
    else:
        rejected.append(where)


def _label_group(group: Any, parts: tuple[str, ...], image: Frame | None) -> Iterator[tuple[tuple[str, ...], _Found]]:
    """List the label images of an image's group ``labels``."""
    for name in sorted(group.group_keys()):
        metadata = ome_metadata(group[name])
        if "multiscales" in metadata:
            level = finest_level(group[name], metadata)
            yield (*parts, name), _Found("/".join((*parts, name, level.path)), level, image)
        elif "0" in set(group[name].array_keys()):
            yield (*parts, name), _Found("/".join((*parts, name, "0")))
    yield from (((*parts, name), _Found("/".join((*parts, name)))) for name in sorted(group.array_keys()))


def _named(found: dict[tuple[str, ...], _Found], path: Path) -> dict[str, _Found]:
    """Name label images after their image; after themselves, too, where an image has several."""
    images = [parts[: parts.index(_LABELS)] if _LABELS in parts else parts for parts in found]
    names: dict[str, _Found] = {}
    for (parts, label_image), image in zip(found.items(), images, strict=True):
        own = parts[-1] if _LABELS in parts else ""
        several = images.count(image) > 1
        name = "-".join((*image, own)) if several and own else "-".join(image) or _stem(path)
        names[name] = label_image
    return names


def _stem(path: Path) -> str:
    """Name of the store that a group is in."""
    stores = (part for part in reversed(path.parts) if part.lower().endswith(".zarr"))
    return next(stores, path.name)[: -len(".zarr")].removesuffix(".ome")


def _is_constant_in_parts(array: Any) -> bool:
    """Whether whole numbers are equal over areas, as ids are and intensities are not."""
    if array.dtype.kind not in "biu" or array.ndim < 2:
        return False
    rows, columns = (slice(max(0, (n - _SAMPLE) // 2), max(0, (n - _SAMPLE) // 2) + _SAMPLE) for n in array.shape[-2:])
    pixels: NDArray[np.integer] = np.asarray(array[(*(0 for _ in array.shape[:-2]), rows, columns)])
    left, right = pixels[:, :-1], pixels[:, 1:]
    both = (left != 0) & (right != 0)
    return bool((left == right)[both].mean() >= _CONSTANT) if both.any() else True


def _check_size(array: Any, where: Path, image: Frame | None) -> None:
    """Refuse an array, or the frame of its image, whose size is beyond what its chunks can hold, or the memory."""
    sizes = [math.prod(array.shape), math.prod(array.chunks), 0 if image is None else math.prod(image.shape)]
    promised = max(sizes) * max(array.dtype.itemsize, 4)
    if promised > SMALL_PROMISE:
        held = sum(path.stat().st_size for path in where.rglob("*") if path.is_file())
        check_promise(promised, held, _EXPANSION, where, what="its metadata", error=DatasetError)
        check_memory(_COPIES * promised, where, error=DatasetError)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn all that zarr and its codecs raise into a `DatasetError`."""
    try:
        yield
    except HookeError:
        raise
    except Exception as error:  # zarr's own errors have no common parent
        text = " ".join(str(error).split())[:120] or type(error).__name__
        raise DatasetError(f"damaged or unusual zarr ({text})", path=path, remedy="copy or write it again") from error


def _open(path: Path) -> Any:
    try:
        zarr = importlib.import_module("zarr")
    except ImportError as error:
        cause = "can't be read: the package zarr is not installed"
        raise DatasetError(cause, path=path, remedy="pip install zarr") from error
    if not path.is_dir():
        raise DatasetError("no such zarr group", path=path, remedy="name a folder that ends in .zarr")
    try:
        # Labels are added to images: a copy of the metadata at the root ("consolidated") may be older than they.
        return zarr.open_group(str(path), mode="r", use_consolidated=False)
    except Exception as error:  # zarr's own errors have no common parent
        raise DatasetError(f"can't be read as a zarr group ({error})", path=path, remedy="write it again") from error
