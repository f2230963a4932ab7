"""Data sets: public layouts converted to hooke's own layout, that layout read and written, and simulated nuclei."""

from __future__ import annotations

from hooke.datasets.adapter import Sample, adapters, find_adapter, find_source
from hooke.datasets.classes import ClassRules
from hooke.datasets.convert_image import PrepareSettings
from hooke.datasets.layout import (
    INDEX_NAME,
    SPLITS,
    Entry,
    IndexRow,
    find_image,
    find_labels,
    read_column,
    read_entries,
    read_index,
    read_sample,
    write_index,
    write_sample,
)
from hooke.datasets.prepare import Prepared, prepare_dataset
from hooke.datasets.sidecars import read_conflicts, read_sources
from hooke.datasets.simulation.fields import FieldSettings, write_samples
from hooke.datasets.simulation.simulator import Simulated, simulate
from hooke.datasets.splits import read_split
from hooke.labels.painter import Conflict

__all__ = [
    "INDEX_NAME",
    "SPLITS",
    "ClassRules",
    "Conflict",
    "Entry",
    "FieldSettings",
    "IndexRow",
    "PrepareSettings",
    "Prepared",
    "Sample",
    "Simulated",
    "adapters",
    "find_adapter",
    "find_image",
    "find_labels",
    "find_source",
    "prepare_dataset",
    "read_column",
    "read_conflicts",
    "read_entries",
    "read_index",
    "read_sample",
    "read_sources",
    "read_split",
    "simulate",
    "write_index",
    "write_sample",
    "write_samples",
]
