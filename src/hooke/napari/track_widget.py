"""The widget that follows the objects of a labels layer through time, and shows one family of tracks alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from magicgui.widgets import CheckBox, FloatSpinBox, LineEdit, PushButton, SpinBox
from napari.layers import Labels, Layer, Tracks
from napari.utils.notifications import show_warning

from hooke.errors import ConfigError, HookeError
from hooke.napari.field_form import FieldForm
from hooke.napari.followed_layers import family_data, track_array, track_layers
from hooke.napari.job_panel import JobPanel, PanelWidget
from hooke.napari.layer_box import layer_box
from hooke.napari.layer_choice import finest, placement_of, size_of
from hooke.napari.layer_data import OWN
from hooke.napari.layer_stack import guess_axes
from hooke.tracking import TrackOptions
from hooke.tracking import Tracks as FoundTracks


class TrackPanel:
    """The fields of the widget, and what they do.

    Parameters
    ----------
    viewer : napari.Viewer
    container : magicgui.widgets.Container
        What to put its fields into.
    """

    def __init__(self, viewer: Any, container: Any) -> None:
        self.viewer = viewer
        self.labels = layer_box(viewer, Labels, "Labels")
        self.axes = LineEdit(label="Axes", value="")
        self.axes.tooltip = "TYX, or TZYX for stacks in depth"
        self.distance = FloatSpinBox(label="Farthest step", value=0.0, min=0.0, max=1e4, step=1.0)
        self.distance.tooltip = "Pixels from frame to frame at most; 0: found from the data"
        self.gap = SpinBox(label="Longest gap", value=TrackOptions.max_gap, min=0, max=1000)
        self.gap.tooltip = "Frames that an object may be missing in"
        self.shortest = SpinBox(label="Shortest track", value=1, min=1, max=100_000)
        self.shortest.tooltip = "Tracks of fewer frames without mother or daughters are left out"
        self.divisions = CheckBox(text="objects divide", label="", value=True)
        self.fill = CheckBox(text="draw what is missing in between", label="", value=False)
        self.panel = JobPanel("Follow", self.start)
        self.family = PushButton(text="Show the family of the selected label")
        self.family.tooltip = "Pick an object of the followed labels, then click here"
        options = [self.labels, self.axes, self.distance, self.gap, self.shortest, self.divisions, self.fill]
        self.form = FieldForm(options)
        container.extend([self.form.container, self.panel.container, self.family])
        self.labels.changed.connect(self._labels_changed)
        self.family.changed.connect(self.show_family)
        self._labels_changed()

    def start(self) -> None:
        """Begin to follow the objects of the chosen layer.

        Raises
        ------
        HookeError
            When a choice can't be used.
        """
        layer = self.labels.value
        if layer is None:
            raise ConfigError("no labels layer is open", remedy="find the objects of all planes first")
        axes = self.axes.value.strip().upper()
        options = TrackOptions(
            max_distance=self.distance.value or None,
            max_gap=self.gap.value,
            divisions=self.divisions.value,
            fill_gaps=self.fill.value,
            min_length=self.shortest.value,
        )
        size = size_of(layer, axes)
        labels, features = np.array(finest(layer)), layer.features.copy()
        self.panel.run(
            lambda job: track_array(
                labels,
                axes,
                options,
                job,
                features=features,
                pixel_size_um=size.pixel_size_um,
                z_step_um=size.z_step_um,
                time_step_s=size.time_step_s,
            ),
            lambda found: self._show(found, layer, axes),
        )

    def show_family(self) -> None:
        """Show the tracks of one family as a layer of their own."""
        try:
            self._show_family()
        except HookeError as error:
            self.panel.say((), error=str(error))

    def _show_family(self) -> None:
        chosen = self.viewer.layers.selection.active
        name = "" if chosen is None else str(chosen.metadata.get(OWN, {}).get("tracks", ""))
        if not isinstance(chosen, Labels) or name not in self.viewer.layers:
            remedy = "select the layer of labels that were followed, and pick an object in it"
            raise ConfigError("no followed labels are selected", remedy=remedy)
        whole = self.viewer.layers[name]
        known = whole.metadata[OWN]
        data, attributes = family_data(known["table"], known["lineage"], int(chosen.selected_label))
        members = len(np.unique(data[:, 0]))
        shown = f"{name}, family of {int(chosen.selected_label)}"
        if shown in self.viewer.layers:
            self.viewer.layers.remove(shown)
        placed = placement_of(whole, "T" + "ZYX"[-(whole.ndim - 1) :]).attributes(whole.ndim)
        self.viewer.add_layer(Tracks(data, name=shown, color_by="track_id", **attributes, **placed))
        whole.visible = False
        self.viewer.layers.selection.active = chosen
        self.panel.say([f"{members} track(s) of one family"])

    def _show(self, found: FoundTracks, layer: Any, axes: str) -> None:
        """Add the followed labels and the tracks, and say what was found."""
        name = str(layer.name).removesuffix(" objects")
        image = str(layer.metadata.get(OWN, {}).get("image", ""))
        made = track_layers(found, name=name, placement=placement_of(layer, axes), image=image)
        added = [self.viewer.add_layer(Layer.create(*data)) for data in made]
        layer.visible = False
        if len(added) > 1:
            added[0].metadata[OWN]["tracks"] = added[1].name
            self.viewer.layers.selection.active = added[0]
        divided = found.divisions["parent"].nunique()
        lines = [f"{found.count} tracks in {len(found)} frames, {divided} divisions"]
        self.panel.say(lines, found.notes)
        for note in found.notes:
            show_warning(f"hooke: {note}")

    def _labels_changed(self) -> None:
        layer = self.labels.value
        if layer is None:
            self.axes.value = ""
            return
        shape = finest(layer).shape
        axes = guess_axes(shape, axis_labels=tuple(layer.axis_labels))
        # One axis in front that is not named is time here, where only time can be followed.
        named = str(layer.axis_labels[0]).strip().casefold()[:1] in ("z", "d")
        self.axes.value = "TYX" if axes == "ZYX" and not named else axes


class TrackWidget(PanelWidget):
    """The widget, as napari's manifest names it."""

    panel_type = TrackPanel
