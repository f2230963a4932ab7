"""Predicts the class of each object of an image, or of a whole image.

`windows` cuts out the part of an image around an object that a network sees, and `network` runs it; `features` and
`forest` do without a network. `classify_objects` classifies the objects of one image, `classify_folder` those of many
images, `classify_whole_images` whole images. `learn` trains on a few labelled cells, `evaluate` scores a classifier.
`modality_sorting` sorts images into fluorescence, histology and brightfield.
"""

from __future__ import annotations

from hooke.classify.classifier_files import load_classifier, task_of
from hooke.classify.classify_folder import ClassifiedFolder, classify_folder
from hooke.classify.classify_objects import Classified, Classifier, classify_image
from hooke.classify.classify_whole_images import (
    ClassifiedImages,
    ImageClassifier,
    classify_images,
    evaluate_image_classifier,
    load_image_classifier,
)
from hooke.classify.evaluate import evaluate_classifier
from hooke.classify.learn import Examples, examples_of_dataset, examples_of_table, learn_features
from hooke.classify.modality_sorting import ModalityResult, sort_by_modality
from hooke.labels.classes import UNKNOWN
from hooke.report.class_overlay import class_overlay

__all__ = [
    "UNKNOWN",
    "Classified",
    "ClassifiedFolder",
    "ClassifiedImages",
    "Classifier",
    "Examples",
    "ImageClassifier",
    "ModalityResult",
    "class_overlay",
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
    "sort_by_modality",
    "task_of",
]
