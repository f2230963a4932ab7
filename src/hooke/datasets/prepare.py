"""Prepares a data set: converts a public layout to hooke's layout, a few images at a time."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, cast

from hooke import __version__
from hooke.datasets.adapter import find_adapter, find_source
from hooke.datasets.class_rules import ClassRules
from hooke.datasets.convert_image import ImageWriter, PrepareSettings
from hooke.datasets.journal import Journal, Record, files_newer
from hooke.datasets.layout import INDEX_NAME, SPLITS, Entry, IndexRow, find_image, read_index, write_index
from hooke.datasets.name_groups import find_name_groups
from hooke.datasets.selection import select
from hooke.datasets.sidecars import describe_source, read_conflicts, read_sources, write_conflicts
from hooke.datasets.splits import DEFAULT, DKFZ, Drawn, dkfz_split, draw_split, grouped, parse_shares, straddling
from hooke.errors import ConfigError, DatasetError, HookeError, ImageReadError
from hooke.io.annotations.classes_json import read_classes, write_classes
from hooke.io.content_hash import hash_file
from hooke.io.file_runner import OnProgress, Progress, run_in_order
from hooke.io.formats import result_stem
from hooke.io.leftovers import image_of_result
from hooke.io.lock import only_run

MOST_JOBS = 8


@dataclass(frozen=True)
class SplitPlan:
    """How images get their split.

    Attributes
    ----------
    split : str, optional
        Shares of train, val and test such as ``"70/10/20"``, drawn by group, or ``"dkfz"`` (`dkfz_split`). None takes
        the splits that the source states, and draws 70/10/20 where it states none.
    seed : int
        Of the draw.
    split_from : str or Path, optional
        Take splits, and modality and group where it has them, from a list (`read_split`) instead.
    group : str, optional
        A regular expression that finds the name of the group in an id (`grouped`).
    """

    split: str | None = None
    seed: int = 0
    split_from: str | Path | None = None
    group: str | None = None

    def describe(self) -> dict[str, Any]:
        """Say it in JSON's types."""
        given = None if self.split_from is None else Path(self.split_from).name
        return {"split": self.split, "seed": self.seed, "split_from": given, "group": self.group}


@dataclass
class Prepared:
    """What became of the images of the source, by id.

    Attributes
    ----------
    written, kept : list of str
        Made now; already there from an earlier run.
    left_out, absent : list of str
        In the source and not in the list that splits are taken from; in the list and not in the source.
    failed : dict of str to HookeError
        Why an image could not be prepared.
    oddities : dict of str to dict of str to int
        What was odd about the images written: for each oddity, in which images, and how many there.
    splits, classes : dict of str to int
        Images in each split; nuclei of each class, as the rules left them.
    straddling : list of str
        Groups that the given splits tear apart.
    name_groups : list of str
        Beginnings of names, such as of a patient, slide or movie, that lie in more than one of the drawn splits, where
        no group is stated or given.
    name_pattern : str
        A regular expression that would keep those together, to be given as `group`.
    unknown_classes : list of str
        Classes that a rule names and no image has.
    copies : dict of str to str
        Images whose pixels are those of an image of another split, and that image.
    empty : bool
        Whether no image has a nucleus.
    newer : list of str
        Files of the source that changed after the data set was made, where images of it were kept; without those of
        images that were made now, by their names.
    others : list of str
        Images of the data set, made by earlier runs, that the source does not have.
    """

    written: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    failed: dict[str, HookeError] = field(default_factory=dict)
    oddities: dict[str, dict[str, int]] = field(default_factory=dict)
    splits: dict[str, int] = field(default_factory=dict)
    classes: dict[str, int] = field(default_factory=dict)
    straddling: list[str] = field(default_factory=list)
    name_groups: list[str] = field(default_factory=list)
    name_pattern: str = ""
    unknown_classes: list[str] = field(default_factory=list)
    copies: dict[str, str] = field(default_factory=dict)
    empty: bool = False
    newer: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def prepare_dataset(
    name: str,
    src: str | Path,
    dst: str | Path,
    *,
    settings: PrepareSettings | None = None,
    split: str | None = None,
    split_from: str | Path | None = None,
    group: str | None = None,
    seed: int = 0,
    overwrite: bool = False,
    jobs: int | None = None,
    progress: OnProgress[object] | None = None,
) -> Prepared:
    """Convert a data set to hooke's layout.

    Images that are already there are kept, so that a stopped run continues where it was; they keep their split too
    unless another is given. An image that can't be read is reported and the rest continue. Rows of the index for images
    of other sources are kept.

    Parameters
    ----------
    name : str
        The layout's adapter.
    src, dst : str or Path
        The public data set, and the folder to make.
    settings : PrepareSettings, optional
        Options of the adapter, what becomes of classes, and the images' size.
    split, split_from, group, seed
        As in `SplitPlan`. Images that a list given as `split_from` does not name are left out. Where neither it nor the
        source states them, the modality is guessed (`guess_modality`), and an image taken for a group of its own.
    overwrite : bool
        Convert again what is already there.
    jobs : int, optional
        Threads; one for each processor, up to 8, by default. Twice as many images are held in memory.
    progress : callable, optional
        Given a `hooke.io.Progress` after each image.

    Returns
    -------
    Prepared
        What was done.

    Raises
    ------
    ConfigError
        If the adapter, one of its options, the split or the size is unknown.
    DatasetError
        If the source or the list to take splits from is not what it should be.
    OutputError
        If `dst` can't be written.
    """
    settings, dst = settings or PrepareSettings(), Path(dst)
    plan = SplitPlan(split, seed, split_from, group)
    _check(plan)
    adapter = find_adapter(name)
    root, found = find_source(adapter, src, settings.options)
    selection = select(grouped(found, group), Path(src), split_from)
    report = Prepared(left_out=selection.left_out, absent=selection.absent, failed=selection.failed)
    wanted = selection.wanted
    with only_run(dst):
        writer, journal = ImageWriter(name, adapter, root, dst, settings), Journal(dst)
        newer = files_newer(Path(src), journal.path, dst)
        records = _make_all(writer, journal, wanted, report, overwrite, jobs, progress)
        if records:
            source = {"layout": name, "source": Path(src).resolve().name, **settings.describe(), **plan.describe()}
            held = {} if overwrite else _held_splits(dst, source, records)
            entries = [entry for entry in wanted if entry.id in records]
            splits = dkfz_split(entry.id for entry in selection.usable) if split == DKFZ else {}
            splits = splits or _draw(entries, records, plan, held, settings.rules)
            report.others = _finish(dst, entries, records, splits, journal)
            describe_source(dst, {**source, "images": len(records), "hooke": __version__})
            _count(entries, records, splits, settings.rules, report)
            _group_by_name(entries, splits, plan, report)
            report.copies = _copies(dst, records, splits)
            made_now = set(map(image_of_result, report.written))
            stale = [name for name in newer if image_of_result(result_stem(name)) not in made_now]
            report.newer = stale if report.kept else []
    return report


