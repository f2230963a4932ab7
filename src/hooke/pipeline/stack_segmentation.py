"""Defines the result of segmenting a stack whose objects are joined in depth, and writes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.image import Image
from hooke.io import ImageFile, write_labels
from hooke.io.numpy_files import ARRAY
from hooke.io.spreadsheet import write_table
from hooke.io.warning_cell import join_warnings, part_warnings
from hooke.models import Model
from hooke.pipeline.ledger import Ledger
from hooke.pipeline.options import SegmentOptions
from hooke.pipeline.result_files import depth_table_path, labels_path
from hooke.pipeline.saved_results import saving
from hooke.pipeline.segmentation import placed_table, summary_row, write_picture
from hooke.pipeline.stack_planes import read_plane, segment_planes
from hooke.pipeline.stitching import PlaneOfStack, StackWork
from hooke.pipeline.work import Origin, Work


@dataclass(frozen=True, eq=False)
class StackSegmentation:
    """What `hooke.segment` found in a stack with ``stitch="z"``: objects that have one number in all planes.

    Parameters
    ----------
    file : ImageFile
        The stack; its pixels are read again when they are needed.
    stack : StackWork
    summaries : sequence of dict
        The row of ``summary.csv`` of each plane.
    """

    file: ImageFile
    stack: StackWork
    summaries: Sequence[dict[str, Any]]

    def __repr__(self) -> str:
        """One line: how many objects in which shape, and the warnings; the arrays are not shown."""
        sizes = " x ".join(map(str, (*self.stack.shape, *self.file.plane_shape[:2])))
        facts = [f"{self.count} objects", f"{self.axes}YX {sizes}", *(f"warning: {text}" for text in self.warnings)]
        return f"<StackSegmentation: {', '.join(facts)}>"

    @property
    def axes(self) -> str:
        """Letters of the axes in front of Y and X, such as ``"TZ"``."""
        return self.stack.axes

    @cached_property
    def labels(self) -> NDArray[np.int32]:
        """Label images of all planes, 0 background, shape (..., Y, X) with the stack's own axes in front."""
        planes = np.stack([self.stack.labels(index) for index in range(len(self.file))])
        return planes.reshape(*self.stack.shape, *planes.shape[1:])

    @property
    def count(self) -> int:
        """Number of objects; of several times or positions, of all of them together, once each where followed."""
        return self.stack.count

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row per object in 3-D: the columns of `hooke.measure.measure_stack`, and its mean score and class."""
        return pd.concat([self.stack.table(at) for at in range(len(self.stack.columns))], ignore_index=True)

    @cached_property
    def plane_table(self) -> pd.DataFrame:
        """A row per object and plane: its place in the stack, and the columns of `Segmentation.table`."""
        tables = [placed_table(plane.table, plane.image.plane) for plane in self.planes()]
        return pd.concat(tables, ignore_index=True)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know, of the stack and of its planes, each once."""
        own = (warning for row in self.summaries for warning in part_warnings(row["warning"]))
        return tuple(dict.fromkeys((*self.stack.notes, *own)))

    def plane(self, index: int) -> PlaneOfStack:
        """One plane with its labels, scores, ``table`` and ``overlay()``; the last stack axis is the fastest.

        Negative numbers count from the end.
        """
        return self.stack.plane(index)

    def planes(self) -> Iterator[PlaneOfStack]:
        """All planes, one at a time."""
        return (self.plane(index) for index in range(len(self.file)))

    def save(self, folder: str | Path) -> Path:
        """Write labels, overlays and both tables into a folder, as ``hooke segment --stitch z`` does.

        Parameters
        ----------
        folder : str or Path

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        OutputError
            When it can't be written to, or another run has it.
        """
        out = Path(folder)
        with saving(out, self._origin, self.stack.measuring.names) as (ledger, origin, work):
            work.rows.extend({**row, "image": origin.name} for row in self.summaries)
            planes = collect_stack(self.stack, work, origin.name, ledger.plane_base(origin.name))
            write_labels(
                work.place(labels_path(out, origin.name)),
                planes,
                axes=self.axes,
                shape=self.stack.shape,
                pixel_size_um=self.stack.pixel_size_um,
                z_step_um=self.stack.z_step_um,
                time_step_s=self.file.time_step_s,
            )
        return out

    def _origin(self, ledger: Ledger) -> Origin:
        """Name the results as the file is named."""
        path = None if self.file.path == ARRAY else self.file.path
        name = ledger.names([path or Path(self.file.name)])[0]
        return Origin(name, name, path)


def segment_stack(file: ImageFile, model: Model, options: SegmentOptions) -> StackSegmentation:
    """Segment all planes of a stack with a loaded model, and join their objects in depth."""
    stack, rows = stack_work(file, options), []
    for segmentation in segment_planes(file, model, options):
        stack.add(segmentation)
        rows.append(summary_row(segmentation.summary, file.name, file.path))
    return StackSegmentation(file, stack, rows)


def stack_work(file: ImageFile, options: SegmentOptions) -> StackWork:
    """Begin to join the planes of a file in depth."""
    return StackWork(
        file.axes,
        file.stack_shape,
        partial(_read, file, options),
        file.z_step_um if options.z_step is None else options.z_step,
        options,
        options.stitch == "z,t",
        options.ids,
        options.resolved_threads,
    )


def _read(file: ImageFile, options: SegmentOptions, index: int) -> Image:
    return read_plane(file, index, options)


def collect_stack(stack: StackWork, work: Work, name: str, base: str | None) -> Iterator[NDArray[np.int32]]:
    """Write overlays, collect the rows of all planes, hand on their labels, and write the table of objects in 3-D.

    Parameters
    ----------
    stack : StackWork
        With all planes.
    work : Work
        Has a row for each plane already.
    name : str
        What results are named after.
    base : str or None
        What overlays are named after; None for no overlays.
    """
    for index, row in enumerate(work.rows):
        plane = stack.plane(index)
        if base is not None:
            write_picture(work, base, plane.image.plane, plane.overlay())
        work.tables.append(placed_table(plane.table, {"image": name, **plane.image.plane}))
        row["objects_3d"] = stack.stitched[stack.place(index)[0]].count
        yield plane.labels
    work.rows[0]["warning"] = join_warnings((*stack.notes, *part_warnings(work.rows[0]["warning"])))
    tables = pd.concat([stack.table(at) for at in range(len(stack.columns))], ignore_index=True)
    tables.insert(0, "image", name)
    write_table(tables, work.place(depth_table_path(work.out, name)), float_format="%.8g")
