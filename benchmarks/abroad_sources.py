"""Lists the sources that `abroad.py` scores on, and prepares what is missing of them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hooke.datasets import PrepareSettings, find_image, find_labels, prepare_dataset
from hooke.io import read_labels, write_labels

ROOT = Path(__file__).parents[1]
FEWEST = 4  # images that --every leaves of a source


@dataclass(frozen=True)
class Dataset:
    """A data set, and where it comes from.

    Attributes
    ----------
    folder : str
        Within the data folder.
    layout : str
        What `hooke prepare` calls it; empty where it is in hooke's layout already.
    settings : dict
        Arguments of `hooke.datasets.prepare_dataset`.
    names : tuple of str
        Lower case; a model whose description names one of these has seen a part of it.
    only : str
        Kind of object, of those in kinds.csv, that is copied alone; empty for a data set as it is.
    """

    folder: str
    names: tuple[str, ...]
    layout: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    only: str = ""

    def prepared(self, data: Path, cache: Path) -> Path | None:
        """Give the folder in hooke's layout, made if it is missing; None where there is no such data."""
        source = data / self.folder
        if not source.exists():
            return None
        if not self.layout and not self.only:
            return source
        made = cache / (self.only or self.names[0])
        if not (made / "index.csv").is_file():
            if self.only:
                _copy_kind(source, made, self.only)
            else:
                prepare_dataset(self.layout, source, made, **self.settings)
        return made


DATASETS = {
    "dsb2018": Dataset("dsb2018", ("dsb2018", "dsb 2018", "bbbc038")),
    "bbbc039": Dataset("bbbc039", ("bbbc039",), "bbbc039"),
    "tnbc": Dataset("tnbc", ("tnbc",), "folder", {"split_from": ROOT / "configs" / "tnbc-split.csv"}),
    "miccai16_he": Dataset("miccai16_he", ("miccai",)),
    "mnfinder": Dataset("mnfinder", ("mnfinder",)),
    "micronucleus": Dataset("mnfinder", ("mnfinder",), only="micronucleus"),
    "dkfz": Dataset("dkfz/labels", ("dkfz",), "labelme", {"split": "dkfz"}),
    "usiigaci_t98g": Dataset("usiigaci_t98g", ("usiigaci",)),
    "ctc_u373": Dataset(
        "ctc_phc_c2dh_u373", ("u373",), "ctc", {"settings": PrepareSettings(options={"truth": "gold"})}
    ),
    "laptrack_phase": Dataset("laptrack_phase", ("laptrack",), "folder"),
}


@dataclass(frozen=True)
class Source:
    """Images of one kind that are scored together.

    Attributes
    ----------
    name, dataset : str
    split : str
        For choices; empty for all images, where none are set apart.
    test : str
        Split for the last word, for sources that have one.
    where : dict of str to str
        What columns of the index say of its images.
    kind : str
        Kind of object that counts, of those in kinds.csv; or "small".
    largest : int
        Objects of more pixels are not small; 0 where kinds are those in kinds.csv.
    every : int
        Only every nth image.
    model : {"nuclei", "cells", "micronuclei"}
        What kind of model it is for.
    """

    name: str
    dataset: str
    split: str = "val"
    test: str = ""
    where: Mapping[str, str] = field(default_factory=dict)
    kind: str = ""
    largest: int = 0
    every: int = 1
    model: str = "nuclei"


MODALITIES = ("fluorescence", "histology", "brightfield")
SOURCES = (
    *(Source(f"dsb2018 {one}", "dsb2018", test="test", where={"modality": one}) for one in MODALITIES),
    Source("bbbc039", "bbbc039", test="test"),
    Source("dkfz", "dkfz", split="test", every=5),
    Source("mnfinder nuclei", "mnfinder", kind="nucleus"),
    Source("mnfinder micronuclei", "mnfinder", kind="micronucleus"),
    Source("tnbc", "tnbc"),
    Source("miccai16_he head and neck", "miccai16_he", split="", where={"organ": "head and neck"}),
    Source("miccai16_he lung", "miccai16_he", split="", where={"organ": "lung"}),
    Source("usiigaci_t98g", "usiigaci_t98g", model="cells"),
    Source("ctc_u373", "ctc_u373", split="", model="cells"),
    Source("laptrack_phase", "laptrack_phase", split="", model="cells"),
    Source("micronuclei", "micronucleus", model="micronuclei"),
    Source("bbbc039 micronuclei and debris", "bbbc039", kind="small", largest=60, model="micronuclei"),
)


