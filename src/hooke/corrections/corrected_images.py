"""Reads images with labels that a person has corrected, and refuses what can't be right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.corrections.known_regions import REGIONS_NAME, Region, paint_known, read_known_regions
from hooke.corrections.pairs import CORRECTED, Pair, Pairs, find_pairs
from hooke.doctor.anatomy import find_pieces, gap_is_background
from hooke.doctor.fix import FAR
from hooke.doctor.shapes import is_stray
from hooke.errors import DatasetError, HookeError
from hooke.image import Image
from hooke.io.channel_files import open_recorded
from hooke.io.name_match import match_names, some_names
from hooke.labels import LabelledImage, count_overlap
from hooke.labels.numbering import number_with_classes
from hooke.labels.window import bounding_window

#: Classes of a drawn region that is not known, as QuPath and others call it.
UNKNOWN_CLASSES = ("ignore", "ignore*", "unknown region")


@dataclass(frozen=True, eq=False)
class CorrectedImage:
    """An image and its corrected labels.

    Parameters
    ----------
    name : str
    image : Image
    labels : ndarray of int32, shape (Y, X)
        0 background, 1..n objects.
    known : ndarray of bool, shape (Y, X), optional
        Where the labels are known; elsewhere a 0 says nothing. None: everywhere.
    classes : dict of int to str
        Class of each object, where one was given.
    group : str
        Images of one group show the same place (field of view, plate, patient) and are held out together.
    split : str, optional
        ``train``, ``val`` or ``test``, of a data set.
    notes : tuple of str
        What had to be decided to read it.
    """

    name: str
    image: Image
    labels: NDArray[np.int32]
    known: NDArray[np.bool_] | None = None
    classes: dict[int, str] = field(default_factory=dict)
    group: str = ""
    split: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Number of objects."""
        return int(self.labels.max(initial=0))


class CorrectedImages:
    """Images with corrected labels, read one by one.

    Parameters
    ----------
    path : Path
        Where the labels are.
    found : Pairs
        Images and labels by name.
    unknown : int or str, optional
        What marks unknown pixels: see `open_corrected`.
    split_components : bool, optional
        See `open_corrected`.
    """

    def __init__(
        self, path: Path, found: Pairs, unknown: int | str | None = None, split_components: bool | None = None
    ) -> None:
        self.path = path
        self.failed = dict(found.failed)
        self.untouched = found.untouched
        self._pairs = found.pairs
        self._unknown = unknown
        self._may_share = split_components is not None
        self._regions_path, self._regions = self._read_regions()

    def __len__(self) -> int:
        """Number of images."""
        return len(self._pairs)

    @property
    def names(self) -> list[str]:
        """Names of the images, sorted."""
        return sorted(self._pairs)

    @property
    def groups(self) -> dict[str, str]:
        """Group of each image by its name: images of one group show the same place."""
        return {name: self._pairs[name].group for name in self.names}

    @property
    def splits(self) -> dict[str, str | None]:
        """Split of each image by its name; None where there is none."""
        return {name: self._pairs[name].split for name in self.names}

    def read(self, name: str) -> CorrectedImage:
        """Read one image and its labels.

        Raises
        ------
        HookeError
            When it can't be read, is a stack, labels and image differ in size, or one id is on several objects.
        """
        pair = self._pairs[name]
        image = _read_plane(pair)
        shape = (image.height, image.width)
        content = pair.labels.read(pair.called, shape)
        labels = content.labels
        if labels.ndim != 2:
            raise DatasetError("labels of a stack", path=self._place(pair), remedy="give labels plane by plane")
        if labels.shape != shape:
            cause = f"labels of {labels.shape[0]} x {labels.shape[1]} pixels for an image of {shape[0]} x {shape[1]}"
            raise DatasetError(cause, path=self._place(pair), remedy=f"give the labels of {pair.image.name}")
        known = self._known(name, shape)
        labels, hidden = self._without_unknown(content)
        if hidden is not None:
            known = ~hidden if known is None else known & ~hidden
        if not self._may_share:
            _check_ids(labels, self._place(pair))
        labels, classes = number_with_classes(labels, content.classes)
        notes = tuple(filter(None, (content.note, *content.oddities)))
        return CorrectedImage(name, image, labels, known, classes, pair.group, pair.split, notes)

    def read_all(self) -> list[CorrectedImage]:
        """Read all images; why one can't be read is added to `failed`.

        Raises
        ------
        DatasetError
            When none can be read, or there is no object in any.
        """
        images = list(self)
        if not images:
            first = next(iter(self.failed.values()), "there is none")
            raise DatasetError(f"no corrected image can be read: {first}", path=None if self.failed else self.path)
        if not any(image.count for image in images):
            cause = f"no object in the labels of {some_names(image.name for image in images)}"
            raise DatasetError(cause, path=self.path, remedy="check that the corrections were saved")
        return images

    def __iter__(self) -> Iterator[CorrectedImage]:
        """Read image by image; why one can't be read is added to `failed`."""
        for name in self.names:
            try:
                yield self.read(name)
            except HookeError as error:
                self.failed[name] = str(error)

    def _read_regions(self) -> tuple[Path, dict[str, list[Region]]]:
        """Read which regions are known; a name that means no image is refused."""
        folder = self.path if self.path.is_dir() else self.path.parent
        inner = folder / CORRECTED
        folder = inner if (inner / REGIONS_NAME).is_file() else folder
        regions, path = read_known_regions(folder), folder / REGIONS_NAME
        meant = match_names(regions, self._pairs, path=path)
        lost = set(regions) - set(meant) - set(self.failed)
        if lost:
            cause = f"names images that are not among the corrected: {some_names(lost)}"
            raise DatasetError(cause, path=path, remedy=f"the corrected are {some_names(self._pairs)}")
        return path, {meant[name]: found for name, found in regions.items() if name in meant}

    def _known(self, name: str, shape: tuple[int, int]) -> NDArray[np.bool_] | None:
        if name not in self._regions:
            return None
        return paint_known(self._regions[name], shape, name, self._regions_path)

    def _without_unknown(self, content: LabelledImage) -> tuple[NDArray[np.int32], NDArray[np.bool_] | None]:
        """Take out what marks unknown pixels; None where nothing does."""
        if isinstance(self._unknown, int):
            ids = [self._unknown]
        else:
            wanted = UNKNOWN_CLASSES if self._unknown is None else (self._unknown.casefold(),)
            ids = [id_ for id_, name in content.classes.items() if name.casefold() in wanted]
        hidden = np.isin(content.labels, ids) if ids else np.zeros(0, np.bool_)
        if not hidden.any():
            return content.labels, None
        return np.where(hidden, 0, content.labels), hidden

    def _place(self, pair: Pair) -> Path:
        """The file of labels, where there is one of each image."""
        files = getattr(pair.labels, "files", {})
        return Path(files.get(pair.called, self.path / pair.called))


