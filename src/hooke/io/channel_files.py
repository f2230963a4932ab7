"""Joins files that hold one channel each (``A01_w1.tif``, ``A01_w2.tif``) into images of several channels."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.addresses import real_path
from hooke.errors import ConfigError, ImageReadError, readable
from hooke.io.channel_parts import CERTAIN_PARTS, POSSIBLE_PARTS, ChannelPart, bare_name, part_of_option
from hooke.io.false_colour import as_one_channel
from hooke.io.find import natural_key
from hooke.io.formats import result_stem
from hooke.io.gaps import Gaps
from hooke.io.image_file import ImageFile
from hooke.io.leftovers import image_of_result
from hooke.io.parts_by_name import parts_left_apart
from hooke.io.reading import open_image
from hooke.io.tiff_parts import SOME_CHANNELS

#: Leaves all files apart.
NONE = "none"
#: Joins by the likeliest of all names that are known.
AUTO = "auto"


@dataclass(frozen=True)
class ChannelFiles:
    """Which files are channels of one image.

    Parameters
    ----------
    groups : mapping of Path to mapping of str to Path
        By the first file of each image, its files by channel.
    channels : tuple of str
        Names of all channels.
    notes : tuple of str
        What was decided.
    """

    groups: Mapping[Path, Mapping[str, Path]] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def files(self, path: Path) -> tuple[Path, ...]:
        """All files of an image, by its first one."""
        return tuple(self.groups[path].values()) if path in self.groups else (path,)

    def recorded(self, path: Path | None) -> dict[str, str]:
        """The file of each channel of an image of several files, by its first one, for `hooke.io.entry.Entry`."""
        return {} if path is None else {channel: real_path(file) for channel, file in self.groups.get(path, {}).items()}

    def names_like(self, paths: Sequence[Path], names: Sequence[str], known: Collection[str]) -> list[str]:
        """Name images as their objects are named: after the channel that these were found in, or after none.

        Examples
        --------
        >>> files = [Path(f"{name}_w{channel}.tif") for name in "ab" for channel in (1, 2)]
        >>> first, channels = find_channels(files)
        >>> channels.names_like(first, ["a_w1", "b_w1"], ["a_w2", "b"])
        ['a_w2', 'b']
        """
        stems = {image_of_result(name) for name in known}

        def like(path: Path, name: str) -> str:
            if name in known or path not in self.groups:
                return name
            group = self.groups[path]
            others = [*map(result_stem, group.values()), *(_without(channel, file) for channel, file in group.items())]
            return next((other for other in others if other in known or other.casefold() in stems), name)

        return [like(path, name) for path, name in zip(paths, names, strict=True)]

    def open(self, path: Path, **options: Any) -> ImageFile:
        """Open an image by its first file, as `hooke.open_image` does with these options.

        Raises
        ------
        ImageReadError
            If a file can't be read, a channel's file is missing, or files do not fit together.
        """
        if path not in self.groups:
            return open_image(path, **options)
        group = self.groups[path]
        missing = [channel for channel in self.channels if channel not in group]
        if missing:
            cause = f"the file of channel {missing[0]} is missing beside it"
            raise ImageReadError(cause, path=path, remedy="put it there, or leave this image out")
        return _join({channel: open_image(file, **options) for channel, file in group.items()})


def _without(channel: str, file: Path) -> str:
    """Name of a file without its channel."""
    before, _, after = result_stem(file).rpartition(channel)
    return re.sub(r"([_. -])[_. -]+", r"\1", before + after).strip("_. -")


def find_channels(paths: Sequence[Path], pattern: str | None = None) -> tuple[list[Path], ChannelFiles]:
    """Find which files are channels of one image.

    Parameters
    ----------
    paths : sequence of Path
    pattern : str, optional
        The part of a file's name that says the channel, with ``{}`` for the channel: ``_w{}``. ``"none"`` leaves all
        files apart. By default, names as microscopes write them (``_w1``, ``_ch00``, ``-ch1``, ``_DAPI`` and others of
        `hooke.io.channel_parts`) are recognised where all files have such a part and each image the same channels, two
        or more. ``"auto"`` joins what has such a part wherever most have.

    Returns
    -------
    paths : list of Path
        The first file of each image, and files without such a part.
    channels : ChannelFiles

    Raises
    ------
    ConfigError
        If the pattern has no place for the channel, no file has such a part, or two files say the same channel of one
        image.

    Examples
    --------
    >>> files = [Path("a_w1.tif"), Path("a_w2.tif"), Path("b_w1.tif"), Path("b_w2.tif")]
    >>> first, channels = find_channels(files)
    >>> [str(path) for path in first], channels.channels
    (['a_w1.tif', 'b_w1.tif'], ('w1', 'w2'))
    """
    if pattern == NONE:
        return list(paths), ChannelFiles()
    named = [(path, bare_name(path)) for path in sorted(paths, key=natural_key)]
    if pattern is None:
        found = [(part, _grouped(named, part)) for part in CERTAIN_PARTS]
        for part, groups in found:
            if groups.are_complete(len(paths)) and part.fits(groups.channels):
                first, joined = _first_files(paths, groups, f"; --channels-from {NONE} leaves them apart")
                return first, replace(joined, notes=(*joined.notes, *parts_left_apart(first)))
        notes = _without_partner(found, len(paths)) or _left_apart(
            [*found, *((part, _grouped(named, part)) for part in POSSIBLE_PARTS)], len(paths)
        )
        return list(paths), ChannelFiles(notes=(*notes, *parts_left_apart(paths)))
    if pattern != AUTO and pattern.count("{}") != 1:
        raise ConfigError(f"channels_from is {pattern!r}", remedy="write {} once, where the channel is: _w{}")
    groups = _likeliest(named) if pattern == AUTO else _grouped(named, part_of_option(pattern))
    if not groups.images:
        remedy = "write what is before and after the channel in their names, such as _w{}"
        raise ConfigError(f"no file name holds {pattern!r} with a channel in it", remedy=remedy)
    if groups.double:
        one, other = (readable(path.name) for path in groups.double)
        remedy = "give the files of one of them alone, or another pattern"
        raise ConfigError(f"{one} and {other} are the same channel of one image", remedy=remedy)
    return _first_files(paths, groups, "")


@dataclass
class _Groups:
    """Files by channel of each image, and what contradicts that they are."""

    images: list[dict[str, Path]]
    double: tuple[Path, Path] | None = None
    is_clear: bool = True  # each number of a channel has one name

    @property
    def channels(self) -> list[str]:
        found = {channel for image in self.images for channel in image}
        return sorted(found, key=lambda name: natural_key(Path(name)))

    @property
    def count(self) -> int:
        return sum(map(len, self.images))

    def are_complete(self, files: int | None = None) -> bool:
        """Whether all files are in groups of the same channels, two or more."""
        if self.double or not self.is_clear or not self.images or (files is not None and self.count != files):
            return False
        return len({tuple(image) for image in self.images}) == 1 and len(self.images[0]) > 1


def _grouped(named: Sequence[tuple[Path, str]], part: ChannelPart) -> _Groups:
    """Files by channel of each image; those without the part are left out."""
    images: dict[tuple[Path, str, str], dict[str, Path]] = {}
    double: tuple[Path, Path] | None = None
    numbered: set[tuple[str, str]] = set()
    for path, name in named:
        found = part.read(name)
        if found is None:
            continue
        channel, number, rest = found
        image = images.setdefault((path.parent, rest, path.suffix.lower()), {})
        if channel in image:
            double = (image[channel], path)
        image.setdefault(channel, path)
        numbered.add((number, channel))
    ordered = [dict(sorted(image.items(), key=lambda item: natural_key(Path(item[0])))) for image in images.values()]
    numbers, channels = {number for number, _ in numbered}, {channel for _, channel in numbered}
    is_clear = not any(numbers) or len(numbered) == len(numbers) == len(channels)
    return _Groups(ordered, double, is_clear)


def _likeliest(named: Sequence[tuple[Path, str]]) -> _Groups:
    """By the part that joins most files; none where it is not half of them."""
    found = [_grouped(named, part) for part in (*CERTAIN_PARTS, *POSSIBLE_PARTS)]
    fit = [each for each in found if len(each.channels) > 1 and each.is_clear and 2 * each.count >= len(named)]
    return max(fit, key=lambda groups: (not groups.double, groups.count - len(groups.images)), default=_Groups([]))


def _without_partner(found: Sequence[tuple[ChannelPart, _Groups]], files: int) -> tuple[str, ...]:
    """Name files that keep all others from being joined, as each channel would be an image of its own."""
    for part, groups in found:
        channels = groups.channels
        lone = [image for image in groups.images if len(image) < len(channels)]
        # Most have all channels, or these numbers mean something else.
        if groups.count < files or not groups.is_clear or not 0 < 2 * len(lone) < len(groups.images):
            continue
        if groups.double or not part.fits(channels):
            continue
        wanted = " ".join(channel for channel in channels if channel not in lone[0])
        more = f", nor have {len(lone) - 1} others all channels" if len(lone) > 1 else ""
        name = readable(next(iter(lone[0].values())).name)
        return (
            f"the files of the channels {', '.join(channels)} are left apart, an image each, since {name} has "
            f"no partner {wanted}{more}; --channels-from {part.option} joins the others, and reports these",
        )
    return ()


def _left_apart(found: Sequence[tuple[ChannelPart, _Groups]], files: int) -> tuple[str, ...]:
    """Say that files look like channels of one image, where that is not certain, or others are among them."""
    for part, groups in found:
        if groups.are_complete() and 2 * groups.count > files:
            one, other = (readable(path.name) for path in list(groups.images[0].values())[:2])
            return (
                "each file is an image of its own, also those whose names look like channels of one image, such as "
                f"{one} and {other}; --channels-from {part.option} joins them",
            )
    return ()


def _first_files(paths: Sequence[Path], groups: _Groups, remedy: str) -> tuple[list[Path], ChannelFiles]:
    """Keep the first file of each group in the order of all files."""
    first = {next(iter(image.values())): image for image in groups.images}
    others = {file for image in groups.images for file in image.values()} - set(first)
    channels = groups.channels
    note = f"{len(first) + len(others)} files of the channels {', '.join(channels)} joined to {len(first)} image(s)"
    return [path for path in paths if path not in others], ChannelFiles(first, tuple(channels), (note + remedy,))


def _join(files: Mapping[str, ImageFile]) -> ImageFile:
    """Join opened files of one channel each."""
    files = {name: as_one_channel(file) if len(file.plane_shape) > 2 else file for name, file in files.items()}
    (first, *others) = files.values()
    for file in files.values():
        if (file.plane_shape, file.axes, file.stack_shape) != (first.plane_shape, first.axes, first.stack_shape):
            sizes = " and ".join(" x ".join(map(str, each.stack_shape + each.plane_shape)) for each in (file, first))
            cause = f"differs in size from {first.path.name}: {sizes}"
            raise ImageReadError(cause, path=file.path, remedy="give channels of one image")

    dtypes = [file.dtype for file in files.values()]

    def read(at: Mapping[str, int]) -> NDArray[np.generic]:
        return np.stack([file.read(at) for file in files.values()], axis=-1)

    def read_window(at: Mapping[str, int], rows: slice, columns: slice) -> NDArray[np.generic]:
        return np.stack([file.read_window(at, rows, columns) for file in files.values() if file.read_window], axis=-1)

    return replace(
        first,
        plane_shape=(*first.plane_shape, len(files)),
        channel_names=tuple(files),
        is_rgb=False,
        notes=tuple(
            dict.fromkeys(
                note for file in (first, *others) for note in file.notes if not note.startswith(SOME_CHANNELS)
            )
        )
        + _unlike(files),
        read_bytes=sum(file.read_bytes for file in files.values()),
        pixel_size_um=next((file.pixel_size_um for file in files.values() if file.pixel_size_um), None),
        dtype=None if None in dtypes else np.result_type(*[dtype for dtype in dtypes if dtype is not None]),
        gaps=Gaps("tile", [file.gaps for file in files.values() if file.gaps is not None]),
        read=read,
        read_window=read_window if all(file.read_window for file in files.values()) else None,
    )


def _unlike(files: Mapping[str, ImageFile]) -> tuple[str, ...]:
    """Say where channels differ in the type or the size of their pixels."""
    types = {name: str(file.dtype) for name, file in files.items() if file.dtype is not None}
    sizes = {
        name: " x ".join(f"{length:.3g}" for length in file.pixel_size_um)
        for name, file in files.items()
        if file.pixel_size_um is not None
    }
    said = []
    if len(set(types.values())) > 1:
        said.append(f"channels are stored in different types, so that their intensities differ: {_paired(types)}")
    if len(set(sizes.values())) > 1:
        said.append(f"channels state different sizes of a pixel in um, of which the first is taken: {_paired(sizes)}")
    return tuple(said)


def _paired(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def open_recorded(path: str | Path, scene: str, channels: Mapping[str, str]) -> ImageFile:
    """Open an image of a run's output, by what its `hooke.io.entry.Entry` says of it.

    Raises
    ------
    ImageReadError
        If a file of it can't be read, or files do not fit together.
    """
    if not channels:
        return open_image(path, scene=scene or None)
    return _join({channel: open_image(file, scene=scene or None) for channel, file in channels.items()})


def all_files(paths: Sequence[Path], channels: ChannelFiles) -> Iterator[Path]:
    """All files of images that are known by their first one."""
    return (file for path in paths for file in channels.files(path))
