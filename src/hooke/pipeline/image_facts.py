"""Records what decides whether the measurements of two images can be compared, and says where images differ in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from hooke.errors import listed, readable
from hooke.image import Image
from hooke.measure import known_channels

#: Columns of ``summary.csv``.
FACTS: Final = ("pixel_height_um", "pixel_width_um", "pixel_type", "channels")
_UNKNOWN = "unknown"
_NAMED = 3  # images of each kind
_KINDS = 5
_FEW_PAGES = 5  # that may be channels


def image_facts(image: Image) -> dict[str, Any]:
    """Size of a pixel in micrometres, empty where it is unknown; type of the pixels; channels by name, else how many.

    Examples
    --------
    >>> import numpy as np
    >>> image_facts(Image(np.zeros((2, 2, 2), np.uint8), channel_names=("DAPI", "FITC"))).values()
    dict_values(['', '', 'uint8', 'DAPI, FITC'])
    """
    sizes = image.pixel_size_um or ("", "")
    channels = ", ".join(known_channels(image)) or image.channels
    return dict(zip(FACTS, (*sizes, str(image.pixels.dtype), channels), strict=True))


def differing_images(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Say in what images differ so that their measurements can't be compared.

    Parameters
    ----------
    rows : iterable of mapping
        With ``image`` and what `image_facts` gives, such as those of ``summary.csv``; others are passed over.

    Returns
    -------
    list of str
    """
    known = _by_image(rows)
    names, images = list(known), list(known.values())
    kinds = {of: _kinds(names, images, of) for of in (_size, _type, _channels)}
    said = []
    if len(kinds[_size]) > 1:
        said.append(
            f"the size of a pixel is not the same in all images: {_listed(kinds[_size])}: compare only what is in "
            "micrometres, which is missing where the size is unknown; --pixel-size (pixel_size) gives all images one"
        )
    if len(kinds[_type]) > 1:
        said.append(
            f"pixels are not of one type in all images: {_listed(kinds[_type])}: intensities, which are measured as "
            "stored, can't be compared between these"
        )
    if len(kinds[_channels]) > 1:
        said.append(
            f"channels are not the same in all images: {_listed(kinds[_channels])}: compare columns of one channel "
            "only; that of an image's only channel does not name it"
        )
    return said


def possible_channels(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Say that the few pages of a file, which does not say what they are, may be channels of one image.

    Parameters
    ----------
    rows : iterable of mapping
        Of ``summary.csv``, a row per plane.
    """
    pages = Counter(str(row["image"]) for row in rows if "i" in row)
    few = [name for name, count in pages.items() if count <= _FEW_PAGES]
    if not few:
        return []
    named = readable(listed(few, _NAMED))
    return [
        f"{named}: the file does not say what its pages are, and each was segmented as a plane of a stack; if they are "
        'channels of one image, give --axes CYX (axes="CYX")'
    ]


def differing_channel(rows: Iterable[Mapping[str, Any]], channel: int | str | None) -> list[str]:
    """Say where a channel that was chosen by its number has another name in some images; see `differing_images`.

    Where none was given, say where images with the same channels were segmented in different ones.
    """
    if channel is None:
        return _differing_choice(_by_image(rows))
    if not isinstance(channel, int):
        return []
    named: dict[str, list[str]] = {}
    for image, row in _by_image(rows).items():
        names = str(row["channels"]).split(", ")
        if 0 <= channel < len(names) > 1:
            named.setdefault(names[channel], []).append(image)
    if len(named) < 2:
        return []
    return [f"channel {channel} is not the same stain in all images: {_listed(named)}: choose it by its name"]


def _differing_choice(images: Mapping[str, Mapping[str, Any]]) -> list[str]:
    chosen: dict[str, dict[str, list[str]]] = {}
    for image, row in images.items():
        names, number = str(row["channels"]).split(", "), str(row.get("channel", ""))
        if number.isdecimal():
            name = names[int(number)] if int(number) < len(names) else f"channel {number}"
            chosen.setdefault(str(row["channels"]), {}).setdefault(name, []).append(image)
    return [
        "objects were searched for in different channels, though these images have the same ones: "
        f"{_listed(kinds)}: choose one for all with --channel (channel)"
        for kinds in chosen.values()
        if len(kinds) > 1
    ]


def _by_image(rows: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The last row of each image that has facts."""
    return {str(row["image"]): row for row in rows if row.get("pixel_type")}


def _kinds(
    names: Sequence[str], images: Sequence[Mapping[str, Any]], of: Callable[[Mapping[str, Any]], str]
) -> dict[str, list[str]]:
    """Names of the images of each kind, the most frequent kind first."""
    kinds: dict[str, list[str]] = {}
    for name, image in zip(names, images, strict=True):
        kinds.setdefault(of(image), []).append(name)
    return dict(sorted(kinds.items(), key=lambda kind: -len(kind[1])))


def _size(image: Mapping[str, Any]) -> str:
    height, width = image["pixel_height_um"], image["pixel_width_um"]
    if height == "":
        return _UNKNOWN
    lengths = [f"{float(length):.3g}" for length in (height, width)]
    return f"{' x '.join(dict.fromkeys(lengths))} um"


def _type(image: Mapping[str, Any]) -> str:
    text = str(image["pixel_type"])
    return "float" if text.startswith("float") else text


def _channels(image: Mapping[str, Any]) -> str:
    text = str(image["channels"])
    return f"{text} without a name" if text.isdecimal() else ", ".join(sorted(text.split(", ")))  # columns have names


def _listed(kinds: Mapping[str, Sequence[str]]) -> str:
    """Each kind with its images."""
    texts = [f"{kind} ({len(names)}: {listed(names, _NAMED)})" for kind, names in kinds.items()]
    return readable(listed(texts, _KINDS))
