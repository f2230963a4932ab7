"""Find the image that an annotation names, and read it.

Names are compared without regard to case, to the form of accents, and to how folders are separated: annotations
travel between Windows, macOS and Linux. Folders in a name help to choose and need not exist.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hooke.errors import DatasetError, ImageReadError
from hooke.io import find_images, open_image
from hooke.io.formats import result_stem

REMEDY = "put the image next to its annotations, or in a folder images below them"


class ImageSearch:
    """All images below a folder, listed when the first is looked for.

    Parameters
    ----------
    folder : Path
        Searched with its subfolders.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def named(self, name: str, beside: Path | None = None) -> Path:
        """Find the image of a file name, which may have folders before it, with slashes of either kind.

        Parameters
        ----------
        name : str
            As the annotation gives it.
        beside : Path, optional
            The folder of the annotation: goes before others where several images fit.

        Raises
        ------
        DatasetError
            If there is none, or there are several. The error names the folder.
        """
        parts = _parts(name)
        found = self._by_name.get(parts[-1], []) if parts else []
        return self._only(name, found, lambda path: _common_end(parts, _parts(str(path))), beside)

    def of_stem(self, stem: str, beside: Path | None = None) -> Path:
        """Find the image of a name without suffix; see `named`."""
        return self._only(stem, self._by_stem.get(_fold(stem), []), lambda _: 0, beside)

    def knows(self, name: str) -> bool:
        """Whether some image has this file name."""
        return _fold(name) in self._by_name

    @cached_property
    def _paths(self) -> list[Path]:
        try:
            return find_images([self.folder], results=True)
        except ImageReadError:  # none at all; said of each image that is looked for
            return []

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        return _grouped(self._paths, lambda path: path.name)

    @cached_property
    def _by_stem(self) -> dict[str, list[Path]]:
        return _grouped(self._paths, result_stem)

    def _only(self, name: str, found: list[Path], fit: Callable[[Path], int], beside: Path | None) -> Path:
        """Choose by how much of the folders fits, then the annotation's own folder, then a folder ``images``."""
        if not found:
            raise DatasetError(f"image {_shown(name)} is not here", path=self.folder, remedy=REMEDY)
        ranks = {path: (fit(path), path.parent == beside, path.parent.name == "images") for path in found}
        best = [path for path in found if ranks[path] == max(ranks.values())]
        if len(best) > 1:
            names = ", ".join(str(path.relative_to(self.folder)) for path in best[:3])
            remedy = "leave one, or give its folder with its name in the annotations"
            raise DatasetError(f"image {_shown(name)} is here more than once: {names}", path=self.folder, remedy=remedy)
        return best[0]


def read_plane(path: Path, *, stains: bool = False) -> NDArray[np.generic]:
    """Read an image that is one plane, grey (Y, X), RGB (Y, X, 3) or, on request, of any channels (Y, X, C).

    Raises
    ------
    DatasetError
        If it is a stack, or has other channels than it may.
    ImageReadError
        If it is damaged.
    """
    file = open_image(path)
    if len(file) > 1:
        raise DatasetError(f"a stack of {len(file)} planes", path=path, remedy="save its planes as single images")
    if file.scenes:
        cause = f"holds {len(file.scenes)} images of other sizes"
        raise DatasetError(cause, path=path, remedy="save each as a file of its own")
    pixels = file.plane(0).pixels
    if pixels.ndim == 3 and pixels.shape[2] != 3 and not stains:
        raise DatasetError(f"{pixels.shape[2]} channels", path=path, remedy="save the one with the nuclei, or RGB")
    return pixels


def annotation_files(src: Path, suffixes: Sequence[str]) -> list[Path]:
    """List the annotation files of a suffix in a folder and its subfolders, or the one file given; hidden ones not.

    Raises
    ------
    DatasetError
        If there is none.
    """
    if src.is_file():
        return [src]
    found = sorted(path for path in src.rglob("*") if path.name.lower().endswith(tuple(suffixes)) and path.is_file())
    shown = [path for path in found if not any(part.startswith(".") for part in path.relative_to(src).parts)]
    if not shown:
        kinds = " or ".join(f"*{suffix}" for suffix in suffixes)
        raise DatasetError(f"no {kinds} files here", path=src, remedy="give the folder that holds the annotations")
    return shown


def _parts(name: str) -> list[str]:
    """Folders and file name, in the form in which they are compared."""
    return [_fold(part) for part in re.split(r"[\\/]", name) if part not in ("", ".")]


def _common_end(a: Sequence[str], b: Sequence[str]) -> int:
    """How many parts agree, counted from the end."""
    pairs = list(zip(reversed(a), reversed(b), strict=False))
    return next((count for count, (first, second) in enumerate(pairs) if first != second), len(pairs))


def _grouped(paths: Iterable[Path], key: Callable[[Path], str]) -> dict[str, list[Path]]:
    groups: dict[str, list[Path]] = {}
    for path in paths:
        groups.setdefault(_fold(key(path)), []).append(path)
    return groups


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _shown(name: str) -> str:
    return ascii(name[-80:])