def open_corrected(
    path: str | Path,
    images: str | Path | None = None,
    *,
    split: str | None = None,
    unknown: int | str | None = None,
    split_components: bool | None = None,
) -> CorrectedImages:
    """Find images with corrected labels; they are read when they are needed.

    Parameters
    ----------
    path : str or Path
        A hooke data set; a folder with ``images/`` and ``labels/`` (or ``masks/``); a folder of images with Cellpose's
        masks, GeoJSON or ImageJ's regions beside them; what ``hooke segment`` wrote, with label images changed since,
        or with label images or annotations in its folder ``corrected/``; with `images`, any labels that hooke reads.
        A ``regions.json`` in it lists the regions that were corrected: see `hooke.corrections.read_known_regions`.
    images : str or Path, optional
        The images of the labels, paired by name: a file, a folder, a data set, or what ``hooke segment`` wrote.
    split : str, optional
        Only this split of a data set.
    unknown : int or str, optional
        The id in label images, or the class in annotations, that marks pixels of which nothing is known. By default
        the classes ``Ignore*``, ``ignore`` and ``unknown region`` do.
    split_components : bool, optional
        Whether each connected component of label images is an object; by default those of binary masks are. Where it
        is given, one id may be on several objects.

    Returns
    -------
    CorrectedImages
        An image that can't be read is reported in its `failed`, and the others are read.

    Raises
    ------
    DatasetError
        When there is nothing of this kind, no label image has the name of an image, nothing in a run's output was
        changed, or ``regions.json`` is not what it should be.
    """
    path = Path(path)
    found = find_pairs(path, None if images is None else Path(images), split, split_components)
    return CorrectedImages(path, found, unknown, split_components)


def _read_plane(pair: Pair) -> Image:
    """Read an image that is one plane."""
    file = open_recorded(pair.image, pair.scene, pair.channels)
    if len(file) > 1 or (file.scenes and not pair.scene):
        what = f"a stack of {len(file)} planes" if len(file) > 1 else f"{len(file.scenes)} images in one file"
        raise DatasetError(what, path=pair.image, remedy="save the planes that were corrected as single images")
    return file.plane(0)


def _check_ids(labels: NDArray[np.int32], path: Path) -> None:
    """Refuse ids that are on several objects: pieces as large as objects, with background of some width between."""
    several = [id_ for id_ in _in_pieces(labels) if _is_several(labels == id_, labels)]
    if several:
        shown = ", ".join(map(str, several[:5])) + ("..." if len(several) > 5 else "")
        remedy = "give each object an id of its own, or take each piece for an object with --split-components"
        raise DatasetError(f"one id is on several objects: {shown}", path=path, remedy=remedy)


def _in_pieces(labels: NDArray[np.int32]) -> list[int]:
    """Ids that are not in one piece, increasing."""
    _, pieces = cv2.connectedComponents((labels > 0).astype(np.uint8), connectivity=8)
    overlap = count_overlap(labels, pieces)
    ids: list[int] = overlap.pred_ids[np.bincount(overlap.pair_pred, minlength=overlap.n_pred) > 1].tolist()
    return ids


def _is_several(mask: NDArray[np.bool_], labels: NDArray[np.int32]) -> bool:
    """Whether the pieces of a mask are objects by the rule of ``hooke doctor``."""
    window = bounding_window(mask)
    first, *others = find_pieces(np.pad(mask[window].astype(np.uint8), 1))
    area = int(mask.sum())
    far = FAR * np.sqrt(4 / np.pi * first.area)
    for piece in others:
        if is_stray(piece, area):
            continue
        distance, clear = gap_is_background(labels[window], first.mask[1:-1, 1:-1], piece.mask[1:-1, 1:-1])
        if clear and distance > far:
            return True
    return False
