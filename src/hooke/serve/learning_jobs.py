"""Does the jobs that learn from corrected images: tune in this process, adapt by the command in one of its own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hooke.corrections import tune
from hooke.models.description import describe_model
from hooke.serve.answers import ApiError, without_paths
from hooke.serve.api_models import JobOptions
from hooke.serve.corrected_set import CorrectedSet
from hooke.serve.job_queue import Cancelled, Job
from hooke.serve.known_bundles import KnownBundles
from hooke.serve.stored_image import StoredImage

_STOPPING = 60.0  # seconds that adapt has to keep what it has
_LOOK = 0.2  # seconds between two looks whether a job is to stop
_SAID = 40  # lines of the command that are kept
_STEP = re.compile(r"step (\d+) of (\d+)")
_TUNED, _ADAPTED = "tuned", "adapted"
_PARENT = "nuclei"


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
                _parent(self.bundles, options),
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
    command: Sequence[str] = field(default=(sys.executable, "-u", "-m", "hooke"))

    def __call__(self, job: Job) -> dict[str, Any]:
        """Adapt; stopped early, it keeps the best so far, and the result names it."""
        options = JobOptions.model_validate(job.info.options)
        out = self.bundles.new_path(options.name, _ADAPTED)
        with _data_set(self.corrected, self.scratch, job.info.images) as (folder, images):
            job.report(0.05, f"learning from {len(images)} corrected image(s)")
            arguments = ["adapt", str(folder), "-o", str(out), "--from", _parent(self.bundles, options)]
            if options.steps is not None:
                arguments += ["--steps", str(options.steps)]
            status, said = _run([*self.command, *arguments], job)
        result = _adapted(out, said)
        if job.cancel.is_set():
            job.update(result=result)
            raise Cancelled
        if result is None:
            cause = said[-1].removeprefix("hooke: ") if said else f"hooke adapt ended with status {status}"
            error, _, remedy = cause.rpartition("; ")
            raise ApiError(422, error or cause, remedy if error else "see the server's log")
        return result


def _run(command: Sequence[str], job: Job) -> tuple[int, list[str]]:
    """Run a command and hand its lines on; where the job is cancelled, ask it to stop, and end it if it does not."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    said: list[str] = []

    def read() -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                _note(line, job, said)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        while process.poll() is None:
            if job.cancel.wait(_LOOK):
                _stop(process)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    reader.join(timeout=10)
    return process.returncode, said


def _note(line: str, job: Job, said: list[str]) -> None:
    """Take over a line that the command printed."""
    text = without_paths(line.strip())
    if not text:
        return
    step = _STEP.match(text)
    if step is None:
        said.append(text)
        del said[:-_SAID]
        job.update(message=text)
    else:
        job.update(message=text, progress=0.05 + 0.85 * min(int(step[1]) / max(int(step[2]), 1), 1))


def _stop(process: subprocess.Popen[str]) -> None:
    """Ask a process to stop, as Ctrl-C does, and end it if it does not."""
    if os.name == "nt":
        process.terminate()
    else:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(_STOPPING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


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


def _parent(bundles: KnownBundles, options: JobOptions) -> str:
    """The model to start from; the automatic choice is not one model."""
    return bundles.find(_PARENT if options.model in (None, "auto") else options.model)


def _mean(scores: Sequence[float]) -> float | None:
    return round(sum(scores) / len(scores), 4) if scores else None