@dataclass(frozen=True)
class Case:
    """One image to score: its files, and the kind of its objects by label where there are several kinds."""

    id: str
    image: Path
    labels: Path
    kinds: Mapping[int, str] = field(default_factory=dict)


def choose(model: str, names: Sequence[str], *, test: bool) -> list[Source]:
    """Choose the sources for a kind of model: those whose names begin with one of `names`, if there are any."""
    chosen = [one for one in SOURCES if one.model == model and (not test or one.test)]
    return [one for one in chosen if not names or one.name.startswith(tuple(names))]


def cases(source: Source, folder: Path, *, every: int = 1, test: bool = False, whole: bool = False) -> list[Case]:
    """List the images of a source.

    Parameters
    ----------
    source : Source
    folder : Path
        Its data set in hooke's layout.
    every : int
        Only every nth image, but four where there are as many.
    test : bool
        Of its test split.
    whole : bool
        Of all splits but a test split.
    """
    index = pd.read_csv(folder / "index.csv", dtype=str, keep_default_na=False)
    if test:
        index = index[index["split"] == source.test]
    elif whole:
        index = index[index["split"] != source.test]
    elif source.split:
        index = index[index["split"] == source.split]
    for column, value in source.where.items():
        index = index[index[column] == value]
    index = index.sort_values("id").iloc[:: source.every]
    ids = list(index["id"])[:: max(1, min(every, len(index) // FEWEST))]
    files = [(id_, find_image(folder, id_), find_labels(folder, id_)) for id_ in ids]
    found = [(id_, image, labels) for id_, image, labels in files if image and labels]
    if source.largest:
        kinds = {id_: _sizes(labels, source.largest) for id_, _, labels in found}
    else:
        kinds = _kinds(folder) if source.kind else {}
    return [Case(id_, image, labels, kinds.get(id_, {})) for id_, image, labels in found]


def _sizes(labels: Path, largest: int) -> dict[int, str]:
    """Whether each object is small."""
    areas = np.bincount(read_labels(labels).ravel())
    return {int(label): "small" if areas[label] <= largest else "large" for label in np.flatnonzero(areas) if label}


def _copy_kind(source: Path, made: Path, kind: str) -> None:
    """Copy a data set with the objects of one kind alone, numbered from 1."""
    kinds = _kinds(source)
    index = pd.read_csv(source / "index.csv", dtype={"id": str})
    for name in ("images", "labels"):
        (made / name).mkdir(parents=True, exist_ok=True)
    for id_ in index["id"]:
        image, labels = find_image(source, id_), find_labels(source, id_)
        if image is None or labels is None:
            continue
        shutil.copy(image, made / "images")
        before = read_labels(labels)
        of_kind = [label for label, named in kinds.get(id_, {}).items() if named == kind]
        after = np.zeros(int(before.max()) + 1, np.int32)
        after[of_kind] = np.arange(1, len(of_kind) + 1)
        write_labels(made / "labels" / labels.name, [after[before]])
        index.loc[index["id"] == id_, "nuclei"] = len(of_kind)
    index.to_csv(made / "index.csv", index=False)


def _kinds(folder: Path) -> dict[str, dict[int, str]]:
    """Kind of each label, by image."""
    table = pd.read_csv(folder / "kinds.csv", dtype={"id": str})
    return {str(id_): dict(zip(rows["label"], rows["kind"], strict=True)) for id_, rows in table.groupby("id")}


def has_seen(dataset: str, description: Mapping[str, Any]) -> bool:
    """Whether a model's description (rdf.yaml) names a data set among its training data."""
    own = description.get("config", {}).get("hooke", {})
    named = [one.get("name", "") if isinstance(one, dict) else one for one in own.get("training_data", ())]
    listed = own.get("training", {}).get("config", {}).get("datasets", ())
    named += [one.get("path", "") for one in listed if isinstance(one, dict) and one.get("train", "train")]
    text = " ".join(map(str, named)).lower()
    return any(name in text for name in DATASETS[dataset].names)
