"""Gathers the images that people corrected in a hooke data set, which hooke's commands read."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hooke.datasets.layout import INDEX_NAME, IndexRow, write_index, write_sample
from hooke.io.annotations import write_classes
from hooke.labels.numbering import number_from_one
from hooke.serve.answers import ApiError
from hooke.serve.api_models import CorrectedPart, CorrectedRequest
from hooke.serve.image_store import ImageStore
from hooke.serve.pixel_planes import PixelPlanes
from hooke.serve.stored_image import StoredImage

_LARGEST = 67_000_000  # pixels of an image that is corrected as a whole
_STEM = 40  # letters of an image's name that the name of a sample takes over


@dataclass(frozen=True)
class _Sample:
    """What of an image is corrected."""

    image: StoredImage
    mark: CorrectedPart

    @property
    def name(self) -> str:
        """Stem of its files."""
        stem = re.sub(r"[^A-Za-z0-9]+", "_", Path(self.image.facts.name).stem)[:_STEM].strip("_") or "image"
        plane = f"_p{self.mark.plane}" if self.image.plane_count > 1 else ""
        region = "" if self.mark.region is None else "_y{}_x{}".format(*self.mark.region)
        return f"{stem}_{self.image.id[:6]}{plane}{region}"

    @property
    def box(self) -> list[int]:
        return self.mark.region or [0, 0, self.image.facts.height, self.image.facts.width]


@dataclass(frozen=True)
class _Written:
    """A sample that was written, and of which state of its image."""

    revision: int
    row: IndexRow
    classes: dict[int, str]


class CorrectedSet:
    """The corrected images of a work folder.

    Parameters
    ----------
    folder : Path
        Of the data set; it is written again at each change.
    images : ImageStore
    pixels : PixelPlanes
    """

    def __init__(self, folder: Path, images: ImageStore, pixels: PixelPlanes) -> None:
        self.folder = folder
        self.images = images
        self.pixels = pixels
        self._lock = threading.Lock()
        self._written: dict[str, _Written] = {}

    def marked(self, ids: Sequence[str] = ()) -> list[StoredImage]:
        """Corrected images; of these ids only, where some are given."""
        return [image for image in self.images.all() if image.facts.corrected and (not ids or image.id in ids)]

    def mark(self, image: StoredImage, request: CorrectedRequest) -> None:
        """Note that an image, a plane or a region of it is corrected, or that it is not.

        Raises
        ------
        ApiError
            When there are no objects yet, the region lies outside, or the image is too large as a whole.
        """
        if not request.corrected:
            image.change(corrected=[])
            return
        if image.state == "new":
            raise ApiError(409, "this image has no objects yet", "segment it, or draw them")
        plane = 0 if request.plane is None else request.plane
        image.check_plane(plane)
        facts, region = image.facts, request.region
        if region is not None:
            top, left, bottom, right = region
            if not (0 <= top < bottom <= facts.height and 0 <= left < right <= facts.width):
                raise ApiError(
                    422, "the region lies outside of the image", "give top, left, bottom and right within it"
                )
        elif facts.height * facts.width > _LARGEST:
            raise ApiError(
                422, "this image is too large to be corrected as a whole", "name the region that is corrected"
            )
        kept = [] if region is None else [mark for mark in facts.corrected if mark.region and mark.region != region]
        others = [mark for mark in facts.corrected if mark.plane != plane]
        own = [mark for mark in kept if mark.plane == plane]
        image.change(corrected=[*others, *own, CorrectedPart(plane=plane, region=region)])

    def gather(self) -> Path:
        """Bring the data set of all corrected images up to date: what has changed is written, what is none is removed.

        Raises
        ------
        OutputError or ApiError
            When it can't be written, or an image can't be read.
        """
        with self._lock:
            if not (self.folder / INDEX_NAME).is_file():
                self._written.clear()
            self._write(self.folder, self.marked(), self._written)
        return self.folder

    def write(self, folder: Path, images: Sequence[StoredImage]) -> Path:
        """Write the corrected parts of images as a data set into a new folder; errors are those of `gather`."""
        self._write(folder, images, {})
        return folder

    def _write(self, folder: Path, images: Sequence[StoredImage], written: dict[str, _Written]) -> None:
        """Write the samples that are not written yet in this state, then the index."""
        wanted = [_Sample(image, part) for image in images for part in image.facts.corrected]
        for sample in wanted:
            known = written.get(sample.name)
            if known is None or known.revision != sample.image.revision:
                written[sample.name] = self._write_sample(folder, sample)
        for name in set(written) - {sample.name for sample in wanted}:
            del written[name]
        folder.mkdir(parents=True, exist_ok=True)
        write_index(folder, [one.row for one in written.values()])
        write_classes(folder, [(name, one.classes) for name, one in sorted(written.items()) if one.classes])
        for inner in ("images", "labels"):
            for path in (folder / inner).glob("*"):
                if path.stem not in written:
                    path.unlink(missing_ok=True)

    def _write_sample(self, folder: Path, sample: _Sample) -> _Written:
        image, plane = sample.image, sample.mark.plane
        top, left, bottom, right = sample.box
        with image.lock:
            image.check()
            pixels = self.pixels.crop(image, plane, slice(top, bottom), slice(left, right))
            labels = image.result.labels.read(plane, slice(top, bottom), slice(left, right))
            table, revision = image.result.table(plane), image.revision
        numbered, ids = number_from_one(labels)
        write_sample(folder, sample.name, pixels, numbered)
        known = dict(zip(table["label"].tolist(), table["class"].tolist(), strict=True)) if "class" in table else {}
        named = {new: known[old] for new, old in enumerate(ids, 1) if isinstance(known.get(old), str)}
        modality = image.result.facts.modality or "fluorescence"
        row = IndexRow(sample.name, "train", modality, f"{image.id}", labels.shape[0], labels.shape[1], len(ids))
        return _Written(revision, row, named)
