"""Gives the label images of a source the names of the images that they are of: those of A01_mask the name A01."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from hooke.io.annotations.annotation_files import is_label_image
from hooke.io.name_match import pair_names, some_names
from hooke.labels.labelled_image import LabelledImage, LabelSource


class PairedSource:
    """A source whose label images are called like their images.

    Parameters
    ----------
    source : LabelSource
    called : mapping of str to str
        The name that the source gives, by the name of the image; those that are not in it keep theirs.
    """

    def __init__(self, source: LabelSource, called: Mapping[str, str]) -> None:
        self._source = source
        self._called = dict(called)
        renamed = {given: name for name, given in called.items()}
        self._names = sorted(renamed.get(name, name) for name in source.names)
        self._known = frozenset(self._names)

    @property
    def names(self) -> list[str]:
        """Names of the images, sorted."""
        return list(self._names)

    def __contains__(self, name: str) -> bool:
        """Whether there is a label image of this image."""
        return name in self._known

    def read(self, name: str, shape: tuple[int, ...] | None = None) -> LabelledImage:
        """Read the label image of an image."""
        return self._source.read(self._called.get(name, name), shape)


def pair_source(source: LabelSource, images: Collection[str], path: str | Path) -> tuple[LabelSource, list[str]]:
    """Pair label images with images by name, as `hooke.io.name_match.pair_names` does.

    One label image that is named itself, not its folder, is that of the only image, under any name.

    Parameters
    ----------
    source : LabelSource
    images : collection of str
        Names of the images.
    path : str or Path
        The source, for an error.

    Returns
    -------
    source : LabelSource
        The same, or with other names.
    notes : list of str
        Which names were paired though they differ.

    Raises
    ------
    DatasetError
        If two names mean the same image, and neither is its own.
    """
    meant = pair_names(source.names, images, path=path)
    if not meant and len(source.names) == len(images) == 1 and Path(path).is_file() and is_label_image(Path(path)):
        (given,), (name,) = source.names, images
        return PairedSource(source, {name: given}), [f"paired though their names differ: {given} with {name}"]
    called = {name: given for given, name in meant.items() if given != name}
    if not called:
        return source, []
    pairs = some_names(f"{given} with {name}" for name, given in called.items())
    return PairedSource(source, called), [f"{len(called)} label image(s) paired with images of like names: {pairs}"]
