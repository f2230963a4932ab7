"""The widget that finds the objects of an image layer: model, channel, diameter, planes, region."""

from __future__ import annotations

from typing import Any, Final

from magicgui.widgets import CheckBox, ComboBox, LineEdit
from napari.layers import Image, Layer, Shapes
from napari.utils.notifications import show_warning

from hooke.errors import ConfigError
from hooke.models.registry import AUTO_MODEL
from hooke.napari.field_form import FieldForm
from hooke.napari.job_panel import JobPanel, PanelWidget
from hooke.napari.layer_box import layer_box
from hooke.napari.layer_choice import axes_of, file_of, finest, is_rgb, moved_placement, region_of, shown_position
from hooke.napari.layer_stack import parse_axes
from hooke.napari.model_box import model_box
from hooke.napari.segmented_layer import FoundObjects, segment_file, segmentation_layer
from hooke.pipeline import SegmentOptions

SHOWN, EACH, DEPTH, DEPTH_AND_TIME = (
    "shown plane",
    "all, each by itself",
    "all, joined in depth",
    "all, in depth and time",
)
_REGION = "Only what the selected shapes of this layer enclose, or all of its shapes"
_STITCH: Final = {DEPTH: "z", DEPTH_AND_TIME: "z,t"}


class SegmentPanel:
    """The fields of the widget, and what they do.

    Parameters
    ----------
    viewer : napari.Viewer
    container : magicgui.widgets.Container
        What to put its fields into.
    """

    def __init__(self, viewer: Any, container: Any) -> None:
        self.viewer = viewer
        self.image = layer_box(viewer, Image, "Image")
        self.model = model_box("Model", AUTO_MODEL, automatic=True)
        self.channel = LineEdit(label="Channel", value="")
        self.channel.tooltip = "Number (0 is the first); empty: chosen from the image"
        self.diameter = LineEdit(label="Diameter", value="")
        self.diameter.tooltip = "Typical diameter of the objects in pixels, or as 8um; empty: measured"
        self.axes = LineEdit(label="Axes", value="")
        self.axes.tooltip = "A letter for each axis: T time, Z depth, C channels, such as TZYX"
        self.planes = ComboBox(label="Planes", choices=[SHOWN, EACH, DEPTH, DEPTH_AND_TIME], value=SHOWN)
        self.region = layer_box(viewer, Shapes, "Region", _REGION, nullable=True)
        self.accurate = CheckBox(text="accurate", label="", value=False)
        self.accurate.tooltip = "In 32 bits and at the finer magnification: takes longer"
        self.panel = JobPanel("Find objects", self.start)
        for field in (self.channel, self.diameter):
            field.native.setPlaceholderText("automatic")
        options = [self.image, self.model, self.channel, self.diameter, self.axes, self.planes]
        options += [self.region, self.accurate]
        self.form = FieldForm(options)
        container.extend([self.form.container, self.panel.container])
        self.image.changed.connect(self._image_changed)
        self._image_changed()

    def start(self) -> None:
        """Begin to segment what is chosen.

        Raises
        ------
        HookeError
            When a choice can't be used.
        """
        layer = self.image.value
        if layer is None:
            raise ConfigError("no image is open", remedy="open one, or a sample: File, Open Sample, hooke")
        axes = self.axes.value or axes_of(layer)
        letters = parse_axes(axes, finest(layer).shape, is_rgb=is_rgb(layer)).letters
        axes = f"{letters}YX"
        stack = letters.replace("C", "")
        single = bool(stack) and self.planes.value == SHOWN
        at = shown_position(self.viewer, layer, axes) if single else {}
        options = SegmentOptions(
            model=self.model.value,
            channel=self.channel.value.strip() or None,
            diameter=self.diameter.value.strip() or "auto",
            stitch=_STITCH.get(self.planes.value) if stack else None,
            accurate=self.accurate.value,
        )
        region, drawn = (None, None) if self.region.value is None else region_of(self.region.value, layer, axes)
        file = file_of(layer, axes, at if single else None, region)
        known = {"axes": axes, "at": at, "region": region, "drawn": drawn}

        def done(found: FoundObjects) -> None:
            self._show(found, layer, known)

        self.panel.run(lambda job: segment_file(file, options, job, drawn=drawn), done)

    def _show(self, found: FoundObjects, image: Layer, known: dict[str, Any]) -> None:
        """Add the labels, and say what was found."""
        if known["at"]:  # one plane of a stack lies in it as a stack of one plane
            labels = found.labels.reshape((1,) * (len(known["axes"].replace("C", "")) - 2) + found.labels.shape)
            found = FoundObjects(labels, found.features, found.warnings, found.chosen)
        placement = moved_placement(image, known["axes"], known["at"], known["region"])
        layer = segmentation_layer(
            found, name=f"{image.name} objects", placement=placement, image=str(image.name), known=known
        )
        added = self.viewer.add_layer(Layer.create(*layer))
        added.contour, added.opacity = 2, 1.0  # outlines, under which the image is seen; no arguments of the layer
        self.panel.say([f"{found.count} objects", found.chosen], found.warnings)
        for warning in found.warnings:
            show_warning(f"hooke: {warning}")

    def _image_changed(self) -> None:
        """Guess the axes of another image, and show what only stacks need."""
        layer = self.image.value
        axes = "" if layer is None else axes_of(layer)
        self.axes.value = axes
        deep = len(axes) > 2
        for field in (self.axes, self.planes):
            self.form.show(field, deep)


class SegmentWidget(PanelWidget):
    """The widget, as napari's manifest names it."""

    panel_type = SegmentPanel
