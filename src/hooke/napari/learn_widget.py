"""The widget that learns from labels layers which a person has corrected."""

from __future__ import annotations

from typing import Any

from magicgui.widgets import CheckBox, ComboBox, LineEdit, Select, SpinBox
from napari.layers import Image, Labels

from hooke.models.registry import AUTO_MODEL
from hooke.napari.corrected_layers import Learnt, can_adapt, learn
from hooke.napari.field_form import FieldForm
from hooke.napari.job_panel import JobPanel, PanelWidget
from hooke.napari.layer_box import follow_layers, layer_box
from hooke.napari.layer_choice import corrected_layer
from hooke.napari.model_box import list_models_again, model_box

_IMAGE = "The image of labels that were not found by hooke here"
TUNE, ADAPT = "settings (seconds)", "network (minutes)"


class LearnPanel:
    """The fields of the widget, and what they do.

    Parameters
    ----------
    viewer : napari.Viewer
    container : magicgui.widgets.Container
        What to put its fields into.
    """

    def __init__(self, viewer: Any, container: Any) -> None:
        self.viewer = viewer
        self.layers = Select(label="Corrected", choices=self._labels_layers)
        self.layers.tooltip = "The labels layers that you have corrected; of stacks, the plane that is shown"
        self.image = layer_box(viewer, Image, "Image", _IMAGE, nullable=True)
        self.parent = model_box("Begin with", AUTO_MODEL, automatic=True)
        self.what = ComboBox(label="Learn", choices=[TUNE, ADAPT] if can_adapt() else [TUNE], value=TUNE)
        self.what.tooltip = "The network itself can learn where the training extra is installed"
        self.steps = SpinBox(label="Steps", value=0, min=0, max=100_000)
        self.steps.tooltip = "0: as many as the images need"
        self.name = LineEdit(label="New name", value="my-nuclei")
        self.replace = CheckBox(text="replace a model of this name", label="", value=False)
        self.panel = JobPanel("Learn from my corrections", self.start)
        options = [self.layers, self.image, self.parent, self.what, self.steps, self.name, self.replace]
        self.form = FieldForm(options)
        container.extend([self.form.container, self.panel.container])
        follow_layers(viewer, self.layers)
        self.what.changed.connect(self._what_changed)
        self._what_changed()

    def start(self) -> None:
        """Begin to learn from the chosen layers.

        Raises
        ------
        HookeError
            When a choice can't be used.
        """
        corrected = [corrected_layer(self.viewer, layer, self.image.value) for layer in self.layers.value]
        name, parent, overwrite = self.name.value.strip(), self.parent.value or AUTO_MODEL, self.replace.value
        adapting = self.what.value == ADAPT
        steps = (self.steps.value or None) if adapting else None
        self.panel.run(
            lambda job: learn(corrected, name, parent, job, adapting=adapting, steps=steps, overwrite=overwrite),
            self._show,
        )

    def _show(self, learnt: Learnt) -> None:
        lines = [*learnt.lines]
        lines += [f"The new model is {learnt.model}: choose it to find objects."] if learnt.model else []
        self.panel.say(lines, learnt.warnings)
        list_models_again()

    def _labels_layers(self, _: object) -> list[Any]:
        return [(str(layer.name), layer) for layer in self.viewer.layers if isinstance(layer, Labels)]

    def _what_changed(self) -> None:
        self.form.show(self.steps, self.what.value == ADAPT)


class LearnWidget(PanelWidget):
    """The widget, as napari's manifest names it."""

    panel_type = LearnPanel
