"""Lists the images of a data set with their index rows, and what is missing or unreadable."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.datasets.layout import INDEX_NAME, Entry, find_image, find_labels, read_entries
from hooke.doctor.findings import Finding
from hooke.errors import DatasetError, HookeError
from hooke.image import Image
from hooke.io import find_images, read_image, read_labels
from hooke.io.formats import has_image_suffix
from hooke.io.name_match import pair_names
from hooke.io.naming import files_below, id_below


@dataclass(frozen=True)
class DatasetImage:
    """One image of a data set, before it is read.

    Attributes
    ----------
    entry : Entry
        Its id, and what the index says of it.
    image, labels : Path or None
        Its files; None where there is none.
    """

    entry: Entry
    image: Path | None
    labels: Path | None

    @property
    def id(self) -> str:
        """Name of the image within its data set."""
        return self.entry.id

    @property
    def split(self) -> str:
        """The image's split; empty where it has none."""
        return self.entry.split or ""


@dataclass(frozen=True)
class LoadedImage:
    """An image of a data set, read with its labels.

    Attributes
    ----------
    member : DatasetImage
    image : Image or None
        None where it can't be read.
    labels : ndarray of int32, shape (Y, X), or None
        None where they can't be read, or are not of the image's size.
    findings : tuple of Finding
        Why.
    """

    member: DatasetImage
    image: Image | None
    labels: NDArray[np.int32] | None
    findings: tuple[Finding, ...]


def find_dataset_images(folder: str | Path) -> list[DatasetImage]:
    """List the images of a data set: those of its index, else of its folder ``images``, else of the folder itself.

    Parameters
    ----------
    folder : str or Path
        A hooke data set; or any folder with ``images`` and ``labels`` whose files have the same stems; or, to compare
        with, any folder of images.

    Raises
    ------
    HookeError
        If there is no such folder, its index can't be read, or it holds no image.
    """
    root = Path(folder)
    if not root.is_dir():
        raise DatasetError("no such folder", path=root, remedy="give a data set made by hooke prepare")
    if (root / INDEX_NAME).exists():
        return [
            DatasetImage(entry, find_image(root, entry.id), find_labels(root, entry.id)) for entry in read_entries(root)
        ]
    inner = root / "images" if (root / "images").is_dir() else root
    images = {id_below(path, inner): path for path in find_images([inner])}
    files = _files(root / "labels")
    meant = pair_names(files, images, path=root / "labels")
    labels = {meant.get(name, name): path for name, path in files.items()}
    return [DatasetImage(Entry(id_), images.get(id_), labels.get(id_)) for id_ in sorted(images.keys() | labels.keys())]


def find_unlisted(folder: str | Path, members: list[DatasetImage]) -> list[Finding]:
    """Name the images and label images that the index does not list."""
    listed = {member.id for member in members}
    return [
        Finding.of_kind("unlisted", id_, f"{name}/{path.name} has no row in {INDEX_NAME}")
        for name in ("images", "labels")
        for id_, path in _files(Path(folder) / name).items()
        if id_ not in listed
    ]


def _files(folder: Path) -> dict[str, Path]:
    """List the image files of a folder and those below by id; none where there is no folder."""
    return {id_below(path, folder): path for path in files_below(folder) if has_image_suffix(path)}


def load_dataset_image(member: DatasetImage) -> LoadedImage:
    """Read image and labels; what can't be read becomes a finding."""
    findings: list[Finding] = []
    image = labels = None
    for name, path in (("image", member.image), ("label image", member.labels)):
        try:
            if path is None:
                raise DatasetError(f"there is no {name}")
            if name == "image":
                image = read_image(path)
            else:
                labels = read_labels(path)
        except HookeError as error:
            message = f"{name}: {error.cause}"
            findings.append(Finding.of_kind("unreadable", member.id, message, split=member.split))
    if image is not None and labels is not None and labels.shape != (image.height, image.width):
        sizes = f"labels {labels.shape} with an image {(image.height, image.width)}"
        findings.append(Finding.of_kind("size-mismatch", member.id, sizes, split=member.split))
        labels = None
    return LoadedImage(member, image, labels, tuple(findings))
