"""Tracks the sequences that files and folders hold, and writes a folder of results for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hooke.errors import HookeError
from hooke.io.file_runner import Progress
from hooke.io.lock import only_run
from hooke.io.naming import free_name
from hooke.tracking.options import TrackOptions
from hooke.tracking.sources import LabelSequence, find_sequences
from hooke.tracking.track_files import check_apart, save_tracks
from hooke.tracking.track_labels import track
from hooke.tracking.tracks import Tracks

_NO_PLANES = "the distance of planes (--z-step-um, z_step_um) has no effect: frames are single planes"


@dataclass(frozen=True)
class TrackedSequence:
    """What came of one sequence.

    Parameters
    ----------
    name : str
    folder : Path
        Its results.
    frames, tracks, divisions, repaired : int
    notes : tuple of str
    error : str
        Empty when all went well.
    """

    name: str
    folder: Path
    frames: int = 0
    tracks: int = 0
    divisions: int = 0
    repaired: int = 0
    notes: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class TrackedFolder:
    """What came of all sequences.

    Parameters
    ----------
    out : Path
    sequences : list of TrackedSequence
    """

    out: Path
    sequences: list[TrackedSequence] = field(default_factory=list)

    @property
    def failed(self) -> list[TrackedSequence]:
        """Those that could not be tracked."""
        return [sequence for sequence in self.sequences if sequence.error]


def track_folder(
    labels: Sequence[str | Path],
    out: str | Path,
    options: TrackOptions | None = None,
    *,
    images: Sequence[str | Path] | None = None,
    axes: str | None = None,
    pixel_size_um: float | None = None,
    z_step_um: float | None = None,
    time_step_s: float | None = None,
    movie: bool = True,
    progress: Callable[[Progress[TrackedSequence]], None] | None = None,
) -> TrackedFolder:
    """Track label images and write tables, labels and files of other programs.

    One sequence is written into `out`, several each into a folder of its name there: see
    `hooke.tracking.track_files`.

    Parameters
    ----------
    labels : sequence of str or Path
        Results of ``hooke segment``, or label images in the order of time: files, folders and patterns.
    out : str or Path
        Folder for the results.
    options : TrackOptions, optional
    images : sequence of str or Path, optional
        The images, in the same order; those of results are found.
    axes : str, optional
        Axes of files that do not state them, such as ``TYX``.
    pixel_size_um, z_step_um, time_step_s : float, optional
        Micrometres of a pixel and between planes of stacks, and seconds between frames, where files do not state them
        or state wrong ones.
    movie : bool
        Whether to draw one.
    progress : callable, optional
        Given a `hooke.io.Progress` while frames are read, and after each sequence with its result.

    Returns
    -------
    TrackedFolder

    Raises
    ------
    HookeError
        When there is no sequence, or the folder can't be written to. What is wrong with one sequence among several is
        reported in its result.
    """
    out = Path(out)
    unread: list[tuple[Path, HookeError]] = []
    sequences = find_sequences(
        labels, images=images, axes=axes, on_error=lambda path, error: unread.append((path, error))
    )
    total = len(sequences) + len(unread)
    if total == 1 and unread:
        raise unread[0][1]
    used: set[str] = set()
    names = [free_name(sequence.name, used) for sequence in sequences]
    done = [TrackedSequence(path.name, out, error=str(error)) for path, error in unread]
    with only_run(out):
        for number, (name, sequence) in enumerate(zip(names, sequences, strict=True), len(unread)):
            folder = out if total == 1 else out / name
            show = None if progress is None else _shown(progress, number, total, len(sequence.labels))
            try:
                check_apart(folder, sequence.paths)
                tracks = _track(sequence, options, pixel_size_um, z_step_um, time_step_s, show)
                notes = save_tracks(tracks, folder, images=sequence.images, movie=movie)
            except HookeError as error:
                if total == 1:
                    raise
                done.append(TrackedSequence(name, folder, error=str(error)))
            else:
                done.append(_result(name, folder, tracks, notes))
            if progress is not None:
                progress(Progress(number + 1, total, result=done[-1], error=done[-1].error))
    return TrackedFolder(out, done)


def _track(
    sequence: LabelSequence,
    options: TrackOptions | None,
    pixel_size_um: float | None,
    z_step_um: float | None,
    time_step_s: float | None,
    on_frame: Callable[[int], None] | None,
) -> Tracks:
    tracks = track(
        sequence.labels,
        sequence.images,
        options=options,
        objects=sequence.objects,
        pixel_size_um=sequence.pixel_size_um if pixel_size_um is None else pixel_size_um,
        z_step_um=sequence.z_step_um if z_step_um is None else z_step_um,
        time_step_s=sequence.time_step_s if time_step_s is None else time_step_s,
        on_frame=on_frame,
    )
    planes = z_step_um is not None and "Z" not in sequence.labels.files[0].axes
    unused = (_NO_PLANES,) if planes else ()
    return replace(tracks, notes=sequence.notes + unused + tracks.notes)


def _result(name: str, folder: Path, tracks: Tracks, notes: tuple[str, ...]) -> TrackedSequence:
    return TrackedSequence(
        name,
        folder,
        len(tracks),
        tracks.count,
        int(tracks.divisions["parent"].nunique()),
        int((tracks.table["repaired"] != "").sum()),
        notes,
    )


def _shown(
    progress: Callable[[Progress[TrackedSequence]], None], number: int, total: int, frames: int
) -> Callable[[int], None]:
    return lambda read: progress(Progress(number, total, share=read / max(frames, 1)))
