"""Finds folders of results that are to be merged, and takes over what is in them."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from hooke.errors import ConfigError, readable
from hooke.io import atomic_path
from hooke.io.atomic import output_error
from hooke.io.entry import Entry, read_entries
from hooke.io.set_aside import SET_ASIDE
from hooke.io.spreadsheet import as_cell
from hooke.pipeline.large.block_files import BLOCKS, KEY
from hooke.pipeline.ledger import Ledger
from hooke.pipeline.record import load_record
from hooke.pipeline.shards import Shard, shard_folders
from hooke.pipeline.work import Origin

_TABLES = (".csv", ".depth")


@dataclass(frozen=True)
class Source:
    """A folder of results.

    Parameters
    ----------
    path : Path
    record : dict or None
        Its ``run.json``; None where that is damaged or not there.
    shard : Shard or None
        Which job of an array wrote it.
    is_own : bool
        Whether it lies in the folder into which all is merged, and goes when it is.
    """

    path: Path
    record: dict[str, Any] | None
    shard: Shard | None = None
    is_own: bool = False

    @property
    def is_kept(self) -> bool:
        """Whether it holds files that no run has made, which stay where they are."""
        return (self.path / SET_ASIDE).is_dir()

    def remove(self) -> None:
        """Remove the folder, and the one around it when it is empty."""
        try:
            shutil.rmtree(self.path)
            if not any(self.path.parent.iterdir()):
                self.path.parent.rmdir()
        except OSError as error:
            raise output_error(error, self.path) from error


@dataclass(frozen=True)
class SharedImage:
    """An image of which several jobs have found the blocks.

    Parameters
    ----------
    origin : Origin
    source : Path
        Folder of one of the jobs.
    record : dict
        Its ``run.json``.
    """

    origin: Origin
    source: Path
    record: dict[str, Any]

    @property
    def name(self) -> str:
        """What its results are named after."""
        return self.origin.name

    @property
    def path(self) -> Path | None:
        """Its file."""
        return self.origin.path


@dataclass
class Gathered:
    """What came of taking over results.

    Parameters
    ----------
    shared : list of SharedImage
        Those that are to be finished.
    notes : list of str
        What could not be taken.
    """

    shared: list[SharedImage] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def find_sources(folders: Sequence[Path], out: Path) -> list[Source]:
    """List the folders to merge: those given, and the shards in them; of `out` itself only the shards.

    Raises
    ------
    ConfigError
        When one holds no results.
    """
    real, found = os.path.realpath(out), {}
    for folder in folders:
        is_out = os.path.realpath(folder) == real
        shards = list(shard_folders(folder))
        if not is_out and (folder / ".hooke").is_dir():
            record = load_record(folder / "run.json")
            stated = Shard.parse(record["shard"]) if record and "shard" in record else None
            found[os.path.realpath(folder)] = Source(folder, record, stated)
        elif not shards and not (is_out and (folder / ".hooke").is_dir()):
            raise ConfigError(
                "holds no results of hooke segment", path=folder, remedy="give the folders that hooke segment -o names"
            )
        for shard, path in shards:
            found[os.path.realpath(path)] = Source(path, load_record(path / "run.json"), shard, is_out)
    return list(found.values())


def missing_shards(sources: Sequence[Source]) -> list[str]:
    """Say which shards are not there, or have not come to their end."""
    notes = []
    counts = {source.shard.count for source in sources if source.shard is not None}
    if len(counts) > 1:
        listed = " and ".join(str(count) for count in sorted(counts))
        notes.append(f"there are shards of arrays of {listed} jobs")
    for count in sorted(counts):
        there = {source.shard.number for source in sources if source.shard is not None and source.shard.count == count}
        if gone := [f"{number}/{count}" for number in range(1, count + 1) if number not in there]:
            notes.append(f"shards that are not there: {', '.join(gone[:20])}; run them, then merge again")
        given = {
            str(source.record.get("given", "")): str(source.shard)
            for source in sources
            if source.shard is not None and source.shard.count == count and source.record is not None
        }
        if len(given) > 1:
            one, other, *_ = sorted(given.values())
            notes.append(
                f"shard {one} was given other images than shard {other}, so that some may have fallen to none: run all "
                "shards again with the same images, then merge; what is done is not done again"
            )
    for source in sources:
        if source.record is None:
            notes.append(f"{readable(str(source.path))}: its run.json is missing or damaged; run it again, then merge")
        elif not source.record["finished"]:
            notes.append(f"{readable(str(source.path))}: stopped before its end; run it again, then merge")
    return notes


def gather(sources: Sequence[Source], ledger: Ledger) -> Gathered:
    """Take over the results and blocks of all sources.

    An image that is there already is left as it is, unless what is there failed or is to be replaced by a shard of the
    same folder. Results that differ are named, and stay where they are.
    """
    taking = _Taking(ledger)
    for source in sources:
        for entry in sorted(read_entries(source.path / ".hooke").values(), key=lambda entry: entry.name):
            taking.take(source, entry)
    for source in sources:
        for shared in (source.record or {}).get("shared", ()):
            taking.take_blocks(source, shared)
    return taking.gathered


class _Taking:
    """Takes results into a folder, and finds names for them."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._by_key = {_key(entry): entry for entry in ledger.entries.values()}
        self._names: dict[str, tuple[str, str]] = {}  # folded: which image has it
        self._bases: dict[str, str] = {}  # folded base: its file
        self._blocks: dict[tuple[str, str], SharedImage] = {}
        self._begun: set[Path] = set()
        self.gathered = Gathered()
        for entry in ledger.entries.values():
            self._hold(entry)

    def take(self, source: Source, entry: Entry) -> None:
        """Take an image's results, unless they are there."""
        known = self._by_key.get(_key(entry))
        if known is not None:
            if _same(known, entry) or (not entry.is_done and (known.is_done or known.error)):
                return
            if known.is_done and not source.is_own:
                where = readable(str(source.path))
                self.gathered.notes.append(f"{entry.name}: differs from what was merged before; it stays in {where}")
                return
            name, base = known.name, known.base
        else:
            name, base = self._free(entry.name, entry.base, entry.path, entry.scene)
        if entry.is_done and not entry.is_whole(source.path):
            where = readable(str(source.path))
            self.gathered.notes.append(f"{entry.name}: its results in {where} were changed or removed; run it again")
            return
        rows = [{**row, "image": name} for row in entry.rows]
        taken = replace(entry, name=name, base=base, rows=rows)
        with self._ledger.adopting(taken) as work:
            for result in entry.files:
                target = work.place(self._ledger.out / _renamed(result, entry.name, name))
                if name != entry.name and result.endswith(_TABLES):
                    _rename_rows(source.path / result, target, name)
                else:
                    link_or_copy(source.path / result, target)
        self._by_key[_key(entry)] = self._ledger.entries[name]
        self._hold(taken)

    def take_blocks(self, source: Source, shared: dict[str, str]) -> None:
        """Take the blocks that a job has found of an image that is not done."""
        assert source.record is not None
        key = (shared["path"], shared["scene"])
        known = self._by_key.get(key)
        if known is not None and known.is_done and known.settings == source.record["settings"]:
            return
        if key not in self._blocks:
            names = (known.name, known.base) if known is not None else self._free(shared["name"], shared["base"], *key)
            self._names[names[0].casefold()] = key
            self._bases[names[1].casefold()] = key[0]
            image = SharedImage(Origin(*names, Path(key[0]), key[1]), source.path, source.record)
            self._blocks[key] = image
            self.gathered.shared.append(image)
        folder = source.path / ".hooke" / f"{shared['name']}{BLOCKS}"
        into = self._ledger.folder / f"{self._blocks[key].name}{BLOCKS}"
        if not (folder / KEY).is_file():
            return  # nothing is to be found in the image, or none of its blocks fell to this job
        if (into / KEY).is_file() and _read(into / KEY) != _read(folder / KEY):
            if into in self._begun:
                where = readable(str(source.path))
                self.gathered.notes.append(
                    f"{shared['name']}: the blocks in {where} were found with other settings, software or runtime than "
                    "the first ones; give all jobs the same --runtime and version of hooke"
                )
                return
            shutil.rmtree(into)  # of an earlier run with other settings
        self._begun.add(into)
        for path in (folder / KEY, *sorted(folder.glob("*.objects.npz"))):
            if not (into / path.name).is_file():
                with atomic_path(into / path.name) as part:
                    link_or_copy(path, part)

    def _free(self, name: str, base: str, path: str, scene: str) -> tuple[str, str]:
        """Name the results of an image: as they are named, or after their folder too, where another has the name."""
        owner, place, number = path or name, Path(path).parent.name or "merged", 1
        free = base
        while self._bases.get(free.casefold(), owner) != owner:
            free = f"{place}-{base}" if number == 1 else f"{place}-{base}_{number}"
            number += 1
        first = free + name.removeprefix(base) if name.startswith(base) else f"{free}-{name}"
        free_name, number = first, 1
        while self._names.get(free_name.casefold(), (owner, scene)) != (owner, scene):
            number += 1
            free_name = f"{first}_{number}"
        return free_name, free

    def _hold(self, entry: Entry) -> None:
        owner = entry.path or entry.name
        self._names[entry.name.casefold()] = owner, entry.scene
        self._bases[entry.base.casefold()] = owner


