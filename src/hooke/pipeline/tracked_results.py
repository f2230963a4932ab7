"""Follows the objects of a run through time, and refuses before the run what could not be followed after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from hooke import tracking
from hooke.errors import ConfigError, HookeError, readable
from hooke.io import ImageFile
from hooke.io.channel_files import ChannelFiles
from hooke.pipeline.options import SegmentOptions
from hooke.tracking.assignment import check_installed
from hooke.tracking.sources import check_one_size, check_time


def check_trackable(paths: Sequence[Path], channels: ChannelFiles, axes: str | None, options: SegmentOptions) -> None:
    """Refuse to segment images whose objects could not be followed then; what can't be read is reported in its turn.

    Parameters
    ----------
    paths : sequence of Path
    channels : ChannelFiles
    axes : str, optional
        Of files that do not state them.
    options : SegmentOptions

    Raises
    ------
    HookeError
        When laptrack is missing, planes in depth are not to be joined, single images differ in size, or nothing is a
        sequence in time.
    """
    check_installed()
    files = list(_opened(paths, channels, axes, options))
    single = [file for file in files if not file.axes]
    deep = [file for file in files if file.axes == "Z"]
    frames = deep if len(deep) > 1 else []  # one is a stack in depth, several are a sequence of them
    series = [file for file in files if file.axes and not (frames and file.axes == "Z")]
    wrong = [error for file in series if (error := _why_not(file)) is not None]
    if wrong and (single or frames or len(wrong) == len(files)):
        raise wrong[0]
    if options.region is None:
        for group in (single, frames):
            check_one_size(group)
    if options.stitch is None:
        _check_depth([*frames, *(file for file in series if set(file.axes) == {"T", "Z"})])


def track_results(out: Path) -> tuple[list[str], int]:
    """Follow all that is in an output folder, into its folder ``tracks``.

    Returns
    -------
    said : list of str
        What came of it.
    failed : int
        Sequences that could not be followed.
    """
    tracked = tracking.track_folder([out], out / "tracks")
    said = [
        sequence.error
        or f"{sequence.name}: {sequence.tracks} tracks in {sequence.frames} frames, {sequence.divisions} division(s), "
        f"in {readable(str(sequence.folder))}"
        for sequence in tracked.sequences
    ] + [f"{sequence.name}: {note}" for sequence in tracked.sequences for note in sequence.notes]
    return said, len(tracked.failed)


def _opened(
    paths: Sequence[Path], channels: ChannelFiles, axes: str | None, options: SegmentOptions
) -> Iterator[ImageFile]:
    """Open what can be opened; only what is known before pixels are read."""
    for path in paths:
        try:
            yield channels.open(path, axes=axes, scene=options.scene, level=options.level)
        except HookeError:
            continue


def _why_not(file: ImageFile) -> HookeError | None:
    """Why a file is not a sequence in time; None where it is one."""
    try:
        check_time(file)
    except HookeError as error:
        return error
    return None


def _check_depth(stacks: Sequence[ImageFile]) -> None:
    """Refuse frames that are stacks in depth: their planes would be segmented each by itself."""
    for stack in stacks[:1]:
        cause = "is a stack in depth, whose objects can be followed only where they are joined from plane to plane"
        remedy = 'add --stitch z (stitch="z"), which joins them, or leave --track (track) out'
        raise ConfigError(cause, path=stack.path, remedy=remedy)
