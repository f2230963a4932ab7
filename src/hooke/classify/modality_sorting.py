"""Sorts images by modality, and writes a table of clusters and of the classifier's predictions, and a map of them.

```
OUT/
  modality.csv     a row per file; a stack is judged by its first plane
  embedding.png    the images on their first two principal components
```
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.image import Image
from hooke.io import read_image, unique_names, write_png
from hooke.io.file_runner import InputFile, OnProgress, OnShare, run_files
from hooke.io.lock import only_run
from hooke.io.output_folder import search_inputs
from hooke.io.spreadsheet import write_table
from hooke.preprocess import fit_normalisation
from hooke.preprocess.clusters import CLUSTERS, Clusters, cluster_modalities
from hooke.preprocess.modality import Appearance, describe
from hooke.report.embedding import draw_embedding, make_thumbnail

_COLUMNS = (
    "image",
    "file",
    "modality",  # the cluster's name, or the classifier's verdict where there are too few images to cluster
    "cluster",
    "distance",
    "margin",
    "classifier",
    "probability",
    "inverted",
    "stored",
    "channels",
    "bits",
    "error",
)


@dataclass(frozen=True)
class ModalityResult:
    """Images sorted by modality.

    Parameters
    ----------
    out : Path
    table : DataFrame
        What ``modality.csv`` holds: per file its modality, by cluster; the cluster's number, the distance to its
        centre, and how much farther the next modality is; the classifier's verdict and its probability; whether
        dark nuclei on white are inverted fluorescence; how the pixels are stored; the error of a file that failed.
    clustered : bool
        False when there were fewer images than clusters, so that the classifier decided.
    notes : tuple of str
        What was left out of the folders searched.
    """

    out: Path
    table: pd.DataFrame
    clustered: bool
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> pd.DataFrame:
        """Rows of files that could not be read."""
        return self.table[self.table["error"] != ""]

    @property
    def good(self) -> pd.DataFrame:
        """All other rows."""
        return self.table[self.table["error"] == ""]

    @property
    def counts(self) -> dict[str, int]:
        """Images by modality."""
        return dict(Counter(self.good["modality"]))

    @property
    def disputed(self) -> pd.DataFrame:
        """Rows where the cluster and the classifier differ."""
        return self.good[self.good["modality"] != self.good["classifier"]]


@dataclass(frozen=True)
class _Described:
    """What is kept of one file: not its pixels."""

    row: dict[str, Any]
    features: NDArray[np.float64]
    thumbnail: NDArray[np.uint8]


def sort_by_modality(
    inputs: Sequence[str | Path],
    out: str | Path,
    *,
    clusters: int = CLUSTERS,
    seed: int = 0,
    progress: OnProgress[object] | None = None,
) -> ModalityResult:
    """Sort files, folders and patterns by modality, and write the table and the map.

    Parameters
    ----------
    inputs : sequence of str or Path
        Files, folders (searched with their subfolders) and patterns.
    out : str or Path
        Folder for the results.
    clusters : int
        Clusters to make; with fewer images, the shipped classifier decides.
    seed : int
        Of K-means.
    progress : callable, optional
        Given a `hooke.io.Progress` at the start and after each file.

    Raises
    ------
    HookeError
        When there is no image, or the folder can't be written to. A single file's error is in its row.
    """
    out = Path(out)
    files = search_inputs(inputs, out)
    paths = files.paths
    jobs = [InputFile(name, path) for name, path in zip(unique_names(paths), paths, strict=True)]
    with only_run(out):
        described = list(run_files(_describe, jobs, _failure, total=len(paths), progress=progress))
        good = [image for image in described if isinstance(image, _Described)]
        found = _cluster(good, clusters, seed)
        for index, image in enumerate(good):
            image.row.update(_cluster_columns(found, index) if found else {"modality": image.row["classifier"]})
        rows = [image.row if isinstance(image, _Described) else image for image in described]
        table = pd.DataFrame(rows, columns=_COLUMNS, dtype=object).fillna("")
        write_table(table, out / "modality.csv")
        if good:
            write_png(out / "embedding.png", _draw(good))
    return ModalityResult(out, table, found is not None, tuple(files.notes))


def _describe(file: InputFile, on_share: OnShare) -> _Described:
    image = read_image(file.path)
    appearance = describe(image)
    return _Described(_row(file.name, file.path, image, appearance), appearance.features, make_thumbnail(image))


def _failure(file: InputFile, error: str) -> dict[str, Any]:
    return dict.fromkeys(_COLUMNS, "") | {"image": file.name, "file": str(file.path), "error": error}


def _row(name: str, path: Path, image: Image, appearance: Appearance) -> dict[str, Any]:
    return {
        "image": name,
        "file": str(path),
        "cluster": "",
        "classifier": appearance.modality,
        "probability": round(appearance.probability, 4),
        "inverted": appearance.inverted,
        "stored": fit_normalisation(image).why,
        "channels": image.channels,
        "bits": 8 * image.pixels.dtype.itemsize,
        "error": "",
    }


def _cluster(good: list[_Described], clusters: int, seed: int) -> Clusters | None:
    if len(good) < max(clusters, 1):
        return None
    return cluster_modalities(np.stack([image.features for image in good]), clusters, seed=seed)


def _cluster_columns(found: Clusters, index: int) -> dict[str, Any]:
    return {
        "modality": found.modality[index],
        "cluster": int(found.cluster[index]),
        "distance": round(float(found.distance[index]), 4),
        "margin": round(float(found.margin[index]), 4),
    }


def _draw(good: list[_Described]) -> NDArray[np.uint8]:
    return draw_embedding(
        np.stack([image.features for image in good]),
        [image.row["modality"] for image in good],
        [image.thumbnail for image in good],
        title=f"{len(good)} image(s) by colour and intensity",
        marked=[image.row["modality"] != image.row["classifier"] for image in good],
        mark_meaning="classifier differs",
    )
