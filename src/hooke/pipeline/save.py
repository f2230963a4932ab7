"""Saves one segmentation made in Python into a folder, as a run would, next to other results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hooke import __version__
from hooke.io import write_labels, write_png
from hooke.io.lock import only_run
from hooke.pipeline.ledger import Ledger
from hooke.pipeline.result_files import labels_path, object_table, overlay_path, plane_name, summary_row
from hooke.pipeline.tables import write_tables
from hooke.pipeline.work import Origin, Settings

if TYPE_CHECKING:
    from hooke.pipeline.segmentation import Segmentation

_WAIT = 60.0  # seconds: loops in several processes may save into one folder


def save_segmentation(segmentation: Segmentation, out: Path) -> Path:
    """Write labels, overlay and tables of one segmentation; what the folder holds of other images stays.

    Raises
    ------
    OutputError
        When the folder can't be written to, or another run has it.
    """
    with only_run(out, wait=_WAIT):
        # No run takes such results for its own: their settings are unknown.
        ledger = Ledger(out, Settings("", "", __version__))
        origin = _origin(segmentation, ledger)
        image = replace(segmentation.image, name=origin.name)
        content = None if image.path is None else ledger.content(image.path)
        with ledger.writing(origin, content) as work:
            write_labels(
                work.place(labels_path(out, origin.name)),
                [segmentation.labels],
                pixel_size_um=image.pixel_size_um,
                max_label=segmentation.count,
            )
            write_png(work.place(overlay_path(out, origin.name, {})), segmentation.overlay())
            work.tables.append(object_table(segmentation, origin.name))
            work.rows.append(summary_row(segmentation, origin.name, image.path or Path(image.name)))
        write_tables(ledger)
    return out


def _origin(segmentation: Segmentation, ledger: Ledger) -> Origin:
    """Name the results as the image is named, unless another image's results have the name."""
    image = segmentation.image
    name = plane_name(image.name, image.plane)
    origin = Origin(name, name, image.path, plane_name("", image.plane))
    number = 1
    while (there := ledger.entries.get(origin.name)) is not None and (there.path, there.scene) != origin.key:
        number += 1
        named = ledger.names([image.path])[0] if image.path is not None and number == 2 else f"{name}_{number}"
        origin = replace(origin, name=named, base=named)
    return origin
