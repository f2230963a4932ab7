"""Defines the route for scripts: an image is sent, and what was found comes back; nothing is kept."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Annotated

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.concurrency import run_in_threadpool

from hooke.io.annotations import to_geojson
from hooke.serve.answers import ApiError
from hooke.serve.api_models import JobOptions, JobRequest, SegmentAnswer
from hooke.serve.downloads import Download
from hooke.serve.job_queue import Job
from hooke.serve.object_rows import columnar
from hooke.serve.route_parts import Place, errors, take_upload
from hooke.serve.stored_image import StoredImage
from hooke.serve.workplace import Workplace

router = APIRouter(prefix="/api", tags=["segment"])
_PAUSE = 0.05  # seconds between two looks
_GONE = 1.0  # seconds between two looks whether the client is still there


@router.post("/segment", responses=errors(404, 413, 503, 507))
async def segment(
    place: Place,
    request: Request,
    file: UploadFile,
    model: Annotated[str | None, Form(max_length=100)] = None,
    channel: Annotated[str | None, Form(max_length=100)] = None,
    diameter: Annotated[str | None, Form(max_length=40, description="Pixels, micrometres as 8um, or auto.")] = None,
    min_score: Annotated[float | None, Form(ge=0, le=1, allow_inf_nan=False)] = None,
    classify: Annotated[str | None, Form(max_length=100)] = None,
) -> SegmentAnswer:
    """Segment one image, of a stack the first plane's objects are given; nothing is kept of it."""
    options = JobOptions(model=model, channel=channel, diameter=diameter, min_score=min_score, classify=classify)
    image = await run_in_threadpool(take_upload, place, file, file.filename or "image", hidden=True)
    try:
        job = place.queue.add(JobRequest(kind="segment", images=[image.id], options=options), kept=False)
        await _finished(place, job, request)
        return await run_in_threadpool(_answer, place, image)
    finally:
        await run_in_threadpool(_remove, place, image)


async def _finished(place: Workplace, job: Job, request: Request) -> None:
    """Wait for the end of a job; where the client leaves, it is cancelled."""
    asked = time.monotonic()
    try:
        while not job.is_over and not job.stopping:
            if time.monotonic() - asked > _GONE:
                asked = time.monotonic()
                if await request.is_disconnected():
                    place.queue.cancel(job)
            await asyncio.sleep(_PAUSE)
        if job.info.state == "failed":
            raise ApiError(422, job.info.error, job.info.remedy)
        if job.info.state != "done":
            raise ApiError(503, "busy", "the server stops; try again later")
    except BaseException:
        place.queue.cancel(job)
        raise
    finally:
        place.queue.forget(job)


def _answer(place: Workplace, image: StoredImage) -> SegmentAnswer:
    info = image.info()
    return SegmentAnswer(
        count=info.counts[0],
        chosen=info.chosen,
        warnings=info.warnings,
        table=columnar(image.result.table(0)),
        geojson=to_geojson(Download(image, place.pixels).annotated()),
    )


def _remove(place: Workplace, image: StoredImage) -> None:
    with contextlib.suppress(ApiError):  # its files were deleted meanwhile
        place.images.delete(image.id)
    place.pixels.forget(image.id)
