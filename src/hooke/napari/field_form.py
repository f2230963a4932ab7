"""Lays fields out below each other, each beside its label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from magicgui.widgets import Container
from qtpy.QtWidgets import QFormLayout, QWidget

_WIDTH = 300  # pixels that all fields are readable in


class FieldForm:
    """Fields in two columns, which magicgui's own labels do not keep in napari's larger type.

    Parameters
    ----------
    fields : sequence of magicgui.widgets.Widget
    """

    def __init__(self, fields: Sequence[Any]) -> None:
        self.fields = tuple(fields)
        widget = QWidget()
        widget.setMinimumWidth(_WIDTH)
        self.layout = QFormLayout(widget)
        self.layout.setContentsMargins(0, 0, 0, 0)
        self.layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for field in self.fields:
            self.layout.addRow(field.label, field.native)
        self.container = Container(labels=False)
        self.container.margins = (0, 0, 0, 0)
        self.container.native.layout().addWidget(widget)

    def show(self, field: Any, visible: bool) -> None:
        """Show a field and its label, or hide both."""
        for widget in (field.native, self.layout.labelForField(field.native)):
            if widget is not None:
                widget.setVisible(visible)
