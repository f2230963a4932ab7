"""hooke with its shipped model, automatic diameter; labels only, as from the others, no table."""

from __future__ import annotations

from typing import Any

PACKAGES = ("hooke-cells", "onnxruntime")
_told: dict[str, int] = {}


def start(threads: int) -> None:
    """Import what a script would."""
    import hooke

    hooke.segment  # noqa: B018  the rooms are imported at first use
    _told["threads"] = threads


def trained() -> Any:
    """Load the shipped model."""
    import hooke

    model = hooke.load_model("nuclei")
    return lambda image: hooke.segment(image, model, threads=_told["threads"]).labels
