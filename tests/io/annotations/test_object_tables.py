"""AnnData's h5ad, CellProfiler's csv and OME-Zarr labels, read by the formats' own libraries."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import pytest
import tifffile

import hooke
from hooke.errors import OutputError
from hooke.io import read_labels, write_labels
from hooke.io.annotations import AnnotatedPlane, write_cellprofiler, write_h5ad, write_ome_zarr
from hooke.labels import LabelledImage
from hooke.measure import measure

LABELS = np.zeros((40, 50), np.int32)
LABELS[2:12, 3:9], LABELS[20:30, 25:45], LABELS[35:39, 1:3] = 2, 7, 300
IMAGE = np.arange(LABELS.size).reshape(LABELS.shape) % 97


def plane(name="a", labels=LABELS, **known):
    content = LabelledImage(labels, scores={2: 0.5, 7: 0.25, 300: 1.0}, classes={2: "tumour", 7: "stroma"})
    return AnnotatedPlane(name, content, measure(labels, IMAGE), image_file=f"{name}.png", **known)


def decoded(group):
    """A data frame, as the layout of AnnData has it."""
    columns = {}
    for name in group.attrs["column-order"]:
        part = group[name]
        if part.attrs["encoding-type"] == "categorical":
            columns[name] = part["categories"].asstr()[:][part["codes"][:]]
        else:
            columns[name] = part[:]
    return pd.DataFrame(columns, index=group[group.attrs["_index"]].asstr()[:])


def test_h5ad_has_the_layout_of_anndata(tmp_path):
    h5py = pytest.importorskip("h5py")
    empty = AnnotatedPlane("none", LabelledImage(LABELS * 0), measure(LABELS * 0, None))
    write_h5ad(tmp_path / "a.h5ad", [plane(), plane("b", position={"t": 3}), empty])
    with h5py.File(tmp_path / "a.h5ad") as file:
        assert dict(file.attrs) == {"encoding-type": "anndata", "encoding-version": "0.1.0"}
        parts = {"X", "obs", "var", "obsm", "layers", "obsp", "uns", "varm", "varp"}
        assert set(file) == parts
        assert all({"encoding-type", "encoding-version"} <= set(file[name].attrs) for name in parts)
        obs, var = decoded(file["obs"]), decoded(file["var"])
        values = pd.DataFrame(file["X"][:], index=obs.index, columns=var.index)
        assert obs.index.tolist() == ["a-2", "a-7", "a-300", "b-2", "b-7", "b-300"]
        assert obs["class"].tolist() == ["tumour", "stroma", ""] * 2
        assert obs["label"].tolist() == [2, 7, 300] * 2
        np.testing.assert_array_equal(values["area"], [60, 200, 8] * 2)
        np.testing.assert_array_equal(values["score"], [0.5, 0.25, 1] * 2)
        np.testing.assert_allclose(file["obsm/spatial"][0], [5.5, 6.5])  # x, y
        assert not {"label", "class", "image", "t"} & set(var.index)


def test_h5ad_of_nothing_is_readable(tmp_path):
    h5py = pytest.importorskip("h5py")
    write_h5ad(tmp_path / "a.h5ad", [])
    with h5py.File(tmp_path / "a.h5ad") as file:
        assert file["X"].shape == (0, 0)


def test_equal_objects_give_equal_bytes(tmp_path):
    pytest.importorskip("h5py")
    for name in "ab":
        write_h5ad(tmp_path / name, [plane()])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_very_many_columns_of_a_file_give_no_warning(tmp_path):
    pixels = np.stack([IMAGE] * 12, axis=-1)
    measure(LABELS, pixels, texture=True).to_csv(tmp_path / "m.csv", index=False)
    content = LabelledImage(LABELS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_cellprofiler(tmp_path / "c.csv", [AnnotatedPlane("a", content, pd.read_csv(tmp_path / "m.csv"))])
    table = pd.read_csv(tmp_path / "c.csv")
    assert table.shape[1] > 100
    assert table["Location_Center_X"].tolist() == table["AreaShape_Center_X"].tolist()


def test_cellprofilers_table(tmp_path):
    write_cellprofiler(tmp_path / "c.csv", [plane(), plane("b", LABELS[:, ::-1].copy(), position={"z": 1})])
    table = pd.read_csv(tmp_path / "c.csv", keep_default_na=False)
    assert table["ImageNumber"].tolist() == [1, 1, 1, 2, 2, 2]
    assert table["ObjectNumber"].tolist() == [2, 7, 300] * 2
    assert table["FileName_Image"].tolist() == ["a.png"] * 3 + ["b.png"] * 3
    assert table["AreaShape_Area"].tolist() == [60, 200, 8] * 2
    assert table["Location_Center_X"][:2].tolist() == [5.5, 34.5]
    assert table["Intensity_IntegratedIntensity"][0] == IMAGE[LABELS == 2].sum()
    assert table["Confidence_Score"].tolist() == [0.5, 0.25, 1] * 2
    assert table["Classify_Class"].tolist() == ["tumour", "stroma", ""] * 2
    assert not [name for name in table if name[0].islower()]


def test_ome_zarr_keeps_pixels_colours_and_measurements(tmp_path):
    zarr = pytest.importorskip("zarr")
    write_ome_zarr(tmp_path / "a.ome.zarr", plane(pixel_size_um=(0.5, 0.25)))
    group = zarr.open_group(str(tmp_path / "a.ome.zarr" / "labels" / "nuclei"), mode="r")
    assert np.array_equal(group["0"][...], LABELS)
    (image,) = group.attrs["multiscales"]
    assert image["axes"] == [{"name": axis, "type": "space", "unit": "micrometer"} for axis in "yx"]
    assert image["datasets"][0]["coordinateTransformations"] == [{"type": "scale", "scale": [0.5, 0.25]}]
    facts = group.attrs["image-label"]
    assert [colour["label-value"] for colour in facts["colors"]] == [2, 7, 300]
    assert all(len(colour["rgba"]) == 4 for colour in facts["colors"])
    assert facts["properties"][0]["class"] == "tumour"
    assert facts["properties"][1]["area"] == 200
    assert zarr.open_group(str(tmp_path / "a.ome.zarr"), mode="r")["labels"].attrs["labels"] == ["nuclei"]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_ome_zarr_is_replaced_and_read_back_and_spares_others(tmp_path):
    pytest.importorskip("zarr")
    store = tmp_path / "a.ome.zarr"
    write_ome_zarr(store, plane(labels=LABELS * 0 + 5))
    write_labels(tmp_path / "a.tif", [LABELS])
    hooke.convert(tmp_path / "a.tif", store)
    hooke.convert(store, tmp_path / "back.tif")
    assert np.array_equal(read_labels(tmp_path / "back.tif"), LABELS)
    (tmp_path / "b.zarr").mkdir()
    (tmp_path / "b.zarr" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="is there, and not a store that hooke wrote; choose another name"):
        write_ome_zarr(tmp_path / "b.zarr", plane())
    assert (tmp_path / "b.zarr" / "mine.txt").read_text() == "mine"


def test_every_format_is_written_beside_the_results(tmp_path):
    for package in ("zarr", "h5py", "roifile"):
        pytest.importorskip(package)
    (tmp_path / "images").mkdir()
    tifffile.imwrite(tmp_path / "images" / "a.tif", IMAGE.astype(np.uint8))
    write_labels(tmp_path / "masks" / "a.tif", [LABELS])
    formats = "labels,geojson,rois,coco,masks,cellpose,rle,ome-zarr,h5ad,cellprofiler,parquet"
    made = hooke.measure_folder([tmp_path / "images"], tmp_path / "masks", tmp_path / "out", write=formats)
    assert made.notes[-1] == f"written for other programs: {formats.removeprefix('labels,').replace(',', ', ')}"
    out = tmp_path / "out"
    for name in ("geojson/a.geojson", "rois/a.zip", "masks/a.zip", "cellpose/a_seg.npy", "ome-zarr/a.ome.zarr"):
        hooke.convert(out / name, tmp_path / "back.tif")
        assert np.array_equal(read_labels(tmp_path / "back.tif") > 0, LABELS > 0), name
    feature = json.loads((out / "geojson" / "a.geojson").read_text())["features"][0]
    assert feature["properties"]["measurements"]["area"] == 60
    assert len(pd.read_csv(out / "cellprofiler.csv")) == 3
    assert (out / "objects.h5ad").is_file()
    again = hooke.measure_folder([tmp_path / "images"], tmp_path / "masks", tmp_path / "out")
    assert "moved" not in str(again.notes)
    assert not (out / "replaced").exists()