def _check(plan: SplitPlan) -> None:
    """Refuse a plan that contradicts itself, before anything is read."""
    if plan.split is not None and plan.split_from is not None:
        raise ConfigError("a split is both given and to be drawn", remedy="leave out one of split and split_from")
    if plan.split not in (None, DKFZ):
        parse_shares(str(plan.split))


def _make_all(
    writer: ImageWriter,
    journal: Journal,
    wanted: Sequence[Entry],
    report: Prepared,
    overwrite: bool,
    jobs: int | None,
    progress: OnProgress[object] | None,
) -> dict[str, Record]:
    """Make or keep each image, and write each to the journal as soon as it is whole; return the records."""
    records: dict[str, Record] = {}

    def make(id_: str) -> Record | HookeError | None:
        try:
            return None if not overwrite and writer.is_made(journal.get(id_)) else writer.write(id_)
        except (DatasetError, ImageReadError) as error:
            return error

    threads = jobs or min(MOST_JOBS, os.cpu_count() or 1)
    try:
        with contextlib.closing(run_in_order(make, [entry.id for entry in wanted], threads)) as results:
            for done, (id_, made) in enumerate(results, start=1):
                if isinstance(made, HookeError):
                    report.failed[id_] = made
                else:
                    _note(id_, made, writer, journal, report)
                    records[id_] = cast("Record", journal.get(id_))
                if progress is not None:
                    progress(Progress(done, len(wanted), name=id_, error=str(report.failed.get(id_, ""))))
    except KeyboardInterrupt as stop:
        stop.add_note(f"{len(records)} of {len(wanted)} image(s) are made; run the same command again to continue")
        raise
    return records


def _note(id_: str, made: Record | None, writer: ImageWriter, journal: Journal, report: Prepared) -> None:
    """Write to the journal and the report what was made of an image; None stands for one that was kept."""
    old = journal.get(id_)
    if made is None:
        report.kept.append(id_)
        return
    journal.add(made)
    report.written.append(id_)
    for oddity, count in made.oddities.items():
        report.oddities.setdefault(oddity, {})[id_] = count
    if old is not None:
        writer.remove({part.id for part in old.parts} - {part.id for part in made.parts})


def _held_splits(dst: Path, source: dict[str, Any], records: dict[str, Record]) -> dict[str, str]:
    """Return the splits of images already in the index, where they were drawn in the same way."""
    keys = ("layout", "source", "split", "seed", "split_from", "group")
    if not any(all(known.get(key) == source[key] for key in keys) for known in read_sources(dst)):
        return {}
    splits = {row.id: row.split for row in read_index(dst)} if (dst / INDEX_NAME).exists() else {}
    return {id_: splits[record.parts[0].id] for id_, record in records.items() if record.parts[0].id in splits}


