"""Writes measurements of objects as tables of other programs: CellProfiler's csv, and AnnData's h5ad.

Both hold the objects of all images, and no outlines. The layout of ``.h5ad`` is written down in
https://anndata.readthedocs.io/en/stable/fileformat-prose.html; it needs h5py, of the optional extra ``formats``.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hooke.errors import DatasetError
from hooke.extras import how_to_install
from hooke.io.annotations.annotated_plane import NO_MEASUREMENTS, AnnotatedPlane
from hooke.io.atomic import atomic_path
from hooke.io.spreadsheet import write_table
from hooke.labels.column_names import name_columns

_CENTRES = (("centroid_x", "centroid_y"), ("AreaShape_Center_X", "AreaShape_Center_Y"))


def write_cellprofiler(path: Path, planes: Iterable[AnnotatedPlane]) -> None:
    """Write a csv as CellProfiler's ExportToSpreadsheet does: a row per object, images and objects numbered from 1.

    Columns are ``ImageNumber``, ``ObjectNumber`` (the label), ``FileName_Image``, ``Metadata_Plane`` such as ``t0_z3``
    (of stacks), ``Classify_Class`` (where known), the measurements by CellProfiler's names, ``Location_Center_X`` and
    ``Location_Center_Y``.

    Parameters
    ----------
    path : Path
        The file; replaced if there.
    planes : iterable of AnnotatedPlane

    Raises
    ------
    OutputError
        If the file can't be written.
    """
    parts = []
    for number, plane in enumerate(planes, start=1):
        table = name_columns(_table(plane), "cellprofiler")
        known = pd.DataFrame({"ImageNumber": number, "ObjectNumber": table["label"]})
        known["FileName_Image"] = plane.image_file or plane.name
        if plane.position:
            known["Metadata_Plane"] = "_".join(f"{axis}{at}" for axis, at in plane.position.items())
        if plane.content.classes:
            known["Classify_Class"] = [plane.content.classes.get(label, "") for label in table["label"]]
        values = table[_measured(table)]
        centre = [name for name in ("AreaShape_Center_X", "AreaShape_Center_Y") if name in values]
        places = values[centre].rename(columns=lambda name: name.replace("AreaShape", "Location"))
        parts.append(pd.concat([known, values.rename(columns={"score": "Confidence_Score"}), places], axis=1))
    joined = _joined(parts) if parts else pd.DataFrame(columns=["ImageNumber", "ObjectNumber"])
    write_table(joined, path, float_format="%.8g")


def write_h5ad(path: Path, planes: Iterable[AnnotatedPlane]) -> None:
    """Write a file that ``anndata.read_h5ad``, scanpy and squidpy open.

    ``X`` holds the measurements, objects x measurements, 64-bit floats, NaN where there is none; ``obs`` the image, the
    file, the label, the place in a stack and the class of each object, by names such as ``A01-17``;
    ``obsm["spatial"]`` the centroids, (x, y) in pixels.

    Parameters
    ----------
    path : Path
        The file; replaced if there.
    planes : iterable of AnnotatedPlane

    Raises
    ------
    DatasetError
        If h5py is not installed.
    OutputError
        If the file can't be written.
    """
    h5py = _require_h5py()
    measured, objects = _measured_objects(planes)
    with atomic_path(path) as part, h5py.File(part, "w") as file:
        _write_anndata(file, measured, objects)


def to_anndata(planes: Iterable[AnnotatedPlane]) -> Any:
    """Give what `write_h5ad` writes as an `anndata.AnnData`.

    Raises
    ------
    DatasetError
        If the package anndata can't be imported: hooke does not install it.
    """
    anndata = _require_anndata()
    measured, objects = _measured_objects(planes)
    names = _object_names(objects)
    texts = {str(name): pd.Categorical(objects[name]) for name in objects if objects[name].dtype.kind not in "iub"}
    made = anndata.AnnData(
        X=measured.to_numpy(np.float64).reshape(len(objects), measured.shape[1]),
        obs=objects.assign(**texts).set_axis(names, axis=0),
        var=pd.DataFrame(index=[str(name) for name in measured]),
    )
    if (centres := _centres(measured)) is not None:
        made.obsm["spatial"] = centres
    return made


def _measured_objects(planes: Iterable[AnnotatedPlane]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measurements of all objects, and what else is known of them."""
    values, known = [], []
    for plane in planes:
        table = _table(plane)
        values.append(table[_measured(table)].astype(np.float64))
        own = pd.DataFrame({"image": plane.name, "file": plane.image_file, "label": table["label"].astype(np.int64)})
        for axis, at in plane.position.items():
            own[axis] = at
        own["class"] = [plane.content.classes.get(label, "") for label in own["label"]]
        known.append(own)
    measured = _joined(values) if values else pd.DataFrame()
    objects = _joined(known) if known else pd.DataFrame({"image": [], "file": [], "label": [], "class": []})
    if not (objects["class"] != "").any():
        objects = objects.drop(columns="class")
    return measured, objects


