"""Trains a classifier, into a run folder like that of `hooke.training.segmentation.loop`.

```
RUN/
  config.yaml, data.json, versions.json, metrics.csv, tensorboard/, checkpoints/    as there
  result.json           scores on the validation images, and the temperature that calibrates their probabilities
  evaluation/           confusion matrix, curves and scores by class, as csv and svg
```
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hooke.classify.network import rotated_crops
from hooke.errors import DatasetError
from hooke.metrics.calibration import fit_temperature
from hooke.metrics.classification import ClassificationScores, classification_scores
from hooke.report.classification import write_classification
from hooke.training.classifier.config import ClassifierConfig
from hooke.training.classifier.data import cut_loader, named, train_loader
from hooke.training.classifier.export import load_run
from hooke.training.classifier.module import ClassifierModule
from hooke.training.imbalance import class_weights
from hooke.training.outcome import Outcome
from hooke.training.run import begin_run, fit
from hooke.training.samples import Record, list_records

_WATCHED = "val/likelihood"  # finer than accuracy, which is equal for two checkpoints that are right equally often


@dataclass(frozen=True)
class Trained(Outcome):
    """What came of a run; the score is the balanced accuracy.

    Parameters
    ----------
    temperature : float
        Of `hooke.metrics.calibration.fit_temperature`, on the validation images.
    scores : ClassificationScores
        There, with that temperature.
    """

    temperature: float
    scores: ClassificationScores

    score_name = "balanced accuracy"

    def lines(self) -> list[str]:
        """Lines to print for the user."""
        low, high = self.scores.intervals["accuracy"]
        names = ("accuracy", "precision_macro", "recall_macro", "f1_macro", "ece")
        shown = {name: self.scores.scores[name] for name in names}
        figures = ", ".join(f"{name.replace('_', ' ')} {value:.4f}" for name, value in shown.items())
        return [
            f"validation: {figures} (accuracy's 95 % interval {low:.3f} to {high:.3f})",
            f"temperature {self.temperature:g}; best checkpoint: {self.checkpoint}",
            *self.verdict(),
        ]


def train(
    config: ClassifierConfig, run: Path, *, resume: bool = False, limit: int | None = None, baselines: bool = True
) -> Trained:
    """Train a network: see `hooke.training.train`."""
    train_records, val_records = begin_run(config, run, lambda side: _with_classes(config, side, limit), resume=resume)
    module = ClassifierModule(config, _weights(train_records, config), names=[record.id for record in train_records])
    likelihood = fit(
        module,
        config,
        run,
        lambda start: train_loader(train_records, config, start),
        cut_loader(val_records, config),
        score=_WATCHED,
        resume=resume,
    )
    return _finish(run, config, val_records, likelihood, baselines)


def softmax(raw: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Probabilities of raw scores, shape (n, K), at a temperature."""
    scaled = raw / temperature
    shares = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _finish(
    run: Path, config: ClassifierConfig, records: Sequence[Record], likelihood: float | None, compare: bool
) -> Trained:
    """Measure the best checkpoint on the validation images, and write down what came of it."""
    checkpoint = run / "checkpoints" / "best.ckpt"
    module = load_run(checkpoint)
    loader = cut_loader(records, config)
    cuts: Any = loader.dataset
    with torch.inference_mode():
        answers = [(_look(module, batch.image), batch.target.numpy(), batch.source.numpy()) for batch in loader]
    raw, target, source = (np.concatenate(parts) for parts in zip(*answers, strict=True))
    temperature = fit_temperature(raw, target)
    images = [records[index].id for index in source]
    scores = classification_scores(target, softmax(raw, temperature), config.classes, images, seed=config.seed)
    modes = sorted({"rgb" if sample.colour else "grey" for sample in cuts.samples})
    # What names one class for all is right about all of that class and none of the others. Of a single class there is
    # nothing to learn.
    present = len(np.unique(target))
    baselines = {"one class for all": 1 / present} if compare and present > 1 else {}
    trained = Trained(checkpoint, scores.scores["balanced_accuracy"], baselines, temperature, scores)
    trained.write(run, {_WATCHED: likelihood, "temperature": temperature, "modes": modes, **scores.to_dict()})
    write_classification(scores, run / "evaluation")
    return trained


def _look(module: ClassifierModule, image: Tensor) -> NDArray[np.float64]:
    """Raw scores of cut-outs as the bundle will give them: the mean over the orientations of the configuration."""
    looks = rotated_crops(image.numpy(), module.config.turns)
    return np.asarray(np.mean([module(torch.from_numpy(view)).double().numpy() for view in looks], axis=0))


def _weights(records: Sequence[Record], config: ClassifierConfig) -> list[float]:
    counts = np.bincount(
        [number for record in records for _, number in named(record, config)], minlength=len(config.classes)
    )
    return [float(weight) for weight in class_weights(counts, config.class_weighting)]


def _with_classes(config: ClassifierConfig, side: str, limit: int | None) -> list[Record]:
    """Images of one side that have a class, or an object with one; with a limit, of as many classes as it allows."""
    # A trial on images of a single class would learn nothing: every other image is another first class.
    by_class: dict[int, list[Record]] = {}
    kept = [(record, found[0][1]) for record in list_records(config, side) if (found := named(record, config))]
    for record, first in kept:
        by_class.setdefault(first, []).append(record)
    if not kept:
        raise DatasetError(f"nothing of the {side} side has one of the classes", remedy="check classes and splits")
    if limit is None:
        return [record for record, _ in kept]
    longest = max(len(group) for group in by_class.values())
    mixed = [group[turn] for turn in range(longest) for group in by_class.values() if turn < len(group)]
    return mixed[:limit]
