"""Does the job of segmenting images: each into a result of its own, by the function behind ``hooke segment``."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hooke.errors import HookeError
from hooke.io.file_runner import Progress
from hooke.io.warning_cell import part_warnings
from hooke.pipeline import SegmentOptions, segment_folder
from hooke.pipeline.result_files import ImageResult
from hooke.serve.answers import ApiError, api_error, files_gone, without_options, without_paths
from hooke.serve.api_models import Chosen, JobOptions
from hooke.serve.image_store import ImageStore
from hooke.serve.job_queue import Job
from hooke.serve.known_bundles import KnownBundles
from hooke.serve.stored_image import StoredImage


@dataclass(frozen=True)
class SegmentJob:
    """What segments the images of a job.

    Parameters
    ----------
    images : ImageStore
    bundles : KnownBundles
    threads : callable
        Gives the number of threads that a job may take now.
    """

    images: ImageStore
    bundles: KnownBundles
    threads: Callable[[], int]

    def __call__(self, job: Job) -> dict[str, Any]:
        """Segment the images of a job; one that fails does not stop the others.

        Raises
        ------
        ApiError
            When none could be segmented.
        """
        if not job.info.images:
            raise ApiError(422, "no image is chosen", "choose one or more")
        options = self.options(JobOptions.model_validate(job.info.options))
        done: list[dict[str, Any]] = []
        failure: ApiError | None = None
        for place, id_ in enumerate(job.info.images):

            def report(share: float, place: int = place) -> None:
                job.report((place + share) / len(job.info.images), f"image {place + 1} of {len(job.info.images)}")

            report(0.0)
            try:
                image = self.images.get(id_)
                self.segment(image, options, report)
                done.append({"id": id_, "count": sum(image.result.facts.counts), "revision": image.revision})
            except (HookeError, ApiError, OSError, MemoryError) as error:
                failure = api_error(error, self._names(id_))
                done.append({"id": id_, **failure.content})
            job.update(result={"images": list(done)})
        if failure is not None and all("error" in one for one in done):
            raise failure
        return {"images": done}

    def options(self, given: JobOptions) -> SegmentOptions:
        """Say what `hooke.pipeline.segment_folder` is to do.

        Raises
        ------
        ConfigError or ApiError
            When a value is out of range, or there is no such model.
        """
        return SegmentOptions(
            model=self.bundles.find(given.model),
            channel=given.channel,
            diameter="auto" if given.diameter is None else given.diameter,
            min_size=given.min_size,
            min_score=given.min_score,
            grow=given.grow,
            tta=given.tta,
            classify=self.bundles.find_classifier(given.classify),
            class_threshold=given.class_threshold,
            threads=self.threads(),
        )

    def segment(self, image: StoredImage, options: SegmentOptions, report: Callable[[float], None]) -> None:
        """Segment one image, and make what was found its current result.

        Raises
        ------
        HookeError or ApiError or OSError
            When it can't be segmented; the image is as before then.
        """
        result = image.new_result()
        try:

            def show(progress: Progress[ImageResult]) -> None:
                report(min(progress.done + progress.share, 1.0) * 0.95)

            own = SegmentOptions(**{**vars(options), "scene": image.facts.scene or None})
            run = segment_folder([image.source], result.run, own, overlays=False, page=False, progress=show)
            (found,) = run.images
            if found.error:
                error, _, remedy = without_paths(found.error, image.names).rpartition("; ")
                raise ApiError(422, error or remedy, without_options(remedy) if error else "check the image")
            result.labels.fill_from(result.run / "labels" / f"{found.name}.tif")
            facts = result.facts
            facts.name = found.name
            facts.counts = [int(row["count"]) for row in found.rows]
            facts.largest = max(facts.counts)
            facts.warnings = _warnings(found, image)
            facts.chosen = _chosen(found, image)
            facts.modality = str(found.rows[0]["modality"])
            result.save()
            image.take(result)
        except BaseException as error:
            shutil.rmtree(result.folder, ignore_errors=True)
            if isinstance(error, HookeError | ApiError) and not image.source.exists():
                raise files_gone() from error
            raise

    def _names(self, id_: str) -> dict[str, str]:
        try:
            return self.images.get(id_).names
        except ApiError:
            return {}


def _warnings(found: ImageResult, image: StoredImage) -> list[str]:
    """Warnings of all planes; of those that differ in their numbers alone, the first."""
    said = [warning for row in found.rows for warning in part_warnings(row["warning"])]
    kinds: dict[str, str] = {}
    for text in said:
        kinds.setdefault(re.sub(r"\d+", "", text), text)
    return [without_paths(without_options(text), image.names) for text in kinds.values()]


def _chosen(found: ImageResult, image: StoredImage) -> Chosen:
    """Say what was chosen, by the first plane."""
    row = found.rows[0]
    channel = row["channel"]
    known = image.facts.channels
    if isinstance(channel, int):
        channel = known[channel].name if channel < len(known) else str(channel)
    diameter = None if row["diameter"] == "" else float(row["diameter"])
    return Chosen(model=str(row["model"]), channel=str(channel), diameter=diameter, why=str(row["channel_reason"]))
