"""A classifier of several stains takes each by its name, in any order that an image has them in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hooke.classify import Examples, classify_image, learn_features, load_classifier
from hooke.classify.channel_order import bring_into_order
from hooke.datasets import simulate
from hooke.image import Image

NAMES = ("DAPI", "FITC")


def examples(seeds=range(3), names=NAMES):
    """Fields whose nuclei differ in the second stain alone."""
    made = []
    for seed in seeds:
        field = simulate((160, 160), seed=seed, diameter=20, density=0.15, bits=16)
        kinds = {label: "positive" if label % 2 else "negative" for label in range(1, field.labels.max() + 1)}
        second = field.image // 8
        second[np.isin(field.labels, [label for label in kinds if label % 2])] += 9000
        image = Image(np.stack([field.image, second], axis=2), f"im{seed}", channel_names=NAMES)
        made.append(Examples(bring_into_order(image, names)[0], field.labels, kinds))
    return made


def right(example, classifier):
    found = classify_image(example.image, example.labels, classifier)
    return np.mean([name == example.classes[label + 1] for label, name in enumerate(found.names)]), found.warnings


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    learnt = learn_features(examples()).classifier.save(tmp_path_factory.mktemp("classifier") / "stains")
    return load_classifier(learnt)


def test_the_names_are_kept(classifier):
    assert (classifier.intensity, classifier.channels) == ("channels", NAMES)


@pytest.mark.parametrize("names", [NAMES, NAMES[::-1]])
def test_channels_are_taken_by_their_names(classifier, names):
    (example,) = examples([7], names)
    assert example.image.channel_names == names
    assert right(example, classifier) == (1.0, ())


def test_more_channels_than_it_learnt_from_do_no_harm(classifier):
    (example,) = examples([7])
    pixels = np.concatenate([example.image.pixels[..., :1] // 3, example.image.pixels], axis=2)
    more = replace(example.image, pixels=pixels, channel_names=("Cy5", *NAMES))
    assert right(replace(example, image=more), classifier) == (1.0, ())


@pytest.mark.parametrize(("names", "said"), [((), "have no names"), (("a", "b"), "are named a, b")])
def test_channels_of_other_names_are_taken_in_their_order_with_a_warning(classifier, names, said):
    (example,) = examples([7])
    share, warnings = right(replace(example, image=replace(example.image, channel_names=names)), classifier)
    assert share == 1.0
    assert said in warnings[0] and "DAPI, FITC" in warnings[0]


@pytest.mark.slow
def test_images_of_another_order_are_learnt_from_by_name():
    mixed = [*examples(range(2)), *examples([2], NAMES[::-1])]
    learnt = learn_features(mixed)
    assert learnt.classifier.channels == NAMES
    assert learnt.balanced_accuracy == 1.0


@pytest.mark.slow
def test_without_names_nothing_is_recorded_and_nothing_said():
    plain = [replace(each, image=replace(each.image, channel_names=())) for each in examples()]
    classifier = learn_features(plain).classifier
    assert classifier.channels == ()
    assert right(examples([7])[0], classifier) == (1.0, ())
