"""Keeps one image in the work folder: its file, what is known of it, its results, and whether it was corrected."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from hooke.errors import HookeError
from hooke.io import ImageFile, atomic_path, open_image
from hooke.serve.answers import ApiError, files_gone, without_paths
from hooke.serve.api_models import Channel, CorrectedPart, ImageInfo, ImageState, Planes
from hooke.serve.edit_journal import Entry
from hooke.serve.stored_result import StoredResult
from hooke.serve.tile_grid import count_levels

FACTS = "image.json"
_NOTED = 600.0  # seconds between two notes on the disk that an image was used
_KEPT = 4  # results of one image that an undo can return to


class ImageFacts(BaseModel):
    """What is known of an image.

    Parameters
    ----------
    source : str
        Its file: a name in its folder, or the path of a file elsewhere.
    results : list of int
        Numbers of the results, oldest first; 0 is that without a segmentation.
    current : int
        Position in `results`.
    hidden : bool
        Whether it is there for one request only.
    revision : int
        Of the image, without the moves of its current result (`StoredImage.revision`).
    saved : int
        Revision of which the outlines were downloaded last; -1 where they never were.
    """

    id: str
    name: str
    source: str
    scene: str = ""
    height: int
    width: int
    channels: list[Channel]
    axes: str
    stack_shape: list[int]
    is_rgb: bool
    pixel_size_um: tuple[float, float] | None
    warnings: list[str]
    created: float
    revision: int = 0
    results: list[int] = [0]
    current: int = 0
    corrected: list[CorrectedPart] = []
    condition: str = ""
    hidden: bool = False
    saved: int = -1


class StoredImage:
    """An image in its folder; all that changes it holds `lock`.

    Parameters
    ----------
    folder : Path
    facts : ImageFacts
    """

    def __init__(self, folder: Path, facts: ImageFacts) -> None:
        self.folder = folder
        self.facts = facts
        self.lock = threading.RLock()
        self._file: ImageFile | None = None
        self._result: StoredResult | None = None
        self._used = 0.0

    @classmethod
    def read(cls, folder: Path) -> StoredImage:
        """Read it from its folder, and repair what a killed process left half done."""
        image = cls(folder, ImageFacts.model_validate_json((folder / FACTS).read_bytes()))
        image.result.repair()
        for number in set(image._numbers()) - set(image.facts.results):  # of segmentations that were cut off
            shutil.rmtree(folder / f"r{number}", ignore_errors=True)
        return image

    @property
    def id(self) -> str:
        """Its name in the interface."""
        return self.facts.id

    @property
    def revision(self) -> int:
        """Counts its changes: an edit writes that of its result only, since each file that is waited for takes time."""
        return self.facts.revision + self.result.facts.moves

    @property
    def plane_count(self) -> int:
        """Number of planes."""
        return int(np.prod(self.facts.stack_shape, dtype=np.int64))

    @property
    def names(self) -> dict[str, str]:
        """What its file is called, by its name on the server."""
        return {Path(self.facts.source).name: self.facts.name}

    @property
    def source(self) -> Path:
        """Its file."""
        return self.folder / self.facts.source  # an absolute path stays as it is

    @property
    def file(self) -> ImageFile:
        """Its file, opened.

        Raises
        ------
        ApiError
            When it is gone, or another file has taken its place.
        """
        if self._file is None:
            if not self.source.exists():
                raise files_gone()
            file = open_image(self.source, scene=self.facts.scene or None)
            shape = (self.facts.height, self.facts.width), tuple(self.facts.stack_shape)
            if (tuple(file.plane_shape[:2]), tuple(file.stack_shape)) != shape:
                raise ApiError(409, "the file has changed since it was opened", "open it again")
            self._file = file
        return self._file

    @property
    def result(self) -> StoredResult:
        """Its current result."""
        if self._result is None:
            self._result = self._open(self.facts.results[self.facts.current])
        return self._result

    @property
    def state(self) -> ImageState:
        """Whether it has objects, and whether a person has corrected them."""
        if self.facts.corrected:
            return "corrected"
        return "segmented" if self.result.facts.name or self.result.facts.position else "new"

    @property
    def is_precious(self) -> bool:
        """Whether a person's work would be lost with it: it is corrected, or edited and not downloaded since."""
        return bool(self.facts.corrected) or (self.result.facts.position > 0 and self.facts.saved != self.revision)

    @property
    def last_used(self) -> float:
        """When it was used last, in seconds since 1970; to ten minutes after a restart."""
        try:
            noted = (self.folder / FACTS).stat().st_mtime
        except OSError:
            noted = self.facts.created
        return max(self._used, noted)

    def note_use(self) -> None:
        """Note that it is used now; on the disk as the time of its file of facts."""
        now = time.time()
        if now - self._used > _NOTED:
            with contextlib.suppress(OSError):
                os.utime(self.folder / FACTS)
            self._used = now

    def note_saved(self) -> None:
        """Note that the outlines were downloaded as they are now."""
        with contextlib.suppress(OSError, HookeError), self.lock:  # the download itself does not depend on the note
            if self.result.facts.position and self.facts.saved != self.revision:
                self.change(saved=self.revision)

    def check(self) -> None:
        """Refuse to work on an image whose files were deleted meanwhile."""
        if not (self.folder / FACTS).is_file():
            raise files_gone()

    def check_plane(self, plane: int) -> None:
        """Refuse a plane that the image does not have."""
        if not 0 <= plane < self.plane_count:
            raise ApiError(404, f"the image has no plane {plane}", f"ask for a plane from 0 to {self.plane_count - 1}")

    def save(self) -> None:
        """Write what is known of it."""
        with atomic_path(self.folder / FACTS) as part:
            part.write_text(self.facts.model_dump_json(), encoding="utf-8")

    def info(self) -> ImageInfo:
        """Describe it for clients."""
        facts, result = self.facts, self.result.facts
        by_axis = dict(zip(facts.axes, facts.stack_shape, strict=True))
        return ImageInfo(
            id=facts.id,
            name=facts.name,
            height=facts.height,
            width=facts.width,
            channels=facts.channels,
            planes=Planes(z=by_axis.get("Z", 1), t=by_axis.get("T", 1)),
            axes=facts.axes,
            plane_count=self.plane_count,
            is_rgb=facts.is_rgb,
            pixel_size_um=None if facts.pixel_size_um is None else list(facts.pixel_size_um),
            levels=count_levels(facts.height, facts.width),
            state=self.state,
            revision=self.revision,
            warnings=[without_paths(text, self.names) for text in (*facts.warnings, *result.warnings)],
            count=sum(result.counts),
            counts=result.counts,
            condition=facts.condition,
            corrected=facts.corrected,
            chosen=result.chosen,
            can_undo=self.can_undo,
            can_redo=self.can_redo,
        )

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit or a segmentation to undo."""
        return self.result.facts.position > 0 or self.facts.current > 0

    @property
    def can_redo(self) -> bool:
        """Whether something was undone."""
        result = self.result
        return result.journal.has(result.facts.position + 1) or self.facts.current + 1 < len(self.facts.results)

    def new_result(self) -> StoredResult:
        """Make the folder of a result to come; `take` makes it the current one."""
        with self.lock:
            self.check()
            folder = self.folder / f"r{max([0, *self._numbers()]) + 1}"
            folder.mkdir()
        return StoredResult(folder, self._shape, self._stack_axes)

    def take(self, result: StoredResult) -> None:
        """Make a new result the current one; an undo gives the former back."""
        with self.lock:
            self.check()
            facts = self.facts.model_copy(deep=True)
            facts.results = [*facts.results[: facts.current + 1], int(result.folder.name[1:])][-_KEPT:]
            facts.current = len(facts.results) - 1
            facts.revision = self.revision + 1 - result.facts.moves
            facts.corrected = []  # nobody has corrected the new objects
            dropped = set(self.facts.results) - set(facts.results)
            self._replace(facts, result)
            for number in dropped:
                shutil.rmtree(self.folder / f"r{number}", ignore_errors=True)

    def do(self, entry: Entry) -> None:
        """Put an edit into effect."""
        self.result.do(entry)

    def undo(self) -> Entry | None:
        """Undo an edit and give it, or give None where a whole segmentation was undone."""
        if self.result.facts.position:
            return self.result.undo()
        self._switch(self.facts.current - 1, "nothing to undo")
        return None

    def redo(self) -> Entry | None:
        """Redo an edit and give it, or give None where a whole segmentation was redone."""
        if self.result.journal.has(self.result.facts.position + 1):
            return self.result.redo()
        self._switch(self.facts.current + 1, "nothing to redo")
        return None

    def change(self, **values: Any) -> None:
        """Change what is known of it, on disk first."""
        with self.lock:
            self.check()
            self._replace(self.facts.model_copy(update=values, deep=True), self.result)

    def unload(self) -> None:
        """Free memory; everything is read again when asked for."""
        if self.lock.acquire(blocking=False):
            try:
                self._file = None
                if self._result is not None:
                    self._result.unload()
            finally:
                self.lock.release()

    def _switch(self, current: int, refusal: str) -> None:
        if not 0 <= current < len(self.facts.results):
            raise ApiError(409, refusal, "show the image again")
        result = self._open(self.facts.results[current])
        revision = self.revision + 1 - result.facts.moves
        self._replace(self.facts.model_copy(update={"current": current, "revision": revision}, deep=True), result)

    def _replace(self, facts: ImageFacts, result: StoredResult) -> None:
        before, self.facts = self.facts, facts
        try:
            self.save()
        except BaseException:
            self.facts = before
            raise
        self._result = result

    def _numbers(self) -> list[int]:
        """Numbers of the results that have a folder."""
        return [int(path.name[1:]) for path in self.folder.glob("r*") if path.name[1:].isdecimal()]

    def _open(self, number: int) -> StoredResult:
        return StoredResult(self.folder / f"r{number}", self._shape, self._stack_axes)

    @property
    def _shape(self) -> tuple[int, int, int]:
        return self.plane_count, self.facts.height, self.facts.width

    @property
    def _stack_axes(self) -> tuple[tuple[str, int], ...]:
        return tuple(zip(self.facts.axes.lower(), self.facts.stack_shape, strict=True))