def link_or_copy(path: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the file system has no such links.

    Raises
    ------
    OSError
        When neither works.
    """
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


def _key(entry: Entry) -> tuple[str, str]:
    """What identifies an image: its file and scene; an image that came from Python, its name."""
    return (entry.path or f"\0{entry.name}", entry.scene)


def _same(one: Entry, other: Entry) -> bool:
    """Whether two entries are of one image, with equal results."""
    if (one.settings, one.sha256, one.is_done) != (other.settings, other.sha256, other.is_done):
        return False
    labels = f"labels/{one.name}.tif", f"labels/{other.name}.tif"
    return one.files.get(labels[0]) == other.files.get(labels[1])


def _renamed(result: str, old: str, new: str) -> str:
    """Path of a result within an output folder, after another name."""
    path = PurePosixPath(result)
    return result if old == new or not path.name.startswith(old) else str(path.with_name(new + path.name[len(old) :]))


def _rename_rows(path: Path, target: Path, name: str) -> None:
    """Copy a table of measurements with another name of its image."""
    with path.open(newline="", encoding="utf-8") as read, target.open("w", newline="", encoding="utf-8") as write:
        rows = csv.reader(read)
        header = next(rows, [])
        at = header.index("image")
        writer = csv.writer(write, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([*row[:at], as_cell(name), *row[at + 1 :]] for row in rows)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
