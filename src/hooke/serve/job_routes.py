"""Defines the routes of jobs: start, list, follow by events, cancel."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Response
from fastapi import Path as InPath
from fastapi.responses import StreamingResponse

from hooke.serve.api_models import JobInfo, JobList, JobRequest
from hooke.serve.job_queue import Job, JobQueue
from hooke.serve.route_parts import Place, errors

router = APIRouter(prefix="/api/jobs", tags=["jobs"])
JobId = Annotated[str, InPath(pattern="^[0-9a-f]{16}$")]
_PAUSE = 0.05  # seconds between two looks
_BEAT = 10.0  # seconds after which a sign of life is sent, so that a page that is gone is noticed
_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {}}, "description": "a job as JSON in each event"}
}


@router.post("", status_code=202, responses=errors(404, 503, 507))
def start_job(place: Place, request: JobRequest) -> JobInfo:
    """Start a job; 503 with Retry-After where as many as may be wait already."""
    for id_ in request.images:
        place.images.get(id_)
    return place.queue.add(request).info


@router.get("", responses=errors())
def list_jobs(place: Place) -> JobList:
    """List the jobs, the newest first."""
    return JobList(jobs=[job.info for job in place.queue.all()])


@router.get("/{id}", responses=errors(404))
def show_job(place: Place, id: JobId) -> JobInfo:
    """Say how far a job is."""
    return place.queue.get(id).info


@router.delete("/{id}", responses=errors(404))
def cancel_job(place: Place, id: JobId) -> JobInfo:
    """Cancel a job; one that has ended stays as it is."""
    job = place.queue.get(id)
    if not job.is_over:
        place.queue.cancel(job)
    return job.info


@router.get("/{id}/events", response_class=Response, responses=errors(404) | _EVENTS)
async def follow_job(place: Place, id: JobId) -> StreamingResponse:
    """Send the job at each change until it ends; a job that was followed is cancelled where nobody follows any more."""
    job = place.queue.get(id)
    return StreamingResponse(_events(place.queue, job), media_type="text/event-stream")


async def _events(queue: JobQueue, job: Job) -> AsyncIterator[str]:
    queue.follow(job)
    try:
        seen, last = -1, time.monotonic()
        while not job.stopping:
            version, info = job.version, job.info
            if version != seen:
                seen, last = version, time.monotonic()
                yield f"data: {info.model_dump_json()}\n\n"
            elif time.monotonic() - last > _BEAT:
                last = time.monotonic()
                yield ": waiting\n\n"
            if job.is_over and job.version == seen:
                return
            await asyncio.sleep(_PAUSE)
    finally:
        queue.leave(job)
