"""Does the job of suggesting which images to correct next."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hooke.corrections import suggest
from hooke.io.entry import run_entries
from hooke.serve.answers import ApiError
from hooke.serve.api_models import JobOptions
from hooke.serve.image_store import ImageStore
from hooke.serve.job_queue import Job
from hooke.serve.stored_image import StoredImage

_COUNTED = re.compile(r"(\d+) of (\d+)")


@dataclass(frozen=True)
class SuggestJob:
    """Names the images whose correction would teach the model most.

    Parameters
    ----------
    images : ImageStore
    scratch : Path
        Folder for what is needed meanwhile.
    threads : callable
        Gives the number of threads that a job may take now.
    """

    images: ImageStore
    scratch: Path
    threads: Callable[[], int]

    def __call__(self, job: Job) -> dict[str, Any]:
        """Suggest some of the images that are segmented and not corrected.

        Raises
        ------
        ApiError
            When there is none.
        """
        options = JobOptions.model_validate(job.info.options)
        wanted = set(job.info.images)
        images = [image for image in self.images.all() if not wanted or image.id in wanted]
        open_ones = [image for image in images if image.result.facts.name and not image.facts.corrected]
        if not open_ones:
            raise ApiError(422, "no image is left to suggest", "segment images that are not corrected yet")

        def report(text: str) -> None:
            counted = _COUNTED.search(text)
            job.report(int(counted[1]) / (int(counted[2]) + 1) if counted else 0.0, text.partition(":")[0])

        self.scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            for image in open_ones:
                _add_run(Path(folder), image)
            found = suggest(folder, options.count, threads=self.threads(), progress=report)
        suggested = [
            {
                "id": one.image,
                "why": one.why,
                "teaches": one.teaches,
                "score": one.score,
                "unsure": one.unsure,
                "region": [one.top, one.left, one.top + one.height, one.left + one.width],
            }
            for one in found
        ]
        return {"suggested": suggested}


def _add_run(folder: Path, image: StoredImage) -> None:
    """Put what a segmentation wrote into the folder of one run over all images, under the image's id."""
    run = image.result.run
    name = image.result.facts.name
    entry = next((entry for entry in run_entries(run) if entry.name == name), None)
    if entry is None:
        return
    (folder / ".hooke").mkdir(exist_ok=True)
    (folder / "labels").mkdir(exist_ok=True)
    (folder / ".hooke" / f"{image.id}.json").write_text(replace(entry, name=image.id, base=image.id).to_json(), "utf-8")
    for source, target in (
        (run / ".hooke" / f"{name}.csv", folder / ".hooke" / f"{image.id}.csv"),
        (run / "labels" / f"{name}.tif", folder / "labels" / f"{image.id}.tif"),
        (run / "run.json", folder / "run.json"),
    ):
        target.unlink(missing_ok=True)
        try:
            os.link(source, target)
        except OSError:  # another disk, or a file system without links
            shutil.copyfile(source, target)
