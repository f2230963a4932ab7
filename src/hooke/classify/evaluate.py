"""Scores a classifier on cells whose class is known."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable

import numpy as np

from hooke.classify.classify_objects import Classifier, classify_image
from hooke.classify.learn import Examples
from hooke.errors import DatasetError
from hooke.metrics.classification import ClassificationScores, classification_scores


def evaluate_classifier(classifier: Classifier, examples: Iterable[Examples], *, seed: int = 0) -> ClassificationScores:
    """Compare a classifier's predictions with the truth.

    Parameters
    ----------
    classifier : Classifier
    examples : iterable of Examples
        Of `hooke.classify.examples_of_dataset`, for example. Objects of classes that it does not know are left out.
    seed : int
        Of the bootstrap.

    Warns
    -----
    UserWarning
        When objects are left out.

    Raises
    ------
    DatasetError
        When no object has one of its classes.
    """
    position = {name: number for number, name in enumerate(classifier.classes)}
    true: list[int] = []
    probabilities, images = [], []
    unknown: Counter[str] = Counter()
    for example in examples:
        unknown.update(name for name in example.classes.values() if name not in position)
        found = classify_image(example.image, example.labels, classifier)
        kept = [row for row, id_ in enumerate(found.objects.ids.tolist()) if example.classes.get(id_) in position]
        true += [position[example.classes[int(found.objects.ids[row])]] for row in kept]
        probabilities.append(found.classes.probabilities[kept])
        images += [example.image.name] * len(kept)
    if not true:
        raise DatasetError(
            f"no object has one of the classes {', '.join(classifier.classes)}", remedy="check the data set's classes"
        )
    if unknown:
        others = ", ".join(f"{count} {name}" for name, count in sorted(unknown.items()))
        warnings.warn(f"left out, of classes that the classifier does not know: {others}", stacklevel=2)
    return classification_scores(true, np.concatenate(probabilities), classifier.classes, images, seed=seed)
