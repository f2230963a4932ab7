"""Holds what routes share: the workplace of the server, what is uploaded to it, and the errors that they document."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request, UploadFile

from hooke.serve.api_models import ErrorAnswer
from hooke.serve.image_store import check_upload_size
from hooke.serve.stored_image import StoredImage
from hooke.serve.workplace import Workplace


def _workplace(request: Request) -> Workplace:
    place: Workplace = request.app.state.workplace
    return place


Place = Annotated[Workplace, Depends(_workplace)]

_SAID = {
    400: "the request can't be read",
    401: "the token is missing or wrong",
    403: "another host or origin",
    404: "it is not there",
    409: "another state than the client shows",
    413: "larger than it may be",
    422: "not what is expected",
    503: "busy: try again",
    507: "the disk is full",
}


def take_upload(place: Workplace, file: UploadFile, name: str, *, hidden: bool = False) -> StoredImage:
    """Keep an uploaded image.

    Raises
    ------
    ApiError
        When it is too large, or can't be used.
    """
    check_upload_size(file.size or 0, place.options.upload_bytes)

    def write(path: Path) -> None:
        with path.open("wb") as out:
            shutil.copyfileobj(file.file, out, 1 << 20)

    return place.images.add(name, write, hidden=hidden)


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document the errors of a route; those of host, origin and token, and of values, are errors of all."""
    return {
        status: {"model": ErrorAnswer, "description": _SAID[status]}
        for status in sorted({400, 401, 403, 413, 422, *statuses})
    }