def _draw(
    entries: Sequence[Entry], records: dict[str, Record], plan: SplitPlan, held: dict[str, str], rules: ClassRules
) -> dict[str, str]:
    """Draw the split of each image for which none is stated, and which had none before."""
    images = []
    for entry in entries:
        record = records[entry.id]
        amounts = Counter({f"modality {entry.modality or record.parts[0].modality}": 1})
        for name, count in record.named.items():
            if (new := rules.renamed(name)) is not None:
                amounts[f"class {new}"] += count
        stated = entry.split if plan.split is None else None
        images.append(Drawn(entry.id, entry.field_of_view or entry.id, amounts, stated or held.get(entry.id)))
    return draw_split(images, parse_shares(plan.split or DEFAULT), plan.seed)


def _finish(
    dst: Path, entries: Sequence[Entry], records: dict[str, Record], splits: dict[str, str], journal: Journal
) -> list[str]:
    """Write the index and its other files; entries of other sources stay, and are named."""
    own_ids = {part.id for record in records.values() for part in record.parts}.union(records)
    others = [row for row in read_index(dst) if row.id not in own_ids] if (dst / INDEX_NAME).exists() else []
    other_ids = {row.id for row in others}
    classes = [(id_, named) for id_, named in read_classes(dst).items() if id_ in other_ids]
    conflicts = [(id_, conflict) for id_, conflict in read_conflicts(dst) if id_ not in own_ids]
    write_classes(dst, chain(classes, (pair for id_ in records for pair in journal.whole(id_).classes.items())))
    write_conflicts(
        dst, chain(conflicts, ((id_, conflict) for id_ in records for conflict in journal.whole(id_).conflicts))
    )
    write_index(dst, [*others, *(row for entry in entries for row in _rows(entry, records[entry.id], splits))])
    return [row.id for row in others]


def _rows(entry: Entry, record: Record, splits: dict[str, str]) -> Iterator[IndexRow]:
    """Describe an image, or each of its tiles: as stated, or by default."""
    for part in record.parts:
        yield IndexRow(
            id=part.id,
            split=splits[entry.id],
            modality=entry.modality or part.modality,
            field_of_view=entry.field_of_view or entry.id,
            height=part.height,
            width=part.width,
            nuclei=part.nuclei,
        )


def _count(
    entries: Sequence[Entry], records: dict[str, Record], splits: dict[str, str], rules: ClassRules, report: Prepared
) -> None:
    """Sum up splits and classes, and find what is odd about them."""
    for split in SPLITS:
        report.splits[split] = sum(len(records[entry.id].parts) for entry in entries if splits[entry.id] == split)
    named: Counter[str] = Counter()
    for record in records.values():
        named.update(record.named)
    for name, count in sorted(named.items()):
        if (new := rules.renamed(name)) is not None:
            report.classes[new] = report.classes.get(new, 0) + count
    report.empty = not any(part.nuclei for record in records.values() for part in record.parts)
    report.unknown_classes = sorted(rules.named - set(named))
    report.straddling = straddling((entry.field_of_view or entry.id, splits[entry.id]) for entry in entries)


def _group_by_name(entries: Sequence[Entry], splits: dict[str, str], plan: SplitPlan, report: Prepared) -> None:
    """Find groups that only names tell, of images whose split was drawn, and which the draw tore apart."""
    if plan.group is not None or plan.split == DKFZ:
        return
    drawn = [entry.id for entry in entries if not entry.field_of_view and (plan.split or not entry.split)]
    groups = find_name_groups(drawn)
    report.name_groups = straddling((name, splits[id_]) for id_, name in groups.names.items())
    report.name_pattern = groups.pattern if report.name_groups else ""


def _copies(dst: Path, records: dict[str, Record], splits: dict[str, str]) -> dict[str, str]:
    """Images that equal one of another split, by the bytes of their files; only files of one size are read."""
    sizes: dict[int, list[tuple[str, str, Path]]] = {}
    for id_, record in records.items():
        for part in record.parts:
            if (path := find_image(dst, part.id)) is not None:
                sizes.setdefault(path.stat().st_size, []).append((part.id, splits[id_], path))
    copies: dict[str, str] = {}
    for alike in sizes.values():
        if len({split for _, split, _ in alike}) == 1:
            continue
        first: dict[str, tuple[str, str]] = {}
        for id_, split, path in alike:
            other, its_split = first.setdefault(hash_file(path), (id_, split))
            if its_split != split:
                copies[id_] = other
    return copies
