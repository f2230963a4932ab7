"""What kind is each object: images with label images or points, and a classifier, in; classes and probabilities out.

`windows` cuts out what a network sees of an object, `network` runs it; `features` and `forest` do without a network.
`one` classifies one image's objects, `folder` those of many, `learn` makes a classifier from a few labelled cells,
`evaluate` scores one. `images` names the class of images as a whole.
"""

from __future__ import annotations

from hooke.classify.evaluate import evaluate_classifier
from hooke.classify.folder import ClassifiedFolder, classify_folder
from hooke.classify.images import (
    ClassifiedImages,
    ImageClassifier,
    classify_images,
    evaluate_image_classifier,
    load_image_classifier,
)
from hooke.classify.learn import examples_of_dataset, examples_of_table, learn_features
from hooke.classify.one import UNKNOWN, Classified, Classifier, classify_image, load_classifier, task_of

__all__ = [
    "UNKNOWN",
    "Classified",
    "ClassifiedFolder",
    "ClassifiedImages",
    "Classifier",
    "ImageClassifier",
    "classify_folder",
    "classify_image",
    "classify_images",
    "evaluate_classifier",
    "evaluate_image_classifier",
    "examples_of_dataset",
    "examples_of_table",
    "learn_features",
    "load_classifier",
    "load_image_classifier",
    "task_of",
]
