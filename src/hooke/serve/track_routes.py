"""Defines the routes of tracks: their lineage, and where they are in some frames."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from hooke.serve.answers import ApiError
from hooke.serve.api_models import FramePlace, LineageAnswer, TrackPlaces
from hooke.serve.image_routes import ImageId
from hooke.serve.object_rows import columnar
from hooke.serve.route_parts import Place, errors
from hooke.serve.stored_tracks import StoredTracks

router = APIRouter(prefix="/api/images/{id}", tags=["tracks"])
_MOST = 200  # frames that one answer covers
Frame = Annotated[int, Query(ge=0, le=2**31 - 1)]


@router.get("/lineage", responses=errors(404))
def show_lineage(place: Place, id: ImageId) -> LineageAnswer:
    """Give the frames that were tracked together with an image, and a row per track."""
    tracks = StoredTracks.find(place.images, place.images.get(id))
    return LineageAnswer(
        frames=[FramePlace(image=image, plane=plane) for image, plane in tracks.frames],
        tracks=columnar(tracks.lineage()),
    )


@router.get("/tracks", responses=errors(404))
def show_tracks(place: Place, id: ImageId, first: Frame = 0, last: Frame = 0) -> TrackPlaces:
    """Give where tracks are in some frames, from the first one to the last one, 200 at most."""
    if last - first >= _MOST:
        raise ApiError(422, f"{last - first + 1} frames", f"ask for {_MOST} at a time")
    tracks = StoredTracks.find(place.images, place.images.get(id))
    return TrackPlaces(columns=columnar(tracks.places(place.images, first, last)))
