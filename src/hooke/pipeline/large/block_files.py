"""Keeps what is done of a large image, block by block, so that a run that was killed continues where it stopped.

``OUT/.hooke/NAME.blocks`` holds ``key.json``, which says what the blocks were made of and how, and for each block the
objects found and then its parts of the results. It is removed when the image is done.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import platform
import shutil
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.errors import ClusterError, OutputError
from hooke.io import atomic_path
from hooke.io.atomic import output_error
from hooke.pipeline.large.block_objects import BlockObjects
from hooke.pipeline.large.blocks import BlockGrid
from hooke.pipeline.large.compose import BlockParts

#: What the name of a folder of blocks ends in.
BLOCKS = ".blocks"
#: File in it that says what the blocks were made of and how.
KEY = "key.json"
_KEPT = 4  # blocks whose labels or pictures wait, unpacked, to be cut into tiles


class BlockFiles:
    """The files of one image's blocks.

    Parameters
    ----------
    folder : Path
        Emptied where it holds blocks of something else.
    key : sequence of str
        All that decides them.
    digest : str, optional
        Of the key that another process has, on whose behalf blocks are made here.

    Raises
    ------
    OutputError
        When the folder can't be written to.
    ClusterError
        When blocks made here would be others.
    """

    def __init__(self, folder: Path, key: Sequence[str], digest: str | None = None) -> None:
        self.folder = folder
        self.digest = hashlib.sha256(json.dumps(list(key)).encode()).hexdigest()
        if digest is not None:
            if digest != self.digest:
                raise ClusterError(
                    f"a worker on {platform.node()} sees another image, or other intensities in it",
                    path=folder,
                    remedy="give all machines the same files, versions and --runtime",
                )
            return
        mark = folder / KEY
        try:
            known = json.loads(mark.read_bytes())
        except (OSError, ValueError, RecursionError):
            known = None
        if known == self.digest:
            for part in folder.glob(".hooke-*"):
                part.unlink(missing_ok=True)
            return
        self.remove()
        with atomic_path(mark) as part:
            part.write_text(json.dumps(self.digest), encoding="utf-8")

    def remove(self) -> None:
        """Remove all of it."""
        with contextlib.suppress(FileNotFoundError):
            try:
                shutil.rmtree(self.folder)
            except FileNotFoundError:
                raise
            except OSError as error:
                raise output_error(error, self.folder) from error

    def objects(self, number: int) -> Path:
        """Where the objects found in a block are."""
        return self.folder / f"{number:07}.objects.npz"

    def parts(self, number: int) -> Path:
        """Where a block's parts of the results are."""
        return self.folder / f"{number:07}.parts.npz"

    @property
    def settled(self) -> Path:
        """Where the numbers of all objects are, for workers."""
        return self.folder / "settled.npz"

    def has(self, path: Path) -> bool:
        """Whether a file is there and whole."""
        try:
            with np.load(path, allow_pickle=False) as stored:
                return bool(stored.files)
        except Exception:  # zipfile's and NumPy's own
            return False

    def load_objects(self, number: int) -> BlockObjects:
        """Objects found in a block.

        Raises
        ------
        OutputError
            When the file is damaged or gone.
        """
        try:
            return BlockObjects.load(self.objects(number))
        except Exception as error:  # zipfile's and NumPy's own
            raise OutputError(
                f"can't be read: {error}", path=self.objects(number), remedy="run the same command again"
            ) from error


class BlockMosaic:
    """The finished labels and pictures of all blocks as one image, of which any level and window can be read.

    Parameters
    ----------
    files : BlockFiles
    grid : BlockGrid
    """

    def __init__(self, files: BlockFiles, grid: BlockGrid) -> None:
        self._files = files
        self._grid = grid
        self._kept: OrderedDict[tuple[str, int], NDArray[np.generic]] = OrderedDict()
        self._lock = Lock()

    def labels(self, rows: slice, columns: slice, step: int = 1) -> NDArray[np.generic]:
        """Rows and columns of the labels at every step-th pixel."""
        return self._read("labels", rows, columns, step)

    def rings(self, rows: slice, columns: slice, step: int = 1) -> NDArray[np.generic]:
        """Rows and columns of the rings around objects at every step-th pixel."""
        return self._read("rings", rows, columns, step)

    def picture(self, rows: slice, columns: slice, step: int = 1) -> NDArray[np.generic]:
        """Rows and columns of the picture, step x step pixels averaged."""
        return self._read("picture", rows, columns, step)

    def _read(self, kind: str, rows: slice, columns: slice, step: int) -> NDArray[np.generic]:
        shape = (rows.stop - rows.start, columns.stop - columns.start)
        is_picture = kind == "picture"
        result = np.zeros((*shape, 3) if is_picture else shape, np.uint8 if is_picture else np.int32)
        side = self._grid.side // step  # blocks begin at multiples of any step
        for row in range(rows.start // side, (rows.stop - 1) // side + 1):
            for column in range(columns.start // side, (columns.stop - 1) // side + 1):
                block = self._block(kind, row * self._grid.across + column, step)
                top, left = row * side, column * side
                here = [
                    (max(part.start, first), min(part.stop, first + length))
                    for part, first, length in ((rows, top, block.shape[0]), (columns, left, block.shape[1]))
                ]
                (first, last), (start, stop) = here
                into = result[first - rows.start : last - rows.start, start - columns.start : stop - columns.start]
                into[...] = block[first - top : last - top, start - left : stop - left]
        return result

    def _block(self, kind: str, number: int, step: int) -> NDArray[np.generic]:
        with self._lock:
            key = f"{kind} {step}", number
            if key not in self._kept:
                self._kept[key] = self._load(kind, number, step)
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    def _load(self, kind: str, number: int, step: int) -> NDArray[np.generic]:
        path = self._files.parts(number)
        try:
            if kind != "picture":
                return np.ascontiguousarray(BlockParts.load_labels(path, kind)[::step, ::step])
            picture = BlockParts.load_picture(path)
        except Exception as error:  # zipfile's and NumPy's own
            raise OutputError(f"can't be read: {error}", path=path, remedy="run the same command again") from error
        size = tuple(-(-length // step) for length in picture.shape[1::-1])
        return picture if step == 1 else np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
