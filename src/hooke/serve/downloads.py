"""Writes what clients download: label image, table, outlines for QuPath and ImageJ, a picture, all of it as a zip."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.errors import HookeError
from hooke.image import Image
from hooke.io import write_labels, write_png
from hooke.io.annotations import WRITERS, AnnotatedPlane
from hooke.io.formats import result_stem
from hooke.io.naming import free_name
from hooke.io.spreadsheet import write_table
from hooke.labels.classes import UNKNOWN, Classes
from hooke.labels.labelled_image import LabelledImage
from hooke.limits import check_memory
from hooke.measure import known_channels, measure
from hooke.report.class_overlay import class_overlay
from hooke.report.overlay import overlay
from hooke.serve.answers import ApiError, api_error, not_there
from hooke.serve.pixel_planes import PixelPlanes, shrink
from hooke.serve.stored_image import StoredImage
from hooke.serve.stored_tracks import LINEAGE, TABLE

#: The file that holds all outlines: whoever has it has not lost what was drawn by hand.
LABELS = "labels.tif"
_PICTURE = 16_000_000  # pixels of a picture at most; larger images are made smaller
_BYTES_PER_PIXEL = 40  # that measuring and tracing a plane takes


@dataclass(frozen=True)
class Download:
    """An image, of which files are made.

    Parameters
    ----------
    image : StoredImage
    pixels : PixelPlanes
    plane : int
        For files that hold one plane.
    """

    image: StoredImage
    pixels: PixelPlanes
    plane: int = 0

    def write(self, what: str, path: Path) -> None:
        """Write a file.

        Parameters
        ----------
        what : str
            A key of `FILES`.
        path : Path

        Raises
        ------
        ApiError
            When there is nothing to write, or no such file.
        HookeError or OSError
            When it can't be written.
        """
        if what not in FILES:
            raise not_there(f"file {what}")
        if self.image.state == "new":
            raise ApiError(409, "this image has no objects yet", "segment it, or draw them")
        self.image.check_plane(self.plane)
        with self.image.lock:
            self.image.check()
            FILES[what](self, path)

    def name(self, what: str) -> str:
        """Name of a file for the client."""
        stem = result_stem(self.image.facts.name) or "image"
        return f"{stem}{self._place()}_{what}" if what in _OF_PLANE else f"{stem}_{what}"

    def write_label_image(self, path: Path) -> None:
        """Write the label images of all planes; those without edits as the segmentation wrote them."""
        facts, result, file = self.image.facts, self.image.result, self.image.file
        written = result.run / "labels" / f"{result.facts.name}.tif"
        if result.facts.position == 0 and written.is_file():
            path.write_bytes(written.read_bytes())
            return
        check_memory(8 * facts.height * facts.width)
        write_labels(
            path,
            (result.labels.plane(plane) for plane in range(self.image.plane_count)),
            axes=facts.axes,
            shape=facts.stack_shape,
            pixel_size_um=facts.pixel_size_um,
            z_step_um=file.z_step_um,
            time_step_s=file.time_step_s,
            max_label=result.facts.largest,
        )

    def write_measurements(self, path: Path) -> None:
        """Write the measurements of all planes."""
        write_table(pd.concat(self._tables(), ignore_index=True), path, float_format="%.8g")

    def write_outlines(self, path: Path, *, kind: str) -> None:
        """Write the objects of a plane for another program: a key of `hooke.io.annotations.WRITERS`."""
        WRITERS[kind].write(path, [self.annotated()])

    def write_picture(self, path: Path) -> None:
        """Draw the outlines of a plane on its image; large images are made smaller."""
        facts = self.image.facts
        step = 1
        while facts.height * facts.width > _PICTURE * step * step:
            step *= 2
        rows, columns = slice(0, facts.height), slice(0, facts.width)
        labels = self.image.result.labels.read(self.plane, rows, columns, step)
        check_memory(_BYTES_PER_PIXEL * facts.height * facts.width)
        pixels = self.pixels.crop(self.image, self.plane, rows, columns)
        if step > 1:
            pixels = shrink(pixels[..., None] if pixels.ndim == 2 else pixels, step)
        write_png(path, self._drawn(np.squeeze(pixels), labels))

    def write_tracks(self, path: Path, *, name: str) -> None:
        """Give a table of the tracks."""
        source = self.image.result.folder / name
        if not source.is_file():
            raise ApiError(409, "nothing was tracked from this image on", "track it first")
        path.write_bytes(source.read_bytes())

    def annotated(self) -> AnnotatedPlane:
        """Give a plane as writers of other formats take it."""
        facts = self.image.facts
        check_memory(_BYTES_PER_PIXEL * facts.height * facts.width)
        labels = self.image.result.labels.plane(self.plane)
        table = self._table(self.plane)
        ids = table["label"].tolist()
        scores = dict(zip(ids, table["score"].tolist(), strict=True))
        classes = dict(zip(ids, table["class"].tolist(), strict=True)) if "class" in table else {}
        content = LabelledImage(
            labels,
            scores={id_: score for id_, score in scores.items() if score == score and score is not None},
            classes={id_: name for id_, name in classes.items() if isinstance(name, str)},
        )
        position = self.image.file.position(self.plane)
        return AnnotatedPlane(
            result_stem(facts.name) or "image",
            content,
            table,
            {axis.lower(): at for axis, at in position.items() if axis in "TZC"},
            facts.pixel_size_um,
            facts.name,
        )

    def _tables(self) -> Iterator[pd.DataFrame]:
        for plane in range(self.image.plane_count):
            table = self._table(plane)
            position = {axis.lower(): at for axis, at in self.image.file.position(plane).items()}
            known = {"image": self.image.facts.name, **position}
            if self.image.facts.condition:
                known["condition"] = self.image.facts.condition
            yield pd.concat([pd.DataFrame(known, index=table.index), table], axis=1)

    def _table(self, plane: int) -> pd.DataFrame:
        """Table of a plane; after edits all is measured again, since objects next to others change these, too."""
        result, facts = self.image.result, self.image.facts
        table = result.table(plane)
        if result.facts.position == 0:
            return table
        check_memory(_BYTES_PER_PIXEL * facts.height * facts.width)
        pixels = self.pixels.crop(self.image, plane, slice(0, facts.height), slice(0, facts.width))
        names = known_channels(self.image.file.image_of(pixels))
        labels = result.labels.plane(plane)
        measured = measure(labels, pixels, pixel_size_um=facts.pixel_size_um, channel_names=names)
        kept = table.set_index("label").reindex(measured["label"].to_numpy()).reset_index()
        return kept.assign(**{name: measured[name] for name in measured.columns if name in kept})

    def _drawn(self, pixels: NDArray[np.generic], labels: NDArray[np.int32]) -> NDArray[np.uint8]:
        table = self.image.result.table(self.plane)
        found = np.unique(labels[labels > 0])
        table = table[table["label"].isin(found)]
        unsure = table["label"][table["doubtful"].fillna(False).astype(bool)].to_numpy(np.int64)
        named = table["class"].tolist() if "class" in table else []
        names = tuple(dict.fromkeys(name for name in named if isinstance(name, str) and name != UNKNOWN))
        if not names:
            return overlay(pixels, labels, channel=self._channel(), dashed=unsure)
        sure = np.array([[name == own for own in names] for name in named], np.float32).reshape(-1, len(names))
        image = Image(pixels, is_rgb=self.image.facts.is_rgb)
        return class_overlay(image, labels, Classes(names, sure, threshold=0.5), channel=self._channel())

    def _channel(self) -> int | None:
        """The channel that was segmented, where the image has several stains."""
        facts, chosen = self.image.facts, self.image.result.facts.chosen
        names = [channel.name for channel in facts.channels]
        if facts.is_rgb or len(names) == 1 or chosen is None or chosen.channel not in names:
            return None
        return names.index(chosen.channel)

    def _place(self) -> str:
        position = self.image.file.position(self.plane)
        return "".join(f"_{axis.lower()}{at}" for axis, at in position.items())


def write_zip(downloads: Sequence[Download], whats: Sequence[str], path: Path) -> None:
    """Write files of several images into a zip, each image in a folder of its name; it says what could not be made.

    Raises
    ------
    OSError
        When the disk is full.
    """
    used: set[str] = set()
    missing: list[str] = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for download in downloads:
            stem = _folder_name(result_stem(download.image.facts.name), used)
            for what in whats:
                part = path.with_name(f"{path.name}-{what}")
                try:
                    download.write(what, part)
                    archive.write(part, f"{stem}/{what}")
                except (HookeError, ApiError) as error:
                    said = api_error(error, download.image.names)
                    if said.status == 507:
                        raise said from error
                    missing.append(f"{stem}/{what}: {said.error}; {said.remedy}")
                finally:
                    part.unlink(missing_ok=True)
        if missing:
            archive.writestr("missing.txt", "\n".join([*missing, ""]))


def _folder_name(stem: str, used: set[str]) -> str:
    """A name that any system takes for a folder, each once."""
    plain = "".join("_" if letter in '<>:"/\\|?*' else letter for letter in stem).strip(". ") or "image"
    return free_name(plain, used)


#: What can be downloaded of an image.
FILES: dict[str, Callable[[Download, Path], None]] = {
    LABELS: Download.write_label_image,
    "table.csv": Download.write_measurements,
    "objects.geojson": lambda download, path: download.write_outlines(path, kind="geojson"),
    "rois.zip": lambda download, path: download.write_outlines(path, kind="rois"),
    "overlay.png": Download.write_picture,
    TABLE: lambda download, path: download.write_tracks(path, name=TABLE),
    LINEAGE: lambda download, path: download.write_tracks(path, name=LINEAGE),
}
#: What a zip holds where nothing else is asked for.
USUAL = (LABELS, "table.csv", "objects.geojson", "rois.zip", "overlay.png")
_OF_PLANE = ("objects.geojson", "rois.zip", "overlay.png")
