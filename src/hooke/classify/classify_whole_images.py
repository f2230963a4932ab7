"""Predicts the class of each image as a whole, and writes a table.

```
OUT/
  classes.csv    a row per image: class, class_probability, one column per class, error
```
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from hooke.classify.classifier_files import find_bundle
from hooke.classify.classify_objects import check_threshold, fit_for
from hooke.classify.network import ClassifierSettings, NetworkClassifier
from hooke.classify.windows import cut_window, rescale, window_matrix
from hooke.datasets.layout import find_image, read_column, read_index
from hooke.errors import DatasetError
from hooke.image import Image
from hooke.io import read_image, unique_names
from hooke.io.file_runner import InputFile, OnProgress, OnShare, run_files
from hooke.io.lock import only_run
from hooke.io.output_folder import search_inputs
from hooke.io.spreadsheet import write_table
from hooke.labels.classes import Classes
from hooke.metrics.classification import ClassificationScores, classification_scores
from hooke.models.bundle import read_parts


class ImageClassifierSettings(ClassifierSettings):
    """What the runtime must know of a classifier of whole images, whose longer side is resized to the window's."""

    task: Literal["image-classifier"] = "image-classifier"  # type: ignore[assignment]
    column: str = Field("modality", description="of a data set's index.csv that holds the true classes")


class ImageClassifier(NetworkClassifier):
    """A network that predicts the class of a whole image."""

    settings: ImageClassifierSettings

    def classify_whole(self, image: Image, *, channel: int | None = None, threads: int = 0) -> Classes:
        """Predict the class of an image.

        Parameters
        ----------
        image : Image
        channel : int, optional
            Use only this one (0 is the first), of several.
        threads : int
            To compute with; 0 for all cores.

        Returns
        -------
        Classes
            Of one instance.

        Raises
        ------
        ImageReadError
            When the image is of another kind than the classifier's.
        """
        settings = self.settings
        cut = cut_whole(fit_for(self, image, channel).apply(image.pixels), settings.window)
        if settings.in_channels == 1:
            cut = cut.mean(axis=0, keepdims=True)
        return Classes(self.classes, self.predict_with_tta(cut[None], threads))


@dataclass(frozen=True)
class ClassifiedImages:
    """The classes of many images.

    Parameters
    ----------
    table : DataFrame
        A row per image: ``image``, ``file``, ``class``, ``class_probability``, ``probability_<class>`` of each, and
        ``error``, empty when all went well.
    path : Path
        Where it was written.
    notes : tuple of str
        What was left out of the folders searched.
    """

    table: pd.DataFrame
    path: Path
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> int:
        """Number of images that could not be classified."""
        return int((self.table["error"] != "").sum())

    @property
    def counts(self) -> dict[str, int]:
        """Images of each class, the most frequent first."""
        good = self.table[self.table["error"] == ""]
        return {str(name): int(count) for name, count in good["class"].value_counts().items()}


def load_image_classifier(name_or_path: str | Path) -> ImageClassifier:
    """Load the bundle of a classifier of whole images.

    Parameters
    ----------
    name_or_path : str or Path
        A name in the folder that ``HOOKE_MODELS`` names, or a path.

    Raises
    ------
    ModelError
        When it is missing, incomplete, corrupt, or does something else.
    """
    path = find_bundle(name_or_path)
    settings, description, weights = read_parts(path, ImageClassifierSettings)
    return ImageClassifier(str(description.get("name") or path.stem), path, settings, weights)


def cut_whole(pixels: NDArray[np.float32], window: int) -> NDArray[np.float32]:
    """Bring an image's longer side to a window's, and fill what the shorter one leaves by reflection.

    Parameters
    ----------
    pixels : ndarray of float32, shape (Y, X, C)
    window : int

    Returns
    -------
    ndarray of float32, shape (C, window, window)
    """
    scaled, _ = rescale(pixels, None, window / max(pixels.shape[:2]))
    middle = (np.array(scaled.shape[:2]) - 1) / 2
    return cut_window(scaled, None, window_matrix(middle, max(scaled.shape[:2]), window), window)


def classify_images(
    inputs: Sequence[str | Path],
    classifier: ImageClassifier,
    out: str | Path,
    *,
    threshold: float = 0.0,
    channel: int | None = None,
    progress: OnProgress[object] | None = None,
) -> ClassifiedImages:
    """Predict the class of each image of files, folders and patterns, and write the table.

    Parameters
    ----------
    inputs : sequence of str or Path
    classifier : ImageClassifier
    out : str or Path
        Folder for the table.
    threshold : float
        An image whose most probable class is less probable is called unknown.
    channel : int, optional
        Channel (0 is the first) to use.
    progress : callable, optional
        Given a `hooke.io.Progress` at the start and after each image.

    Raises
    ------
    HookeError
        When there is no image, or the table can't be written. An image that fails is reported in the table; the rest
        continue.
    """
    check_threshold(threshold)
    out = Path(out)
    searched = search_inputs(inputs, out)
    paths = searched.paths
    files = [InputFile(name, path) for name, path in zip(unique_names(paths), paths, strict=True)]

    def classify(file: InputFile, on_share: OnShare) -> dict[str, object]:
        found = replace(classifier.classify_whole(read_image(file.path), channel=channel), threshold=threshold)
        return _row(file) | {column: value[0] for column, value in found.columns.items()}

    shares = [f"probability_{name}" for name in classifier.classes]
    columns = ["image", "file", "class", "class_probability", *shares, "error"]
    with only_run(out):
        rows = list(run_files(classify, files, _row, total=len(files), progress=progress))
        table, target = pd.DataFrame(rows, columns=columns), out / "classes.csv"
        write_table(table, target)
    return ClassifiedImages(table, target, tuple(searched.notes))


def _row(file: InputFile, error: str = "") -> dict[str, object]:
    return {"image": file.name, "file": str(file.path), "error": error}


def evaluate_image_classifier(
    classifier: ImageClassifier, dataset: str | Path, split: str = "test", *, seed: int = 0
) -> ClassificationScores:
    """Compare a classifier's predictions for the images of a data set with its index.

    Parameters
    ----------
    classifier : ImageClassifier
    dataset : str or Path
        A hooke data set. Images of classes that the classifier does not know are left out.
    split : str
    seed : int
        Of the bootstrap.

    Warns
    -----
    UserWarning
        When images are left out.

    Raises
    ------
    DatasetError
        When the index lacks the classifier's column, or no image has one of its classes.
    """
    position = {name: number for number, name in enumerate(classifier.classes)}
    names = read_column(dataset, classifier.settings.column)
    ids = [row.id for row in read_index(dataset) if row.split == split]
    kept = [id_ for id_ in ids if names[id_] in position]
    if not kept:
        raise DatasetError(
            f"no image of split {split!r} has one of the classes {', '.join(classifier.classes)} "
            f"in its column {classifier.settings.column!r}",
            path=dataset,
            remedy="check the classes and the split",
        )
    if len(kept) < len(ids):
        warnings.warn(f"left out, of classes that the classifier does not know: {len(ids) - len(kept)}", stacklevel=2)
    shares = [classifier.classify_whole(read_image(_image_of(dataset, id_))).probabilities for id_ in kept]
    true = [position[names[id_]] for id_ in kept]
    return classification_scores(true, np.concatenate(shares), classifier.classes, kept, seed=seed)


def _image_of(dataset: str | Path, id_: str) -> Path:
    path = find_image(dataset, id_)
    if path is None:
        raise DatasetError(f"lacks the image of {id_!r}", path=dataset, remedy="run hooke prepare again")
    return path
