"""Defines the routes of downloads and of the corrected images."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi import Path as InPath
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from hooke.errors import HookeError
from hooke.serve.answers import ApiError, api_error
from hooke.serve.api_models import CorrectedAnswer, CorrectedRequest
from hooke.serve.downloads import FILES, LABELS, USUAL, Download, write_zip
from hooke.serve.image_routes import ImageId, Plane
from hooke.serve.route_parts import Place, errors
from hooke.serve.workplace import Workplace

router = APIRouter(prefix="/api", tags=["downloads"])
_TYPES = {
    ".tif": "image/tiff",
    ".csv": "text/csv",
    ".geojson": "application/geo+json",
    ".zip": "application/zip",
    ".png": "image/png",
}
_ANY_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {} for kind in _TYPES.values()}, "description": "the file"}
}
_ZIP: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/zip": {}}, "description": "a folder for each image"}
}
_MOST = 1_800  # ids that an address can hold


FileName = Annotated[str, InPath(max_length=100, json_schema_extra={"enum": list(FILES)})]


@router.get("/images/{id}/download/{what}", response_class=FileResponse, responses=errors(404, 409, 507) | _ANY_FILE)
def download(place: Place, id: ImageId, what: FileName, plane: Plane = 0) -> FileResponse:
    """Give a file: labels.tif and table.csv of all planes; objects.geojson, rois.zip and overlay.png of one plane."""
    image = place.images.get(id)
    made = Download(image, place.pixels, plane)
    folder = _folder(place)
    path = folder / what.replace("/", "_")
    try:
        made.write(what, path)
        if what == LABELS:
            image.note_saved()
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, HookeError):
            raise api_error(error, image.names) from error
        raise
    return _sent(path, made.name(what), folder)


@router.get("/download.zip", response_class=FileResponse, responses=errors(404, 409, 507) | _ZIP)
def download_all(
    place: Place,
    images: Annotated[
        str,
        Query(max_length=17 * _MOST, pattern="^[0-9a-f,]*$", description="Ids with commas between them; all without."),
    ] = "",
    files: Annotated[str, Query(max_length=200, description="Which files of each, with commas between them.")] = "",
) -> FileResponse:
    """Give files of several images as a zip."""
    if images:
        chosen = [place.images.get(id_) for id_ in images.split(",") if id_]
    else:
        chosen = [image for image in place.images.all() if image.state != "new"]
    wanted = files.split(",") if files else list(USUAL)
    unknown = next((what for what in wanted if what not in FILES), None)
    if unknown is not None:
        raise ApiError(422, f"there is no file {unknown[:40]!r}", f"choose from: {', '.join(FILES)}")
    if not chosen:
        raise ApiError(409, "no image is segmented yet", "segment one first")
    folder = _folder(place)
    path = folder / "hooke.zip"
    try:
        write_zip([Download(image, place.pixels) for image in chosen], wanted, path)
        if LABELS in wanted:
            for image in chosen:
                image.note_saved()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return _sent(path, "hooke.zip", folder)


@router.post("/images/{id}/corrected", responses=errors(404, 409, 507))
def mark_corrected(place: Place, id: ImageId, request: CorrectedRequest) -> CorrectedAnswer:
    """Mark an image, or a region of it, as corrected, or as not; the corrected ones gather in a hooke data set."""
    image = place.images.get(id)
    with image.lock:
        place.corrected.mark(image, request)
    return _corrected(place)


@router.get("/corrected", responses=errors(507))
def list_corrected(place: Place) -> CorrectedAnswer:
    """List the corrected images, and bring their data set up to date."""
    return _corrected(place)


def _corrected(place: Workplace) -> CorrectedAnswer:
    place.corrected.gather()
    images = place.corrected.marked()
    objects = sum(image.result.facts.counts[mark.plane] for image in images for mark in image.facts.corrected)
    return CorrectedAnswer(count=len(images), objects=objects, images=[image.id for image in images])


def _folder(place: Workplace) -> Path:
    place.scratch.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=place.scratch))


def _sent(path: Path, name: str, folder: Path) -> FileResponse:
    """Send a file, then remove it with its folder."""
    gone = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    return FileResponse(path, media_type=_TYPES[path.suffix], filename=name, background=gone)
