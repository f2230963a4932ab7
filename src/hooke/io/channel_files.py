"""Joins files that hold one channel each (``A01_w1.tif``, ``A01_w2.tif``) into images of several channels."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hooke.errors import ConfigError, ImageReadError, readable
from hooke.io.find import natural_key
from hooke.io.formats import result_stem
from hooke.io.gaps import Gaps
from hooke.io.image_file import ImageFile
from hooke.io.reading import open_image
from hooke.io.tiff_parts import SOME_CHANNELS

#: Leaves all files apart.
NONE = "none"
# What microscopes write: MetaXpress, Leica, Opera.
_KNOWN = ("_w{}", "_ch{}", "-ch{}")
_NUMBER, _WORD = r"(\d{1,2})(?![0-9])", r"([A-Za-z0-9]+)"


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


def find_channels(paths: Sequence[Path], pattern: str | None = None) -> tuple[list[Path], ChannelFiles]:
    """Find which files are channels of one image.

    Parameters
    ----------
    paths : sequence of Path
    pattern : str, optional
        The part of a file's name that says the channel, with ``{}`` for the channel: ``_w{}``. ``"none"`` leaves all
        files apart. By default, ``_w1``, ``_ch00`` and ``-ch1`` are recognised where all files have such a part and
        each image the same channels, two or more.

    Returns
    -------
    paths : list of Path
        The first file of each image, and files without such a part.
    channels : ChannelFiles

    Raises
    ------
    ConfigError
        If the pattern has no place for the channel, or no file has such a part.

    Examples
    --------
    >>> files = [Path("a_w1.tif"), Path("a_w2.tif"), Path("b_w1.tif"), Path("b_w2.tif")]
    >>> first, channels = find_channels(files)
    >>> [str(path) for path in first], channels.channels
    (['a_w1.tif', 'b_w1.tif'], ('w1', 'w2'))
    """
    if pattern == NONE:
        return list(paths), ChannelFiles()
    if pattern is None:
        for known in _KNOWN:
            groups = _grouped(paths, known, _NUMBER)
            if _is_complete(groups, len(paths)):
                return _first_files(paths, groups, f"; --channels-from {NONE} leaves them apart")
        return list(paths), ChannelFiles(notes=_without_partner(paths))
    if pattern.count("{}") != 1:
        raise ConfigError(f"channels_from is {pattern!r}", remedy="write {} once, where the channel is: _w{}")
    groups = _grouped(paths, pattern, _WORD)
    if not groups:
        remedy = "write what is before and after the channel in their names, such as _w{}"
        raise ConfigError(f"no file name holds {pattern!r} with a channel in it", remedy=remedy)
    return _first_files(paths, groups, "")


def _grouped(paths: Sequence[Path], pattern: str, channel: str) -> list[dict[str, Path]]:
    """Files by channel of each image; those without the part are left out."""
    before, after = (re.escape(part) for part in pattern.split("{}"))
    part = re.compile(f"{before}{channel}{after}", re.IGNORECASE)
    groups: dict[tuple[Path, str, str, str], dict[str, Path]] = {}
    for path in sorted(paths, key=natural_key):
        matches = list(part.finditer(result_stem(path)))
        if not matches:
            continue
        last, stem = matches[-1], result_stem(path)
        key = (path.parent, stem[: last.start()], stem[last.end() :], path.suffix.lower())
        groups.setdefault(key, {})[last[0].strip("_- .")] = path
    return list(groups.values())


def _is_complete(groups: Sequence[Mapping[str, Path]], files: int) -> bool:
    """Whether all files are in groups of the same channels, two or more."""
    channels = {tuple(group) for group in groups}
    return len(channels) == 1 and len(next(iter(channels))) > 1 and sum(map(len, groups)) == files


def _without_partner(paths: Sequence[Path]) -> tuple[str, ...]:
    """Name files that keep all others from being joined, as each channel would be an image of its own."""
    for known in _KNOWN:
        groups = _grouped(paths, known, _NUMBER)
        channels = {channel for group in groups for channel in group}
        lone = [group for group in groups if len(group) < len(channels)]
        # Most have all channels, or these numbers mean something else.
        if sum(map(len, groups)) < len(paths) or not 0 < 2 * len(lone) < len(groups):
            continue
        group = lone[0]
        wanted = " ".join(sorted(channels - set(group)))
        more = f", nor have {len(lone) - 1} others all channels" if len(lone) > 1 else ""
        name = readable(next(iter(group.values())).name)
        return (
            f"the files of the channels {', '.join(sorted(channels))} are left apart, an image each, since {name} has "
            f"no partner {wanted}{more}; --channels-from {known} joins the others, and reports these",
        )
    return ()


def _first_files(
    paths: Sequence[Path], groups: Sequence[Mapping[str, Path]], remedy: str
) -> tuple[list[Path], ChannelFiles]:
    """Keep the first file of each group in the order of all files."""
    channels = sorted({channel for group in groups for channel in group}, key=lambda name: natural_key(Path(name)))
    ordered = [{name: group[name] for name in channels if name in group} for group in groups]
    first = {next(iter(group.values())): group for group in ordered}
    others = {file for group in ordered for file in group.values()} - set(first)
    note = f"{len(first) + len(others)} files of the channels {', '.join(channels)} joined to {len(first)} image(s)"
    return [path for path in paths if path not in others], ChannelFiles(first, tuple(channels), (note + remedy,))


def _join(files: Mapping[str, ImageFile]) -> ImageFile:
    """Join opened files of one channel each."""
    (first, *others) = files.values()
    for file in files.values():
        if len(file.plane_shape) != 2:
            cause = f"holds {file.plane_shape[2]} channels, and is to be one"
            raise ImageReadError(cause, path=file.path, remedy="export channels as grey images, or leave them apart")
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


def all_files(paths: Sequence[Path], channels: ChannelFiles) -> Iterator[Path]:
    """All files of images that are known by their first one."""
    return (file for path in paths for file in channels.files(path))
