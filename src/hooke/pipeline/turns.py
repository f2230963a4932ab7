"""Lists what a run has to do: files, and the scenes of files that hold several."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hooke.io import ImageFile
from hooke.pipeline.large.plan import is_shared
from hooke.pipeline.segment_file import Job
from hooke.pipeline.shards import Shard
from hooke.pipeline.work import Origin

_SMALL = 1_000_000  # pixels, of 16 bytes or less, of an image that one thread segments


@dataclass(frozen=True)
class Turn:
    """A file, or one scene of it.

    Parameters
    ----------
    origin : Origin
    path : Path
    place : int
        Among all that the run has: the file's, and the scene's in it.
    is_small : bool
        Whether one thread is enough for it.
    is_shared : bool
        Whether it is so large that the shards of a run share its blocks.
    """

    origin: Origin
    path: Path
    place: int
    is_small: bool = False
    is_shared: bool = False

    @property
    def name(self) -> str:
        """What its results are named after."""
        return self.origin.name


def turns_of(job: Job, paths: Sequence[Path]) -> Iterator[Turn]:
    """List the scenes of all files; `segment_file` reports what can't be opened."""
    names = job.ledger.names(paths)
    used = {name.casefold() for name in names}
    for number, (name, path) in enumerate(zip(names, paths, strict=True)):
        try:
            file = job.ledger.channels.open(path, axes=job.axes)
        except Exception:
            yield Turn(Origin(name, name, path), path, number)
            continue
        job.ledger.forget_other_scenes(path, file.scenes or ("",))
        wanted = job.options.scene
        if wanted is not None and wanted not in file.scenes:
            yield Turn(Origin(name, name, path, wanted), path, number)  # refused there, with the names there are
            continue
        if not file.scenes:
            size = max(math.prod(file.plane_shape[:2]), file.read_bytes // 16)
            is_small = len(file) == 1 and size <= _SMALL
            yield Turn(Origin(name, name, path), path, number, is_small, _is_shared(job, file))
        for place, scene in enumerate(file.scenes):
            if wanted in (None, scene):
                own = job.ledger.scene_name(name, path, scene, used)
                used.add(own.casefold())
                origin = Origin(own, name, path, scene)
                yield Turn(origin, path, number + place, is_shared=_is_shared(job, file, scene))


def own_turns(shard: Shard, turns: Iterable[Turn]) -> list[Turn]:
    """Those that a shard does: its share of the images, and all whose blocks are shared."""
    return [turn for turn in turns if turn.is_shared or shard.has(turn.place)]


def list_hash(turns: Iterable[Turn]) -> str:
    """Hash of the images that the shards of a run share: by other images each would take other places for its own.

    Folders do not count, since machines may see them under different paths.
    """
    listed = [(os.fsencode(turn.path.name).hex(), turn.origin.scene, turn.place) for turn in turns]
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


def _is_shared(job: Job, file: ImageFile, scene: str = "") -> bool:
    """Whether the blocks of an image are shared among the shards of a run."""
    if job.shard is None and job.remote is None:
        return False
    try:
        if job.options.level or scene:
            file = job.ledger.channels.open(file.path, axes=job.axes, scene=scene or None, level=job.options.level)
        return is_shared(file, job.options.parsed_region, job.block)
    except Exception:  # reported in its turn
        return False
