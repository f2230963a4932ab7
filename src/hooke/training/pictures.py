"""Shows the progress of a run: curves, and validation images with truth, prediction and errors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import lightning as L
import numpy as np
import pandas as pd
from lightning.pytorch.callbacks import Callback
from numpy.typing import NDArray

from hooke.io import atomic_path, write_png
from hooke.report.html.address import picture
from hooke.report.html.charts import Curve, curve_chart
from hooke.report.html.markup import element, number, paragraph, table
from hooke.report.html.page import Section, render_page, write_page
from hooke.report.html.svg import stand_alone
from hooke.report.overlay import overlay
from hooke.training.augmentation.crops import Sample, as_colours
from hooke.training.segmentation.module import predict_sample

_SHOWN = 6
_SIDE = 256
_RELOAD = 20  # seconds between two looks of a browser at the page
_SMOOTH = 9  # logged steps of training over which a curve is averaged


class CurvesAndPictures(Callback):
    """Redraws ``curves.svg``, ``pictures.png`` and the page that shows both after every validation.

    Parameters
    ----------
    run : Path
    segment : callable, optional
        Gives the label image that a module finds in a validation image; for modules other than `SegmentationModule`.
    """

    def __init__(self, run: Path, segment: Callable[[Any, Sample], NDArray[np.int32]] | None = None) -> None:
        self.run = run
        self.segment = segment or (lambda module, sample: predict_sample(module, sample)[1])

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Draw all three."""
        if not trainer.is_global_zero:
            return
        scores = {key[4:]: float(value) for key, value in trainer.callback_metrics.items() if key.startswith("val/")}
        for logger in trainer.loggers:
            logger.save()
        metrics = self.run / "metrics.csv"
        curves = draw_curves(pd.read_csv(metrics)) if metrics.exists() else []
        if curves:
            with atomic_path(self.run / "curves.svg") as partial:
                partial.write_text(stand_alone(*curves), encoding="utf-8")
        loader: Any = trainer.val_dataloaders
        samples = loader.dataset
        shown = [samples[i] for i in np.linspace(0, len(samples) - 1, min(_SHOWN, len(samples))).astype(int)]
        pictures = np.concatenate([_row(sample, self.segment(pl_module, sample)) for sample in shown])
        write_png(self.run / "pictures.png", pictures)
        page = run_page(self.run.name, trainer.global_step, trainer.max_steps, scores, curves, pictures)
        write_page(self.run / "curves.html", page)


def run_page(
    name: str, step: int, steps: int, scores: dict[str, float], curves: Sequence[str], pictures: NDArray[np.uint8]
) -> str:
    """Give the page of a run, which a browser loads again and again until the run has ended."""
    rows = [(score, number(value)) for score, value in scores.items()]
    columns = ("image", "truth", "prediction", "errors (green: found, red: missed, blue: too much)")
    sections = [
        Section("scores", "Validation", table(f"Scores at step {step}", ("score", "value"), rows) if rows else ""),
        Section("curves", "Curves", element("div", "".join(curves), class_="plots") if curves else ""),
        Section("pictures", "Validation images", picture(pictures, "validation images", "jpeg", columns)),
    ]
    lead = paragraph(f"step {step} of {steps}", class_="facts")
    return render_page(f"{name}: step {step}", lead, sections, reload=_RELOAD if step < steps else None)


def draw_curves(metrics: pd.DataFrame) -> list[str]:
    """Plot training losses, smoothed, and validation scores over steps, each where there are any.

    Parameters
    ----------
    metrics : DataFrame
        What Lightning's CSVLogger writes: a column ``step``, and ``train/...`` and ``val/...``.

    Returns
    -------
    list of str
        Plots for a page; see `stand_alone` for a file of them.
    """
    plots = []
    for side, label in (("train/", "training loss"), ("val/", "validation score")):
        curves: list[Curve] = []
        for column in [name for name in map(str, metrics) if name.startswith(side)]:
            known = metrics[["step", column]].dropna()
            values = known[column].rolling(_SMOOTH if side == "train/" else 1, min_periods=1, center=True).mean()
            curves.append(Curve(column.removeprefix(side), known["step"].tolist(), values.tolist()))
        if curves:
            plots.append(_plot_steps(curves, label, None if side == "train/" else _tenths(curves)))
    return plots


def _tenths(curves: Sequence[Curve]) -> tuple[float, float]:
    """Range of values out to the next tenths."""
    values = [10 * value for curve in curves for value in curve.y if math.isfinite(value)]
    low, high = math.floor(min(values, default=0)), math.ceil(max(values, default=1))
    return low / 10, max(high, low + 1) / 10


def _plot_steps(curves: Sequence[Curve], label: str, y_range: tuple[float, float] | None) -> str:
    steps = [step for curve in curves for step in curve.x]
    return curve_chart(
        curves,
        alt=f"{label} over steps: {', '.join(curve.name for curve in curves)}",
        x_label="step",
        y_label=label if len(curves) > 1 else curves[0].name,
        x_range=(min(steps, default=0), max(steps, default=1)),
        y_range=y_range,
        whole=True,
    )


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
