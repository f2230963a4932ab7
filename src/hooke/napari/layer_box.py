"""Chooses one of the viewer's layers of a kind; the list follows what is opened, closed and renamed."""

from __future__ import annotations

from typing import Any

from magicgui.widgets import ComboBox


def layer_box(viewer: Any, kind: type[Any], label: str, tooltip: str = "", *, nullable: bool = False) -> Any:
    """Make a box of layers.

    Parameters
    ----------
    viewer : napari.Viewer
    kind : type
        Of the layers, such as `napari.layers.Image`.
    label, tooltip : str
    nullable : bool
        Whether none may be chosen.
    """
    box = ComboBox(
        label=label,
        choices=lambda _: [(str(layer.name), layer) for layer in viewer.layers if isinstance(layer, kind)],
        nullable=nullable,
        tooltip=tooltip,
    )
    follow_layers(viewer, box)
    return box


def follow_layers(viewer: Any, box: Any) -> None:
    """List the choices of a box again whenever the viewer's layers change; until the box is gone."""
    known = (getattr(viewer.layers.events, name, None) for name in ("inserted", "removed", "renamed"))
    events = [event for event in known if event is not None]  # napari 0.6 does not say that a layer is renamed

    def renew(*_: object) -> None:
        before = box.value
        box.reset_choices()
        if box.value is None and before is not None:  # magicgui does not say so when the last one goes
            box.changed.emit(None)

    for event in events:
        event.connect(renew)

    def forget(*_: object) -> None:
        for event in events:
            event.disconnect(renew)

    box.native.destroyed.connect(forget)
