"""The widgets of the plugin of napari, with Qt off screen: choices, work in threads, layers that are added."""

from __future__ import annotations

import os
import time
import warnings

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # those of packages that napari imports
    pytest.importorskip("napari", reason="needs napari: the extra napari, and PySide6 or PyQt")
    pytest.importorskip("qtpy.QtWidgets", reason="needs Qt: PySide6 or PyQt", exc_type=ImportError)
    from napari.components import ViewerModel
    from napari.layers import Layer
    from npe2 import PluginManager, PluginManifest
    from qtpy.QtCore import QCoreApplication, QEvent
    from qtpy.QtWidgets import QApplication

    from hooke.napari.learn_widget import LearnWidget
    from hooke.napari.model_box import list_models_again, model_box
    from hooke.napari.segment_widget import DEPTH, EACH, SHOWN, SegmentWidget
    from hooke.napari.track_widget import TrackWidget

import hooke
from hooke.datasets import simulate
from hooke.io import read_labels
from hooke.labels import expand_labels
from hooke.napari import sample_data

pytestmark = pytest.mark.filterwarnings("default")  # napari and Qt warn of each other


@pytest.fixture(scope="module")
def application():
    return QApplication.instance() or QApplication([])


@pytest.fixture
def viewer(application):
    return ViewerModel()


@pytest.fixture(scope="module")
def field():
    return simulate((160, 192), seed=2, density=0.25)


def finish(panel, seconds=60):
    """Wait for the work of a panel, as the window's loop does; give what it says then."""
    end = time.monotonic() + seconds
    while panel.job is not None and time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)
    assert panel.job is None
    assert panel.button.enabled and not panel.cancel.enabled
    return panel.said.text()


def press(panel):
    panel.button.native.click()
    return finish(panel)


def test_an_image_is_segmented(viewer, field):
    panel = SegmentWidget(viewer).panel
    assert "no image is open" in press(panel.panel)
    image = viewer.add_image(field.image, scale=(0.5, 0.5), units=("micrometer",) * 2, translate=(3, 4), rotate=20)
    assert panel.image.value is image
    said = press(panel.panel)
    expected = hooke.segment(field.image, pixel_size=0.5)
    layer = viewer.layers[-1]
    assert f"{expected.count} objects" in said and "model nuclei" in said
    assert np.array_equal(layer.data, expected.labels)
    assert layer.features["area_um2"].tolist() == expected.table["area_um2"].tolist()
    for corner in ((0, 0), (100, 30)):
        assert np.allclose(layer.data_to_world(corner), image.data_to_world(corner))
    y, x = expected.table[["centroid_y", "centroid_x"]].to_numpy()[3]
    label = int(expected.labels[round(y), round(x)])
    shown = layer.get_status(image.data_to_world((y, x)), world=True)["value"]
    assert f"area: {expected.table['area'][label - 1]}" in shown


def test_choices_that_can_not_be_used_are_explained(viewer, field):
    viewer.add_image(field.image)
    panel = SegmentWidget(viewer).panel
    panel.diameter.value = "wide"
    assert "diameter is &#x27;wide&#x27;" in press(panel.panel)
    panel.diameter.value, panel.channel.value = "20", "DAPI"
    assert "DAPI" in press(panel.panel)
    assert len(viewer.layers) == 1


def test_warnings_are_shown(viewer):
    viewer.add_image(np.full((64, 64), 7, np.uint8))
    panel = SegmentWidget(viewer).panel
    assert "Warning: the image is constant" in press(panel.panel)


@pytest.mark.parametrize("turned", [0, 30])
def test_a_region_is_segmented_where_it_lies(viewer, field, turned):
    image = viewer.add_image(field.image, scale=(2, 2), translate=(5, 7), rotate=turned)
    corners = np.array([image.data_to_world(corner) for corner in ((20, 40), (20, 159.6), (120, 159.6), (120, 40))])
    shapes = viewer.add_shapes([corners], shape_type="polygon")
    panel = SegmentWidget(viewer).panel
    panel.region.value = shapes
    press(panel.panel)
    layer = viewer.layers[-1]
    assert layer.data.shape == pytest.approx((100, 120), abs=1)
    top, left, *_ = layer.metadata["hooke"]["region"]
    assert np.allclose(layer.data_to_world((0, 0)), image.data_to_world((top, left)))
    whole = hooke.segment(field.image).labels[20:120, 40:160] > 0
    inside = layer.data[:100, :120] > 0
    rows, columns = inside.shape
    assert (inside == whole[:rows, :columns]).mean() > 0.97


def test_the_plane_that_is_shown_is_segmented(viewer):
    ((stack, attributes, _),) = sample_data.stack()
    image = viewer.add_image(np.stack([stack[:4], stack[4:8]], axis=1), axis_labels=("z", "c", "y", "x"))
    panel = SegmentWidget(viewer).panel
    assert (panel.axes.value, panel.planes.value) == ("ZCYX", SHOWN)
    panel.channel.value = "1"
    viewer.dims.set_current_step(0, 3)
    press(panel.panel)
    layer = viewer.layers[-1]
    assert layer.data.shape == (1, 256, 256)
    assert np.array_equal(layer.data[0], hooke.segment(stack[7]).labels)
    assert layer.data_to_world((0, 0, 0))[0] == image.data_to_world((3, 0, 0, 0))[0]
    assert attributes["name"]


