"""Records what all runs into an output folder have done, so that results are kept, continued and not mixed up.

``OUT/.hooke`` holds, per image, ``NAME.json`` (see `hooke.io.entry`) and its measurements ``NAME.csv``. While
results take their places, ``NAME.work`` lists them: what a killed run left half done is removed by the next.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from hooke.addresses import is_url, path_text, real_path
from hooke.errors import ClusterError, HookeError, ImageReadError, OutputError
from hooke.io import atomic_path, read_labels, unique_names
from hooke.io.atomic import output_error
from hooke.io.channel_files import ChannelFiles
from hooke.io.content_hash import files_of_store, hash_file
from hooke.io.entry import Entry, Written, is_result, read_entries, read_entry
from hooke.io.find import natural_key
from hooke.io.formats import is_zarr
from hooke.io.gate import Gate
from hooke.io.remote import remote_file
from hooke.io.set_aside import set_aside
from hooke.io.spreadsheet import write_table
from hooke.pipeline.result_files import plane_prefixes
from hooke.pipeline.work import Content, Origin, Settings, Work

#: Tables and page of a run; they are there only while they agree with the labels.
TABLES = (
    "summary.csv",
    "measurements.csv",
    "measurements_3d.csv",
    "counts.csv",
    "wells.csv",
    "conditions.csv",
    "controls.csv",
    "plate.svg",
    "results.html",
)
_PATIENCE = 10.0  # seconds until a worker that is writing results counts as lost


class Ledger:
    """The entries of an output folder. Only one run at a time may have it: see `hooke.io.lock`.

    Parameters
    ----------
    out : Path
    settings : Settings
        Of this run.
    merged : Path, optional
        The folder that this one's results are to be merged into; what is done there is done.
    only : str, optional
        One image, by the name of its results: this is a worker of a run that holds the folder, which does this one.
    token : str
        Of the run that a worker belongs to: once it has ended, the worker leaves everything as it is.
    prefixes : frozenset of str
        What `prefixes_of` says of the image.
    """

    def __init__(
        self,
        out: Path,
        settings: Settings,
        *,
        merged: Path | None = None,
        only: str | None = None,
        token: str = "",
        prefixes: frozenset[str] = frozenset(),
    ) -> None:
        self.out = out
        self.folder = out / ".hooke"
        self.settings = settings
        self.finished: set[str] = set()
        self.set_aside: list[Path] = []
        self._plane_prefixes = set(prefixes)
        self.token = token
        self._scenes: dict[str, dict[str, str]] = {}  # of files that have results: names by path and scene
        self.contents: dict[tuple[str, int, int], str] = {}
        self._remote: dict[Path, Content] = {}
        self.channels = ChannelFiles()
        self._lock = threading.Lock()
        self._gate = Gate()
        self._tables_stand = True
        self._known_whole: set[str] = set()
        self.entries: dict[str, Entry] = {}
        self._only = only
        if only is None:
            self.undo_half_done()
            self.entries = read_entries(self.folder)
        else:
            self.reload(only)
        self._merged_into = merged
        self._merged = {} if merged is None else read_entries(merged / ".hooke")

    def names(self, paths: Sequence[Path]) -> list[str]:
        """Name the results of files: those that have results keep their names, and no other file gets these."""
        self._follow_moved(paths)
        self._forget_gone_failures(paths)
        # Scenes have names of their own beside that of their file.
        known = self._merged | self.entries
        bases = {entry.base: Path(entry.path or f"/{entry.base}") for entry in known.values()}
        scenes = {name: Path(entry.path or f"/{name}") for name, entry in known.items() if name not in bases}
        names = unique_names(paths, taken=scenes | bases)
        self._plane_prefixes = {prefix for name in (*names, *known) for prefix in plane_prefixes(name)}
        self._scenes = {}
        for entry in known.values():
            self._scenes.setdefault(entry.path, {})[entry.scene] = entry.name
        return names

    def reload(self, name: str) -> None:
        """Read the entry of an image again, which another process has written."""
        entry = read_entry(self.folder / f"{name}.json")
        if entry is None:
            self.entries.pop(name, None)
        else:
            self.entries[name] = entry

    def prefixes_of(self, name: str) -> frozenset[str]:
        """What `plane_base` has to know to name the planes of an image."""
        return frozenset(prefix for prefix in self._plane_prefixes if prefix.startswith(name.casefold()))

    @contextmanager
    def with_workers(self) -> Iterator[None]:
        """Let workers that have the token write results, too, for the length of a block."""
        self._change()
        self.token = f"run-{uuid.uuid4().hex}"
        mark = self.folder / self.token
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for old in self.folder.glob("run-*"):
                _remove(old)
            mark.touch()
        except OSError as error:
            raise output_error(error, mark) from error
        try:
            yield
        finally:
            _remove(mark)
            self._await_workers()

    def _await_workers(self) -> None:
        """Wait for results of workers that are taking their places; not for ever, since a worker may have been lost."""
        end = time.monotonic() + _PATIENCE
        while any(self.folder.glob("*.work")) and time.monotonic() < end:
            time.sleep(0.05)

    def plane_base(self, name: str) -> str:
        """What the overlays of a stack's planes are named after: no other image has the name of one of them."""
        base = name
        while base.casefold() in self._plane_prefixes:
            base += "_plane"
        return base

    def scene_name(self, base: str, path: Path, scene: str, used: set[str]) -> str:
        """Name the results of one scene of a file, beside the names that are in use (folded)."""
        known = self._scenes.get(real_path(path), {}).get(scene)
        if known is not None:
            return known
        taken = used | {name.casefold() for name in list(self.entries)}
        name = re.sub(r'[\x00-\x1f/\\:*?"<>|]', "-", f"{base}_{scene}")
        while name.casefold() in taken:
            name += "_scene"
        return name

    def content(self, path: Path) -> Content | None:
        """What a file holds, with the files of its other channels; None where one can't be read."""
        parts = [self._content(file) for file in self.channels.files(path)]
        if len(parts) == 1 or None in parts:
            return None if None in parts else parts[0]
        known = [part for part in parts if part is not None]
        digest = hashlib.sha256("".join(part.sha256 for part in known).encode()).hexdigest()
        return Content(sum(part.size for part in known), max(part.modified for part in known), digest)

    def _content(self, path: Path) -> Content | None:
        """What one file holds; a server is asked once."""
        if is_url(path):
            if path not in self._remote:
                size, digest = remote_file(path).fingerprint
                self._remote[path] = Content(size, 0, digest)
            return self._remote[path]
        try:
            key = _identity(path)
            if key is None:
                return None
            if key not in self.contents:
                self.contents[key] = hash_file(path)
        except OSError:
            return None
        return Content(key[1], key[2], self.contents[key])

    def known_content(self, path: Path) -> str | None:
        """SHA-256 of a file that this run has read; None of another."""
        if is_url(path):
            return self._remote[path].sha256 if path in self._remote else None
        try:
            key = _identity(path)
        except OSError:
            return None
        return None if key is None else self.contents.get(key)

    def find(self, origin: Origin, content: Content | None) -> Entry | None:
        """The entry of an image that was done with these settings, has not changed since, and is whole."""
        return self._found(self.entries.get(origin.name), self.out, origin, content)

    def find_merged(self, origin: Origin, content: Content | None) -> Entry | None:
        """The same in the folder that this one's results are to be merged into."""
        where = self._merged_into
        return None if where is None else self._found(self._merged.get(origin.name), where, origin, content)

    def _found(self, entry: Entry | None, out: Path, origin: Origin, content: Content | None) -> Entry | None:
        if entry is None or content is None or (entry.path, entry.scene) != origin.key:
            return None
        is_same = (entry.settings, entry.size, entry.sha256) == (self.settings.hash, content.size, content.sha256)
        return entry if is_same and entry.is_whole(out) else None

    def keep(self, origin: Origin, entry: Entry) -> Entry:
        """Take an image as it is done, under the path that this run was given."""
        rows = [{**row, "file": path_text(origin.path or "")} for row in entry.rows]
        kept = replace(entry, error="", channels=self.channels.recorded(origin.path), rows=rows)
        if kept != entry:
            self._write(kept)
        self.entries[origin.name] = kept
        self._known_whole.add(origin.name)
        self.finished.add(origin.name)
        return kept

    def has_objects(self, entry: Entry) -> bool:
        """Whether the labels and measurements of an image are there as they were written."""
        if not entry.has_objects(self.out, by_size=entry.name in self._known_whole):
            return False
        self._known_whole.add(entry.name)
        return True

    @contextmanager
    def writing(self, origin: Origin, content: Content | None) -> Iterator[Work]:
        """Make the results of an image; they take their places together at the end, or not at all.

        Raises
        ------
        ImageReadError
            When the file has changed meanwhile.
        OutputError
            When a result can't be written.
        HookeError
            When the run has ended meanwhile.
        """
        with ExitStack() as gate:
            with ExitStack() as parts:
                work = Work(self.out, parts)
                yield work
                if work.tables:  # else the one table is in its place, written row by row
                    table = pd.concat(work.tables)
                    write_table(table, work.place(self.folder / f"{origin.name}.csv"), float_format="%.8g")
                if origin.path is not None and content is not None and self.content(origin.path) != content:
                    raise ImageReadError("changed while it was read", path=origin.path, remedy="segment it again")
                gate.enter_context(self._gate.inside())
                old = self._take_places(origin.name, work)
            self._settle(self._entry(origin, content, work.rows, work.written), old)
            self.finished.add(origin.name)

    @contextmanager
    def adopting(self, entry: Entry) -> Iterator[Work]:
        """Take the results of an image that were made elsewhere, under the name that the entry has.

        Raises
        ------
        OutputError
            When a result can't be written.
        """
        with ExitStack() as gate:
            with ExitStack() as parts:
                work = Work(self.out, parts)
                yield work
                gate.enter_context(self._gate.inside())
                old = self._take_places(entry.name, work)
            self._settle(replace(entry, files=work.written), old)

    def _take_places(self, name: str, work: Work) -> Entry | None:
        """Note which results are about to take their places; the entry of those that were there before."""
        self._check_token()
        work.written = {result: Written.from_file(part) for result, part in work.files.items()}
        old = self.entries.get(name)
        self._change()  # first: a run that is killed after a label image was set aside leaves no tables that count it
        self._set_aside(name, work.written)
        self._announce(name, {*work.written, *(() if old is None else old.files)})
        try:
            self._check_token()  # again: the run waits for what is announced when it ends
        except ClusterError:
            _remove(self._marker(name))
            raise
        return old

    def _check_token(self) -> None:
        """Let a worker write only while its run lasts."""
        if self._only is not None and not (self.folder / self.token).is_file():
            raise ClusterError("the run has ended", path=self.out, remedy="run its command again")

    def _settle(self, entry: Entry, old: Entry | None) -> None:
        """Record results that have taken their places, and remove others of an earlier run."""
        self._write(entry)
        for name in set(() if old is None else old.files) - set(entry.files):
            _remove(self.out / name)
        self.entries[entry.name] = entry
        self._known_whole.add(entry.name)
        _remove(self._marker(entry.name))

    def fail(self, origin: Origin, content: Content | None, error: str) -> None:
        """Record that an image failed; results of an earlier run stay, with the error beside them."""
        with ExitStack() as gate:
            try:
                gate.enter_context(self._gate.inside())
            except HookeError:  # the tables are written
                return
            self._change()
            old = self.entries.get(origin.name)
            entry = (
                replace(old, error=error)
                if old is not None and old.is_done
                else (replace(self._entry(origin, content, [], {}), error=error))
            )
            self.entries[origin.name] = entry
            with contextlib.suppress(OutputError):  # the disk is full, say: the tables of this run will have it
                self._write(entry)

    def forget_other_scenes(self, path: Path, scenes: Sequence[str]) -> None:
        """Remove results of scenes that a file no longer has."""
        known = self._scenes.get(real_path(path), {})
        for entry in [self.entries[name] for scene, name in known.items() if scene not in scenes]:
            self._set_aside(entry.name, {})
            self._announce(entry.name, set(entry.files))
            self._undo(entry.name, entry.files)

    def ordered(self) -> list[Entry]:
        """All entries, by path and scene, as a search of their folders would find them."""
        return sorted(
            self.entries.values(), key=lambda entry: (natural_key(Path(entry.path)), natural_key(Path(entry.name)))
        )

    def measurements(self, entry: Entry) -> Path:
        """Table of the objects of an image."""
        return self.folder / f"{entry.name}.csv"

    def close(self) -> None:
        """End the run: let results that are taking their places do so, and none after them; tables may be written."""
        self._gate.close()
        self.undo_half_done()

    def undo_half_done(self) -> None:
        """Remove results that were taking their places when a run was killed or stopped."""
        for marker in self.folder.glob("*.work"):
            try:
                files = json.loads(marker.read_bytes())
            except (OSError, ValueError, RecursionError):
                files = None
            # One that is not whole was written before any result took its place.
            if isinstance(files, list) and all(isinstance(name, str) and is_result(name) for name in files):
                self._undo_or_finish(marker.name.removesuffix(".work"), files)
            _remove(marker)

    def _undo_or_finish(self, name: str, files: Sequence[str]) -> None:
        """Remove the results of an image, unless none had taken its place yet, or all had."""
        entry = read_entry(self.folder / f"{name}.json")
        if entry is None or not entry.is_whole(self.out):
            self._undo(name, files)
            return
        self._change()
        for result in set(files) - set(entry.files):
            _remove(self.out / result)
        self.entries[name] = entry

    def _undo(self, name: str, files: Sequence[str] | dict[str, Written]) -> None:
        """Remove the results of an image."""
        self._change()
        for result in files:
            _remove(self.out / result)
        _remove(self.folder / f"{name}.json")
        _remove(self._marker(name))
        self.entries.pop(name, None)
        self._known_whole.discard(name)

    def _announce(self, name: str, files: set[str]) -> None:
        """Note which results are about to change."""
        self._change()
        marker = self._marker(name)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            marker.write_text(json.dumps(sorted(files)), encoding="utf-8")
        except OSError as error:
            raise output_error(error, marker) from error

    def _set_aside(self, name: str, new: Mapping[str, Written]) -> None:
        """Move a label image that these runs have not made, or that was edited since, to where nothing replaces it."""
        label = f"labels/{name}.tif"
        path, entry = self.out / label, self.entries.get(name)
        made = [files[label] for files in (new, {} if entry is None else entry.files) if label in files]
        if not path.exists() or any(written.is_whole(path) for written in made) or not _holds_labels(path):
            return
        self.set_aside.append(set_aside(path, self.out, lambda number: f"{name}_{number}.tif"))

    def _change(self) -> None:
        """Remove the tables before the first result changes, so that they never contradict the labels."""
        with self._lock:
            if self._tables_stand:
                for name in TABLES:
                    _remove(self.out / name)
                self._tables_stand = False

    def _entry(
        self, origin: Origin, content: Content | None, rows: list[dict[str, Any]], files: dict[str, Written]
    ) -> Entry:
        path, scene = origin.key
        size, digest = (0, "") if content is None else (content.size, content.sha256)
        settings, channels = self.settings, self.channels.recorded(origin.path)
        return Entry(
            origin.name, origin.base, scene, path, size, digest,
            settings.hash, settings.options, settings.version, rows, files, channels=channels,
        )  # fmt: skip

    def _write(self, entry: Entry) -> None:
        with atomic_path(self.folder / f"{entry.name}.json") as partial:
            partial.write_text(entry.to_json(), encoding="utf-8")

    def _marker(self, name: str) -> Path:
        return self.folder / f"{name}.work"

    def _follow_moved(self, paths: Sequence[Path]) -> None:
        """Take over the entries of files that lay elsewhere when they were done, with the same name and content."""
        known = {entry.path for entry in self.entries.values()}
        by_name: dict[str, list[Entry]] = {}
        for entry in self.entries.values():
            if entry.sha256:
                by_name.setdefault(Path(entry.path).name, []).append(entry)
        for path in paths:
            real = real_path(path)
            if path.name not in by_name or real in known or is_url(path):
                continue
            gone = [entry for entry in by_name[path.name] if not _is_there(entry.path)]
            content = self.content(path) if gone else None
            old = next((entry.path for entry in gone if content and entry.sha256 == content.sha256), None)
            for entry in gone if old is not None else ():
                if entry.path == old:
                    self.entries[entry.name] = replace(entry, path=real)
            by_name[path.name] = [entry for entry in by_name[path.name] if entry.path != old]

    def _forget_gone_failures(self, paths: Sequence[Path]) -> None:
        """Remove the entries of files that failed, have no results, and are neither there any more nor given."""
        given = set(map(real_path, paths))
        for entry in list(self.entries.values()):
            is_gone = bool(entry.path) and entry.path not in given and not _is_there(entry.path)
            if is_gone and entry.error and not entry.files:
                self._undo(entry.name, ())


def _is_there(path: str) -> bool:
    """Whether an image is where it was; no server is asked, what is on one counts as there."""
    return is_url(path) or Path(path).exists()


def _identity(path: Path) -> tuple[str, int, int] | None:
    """Path, bytes and time of a file or store; None of anything else."""
    status = path.stat()
    if stat.S_ISREG(status.st_mode):
        return os.path.realpath(path), status.st_size, status.st_mtime_ns
    if not is_zarr(path):
        return None
    parts = [part.stat() for part in files_of_store(path)]
    return os.path.realpath(path), sum(part.st_size for part in parts), max(part.st_mtime_ns for part in parts)


def _holds_labels(path: Path) -> bool:
    """Whether a file is a label image, not the rest of one."""
    try:
        read_labels(path)
    except HookeError:
        return False
    return True


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise output_error(error, path) from error
