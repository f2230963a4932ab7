"""Finds label images and masks among the images of a search by their pixels, where their names say nothing."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from hooke.errors import HookeError
from hooke.io.find import FoundImages
from hooke.io.formats import has_image_suffix, result_stem
from hooke.io.reading import open_image
from hooke.labels.recognition import holds_labels

_BLANK = 3  # files of a kind that are read, where the first are blank and so say nothing
_LARGEST = 67_000_000  # pixels; label images of slides are known by their names, or warned of later
_SEPARATOR = re.compile(r"[ _.-]")

_Kind = tuple[Path, str, str]


def leave_out_labels(found: FoundImages) -> None:
    """Take label images and masks out of what a search found, if it found other images, too.

    One file of each kind is read, and more only where that holds labels. A kind are the files of a folder whose names
    begin with that of another file and end in the same way (``A01_nuclear.tif`` beside ``A01.tif``), and its others.

    Parameters
    ----------
    found : FoundImages
        Its `paths` and `labels` are changed. Files that were given by name stay.
    """
    kinds: dict[_Kind, list[Path]] = {}
    for path, kind in _kinds([path for path in found.paths if path not in found.named and path.is_file()]):
        kinds.setdefault(kind, []).append(path)
    labels = {path for paths in kinds.values() if _first_holds_labels(paths) for path in filter(_is_labels, paths)}
    if labels and len(labels) < len(found.paths):
        found.labels = [path for path in found.paths if path in labels]
        found.paths = [path for path in found.paths if path not in labels]


def _kinds(paths: Sequence[Path]) -> Iterator[tuple[Path, _Kind]]:
    """Each file with its folder, suffix, and what its name has more than another file's name there."""
    for folder, group in itertools.groupby(sorted(paths), key=lambda path: path.parent):
        files = [path for path in group if has_image_suffix(path)]
        stems = {result_stem(path).casefold() for path in files}
        for path in files:
            yield path, (folder, path.suffix.casefold(), _ending(result_stem(path).casefold(), stems))


def _ending(stem: str, stems: set[str]) -> str:
    """What follows the longest other stem that this one begins with; empty where there is none.

    Examples
    --------
    >>> _ending("a01_nuclear", {"a01", "a01_nuclear", "a0"})
    '_nuclear'
    """
    cuts = [match.start() for match in _SEPARATOR.finditer(stem)]
    return next((stem[cut:] for cut in reversed(cuts) if stem[:cut] in stems), "")


def _first_holds_labels(paths: Iterable[Path]) -> bool:
    """Whether the first file that is not blank holds labels."""
    held = map(_holds_labels, itertools.islice(paths, _BLANK))
    return next((labels for labels in held if labels is not None), False)


def _is_labels(path: Path) -> bool:
    """Whether a file beside label images is one: a blank one, too, is a label image without objects."""
    return _holds_labels(path) is not False


def _holds_labels(path: Path) -> bool | None:
    """Whether a file holds labels or a mask; None where it is blank. What can't be read is reported in its turn."""
    try:
        file = open_image(path)
        if len(file.plane_shape) > 2 or math.prod(file.plane_shape) > _LARGEST:
            return False
        return holds_labels(file.plane(len(file) // 2).pixels)
    except HookeError:
        return False
