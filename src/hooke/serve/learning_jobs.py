"""Does the jobs that learn from corrected images: tune in this process, adapt by the command in one of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hooke.corrections import tune
from hooke.corrections.adapt_process import COMMAND, PATIENCE, run_adapt, why_failed
from hooke.models.description import describe_model
from hooke.serve.answers import ApiError, without_paths
from hooke.serve.api_models import JobOptions
from hooke.serve.corrected_set import CorrectedSet
from hooke.serve.job_queue import Cancelled, Job
from hooke.serve.known_bundles import KnownBundles
from hooke.serve.stored_image import StoredImage

_TUNED, _ADAPTED = "tuned", "adapted"


@dataclass(frozen=True)
class TuneJob:
    """Fits a model's settings to corrected images, in seconds.

    Parameters
    ----------
    corrected : CorrectedSet
    bundles : KnownBundles
    scratch : Path
        Folder for what is needed meanwhile.
    threads : int
    """

    corrected: CorrectedSet
    bundles: KnownBundles
    scratch: Path
    threads: int

    def __call__(self, job: Job) -> dict[str, Any]:
        """Tune; the result names the new model, or None where nothing is better beyond noise."""
        options = JobOptions.model_validate(job.info.options)
        out = self.bundles.new_path(options.name, _TUNED)
        with _data_set(self.corrected, self.scratch, job.info.images) as (folder, images):
            job.report(0.1, f"reading {len(images)} corrected image(s)")
            steps = iter((0.2, 0.6, 0.8))
            tuning = tune(
                folder,
                out,
                self.bundles.find(options.model),
                threads=self.threads,
                progress=lambda text: job.report(next(steps, 0.9), text),
            )
        if not tuning.changed:
            shutil.rmtree(out, ignore_errors=True)
        fits = tuning.fits.values()
        return {
            "model": out.name if tuning.changed else None,
            "changed": tuning.changed,
            "before": _mean([float(score) for fit in fits for score in fit.scores_before]),
            "after": _mean([float(score) for fit in fits for score in fit.scores_after]),
            "lines": [without_paths(line) for line in (*tuning.lines(), *tuning.failed.values())],
        }


@dataclass(frozen=True)
class AdaptJob:
    """Lets a network learn from corrected images, in minutes, by ``hooke adapt``: no PyTorch comes into this process.

    Parameters
    ----------
    corrected : CorrectedSet
    bundles : KnownBundles
    scratch : Path
        Folder for what is needed meanwhile.
    command : sequence of str
        That runs hooke.
    """

    corrected: CorrectedSet
    bundles: KnownBundles
    scratch: Path
    command: Sequence[str] = COMMAND

    def __call__(self, job: Job) -> dict[str, Any]:
        """Adapt; stopped early, it keeps the best so far, and the result names it."""
        options = JobOptions.model_validate(job.info.options)
        out = self.bundles.new_path(options.name, _ADAPTED)
        with _data_set(self.corrected, self.scratch, job.info.images) as (folder, images):
            job.report(0.05, f"learning from {len(images)} corrected image(s)")
            arguments = [str(folder), "-o", str(out), "--from", self.bundles.find(options.model)]
            if options.steps is not None:
                arguments += ["--steps", str(options.steps)]
            status, said = run_adapt(
                arguments,
                say=partial(_note, job),
                cancel=job.cancel,
                command=self.command,
                # Where the server stops, the job is done again after its restart: nothing is waited for.
                patience=lambda: 0.0 if job.stopping else PATIENCE,
            )
        said = [without_paths(line) for line in said]
        result = _adapted(out, said)
        if job.cancel.is_set():
            job.update(result=result)
            raise Cancelled
        if result is None:
            cause, remedy = why_failed(status, said)
            raise ApiError(422, cause, remedy or "see the server's log")
        return result


def _note(job: Job, line: str, share: float | None) -> None:
    """Take over a line that the command printed."""
    more = {} if share is None else {"progress": 0.05 + 0.85 * share}
    job.update(message=without_paths(line), **more)


def _adapted(out: Path, said: Sequence[str]) -> dict[str, Any] | None:
    """What came of adapting: the model and its scores on what was held out; None where no model was written."""
    if not (out / "rdf.yaml").is_file():
        return None
    held_out: dict[str, Any] = next(
        (found for name, found in describe_model(out.name, out).scores.items() if "held out" in name), {}
    )
    scores = {time: (held_out.get(time) or {}).get("dsb") for time in ("before", "after")}
    lines = [line for line in said if not line.startswith("model:")]
    return {"model": out.name, "changed": True, **scores, "lines": lines}


@contextmanager
def _data_set(corrected: CorrectedSet, scratch: Path, ids: Sequence[str]) -> Iterator[tuple[Path, list[StoredImage]]]:
    """Write the corrected images of a job as a data set for its length.

    Raises
    ------
    ApiError
        When none is corrected.
    """
    images = corrected.marked(ids)
    if not images:
        raise ApiError(422, "no image is marked as corrected", "correct one or more, and mark them")
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        yield corrected.write(Path(folder) / "corrected", images), images


def _mean(scores: Sequence[float]) -> float | None:
    return round(sum(scores) / len(scores), 4) if scores else None
