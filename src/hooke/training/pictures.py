"""What a run shows of itself while it goes on: curves, and validation images beside truth, prediction and errors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import lightning as L
import matplotlib
import numpy as np
import pandas as pd
from lightning.pytorch.callbacks import Callback
from numpy.typing import NDArray

from hooke.io import atomic_path, write_png
from hooke.report.overlay import overlay
from hooke.training.augmentation.crops import Sample, as_colours
from hooke.training.segmentation.module import predict_sample

matplotlib.use("Agg")
from matplotlib import pyplot as plt

__all__ = ["CurvesAndPictures", "draw_curves"]

_SHOWN = 6
_SIDE = 256


class CurvesAndPictures(Callback):
    """Redraws ``curves.png``, ``pictures.png`` and the page that shows both after every validation.

    Parameters
    ----------
    run : Path
    segment : callable, optional
        Module and validation image in, label image out; for modules other than `SegmentationModule`.
    """

    def __init__(self, run: Path, segment: Callable[[Any, Sample], NDArray[np.int32]] | None = None) -> None:
        self.run = run
        self.segment = segment or (lambda module, sample: predict_sample(module, sample)[1])

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Draw both."""
        if not trainer.is_global_zero:
            return
        scores = {key: round(float(value), 4) for key, value in trainer.callback_metrics.items() if key[:3] == "val"}
        for logger in trainer.loggers:
            logger.save()
        metrics = self.run / "metrics.csv"
        if metrics.exists():
            draw_curves(metrics, self.run / "curves.png")
        samples = trainer.val_dataloaders.dataset
        shown = [samples[i] for i in np.linspace(0, len(samples) - 1, min(_SHOWN, len(samples))).astype(int)]
        rows = [_row(sample, self.segment(pl_module, sample)) for sample in shown]
        write_png(self.run / "pictures.png", np.concatenate(rows))
        write_page(self.run / "curves.html", trainer.global_step, trainer.max_steps, scores)


def write_page(target: Path, step: int, steps: int, scores: dict[str, float]) -> None:
    """Write the page of a run: its scores, curves and pictures; it loads itself again until the run has ended."""
    refresh = '<meta http-equiv="refresh" content="20">' if step < steps else ""
    rows = "".join(f"<tr><th scope=row>{name.removeprefix('val/')}<td>{value:.3f}" for name, value in scores.items())
    page = f"""<!doctype html><html lang=en><meta charset=utf-8>{refresh}
<title>{target.parent.name}: step {step}</title>
<style>body{{font:15px system-ui;margin:2em auto;max-width:72em;padding:0 1em;color-scheme:light dark}}
img{{max-width:100%}}th{{text-align:left;padding-right:1em;font-weight:normal}}</style>
<h1>{target.parent.name}</h1><p>step {step} of {steps}<table><caption>validation</caption>{rows}</table>
<img src="curves.png?{step}" alt="training loss and validation scores over steps">
<p>Image, truth, prediction, errors (green: found, red: missed, blue: too much)
<p><img src="pictures.png?{step}" alt="validation images">
"""
    with atomic_path(target) as partial:
        partial.write_text(page, encoding="utf-8")


def draw_curves(metrics: Path, target: Path) -> None:
    """Plot training losses and validation scores over steps.

    Parameters
    ----------
    metrics : Path
        The csv that Lightning's CSVLogger writes.
    target : Path
        PNG.
    """
    table = pd.read_csv(metrics)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for axes, side in ((left, "train/"), (right, "val/")):
        for column in [name for name in table if name.startswith(side)]:
            known = table[["step", column]].dropna()
            smooth = known[column].rolling(9, min_periods=1, center=True).mean() if side == "train/" else known[column]
            axes.plot(known["step"], smooth, label=column.removeprefix(side))
        axes.set_xlabel("step")
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend(fontsize=8)
    left.set_title("training loss")
    right.set_title("validation score")
    figure.savefig(target, dpi=110)
    plt.close(figure)


def _row(sample: Sample, found: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Image, truth, prediction and errors side by side, as large as fits."""
    image = np.clip(sample.image.astype(np.float32), 0, 1)
    bare = as_colours(image) * 255
    panels = [
        bare.astype(np.uint8),
        overlay(image, sample.labels),
        overlay(image, found),
        _errors(found > 0, sample.labels > 0),
    ]
    return np.concatenate([_fit(panel) for panel in panels], axis=1)


def _errors(found: NDArray[np.bool_], true: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Pixels found (green), missed (red) and too much (blue)."""
    return np.stack([true & ~found, found & true, found & ~true], axis=-1).astype(np.uint8) * 200


def _fit(panel: NDArray[np.uint8]) -> NDArray[np.uint8]:
    zoom = _SIDE / max(panel.shape[:2])
    small = cv2.resize(panel, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    frame = np.zeros((_SIDE, _SIDE, 3), np.uint8)
    frame[: small.shape[0], : small.shape[1]] = small[:_SIDE, :_SIDE]
    return frame
