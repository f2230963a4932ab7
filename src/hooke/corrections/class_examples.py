"""Gives the classes of corrected objects to what trains a classifier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from hooke.classify import Examples
from hooke.corrections.corrected_images import open_corrected
from hooke.errors import DatasetError


def examples_of_corrected(
    corrected: str | Path, images: str | Path | None = None, classes: Sequence[str] = ()
) -> Iterator[Examples]:
    """Objects with a class of corrected images, image by image, for `hooke.classify.learn_features`.

    Parameters
    ----------
    corrected, images : str or Path
        See `open_corrected`. A run whose objects got classes in another program has them in its folder ``corrected/``,
        as annotations (GeoJSON of QuPath, ImageJ's regions, ...).
    classes : sequence of str
        Leave out objects of others; by default, none.

    Raises
    ------
    DatasetError
        When an image can't be read, or no object has one of the classes.
    """
    found = open_corrected(corrected, images)
    seen: set[str] = set()
    used = False
    for name in found.names:
        image = found.read(name)
        seen.update(image.classes.values())
        kept = {label: kind for label, kind in image.classes.items() if not classes or kind in classes}
        if kept:
            used = True
            yield Examples(replace(image.image, name=name), image.labels, kept)
    if not used:
        wanted = f"class {', '.join(classes)}" if classes else "a class"
        known = ", ".join(sorted(seen)) or "none"
        remedy = f"classes there: {known}; save annotations with classes"
        raise DatasetError(f"no corrected object has {wanted}", path=corrected, remedy=remedy)
