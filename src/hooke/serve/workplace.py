"""Brings together what the routes of a server work with: images, pixels, models, and the queue of jobs."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field

from hooke.corrections.pairs import CORRECTED
from hooke.models import load_model
from hooke.serve.corrected_set import CorrectedSet
from hooke.serve.image_store import ImageStore
from hooke.serve.job_queue import JobQueue, Work
from hooke.serve.known_bundles import KnownBundles
from hooke.serve.learning_jobs import AdaptJob, TuneJob
from hooke.serve.pixel_planes import PixelPlanes
from hooke.serve.retention import Retention
from hooke.serve.segment_job import SegmentJob
from hooke.serve.serve_options import ServeOptions
from hooke.serve.suggest_job import SuggestJob
from hooke.serve.track_job import TrackJob

_SEGMENT, _LEARN = "segment", "learn"
_LANES = {"segment": _SEGMENT, "suggest": _SEGMENT, "track": _SEGMENT, "tune": _LEARN, "adapt": _LEARN}
_MOST_WORKERS = 4


@dataclass
class Workplace:
    """All of a running server.

    Parameters
    ----------
    options : ServeOptions
    """

    options: ServeOptions
    pixels: PixelPlanes = field(default_factory=PixelPlanes)

    def __post_init__(self) -> None:
        folder, threads = self.options.work_folder, self.options.resolved_threads
        self.images = ImageStore(folder / "images", self.options.max_pixels)
        self.bundles = KnownBundles(folder / "models")
        self.corrected = CorrectedSet(folder / CORRECTED, self.images, self.pixels)
        self.scratch = folder / "scratch"
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.workers = min(threads, _MOST_WORKERS)
        self.segmenting = SegmentJob(self.images, self.bundles, self.threads_per_job)
        works: dict[str, Work] = {
            "segment": self.segmenting,
            "suggest": SuggestJob(self.images, self.scratch, self.threads_per_job),
            "track": TrackJob(self.images),
            "tune": TuneJob(self.corrected, self.bundles, self.scratch, threads),
            "adapt": AdaptJob(self.corrected, self.bundles, self.scratch),
        }
        self.queue = JobQueue(
            folder / "jobs", works, _LANES, {_SEGMENT: self.workers, _LEARN: 1}, self.options.max_jobs
        )
        self.queue.start()
        self.retention = Retention(
            self.images, self.queue, self.options.keep_days, self.options.folder_bytes, self.pixels.forget
        )
        self.retention.start()

    def close(self) -> None:
        """Stop all work."""
        self.retention.close()
        self.queue.close()

    def threads_per_job(self) -> int:
        """All threads for one job where no others wait, else a share of them."""
        active = min(max(self.queue.running(_SEGMENT), 1), self.workers)
        return max(1, self.options.resolved_threads // active)

    def warm_up(self) -> None:
        """Load the network before the first image comes."""
        load_model("auto").network(self.options.resolved_threads)
