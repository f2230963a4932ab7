"""Compares the score of a run with its baselines, and writes ``result.json``."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from hooke.errors import HookeError, ModelError
from hooke.io import atomic_path

_RESULT = "result.json"


def folder_of_run(run: Path) -> Path:
    """Folder of a run, given that folder or one of its checkpoints."""
    return run if run.is_dir() else run.parent.parent


class TrainingError(HookeError):
    """A run that cannot continue."""


def check_loss(loss: float, step: int, names: Sequence[str], sources: Sequence[int]) -> None:
    """Refuse a loss that is not a finite number, and name the images of its batch.

    Parameters
    ----------
    loss : float
    step : int
    names : sequence of str
        Ids of the training images.
    sources : sequence of int
        Position in `names` of each item of the batch; -1 for a made-up image.

    Raises
    ------
    TrainingError
    """
    if math.isfinite(loss):
        return
    ids = [names[source] for source in sources if 0 <= source < len(names)]
    raise TrainingError(
        f"the loss is {loss} at step {step}; the batch's images: {', '.join(ids)}",
        remedy="check these images, lower learning_rate, or use precision 32-true; then --resume",
    )


@dataclass(frozen=True)
class Outcome:
    """What came of a run of any kind.

    Parameters
    ----------
    checkpoint : Path
        The best one.
    score : float or None
        Its validation score; None when there was no validation.
    baselines : dict of str to float
        Scores on the same images, measured the same way, of what needs no training; empty when they were not computed.
    """

    checkpoint: Path
    score: float | None
    baselines: Mapping[str, float]

    #: What the score is called.
    score_name: ClassVar[str]

    def lines(self) -> list[str]:
        """Lines to print for the user."""
        if self.score is None:
            return []
        return [f"validation {self.score_name} {self.score:.3f}; best checkpoint: {self.checkpoint}", *self.verdict()]

    def verdict(self) -> list[str]:
        """The baselines, and a warning when none of them is beaten."""
        lines = [
            f"  {name} on the same images: {self.score_name} {score:.3f}" for name, score in self.baselines.items()
        ]
        if self.baselines and not self.learnt:
            lines.append("this run is not better: train longer, or check the data (hooke doctor)")
        return lines

    @property
    def learnt(self) -> bool:
        """Whether the run is better than one of the baselines."""
        return _beats_one(self.score, self.baselines)

    def write(self, run: Path, more: Mapping[str, Any] | None = None) -> None:
        """Write ``result.json`` into the run's folder, with `more` figures."""
        result = {"score": self.score, "called": self.score_name, "baselines": dict(self.baselines)}
        write_json(run / _RESULT, result | dict(more or {}))


def read_result(run: Path) -> dict[str, Any]:
    """What a run wrote down of its outcome; empty when it was stopped before.

    Parameters
    ----------
    run : Path
        A run's folder, or one of its checkpoints.
    """
    path = folder_of_run(run) / _RESULT
    if not path.is_file():
        return {}
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


def check_learnt(run: Path) -> None:
    """Refuse a run that its own record shows to be no better than what needs no training.

    Parameters
    ----------
    run : Path
        A run's folder, or one of its checkpoints.

    Raises
    ------
    ModelError
    """
    result = read_result(run)
    if "score" not in result:
        return
    score, baselines = result["score"], result["baselines"]
    if baselines and not _beats_one(score, baselines):
        rivals = " or ".join(f"{name} ({value:.3f})" for name, value in baselines.items())
        own = "unknown" if score is None else f"{score:.3f}"
        raise ModelError(
            f"its {result['called']}, {own}, is not better than {rivals}", path=run, remedy="train on, or --force"
        )


def _beats_one(score: float | None, baselines: Mapping[str, float]) -> bool:
    return score is not None and any(score > other for other in baselines.values())


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file, whole or not at all."""
    with atomic_path(path) as partial:
        partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
