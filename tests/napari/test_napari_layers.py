"""What the plugin of napari does with arrays; neither napari nor Qt is needed."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import hooke
from hooke.corrections import open_corrected
from hooke.corrections.adapt_process import run_adapt, why_failed
from hooke.datasets import SequenceSettings, simulate, simulate_sequence, simulate_stack
from hooke.datasets.simulation.stack import StackSettings
from hooke.errors import ConfigError, DatasetError, OutputError
from hooke.image import Image
from hooke.io import open_image, read_labels, write_labels
from hooke.napari import reader, sample_data, segmentation_layer, track_layers
from hooke.napari.corrected_layers import CorrectedLayer, learn, write_corrected
from hooke.napari.followed_layers import family, family_data, track_array
from hooke.napari.layer_job import Cancelled, LayerJob
from hooke.napari.layer_region import drawn_region
from hooke.napari.layer_stack import guess_axes, layer_file, parse_axes
from hooke.napari.physical_size import PhysicalSize, physical_size
from hooke.napari.segmented_layer import FoundObjects, segment_file
from hooke.napari.writer import write_label_layer
from hooke.pipeline import SegmentOptions
from hooke.tracking import TrackOptions
from tests.builders import write_dataset

ONE_THREAD = SegmentOptions(threads=1)


@pytest.fixture(scope="module")
def field():
    return simulate((160, 192), seed=2, density=0.25)


class WindowsOnly:
    """An array that is on a disk far away: notes what is read."""

    def __init__(self, array):
        self.array, self.shape, self.dtype, self.read = array, array.shape, array.dtype, []

    def __getitem__(self, key):
        self.read.append(key)
        return self.array[key]


# ---- axes


@pytest.mark.parametrize(
    ("shape", "rgb", "labels", "axes"),
    [
        ((4, 5), False, (), "YX"),
        ((4, 5, 3), True, (), "YX"),
        ((4, 5, 3), False, (), "ZYX"),
        ((2, 3, 4, 5), False, (), "TZYX"),
        ((2, 3, 4, 5), False, ("c", "z", "y", "x"), "CZYX"),
        ((2, 3, 4, 5), False, ("axis -4", "axis -3", "axis -2", "axis -1"), "TZYX"),
        ((2, 3, 4, 5), False, ("z", "z", "y", "x"), "TZYX"),
        ((2, 4, 5, 3), True, ("Time", "y", "x"), "TYX"),
        ((1, 2, 3, 4, 5, 6), False, (), "TZCPYX"),
        ((9,), False, (), ""),
    ],
)
def test_axes_are_guessed(shape, rgb, labels, axes):
    assert guess_axes(shape, is_rgb=rgb, axis_labels=labels) == axes


@pytest.mark.parametrize("axes", ["YX", "TZYX", "TTYX", "YXZ", "QYX", ""])
def test_axes_that_do_not_fit_are_refused(axes):
    with pytest.raises(ConfigError, match="name each axis by a letter"):
        parse_axes(axes, (3, 4, 5) if axes != "TTYX" else (2, 3, 4, 5))
    with pytest.raises(ConfigError, match="colours already"):
        parse_axes("CYX", (2, 4, 5, 3), is_rgb=True)


def test_only_what_is_wanted_of_an_array_is_read():
    array = np.arange(2 * 3 * 2 * 8 * 9, dtype=np.uint16).reshape(2, 3, 2, 8, 9)
    lazy = WindowsOnly(array)
    file = layer_file(lazy, "TZCYX", at={"T": 1, "Z": 2}, region=(1, 2, 5, 6), name="far")
    assert (len(file), file.plane_shape, lazy.read) == (1, (5, 6, 2), [])
    assert np.array_equal(file.plane(0).pixels, np.moveaxis(array[1, 2, :, 1:6, 2:8], 0, -1))
    assert lazy.read == [(1, 2, slice(None), slice(1, 6), slice(2, 8))]
    whole = layer_file(lazy, "TZCYX")
    assert (whole.axes, whole.stack_shape) == ("TZ", (2, 3))
    assert np.array_equal(whole.plane(4).pixels, np.moveaxis(array[1, 1], 0, -1))


def test_alpha_is_left_out():
    rgba = np.arange(4 * 5 * 4, dtype=np.uint8).reshape(4, 5, 4)
    image = layer_file(rgba, "YX", is_rgb=True).plane(0)
    assert image.is_rgb
    assert np.array_equal(image.pixels, rgba[..., :3])


def test_sizes_come_from_units():
    size = physical_size((60, 2, 0.5, 0.25), ("second", "micrometer", "millimeter", "millimeter"), "TZYX")
    assert size == PhysicalSize((500.0, 250.0), 2.0, 60.0)
    assert physical_size((1, 1), ("pixel", "pixel"), "YX") == PhysicalSize()
    assert physical_size((1, 1), ("micrometer",), "YX") == PhysicalSize()
    placed = size.placement("TZYX")
    assert physical_size(placed["scale"], placed["units"], "TZYX") == size


# ---- regions


def test_a_rectangle_is_a_window_and_is_cut_at_the_edge():
    corners = np.array([[-5.0, 10.5], [-5.0, 400.0], [20.5, 400.0], [20.5, 10.5]])
    assert drawn_region([corners], ["rectangle"], (100, 120)) == ((0, 11, 21, 109), None)


@pytest.mark.parametrize("turned", [0.0, 0.5])
def test_an_ellipse_is_that_of_its_box(turned):
    across, down = np.array([np.cos(turned), np.sin(turned)]), np.array([-np.sin(turned), np.cos(turned)])
    centre, wide, high = np.array([50.0, 40.0]), 25.0, 10.0  # x, y and half the sides
    corners = [centre + x * wide * across + y * high * down for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    region, drawn = drawn_region([np.array(corners)[:, ::-1]], ["ellipse"], (100, 100))
    y, x = np.mgrid[region[0] : region[0] + region[2], region[1] : region[1] + region[3]]
    points = np.stack([x, y], axis=-1) - centre
    expected = (points @ across / wide) ** 2 + (points @ down / high) ** 2 <= 1
    assert (drawn != expected).mean() < 0.01
    assert drawn.sum() == pytest.approx(np.pi * wide * high, rel=0.03)


def test_two_shapes_are_one_region_with_a_hole_between():
    first = np.array([[10.0, 10], [10, 20], [20, 20], [20, 10]])
    region, drawn = drawn_region([first, first + np.array([0, 30]), first], ["polygon", "rectangle", "line"], (99, 99))
    assert region == (10, 10, 10, 40)
    assert drawn[:, :10].all() and drawn[:, 30:].all() and not drawn[:, 10:30].any()


def test_lines_and_shapes_beside_the_image_enclose_nothing():
    line = np.array([[1.0, 1], [9, 9]])
    with pytest.raises(ConfigError, match="no region is drawn"):
        drawn_region([line], ["line"], (20, 20))
    with pytest.raises(ConfigError, match="less than 2 x 2 pixels"):
        drawn_region([np.array([[-9.0, -9], [-9, -2], [-2, -2]])], ["polygon"], (20, 20))


# ---- segmenting


def test_a_plane_is_segmented_as_hooke_does(field):
    shares = []

    class Noted(LayerJob):
        def report(self, share, message=None):
            super().report(share, message)
            shares.append(self.share)

    found = segment_file(layer_file(field.image, "YX"), ONE_THREAD, Noted())
    expected = hooke.segment(field.image, threads=1)
    assert np.array_equal(found.labels, expected.labels)
    assert found.features["index"].tolist() == expected.table["label"].tolist()
    assert np.array_equal(found.features["area"], expected.table["area"])
    assert found.chosen.startswith("model nuclei, channel 0")
    assert shares == sorted(shares) and shares[-1] == 1.0 and len(shares) > 3


def test_objects_of_several_planes_have_numbers_of_their_own(field):
    stack = np.stack([field.image, np.zeros_like(field.image), field.image[::-1]])
    found = segment_file(layer_file(stack, "TYX"), ONE_THREAD)
    single = hooke.segment(field.image, threads=1)
    assert np.array_equal(found.labels[0], single.labels)
    ids = [np.unique(plane[plane > 0]) for plane in found.labels]
    assert len(ids[0]) and not len(ids[1]) and len(ids[2])
    assert np.array_equal(np.concatenate(ids), found.features["index"])
    rows = found.features.set_index("index")
    assert set(rows.loc[ids[2], "t"]) == {2}
    areas = np.bincount(found.labels.ravel())
    assert np.array_equal(rows["area"], areas[rows.index])
    assert any("constant" in text for text in found.warnings)


@pytest.mark.slow
def test_planes_are_joined_in_depth_and_stacks_numbered_on():
    pytest.importorskip("laptrack", reason="the extra track is not installed")
    made = simulate_stack(StackSettings(shape=(18, 96, 96), anisotropy=3.0), seed=1)
    twice = np.stack([made.image, made.image])
    options = replace(ONE_THREAD, stitch="z", channel=0)
    found = segment_file(layer_file(twice, "TZYX", pixel_size_um=(0.5, 0.5), z_step_um=1.5), options)
    half = int(found.labels[0].max())
    assert half > 0 and np.array_equal(np.where(found.labels[0] > 0, found.labels[0] + half, 0), found.labels[1])
    volumes = np.bincount(found.labels.ravel())
    assert np.array_equal(found.features["volume"], volumes[found.features["index"]])
    assert "volume_um3" in found.features
    followed = segment_file(layer_file(twice, "TZYX"), replace(options, stitch="z,t"))
    assert np.array_equal(followed.labels[0], followed.labels[1])
    assert followed.features["index"].is_unique and followed.count == half
    with pytest.raises(hooke.HookeError, match="no depth of two planes or more"):
        segment_file(layer_file(made.image, "TYX"), options)


def test_work_that_is_cancelled_stops(field):
    job = LayerJob()
    job.cancel.set()
    with pytest.raises(Cancelled):
        segment_file(layer_file(field.image, "YX"), ONE_THREAD, job)


def test_objects_outside_of_a_drawn_region_are_left_out():
    labels = np.zeros((6, 12), np.int32)
    labels[1:3, 1:5], labels[1:3, 5:9], labels[4, 10:12] = 1, 2, 3
    features = pd.DataFrame({"index": [1, 2, 3], "area": [8, 8, 2]})
    drawn = np.zeros(labels.shape, np.bool_)
    drawn[:, :6] = True
    found = FoundObjects(labels, features, (), "").within(drawn)
    assert found.features["index"].tolist() == [1]
    assert set(np.unique(found.labels)) == {0, 1}
    drawn[:, :7] = True  # half of the second
    assert FoundObjects(labels, features, (), "").within(drawn).features["index"].tolist() == [1, 2]


def test_results_of_hooke_become_layers(field):
    found = hooke.segment(field.image, threads=1)
    labels, attributes, kind = segmentation_layer(found, name="mine", image="nuclei")
    assert kind == "labels" and labels is found.labels and attributes["name"] == "mine"
    assert attributes["metadata"]["hooke"]["image"] == "nuclei"
    assert list(attributes["features"])[:3] == ["index", "score", "area"]


# ---- tracks


@pytest.fixture(scope="module")
def sequence():
    settings = SequenceSettings(frames=12, shape=(128, 128), cycle=12.0, missed=0.0, merged=0.0)
    return simulate_sequence(settings, seed=5)


def test_tracks_have_their_lineage(sequence):
    pytest.importorskip("laptrack", reason="the extra track is not installed")
    tracks = track_array(sequence.found, "TYX", TrackOptions(repair=False))
    (labels, _, first), (data, attributes, second) = track_layers(tracks, name="cells")
    assert (first, second) == ("labels", "tracks")
    assert np.array_equal(labels, tracks.labels)
    y, x = np.rint(data[:, 2:]).astype(int).T
    on_own = labels[data[:, 1].astype(int), y, x] == data[:, 0]
    assert on_own.mean() > 0.95  # the centroid of a bent object may lie beside it
    order = np.lexsort((data[:, 1], data[:, 0]))
    assert np.array_equal(order, np.arange(len(data)))
    expected = {row.track: [row.parent] for row in tracks.divisions.itertuples()}
    assert attributes["graph"] == expected and expected
    assert len(attributes["features"]) == len(data)
    daughter = next(iter(expected))
    members = family(tracks.lineage, daughter)
    own, known = family_data(tracks.table, tracks.lineage, daughter)
    assert {daughter, expected[daughter][0]} <= set(members) == set(own[:, 0])
    assert set(known["graph"]) == set(expected) & set(members)


def test_classes_and_scores_of_a_layer_are_used(sequence):
    pytest.importorskip("laptrack", reason="the extra track is not installed")
    labels = np.zeros_like(sequence.found)
    largest = 0
    for plane, own in zip(labels, sequence.found, strict=True):
        plane[own > 0] = own[own > 0] + largest
        largest = int(plane.max())
    ids = np.arange(1, largest + 1)
    features = pd.DataFrame({"index": ids, "score": ids / largest, "class": "a"})
    tracks = track_array(labels, "TYX", features=features, pixel_size_um=(0.5, 0.5), time_step_s=60.0)
    seen = tracks.table[tracks.table["label"] > 0]
    assert np.allclose(seen["score"], seen["label"] / largest, equal_nan=True)
    assert {"speed_um_s", "class"} <= set(tracks.table)


@pytest.mark.parametrize("axes", ["ZYX", "CYX"])
def test_only_time_is_followed(axes):
    with pytest.raises(ConfigError, match="followed through time"):
        track_array(np.zeros((2, 8, 8), np.int32), axes)


def test_an_empty_sequence_has_no_tracks():
    (only,) = track_layers(hooke.track(np.zeros((3, 8, 8), np.int32)))
    assert only[2] == "labels" and not len(only[1]["features"])
    with pytest.raises(ConfigError, match="there is no track 4"):
        family(pd.DataFrame({"track": [1], "parent": [0]}), 4)


def test_a_lineage_that_goes_in_circles_ends():
    assert family(pd.DataFrame({"track": [1, 2], "parent": [2, 1]}), 1) == [1, 2]


# ---- files


def test_labels_come_back_as_they_were_saved(tmp_path):
    labels = np.zeros((2, 3, 16, 20), np.int64)
    labels[1, 2, 3:9, 4:9] = 70_000
    attributes = {"scale": (60.0, 2.0, 0.5, 0.25), "axis_labels": ("t", "z", "y", "x")}
    attributes["units"] = ("second", "micrometer", "micrometer", "micrometer")
    path = tmp_path / "mine.tif"
    assert write_label_layer(str(path), labels, attributes) == [str(path)]
    assert np.array_equal(read_labels(path), labels)
    file = open_image(path)
    assert (file.axes, file.pixel_size_um, file.z_step_um, file.time_step_s) == ("TZ", (0.5, 0.25), 2.0, 60.0)
    ((read, known, kind),) = reader.get_reader(str(path))(str(path))
    assert kind == "labels" and np.array_equal(read, labels)
    assert known["scale"] == attributes["scale"] and known["units"] == attributes["units"]


@pytest.mark.parametrize("labels", [np.array([[-1, 2], [0, 0]]), np.array([[0, 2**40], [0, 0]]), np.zeros(4, int)])
def test_what_is_no_label_image_is_not_saved(tmp_path, labels):
    with pytest.raises(OutputError, match=r"mine\.tif"):
        write_label_layer(str(tmp_path / "mine.tif"), labels, {})
    assert not list(tmp_path.iterdir())


def test_results_of_a_run_are_opened_with_image_and_measurements(tmp_path, field):
    images, out = tmp_path / "images", tmp_path / "out"
    images.mkdir()
    np.save(images / "one.npy", field.image)
    np.save(images / "two.npy", np.stack([field.image, field.image[::-1]]))
    with contextlib.chdir(tmp_path):  # the results name the images relative to it
        hooke.segment_folder(["images"], out, ONE_THREAD, page=False)
    read = reader.get_reader(str(out))
    layers = {attributes["name"]: (data, attributes, kind) for data, attributes, kind in read(str(out))}
    assert list(layers) == ["one", "one objects", "two", "two objects"]
    assert np.array_equal(layers["one"][0], field.image)
    data, attributes, kind = layers["one objects"]
    assert kind == "labels" and attributes["metadata"]["hooke"]["image"] == "one"
    table = pd.read_csv(out / "measurements.csv")
    mine = table[table["image"] == "one"]
    assert attributes["features"]["index"].tolist() == mine["label"].tolist()
    assert attributes["features"]["area"].tolist() == mine["area"].tolist()
    data, attributes, _ = layers["two objects"]
    features = attributes["features"]
    assert features["index"].is_unique
    assert np.array_equal(np.bincount(data.ravel())[features["index"]], features["area"])
    assert [attributes["visible"] for _, attributes, _ in layers.values()] == [True, True, False, False]
    ((_, alone, kind),) = read_single(out / "labels" / "one.tif")
    assert kind == "labels" and alone["features"]["area"].tolist() == mine["area"].tolist()


def test_a_class_called_na_is_shown(tmp_path):
    (tmp_path / "labels").mkdir()
    write_labels(tmp_path / "labels" / "one.tif", [np.repeat(np.arange(3, dtype=np.int32), 8).reshape(3, 8)])
    (tmp_path / "summary.csv").write_text("image,file,status\none,one.png,ok\n")
    (tmp_path / "measurements.csv").write_text("image,label,class\none,1,NA\none,2,\n")
    ((_, attributes, _),) = read_single(tmp_path / "labels" / "one.tif")
    assert attributes["features"]["class"].isna().tolist() == [False, True]
    assert attributes["features"]["class"].tolist()[0] == "NA"


def read_single(path):
    return reader.get_reader([str(path)])([str(path)])


def test_a_data_set_is_opened_with_its_classes(tmp_path, field, monkeypatch):
    samples = [(f"cell{number}", "train", "fluorescence", field.image, field.labels) for number in range(3)]
    folder = write_dataset(tmp_path / "set", samples)
    (folder / "classes.json").write_text('{"cell0": {"1": "odd", "3": "even"}}', encoding="utf-8")
    layers = reader.get_reader(str(folder))(str(folder))
    assert [kind for *_, kind in layers] == ["image", "labels"] * 3
    assert layers[1][1]["features"]["class"].tolist() == ["odd", "even"]
    assert "features" not in layers[3][1]
    assert np.array_equal(layers[5][0], field.labels)
    with monkeypatch.context() as fewer:
        fewer.setattr(reader, "_MOST", 2)
        with pytest.warns(UserWarning, match="the first 2 of 3 images are opened"):
            assert len(reader.read_layers(str(folder))) == 4
    next((folder / "labels").glob("cell1.*")).unlink()
    with pytest.raises(DatasetError, match="cell1 has no label image"):
        reader.read_layers(str(folder))


def test_other_images_are_opened_by_channel(tmp_path, field):
    import tifffile

    path = tmp_path / "Two.TIFF"
    two = np.stack([field.image, field.image // 2])
    tifffile.imwrite(path, two, metadata={"axes": "CYX"}, photometric="minisblack")
    layers = read_single(path)
    assert [attributes["name"] for _, attributes, _ in layers] == ["Two channel 0", "Two channel 1"]
    assert np.array_equal(layers[1][0], two[1])
    assert {kind for *_, kind in layers} == {"image"}


def test_what_hooke_does_not_open_is_left_to_others(tmp_path):
    assert reader.get_reader(str(tmp_path)) is None
    assert reader.get_reader(str(tmp_path / "a.png")) is None
    assert reader.get_reader(["a.tif", "b.tif"]) is None


# ---- learning


def corrected(field, name="mine", **more):
    return CorrectedLayer(name, Image(field.image), hooke.labels.expand_labels(field.labels, 2), **more)


def test_corrected_layers_are_a_data_set(tmp_path, field):
    drawn = np.zeros(field.labels.shape, np.bool_)
    drawn[:, :90] = True
    layers = [
        corrected(field, "a/b"),
        corrected(field, "a b", drawn=drawn),
        replace(corrected(field), labels=field.labels * 3),
    ]
    unknown = write_corrected(layers, tmp_path / "set")
    assert unknown == field.count + 1
    found = {one.name: one for one in open_corrected(tmp_path / "set", unknown=unknown)}
    assert sorted(found) == ["a_b", "a_b_2", "mine"]
    assert np.array_equal(found["mine"].labels, field.labels)
    known = found["a_b_2"].known
    assert known is not None and not known[:, 90:][layers[1].labels[:, 90:] == 0].any() and known[:, :90].all()
    assert found["a_b"].known is None


def test_tuning_makes_a_model_that_is_known_by_name(field, tmp_path, monkeypatch):
    monkeypatch.setenv("HOOKE_MODELS", str(tmp_path / "models"))
    learnt = learn([corrected(field)], "wider", "auto")
    assert learnt.model == "wider" and any("grow" in line for line in learnt.lines)
    found = hooke.segment(field.image, "wider", threads=1)
    assert (found.labels > 0).sum() > 1.1 * (hooke.segment(field.image, threads=1).labels > 0).sum()
    with pytest.raises(ConfigError, match="there is a model named wider"):
        learn([corrected(field)], "wider")
    for name in ("../up", "nuclei", ""):
        with pytest.raises(ConfigError):
            learn([corrected(field)], name)


def test_nothing_to_learn_and_labels_that_do_not_fit(field, tmp_path, monkeypatch):
    monkeypatch.setenv("HOOKE_MODELS", str(tmp_path / "models"))
    same = CorrectedLayer("mine", Image(field.image), hooke.segment(field.image, threads=1).labels)
    with pytest.raises(DatasetError, match=r"^the labels of mine are what nuclei gives already"):
        learn([same], "new")
    with pytest.raises(ConfigError, match="choose the image that the labels are of"):
        learn([replace(same, labels=same.labels[1:])], "new")
    with pytest.raises(ConfigError, match="no layer is chosen"):
        learn([], "new")
    assert not (tmp_path / "models").exists()


ADAPT = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # as hooke's own command does
print("hello", sys.argv[1:], flush=True)
try:
    for step in range(1, 500):
        print(f"step {step} of 500", flush=True)
        time.sleep(0.05)
except KeyboardInterrupt:
    print("kept the best so far", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process is stopped otherwise there")
def test_adapting_is_asked_to_stop(tmp_path):
    script = tmp_path / "stand_in.py"
    script.write_text(ADAPT, encoding="utf-8")
    cancel, shares = threading.Event(), []

    def say(line, share):
        if share is not None:
            shares.append(share)
            cancel.set()

    status, said = run_adapt(["a", "--steps", "3"], say=say, cancel=cancel, command=[sys.executable, str(script)])
    assert status == 0 and said == ["hello ['adapt', 'a', '--steps', '3']", "kept the best so far"]
    assert 0 < shares[0] < 0.5


@pytest.mark.slow
def test_the_command_that_adapts_is_hooke(tmp_path):
    status, said = run_adapt(
        [str(tmp_path), "-o", str(tmp_path / "new")], say=lambda *_: None, cancel=threading.Event()
    )
    assert status and "Traceback" not in " ".join(said)
    cause, remedy = why_failed(status, said)
    assert cause and remedy


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("lightning") is None, reason="needs the extra train")
def test_the_network_learns(field, tmp_path, monkeypatch):
    monkeypatch.setenv("HOOKE_MODELS", str(tmp_path / "models"))
    job = LayerJob()
    learnt = learn([corrected(field)], "learnt", "nuclei", job, adapting=True, steps=3)
    assert learnt.model == "learnt" and job.share > 0.3  # of three steps, one or more were said
    assert not any(str(tmp_path) in line or "hooke-napari" in line for line in learnt.lines)
    assert hooke.segment(field.image, "learnt", threads=1).count


# ---- samples, manifest


def test_samples_are_layers():
    for sample in (sample_data.nuclei, sample_data.tissue, sample_data.stack, sample_data.sequence):
        ((data, attributes, kind),) = sample()
        assert kind == "image" and data.std() > 0 and attributes["name"]
        assert len(attributes.get("axis_labels", "yx")) == data.ndim - ("rgb" in attributes)


def test_what_the_manifest_names_is_there():
    package = Path(reader.__file__).parent
    manifest = yaml.safe_load((package / "napari.yaml").read_text(encoding="utf-8"))
    contributions = manifest["contributions"]
    commands = {command["id"]: command["python_name"] for command in contributions.pop("commands")}
    used = [part["command"] for parts in contributions.values() for part in parts]
    assert sorted(used) == sorted(commands)
    for module, name in (python_name.split(":") for python_name in commands.values()):
        text = (package / f"{module.rpartition('.')[2]}.py").read_text(encoding="utf-8")
        assert f"\ndef {name}(" in text or f"\nclass {name}(" in text


def test_labels_written_by_others_are_taken_for_labels(tmp_path, field):
    write_labels(tmp_path / "a.tif", [field.labels])
    ((data, attributes, kind),) = read_single(tmp_path / "a.tif")
    assert kind == "labels" and np.array_equal(data, field.labels) and "features" not in attributes
