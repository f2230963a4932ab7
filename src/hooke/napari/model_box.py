"""Chooses a model; the lists of all widgets follow what is learnt in one of them."""

from __future__ import annotations

import weakref
from typing import Any

from magicgui.widgets import ComboBox

from hooke.napari.model_names import model_names

_BOXES: weakref.WeakSet[Any] = weakref.WeakSet()


def model_box(label: str, chosen: str, *, automatic: bool) -> Any:
    """Make a box of models; see `hooke.napari.model_names.model_names`."""
    box = ComboBox(label=label, choices=lambda _: model_names(automatic=automatic), value=chosen)
    box.tooltip = "Own models are listed, too: what was learnt here, and what hooke models add has added"
    _BOXES.add(box)
    return box


def list_models_again() -> None:
    """Bring all boxes up to date, when there is a new model."""
    for box in list(_BOXES):
        try:
            box.reset_choices()
        except RuntimeError:  # Qt has deleted it with its window, which was closed
            _BOXES.discard(box)
