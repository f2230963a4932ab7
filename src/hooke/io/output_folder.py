"""Finds the images of a run, and keeps its results from mixing with them."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from hooke.errors import OutputError, listed, readable
from hooke.io.find import FoundImages, holds_images, search_images
from hooke.io.label_search import leave_out_labels

#: Folders of results, which nothing else may be in.
_RESULTS = ("labels", "cytoplasm", "overlays", "replaced")
_TABLES = ("parents.csv", "counts.csv")  # which not every run writes
_OF_SEGMENT = ".hooke"  # where it keeps what it knows of each image


def search_inputs(inputs: Sequence[str | Path], out: str | Path) -> FoundImages:
    """List the images that a run is to read, without the results in its output folder, and without label images.

    An output folder inside the image folder is fine when it is new or holds results only. Results in the very folder
    of the images are reported in the notes.

    Raises
    ------
    ImageReadError
        As `hooke.io.search_images`.
    OutputError
        When results would replace images, or images in the output folder would be left out.
    """
    out = Path(out)
    found = search_images(inputs, exclude=[out])
    leave_out_labels(found)
    results = [out / name for name in _RESULTS]
    folders = {os.path.realpath(folder) for folder in {path.parent for path in found.paths}}
    for folder in results:
        if os.path.realpath(folder) in folders:
            remedy = "choose another output folder"
            raise OutputError("holds images of this run, which results would replace", path=folder, remedy=remedy)
    if found.excluded and holds_images(out, exclude=results):
        remedy = "choose a new folder, or one that holds results only"
        raise OutputError("holds images that this run would leave out", path=out, remedy=remedy)
    if os.path.realpath(out) in folders:
        advice = "choose a folder of their own to keep them apart"
        found.advice.append(f"the results are written among the images in {readable(str(out))}; {advice}")
    return found


def left_before(out: Path, written: Collection[Path]) -> list[str]:
    """Say which results in a folder earlier runs left there that a run has not written: a sentence, or none.

    Parameters
    ----------
    out : Path
        The output folder. In one of ``hooke segment``, which keeps the results of all runs, nothing is said.
    written : collection of Path
        What the run has written.
    """
    if (out / _OF_SEGMENT).is_dir():
        return []
    there = [path for name in _RESULTS for path in (out / name).glob("*") if not path.name.startswith(".")]
    there += [path for name in _TABLES if (path := out / name).is_file()]
    left = sorted(path.relative_to(out).as_posix() for path in set(there) - set(written))
    if not left:
        return []
    return [f"of earlier runs into this folder, and not of this one, are {len(left)} file(s): {readable(listed(left))}"]
