"""Label images of OME-Zarr are found by their metadata and lie on their image; intensities are never taken for them."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from hooke.errors import DatasetError
from hooke.evaluation import evaluate
from hooke.evaluation.sources import open_labels
from hooke.io.annotations.ome_zarr import Frame, to_frame

zarr = pytest.importorskip("zarr", reason="zarr is not installed")

LABELS = np.zeros((96, 128), np.uint16)
LABELS[10:30, 10:30], LABELS[50:80, 60:100] = 1, 2
IMAGE = np.random.default_rng(0).integers(0, 1000, LABELS.shape, dtype=np.uint16)


def write_levels(group, pixels, paths=("s0", "s1"), unit=None, first=1.0, version="0.4", shift=None, **more):
    """Write two levels and their metadata, as ome-zarr-py 0.18 does; the finest last, since order says nothing."""
    datasets = []
    for power, path in reversed(list(enumerate(paths))):
        step = 2**power
        group.create_array(path, data=np.ascontiguousarray(pixels[::step, ::step]))
        start = [(step - 1) / 2 * first] * 2 if shift is None else shift
        steps = [{"type": "scale", "scale": [step * first] * 2}, {"type": "translation", "translation": start}]
        datasets.append({"path": path, "coordinateTransformations": steps})
    axes = [{"name": name, "type": "space", **({"unit": unit} if unit else {})} for name in "yx"]
    metadata = {"multiscales": [{"axes": axes, "datasets": datasets, "version": version}], **more}
    group.attrs.update({"ome": {"version": version, **metadata}} if version == "0.5" else metadata)


def store(path, version, labels=LABELS, image=IMAGE, names=("nuclei",), **more):
    root = zarr.open_group(str(path), mode="w", zarr_format=3 if version == "0.5" else 2)
    write_levels(root, image, version=version)
    if names:
        inner = root.create_group("labels")
        inner.attrs.update({"ome": {"labels": list(names)}} if version == "0.5" else {"labels": list(names)})
        for name in names:
            write_levels(inner.create_group(name), labels, version=version, **{"image-label": {}}, **more)
    return path


def write_truth(folder, *names):
    folder.mkdir()
    for name in names:
        tifffile.imwrite(folder / f"{name}.tif", LABELS)
    return folder


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.filterwarnings("ignore:Consolidated metadata")
def test_labels_that_were_added_to_a_consolidated_image_are_found(tmp_path, version):
    path = store(tmp_path / "cells.zarr", version, names=())
    zarr.consolidate_metadata(str(path))
    inner = zarr.open_group(str(path), mode="r+").create_group("labels")
    write_levels(inner.create_group("nuclei"), LABELS, version=version, **{"image-label": {}})
    assert "labels" not in zarr.open_group(str(path), mode="r")  # a reader that trusts the copy sees none
    assert np.array_equal(open_labels(path).read("cells").labels, LABELS)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("name", ["cells.zarr", "cells.ome.zarr"])
def test_labels_of_an_image_are_named_after_it(tmp_path, version, name):
    path, truth = store(tmp_path / name, version), write_truth(tmp_path / "truth", "cells")
    for pred in (path, path / "labels", path / "labels" / "nuclei"):
        result = evaluate(pred, truth, resamples=0)
        assert (result.overall.mean["pq"], result.complete, result.extra) == (1.0, True, ())
    result = evaluate(truth, path, resamples=0)
    assert (result.overall.mean["pq"], result.complete) == (1.0, True)


def test_a_single_label_image_meets_a_single_true_one(tmp_path):
    pred, truth = store(tmp_path / "a.zarr", "0.4"), store(tmp_path / "b.zarr", "0.5", names=("truth",))
    said = "prediction: 1 label image named 'a', paired with the only true image though the names differ, .* images: b"
    with pytest.warns(UserWarning, match=said):
        assert evaluate(pred, truth, resamples=0).overall.mean["pq"] == 1
    assert not any("names differ" in note for note in evaluate(pred, pred, resamples=0).notes)
    with pytest.warns(UserWarning, match="no prediction: other"):
        result = evaluate(pred, write_truth(tmp_path / "t", "nuclei", "other"), resamples=0)
    assert result.overall.mean["pq"] == 0.5


def test_a_group_below_the_store_is_paired_by_the_name_of_the_store(tmp_path):
    pred = store(tmp_path / "a.zarr", "0.5") / "labels"
    with pytest.warns(UserWarning, match="no prediction: other"):
        result = evaluate(pred, write_truth(tmp_path / "t", "a", "other"), resamples=0)
    assert (result.overall.mean["pq"], result.notes) == (0.5, ())


def test_several_label_images_have_their_own_names(tmp_path):
    path = store(tmp_path / "a.zarr", "0.5", names=("cells", "nuclei"))
    assert open_labels(path).names == ["cells", "nuclei"]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_intensities_are_never_labels(tmp_path, version):
    path = store(tmp_path / "a.zarr", version, names=())
    with pytest.raises(DatasetError, match=r"holds intensities and no labels .*labels/nuclei"):
        open_labels(path)
    root = zarr.open_group(str(tmp_path / "many.zarr"), mode="w")
    write_levels(root.create_group("a"), IMAGE, version=version)
    write_levels(root.create_group("b"), LABELS, version=version)
    assert open_labels(tmp_path / "many.zarr").names == ["b"]


def test_a_plate_names_its_wells(tmp_path):
    root = zarr.open_group(str(tmp_path / "plate.zarr"), mode="w")
    for well in ("A/1/0", "B/2/0"):
        field = root.create_group(well)
        write_levels(field, IMAGE)
        write_levels(field.create_group("labels/nuclei"), LABELS)
    source = open_labels(tmp_path / "plate.zarr")
    assert source.names == ["A-1-0", "B-2-0"]
    assert source.read("B-2-0").labels.tolist() == LABELS.tolist()


@pytest.mark.parametrize(("unit", "first"), [(None, 2.0), ("micrometer", 2.0), ("nanometer", 2000.0)])
def test_coarse_labels_are_resampled_to_the_pixels_of_their_image(tmp_path, unit, first):
    root = zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
    write_levels(root, IMAGE, unit="micrometer" if unit else None)
    half = first / 4
    write_levels(root.create_group("labels/n"), LABELS[::2, ::2], unit=unit, first=first, shift=[half, half])
    with pytest.warns(UserWarning, match="1 label images resampled to the pixels of their image"):
        result = evaluate(tmp_path / "a.zarr", write_truth(tmp_path / "t", "a"), resamples=0)
    assert result.overall.mean["pq"] == 1


def test_a_part_is_placed_by_its_translation():
    part = Frame((20, 30), (0.5, 0.5), (5.0, 5.0))
    placed = to_frame(np.ones((20, 30), np.int32), part, Frame((40, 60), (0.5, 0.5)))
    expected = np.zeros((40, 60), int)
    expected[10:30, 10:40] = 1
    assert placed.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("own", "image"),
    [
        (Frame((4, 4)), Frame((4, 4), (0.5, 0.5))),
        (Frame((4, 4), (1.0, 1.0)), Frame((4, 4), (0.65, 0.65), units=(1.0, 1.0))),
        (Frame((4, 4), (650.0, 650.0), units=(1e-3, 1e-3)), Frame((4, 4), (0.65, 0.65), units=(1.0, 1.0))),
        (Frame((4, 4), (0.65, 0.65), (0.0, 0.0)), Frame((4, 4), (0.65, 0.65))),
    ],
)
def test_labels_of_the_size_of_their_image_stay(own, image):
    labels = np.arange(16, dtype=np.int32).reshape(4, 4)
    assert to_frame(labels, own, image) is labels


def test_without_translations_corners_agree():
    labels = np.array([[3, 4]], np.int32)
    placed = to_frame(labels, Frame((1, 2), (2.0, 2.0)), Frame((2, 4), (1.0, 1.0)))
    assert placed.tolist() == [[3, 3, 4, 4], [3, 3, 4, 4]]


@pytest.mark.parametrize(
    "datasets",
    [
        [],
        "s0",
        [{}],
        [{"path": "s9"}],
        [{"path": "s0", "coordinateTransformations": [{"type": "scale", "scale": [0, 1]}]}],
        [{"path": "s0", "coordinateTransformations": [{"type": "scale", "scale": "wide"}]}],
    ],
)
def test_metadata_that_say_something_else_are_named(tmp_path, datasets):
    root = zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
    root.create_array("s0", data=LABELS)
    root.attrs["multiscales"] = [{"datasets": datasets}]
    with pytest.raises(DatasetError, match=r"not the metadata of an image.*OME-Zarr 0\.4 or 0\.5"):
        open_labels(tmp_path / "a.zarr")
