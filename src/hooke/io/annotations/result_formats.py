"""Writes the results of a run in the formats of other programs, beside them in their folder.

```
OUT/geojson/NAME.geojson    and so on: a folder per format that holds an image a file
OUT/coco.json               and so on: a file per format that holds them all
```
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from hooke.errors import readable
from hooke.io.annotations.results_folder import ResultsFolder
from hooke.io.annotations.writers import WRITERS
from hooke.io.atomic import atomic_path
from hooke.io.content_hash import hash_file
from hooke.io.set_aside import SET_ASIDE, set_aside

_RECORD = Path(".hooke") / "formats"


def write_formats(folder: Path, formats: Sequence[str]) -> list[str]:
    """Write the results of a run in other formats; those that were written before are brought up to date.

    Parameters
    ----------
    folder : Path
        With ``labels`` and ``measurements.csv``.
    formats : sequence of str
        Keys of `hooke.io.annotations.WRITERS`. Label images are there already.

    Returns
    -------
    list of str
        What to tell: which were written, and which files were kept elsewhere because others had made or changed them.

    Raises
    ------
    HookeError
        If results can't be read or files not be written, or a library is missing.
    """
    record = _Record(folder)
    wanted = [name for name in WRITERS if name in {*formats, *record.formats} and name != "labels"]
    if not wanted:
        return []
    results = ResultsFolder(folder)
    for name in wanted:
        for path in _write(name, results, record):
            record.add(name, path)
        record.save()
    said = f"written for other programs: {', '.join(wanted)}"
    moved = [
        f"{len(record.moved)} file(s) that others had made or changed are kept in {readable(str(folder / SET_ASIDE))}"
    ]
    return [said, *(moved if record.moved else [])]


def _write(name: str, results: ResultsFolder, record: _Record) -> Iterator[Path]:
    """Write one format; give each file before and after it is written."""
    writer = WRITERS[name]
    large = results.large_labels if writer.stream is not None else {}
    planes = results.planes(cells=name == "geojson", leave_out=large)
    if writer.joins:
        ending = writer.suffix.rpartition(".")[2]
        path = results.path / f"{'objects' if ending == name else name}.{ending}"
        record.set_aside(path)
        if writer.of_table is not None:
            writer.of_table(results.measurements, path)
        else:
            writer.write(path, planes)
        yield path
        return
    for image, labels in large.items():
        assert writer.stream is not None
        path = results.path / name / f"{image}{writer.suffix}"
        record.set_aside(path)
        writer.stream(path, labels, results.image_files.get(image, ""))
        yield path
    for plane in planes:
        path = results.path / name / f"{plane.name}{writer.suffix}"
        record.set_aside(path)
        writer.write(path, [plane])
        yield path


class _Record:
    """Which files were written, and a hash of each, so that no file of others is replaced."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / _RECORD
        self.moved: list[Path] = []
        self.formats: dict[str, dict[str, str]] = {}
        with suppress(OSError, ValueError, RecursionError):
            read = json.loads(self.path.read_bytes())
            if isinstance(read, dict) and all(isinstance(files, dict) for files in read.values()):
                self.formats = {name: files for name, files in read.items() if name in WRITERS}

    def add(self, name: str, path: Path) -> None:
        """Note a file that was written."""
        self.formats.setdefault(name, {})[self._key(path)] = hash_file(path)

    def save(self) -> None:
        """Write the record."""
        with atomic_path(self.path) as part:
            part.write_text(json.dumps(self.formats), encoding="utf-8")

    def set_aside(self, path: Path) -> None:
        """Move a file that is not as these runs wrote it to where nothing replaces it.

        Raises
        ------
        OutputError
            If it can't be moved.
        """
        known = {files.get(self._key(path)) for files in self.formats.values()}
        if not path.exists() or hash_file(path) in known:
            return
        self.moved.append(set_aside(path, self.folder, lambda number: f"{number}_{path.name}"))

    def _key(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()
