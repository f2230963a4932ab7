"""Exports the best network of a run of any task as a model bundle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from hooke.training.bundles.colour_network import add_colour_bundle
from hooke.training.bundles.half_precision import store_half
from hooke.training.bundles.weights import Export
from hooke.training.tasks import kind_of_run, load_task


def export(
    run: Path,
    bundle: Path,
    *,
    card: dict[str, Any] | None = None,
    force: bool = False,
    torchscript: bool = False,
    half: bool = False,
    colour: Path | None = None,
) -> Export:
    """Write the best network of a run as a model bundle.

    Parameters
    ----------
    run : Path
        A run's folder, or one of its checkpoints.
    bundle : Path
        Folder to write; an earlier bundle there is replaced once the new one has passed its check.
    card : dict, optional
        Description for people: ``description``, ``authors``, ``license``, ``cite``, ``documentation`` (Markdown),
        ``training_data``, ``scores``; and for the runtime ``parameters`` of the target scheme, ``diameter_band``.
    force : bool
        Export a run even if its validation score is not better than its baselines.
    torchscript : bool
        Also write the weights as TorchScript, for programs that run PyTorch.
    half : bool
        Store the weights in 16 bits, which halves the file.
    colour : Path, optional
        Another bundle, copied into this one, for images whose colours are kept.

    Raises
    ------
    ModelError
        When ONNX Runtime's answers differ from PyTorch's by more than 0.001, the run has learnt nothing,
        or `colour` does not fit.
    OutputError
        When something other than a bundle is at `bundle`.
    """
    write = load_task(kind_of_run(run)).export
    written = write(run, bundle, card=card, force=force, torchscript=torchscript)
    if half:
        written = replace(written, half_difference=store_half(bundle))
    if colour is not None:
        add_colour_bundle(bundle, colour)
    return written
