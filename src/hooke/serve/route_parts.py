"""Holds what all routes share: the workplace of the server, and the errors that they document."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request

from hooke.serve.api_models import ErrorAnswer
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


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document the errors of a route; those of host, origin and token, and of values, are errors of all."""
    return {
        status: {"model": ErrorAnswer, "description": _SAID[status]}
        for status in sorted({400, 401, 403, 413, 422, *statuses})
    }