def test_planes_are_joined_in_depth(viewer):
    pytest.importorskip("laptrack", reason="the extra track is not installed")
    ((stack, attributes, kind),) = sample_data.stack()
    image = viewer.add_layer(Layer.create(stack[4:8], attributes, kind))
    panel = SegmentWidget(viewer).panel
    panel.planes.value = DEPTH
    press(panel.panel)
    layer = viewer.layers[-1]
    assert np.allclose(layer.scale, image.scale) and layer.units == image.units
    volumes = np.bincount(layer.data.ravel())
    assert np.allclose(layer.features["volume_um3"], volumes[layer.features["index"]] * 1.5 * 0.5 * 0.5)


def test_work_is_cancelled(viewer):
    viewer.add_image(np.tile(sample_data.nuclei()[0][0], (3, 3)))
    panel = SegmentWidget(viewer).panel
    panel.panel.button.native.click()
    assert panel.panel.cancel.enabled and not panel.panel.button.enabled
    panel.panel.cancel.native.click()
    assert "Cancelled" in finish(panel.panel)
    assert len(viewer.layers) == 1


def test_lists_follow_the_layers(viewer, field):
    panel, tracking, learning = (kind(viewer).panel for kind in (SegmentWidget, TrackWidget, LearnWidget))
    image = viewer.add_image(field.image, name="first")
    labels = viewer.add_labels(field.labels, name="mine")
    assert panel.image.choices == (image,) and tracking.labels.choices == (labels,)
    assert learning.layers.choices == (labels,) and learning.image.choices == (None, image)
    viewer.layers.remove("mine")
    assert tracking.labels.value is None and tracking.axes.value == ""
    viewer.add_image(np.zeros((3, 8, 8)), name="deep")
    panel.image.value = viewer.layers["deep"]
    assert panel.axes.value == "ZYX"


def test_objects_are_followed_and_a_family_is_shown(viewer):
    pytest.importorskip("laptrack")
    ((images, attributes, kind),) = sample_data.sequence()
    viewer.add_layer(Layer.create(images[:10], attributes, kind))
    panel, tracking = SegmentWidget(viewer).panel, TrackWidget(viewer).panel
    assert "no labels layer is open" in press(tracking.panel)
    panel.planes.value = EACH
    press(panel.panel)
    assert tracking.axes.value == "TYX"
    assert "tracks in 10 frames" in press(tracking.panel)
    followed, tracks = viewer.layers[-2:]
    assert tracks.graph
    daughter = next(iter(tracks.graph))
    viewer.layers.selection.active = followed
    followed.selected_label = daughter
    tracking.family.native.click()
    own = viewer.layers[-1]
    assert {daughter, *tracks.graph[daughter]} <= set(own.data[:, 0].astype(int)) < set(tracks.data[:, 0].astype(int))
    viewer.layers.selection.active = viewer.layers[0]
    tracking.family.native.click()
    assert "no followed labels are selected" in tracking.panel.said.text()


def test_lists_of_models_outlive_windows_that_were_closed(application):
    closed, open_ = (model_box("Model", "auto", automatic=True) for _ in range(2))
    closed.native.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    with pytest.raises(RuntimeError):
        closed.reset_choices()
    list_models_again()
    list_models_again()
    assert "nuclei" in open_.choices


def test_a_model_learns_from_corrections(viewer, field, tmp_path, monkeypatch):
    monkeypatch.setenv("HOOKE_MODELS", str(tmp_path))
    viewer.add_image(field.image)
    panel, learning = SegmentWidget(viewer).panel, LearnWidget(viewer).panel
    press(panel.panel)
    labels = viewer.layers[-1]
    learning.layers.value = [labels]
    learning.name.value = "wider"
    assert "nothing to learn" in press(learning.panel)
    labels.data = expand_labels(field.labels, 2)
    assert "The new model is wider" in press(learning.panel)
    assert "wider" in panel.model.choices
    panel.model.value = "wider"
    press(panel.panel)
    assert (viewer.layers[-1].data > 0).sum() > 1.1 * (hooke.segment(field.image).labels > 0).sum()


def test_the_shown_plane_of_other_labels_is_learnt_from(viewer, field, tmp_path, monkeypatch):
    monkeypatch.setenv("HOOKE_MODELS", str(tmp_path))
    stack = np.stack([np.zeros_like(field.image), field.image])
    image = viewer.add_image(stack)
    wide = expand_labels(field.labels, 2)
    viewer.add_labels(np.stack([np.zeros_like(wide), wide]), name="drawn")
    learning = LearnWidget(viewer).panel
    learning.layers.value = [viewer.layers["drawn"]]
    viewer.dims.set_current_step(0, 1)
    assert "its image is not known" in press(learning.panel)
    learning.image.value = image
    assert "drawn_z1" in press(learning.panel)


def test_npe2_takes_the_manifest(tmp_path, field):
    from importlib.resources import files

    manifest = PluginManifest.from_file(files("hooke.napari") / "napari.yaml")
    manifest.validate_imports()
    manager = PluginManager()
    manager.register(manifest)
    manager.activate(manifest.name)
    assert [one.command for one in manager.iter_compatible_readers(["A01.TIF"])] == ["hooke-cells.get_reader"]
    assert [one.command for one in manager.iter_compatible_readers([str(tmp_path)])] == ["hooke-cells.get_reader"]
    assert not list(manager.iter_compatible_readers(["a.png"]))
    writer, path = manager.get_writer(str(tmp_path / "mine.tif"), ["labels"])
    layer = Layer.create(field.labels, {"scale": (0.5, 0.5), "units": ("micrometer",) * 2}, "labels")
    assert writer.exec((path, *layer.as_layer_data_tuple()[:2]), _registry=manager.commands) == [path]
    assert np.array_equal(read_labels(path), field.labels)
