"""Ask a classifier about the class of each object of a label image, or of the whole image."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from hooke.classify.classify_whole_images import cut_whole
from hooke.classify.intensity import fit_intensity
from hooke.classify.windows import cut_windows, locate, rescale
from hooke.errors import ConfigError
from hooke.image import Image
from hooke.training.classifier.export import load_run
from hooke.training.explain.subject import Subject, as_tensor, class_subject, only_logits


def find_subjects(
    run: Path, image: Image, count: int, diameter: float | None, labels: NDArray[np.int32] | None
) -> Iterator[Subject]:
    """The objects of a label image, or the image as a whole, each with the class that the network names.

    Raises
    ------
    ConfigError
        When a classifier of objects is given none.
    """
    module = load_run(run)
    config = module.config
    pixels = fit_intensity(image, config.intensity).apply(image.pixels)
    if config.of == "images":
        seen = np.ascontiguousarray(cut_whole(pixels, config.window).transpose(1, 2, 0))
        tensor, nowhere = as_tensor(seen, config.in_channels), np.zeros(seen.shape[:2], np.int32)
        yield class_subject("image class", module.network, tensor, seen, nowhere, config.classes, only_logits)
        return
    if labels is None or labels.shape != pixels.shape[:2]:
        raise ConfigError("a classifier explains objects", path=run, remedy="give a label image of this size")
    scaled, small = rescale(pixels, labels, config.scale)
    assert small is not None
    objects = locate(small)
    for number in range(min(count, len(objects))):
        (cut,) = cut_windows(scaled, small, objects.select(slice(number, number + 1)), config.window)
        seen = np.ascontiguousarray(cut[:3].transpose(1, 2, 0))
        tensor = as_tensor(seen, config.in_channels)
        if config.mask_channel:
            tensor = torch.cat([tensor, torch.from_numpy(cut[None, 3:])], dim=1)
        inside = (cut[3] > 0).astype(np.int32)
        name = f"object {objects.ids[number]}"
        yield class_subject(name, module.network, tensor, seen, inside, config.classes, only_logits)