def _object_names(objects: pd.DataFrame) -> list[str]:
    """Names such as ``A01-17``."""
    return [f"{image}-{label}" for image, label in zip(objects["image"], objects["label"], strict=True)]


def _centres(measured: pd.DataFrame) -> NDArray[np.float64] | None:
    """Centroids, (x, y) in pixels; None where they were not measured."""
    names = next((list(pair) for pair in _CENTRES if set(pair) <= set(measured)), None)
    return None if names is None else measured[names].to_numpy(np.float64)


def _write_anndata(file: Any, measured: pd.DataFrame, objects: pd.DataFrame) -> None:
    """Write the parts of an AnnData."""
    _mark(file, "anndata", "0.1.0")
    _array(file, "X", measured.to_numpy(np.float64).reshape(len(objects), measured.shape[1]))
    _frame(file, "obs", _object_names(objects), objects)
    _frame(file, "var", [str(name) for name in measured], pd.DataFrame(index=range(measured.shape[1])))
    for name in ("layers", "obsp", "uns", "varm", "varp"):
        _mark(file.create_group(name), "dict", "0.1.0")
    _mark(file.create_group("obsm"), "dict", "0.1.0")
    if (centres := _centres(measured)) is not None:
        _array(file["obsm"], "spatial", centres)


def _frame(file: Any, name: str, index: Sequence[str], table: pd.DataFrame) -> None:
    """Write a data frame: texts as categories, whole numbers as such."""
    group = file.create_group(name)
    _mark(group, "dataframe", "0.2.0")
    group.attrs["_index"] = "_index"
    columns = np.array([str(column) for column in table], object)
    group.attrs.create("column-order", columns, dtype=_text_type()) if len(columns) else group.attrs.create(
        "column-order", np.zeros(0, np.float64)
    )
    _texts(group, "_index", index)
    for column in table:
        if table[column].dtype.kind in "iub":
            _array(group, str(column), table[column].to_numpy())
            continue
        # A place in a stack is a float where some images have none.
        texts = [f"{value:g}" if isinstance(value, float) else str(value) for value in table[column]]
        kinds = pd.Categorical(["" if text == "nan" else text for text in texts])
        part = group.create_group(str(column))
        _mark(part, "categorical", "0.2.0")
        part.attrs["ordered"] = False
        _array(part, "codes", kinds.codes)
        _texts(part, "categories", kinds.categories.tolist())


def _array(group: Any, name: str, values: NDArray[np.generic]) -> None:
    group.create_dataset(name, data=values)
    _mark(group[name], "array", "0.2.0")


def _texts(group: Any, name: str, values: Sequence[str]) -> None:
    group.create_dataset(name, data=np.array(values, object), dtype=_text_type())
    _mark(group[name], "string-array", "0.2.0")


def _text_type() -> Any:
    return _require_h5py().string_dtype()


def _mark(item: Any, kind: str, version: str) -> None:
    """Name the kind and version of a part, which readers go by."""
    item.attrs["encoding-type"], item.attrs["encoding-version"] = kind, version


def _require_h5py() -> Any:
    try:
        return importlib.import_module("h5py")
    except ImportError as error:
        raise DatasetError("h5ad needs the library h5py", remedy=how_to_install("formats")) from error


def _require_anndata() -> Any:
    try:
        return importlib.import_module("anndata")
    except ImportError as error:
        remedy = (
            "install it beside hooke: pip install anndata, which may ask for an older pandas; write_h5ad needs none"
        )
        raise DatasetError("the package anndata is missing", remedy=remedy) from error


def _table(plane: AnnotatedPlane) -> pd.DataFrame:
    """The measurements of a plane, or the labels alone; a score, where known, among them."""
    table = pd.DataFrame({"label": plane.ids}) if plane.table is None else plane.table.reset_index(drop=True)
    if plane.content.scores and "score" not in table:
        table = table.assign(score=[plane.content.scores.get(label, np.nan) for label in table["label"]])
    return table


def _measured(table: pd.DataFrame) -> list[str]:
    """Columns that hold numbers of the objects."""
    numbers = table.select_dtypes(include=["number", "bool"])
    return [str(name) for name in numbers if name not in NO_MEASUREMENTS]


def _joined(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One table of all, with the columns of all in their order."""
    held = [part for part in parts if len(part)] or list(parts[:1])
    columns = list(dict.fromkeys(column for part in held for column in part))
    return pd.concat(held, ignore_index=True)[columns]
