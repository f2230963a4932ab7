"""Defines the routes of images: upload, list, delete, tiles and tables."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response, UploadFile
from fastapi import Path as InPath

from hooke.errors import readable
from hooke.serve.answers import ApiError
from hooke.serve.api_models import ImageChange, ImageInfo, ImageList, LocalPath, Refused, TableAnswer, Uploaded
from hooke.serve.object_rows import columnar
from hooke.serve.route_parts import Place, errors, take_upload
from hooke.serve.tile_images import Look, image_tile, label_tile

router = APIRouter(prefix="/api", tags=["images"])
ImageId = Annotated[str, InPath(pattern="^[0-9a-f]{16}$")]
Plane = Annotated[int, Query(ge=0, le=2**31 - 1, description="Number of the plane, the last axis fastest.")]
Texts = Annotated[str | None, Query(max_length=2000)]
TileNumber = Annotated[int, InPath(ge=0, le=2**31 - 1)]
_PNG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": {}}, "description": "256 x 256 pixels"}}
_DAY = "private, max-age=86400"


@router.post("/images", responses=errors(413, 503, 507))
def upload(place: Place, files: list[UploadFile]) -> Uploaded:
    """Take images; those that can't be used are refused one by one, with the reason."""
    images, refused = [], []
    for file in files:
        name = file.filename or "image"
        try:
            images.append(take_upload(place, file, name).info())
        except ApiError as error:
            if error.status == 507:
                raise
            refused.append(Refused(name=name, error=error.error, remedy=error.remedy))
    return Uploaded(images=images, refused=refused)


@router.post("/images/local", responses=errors(404, 413, 507))
def open_local(place: Place, given: LocalPath) -> ImageInfo:
    """Open a file of the server's machine by its path, without a copy; only where the server was started for it."""
    if not (place.options.allow_paths and place.options.is_local):
        raise ApiError(403, "files are not opened by their path here", "start the server with --allow-paths")
    return place.images.add_local(given.path).info()


@router.get("/images", responses=errors())
def list_images(place: Place) -> ImageList:
    """List all images, the oldest first; nothing is cleaned away while a page asks for them now and then."""
    place.images.note_listed()
    return ImageList(images=[image.info() for image in place.images.all()])


@router.get("/images/{id}", responses=errors(404))
def show_image(place: Place, id: ImageId) -> ImageInfo:
    """Describe an image."""
    return place.images.get(id).info()


@router.patch("/images/{id}", responses=errors(404, 507))
def change_image(place: Place, id: ImageId, change: ImageChange) -> ImageInfo:
    """Change the condition of an image."""
    image = place.images.get(id)
    image.change(condition=readable(change.condition.strip()))
    return image.info()


@router.delete("/images/{id}", status_code=204, response_class=Response, responses=errors(404))
def delete_image(place: Place, id: ImageId) -> Response:
    """Delete an image and all that belongs to it."""
    place.images.delete(id)
    place.pixels.forget(id)
    return Response(status_code=204)


@router.get("/images/{id}/tiles/{level}/{x}/{y}.png", response_class=Response, responses=errors(404) | _PNG)
def show_tile(
    place: Place,
    id: ImageId,
    level: TileNumber,
    x: TileNumber,
    y: TileNumber,
    plane: Plane = 0,
    channels: Annotated[Texts, Query(description="Numbers with commas between them; all without it.")] = None,
    low: Annotated[Texts, Query(description="Intensity of each channel that is black.")] = None,
    high: Annotated[Texts, Query(description="Intensity of each channel that has its full colour.")] = None,
    colours: Annotated[Texts, Query(description="rrggbb of each channel.")] = None,
) -> Response:
    """Draw a tile of an image; level 0 is the finest, each next one has half its height and width."""
    image = place.images.get(id)
    image.check_plane(plane)
    look = Look.parse(image.facts.channels, channels, low, high, colours)
    tile = image_tile(image, place.pixels, plane, level, x, y, look)
    return Response(tile, media_type="image/png", headers={"Cache-Control": _DAY})


@router.get("/images/{id}/labels/{level}/{x}/{y}.png", response_class=Response, responses=errors(404) | _PNG)
def show_labels(
    place: Place,
    id: ImageId,
    level: TileNumber,
    x: TileNumber,
    y: TileNumber,
    plane: Plane = 0,
    revision: Annotated[int | None, Query(description="Of the image; makes the address of each state its own.")] = None,
) -> Response:
    """Draw a tile of objects: the 24 bits of a pixel are the number of its object, 0 is background."""
    image = place.images.get(id)
    image.check_plane(plane)
    with image.lock:
        tile = label_tile(image, plane, level, x, y)
        is_current = revision == image.revision
    return Response(tile, media_type="image/png", headers={"Cache-Control": _DAY if is_current else "no-store"})


@router.get("/images/{id}/table", responses=errors(404))
def show_table(
    place: Place,
    id: ImageId,
    plane: Plane = 0,
    columns: Annotated[Texts, Query(description="Only these columns, with commas between them.")] = None,
) -> TableAnswer:
    """Give the measurements of the objects of a plane, by column."""
    image = place.images.get(id)
    image.check_plane(plane)
    with image.lock:
        table, revision = image.result.table(plane), image.revision
    return TableAnswer(revision=revision, columns=columnar(table, None if columns is None else columns.split(",")))
