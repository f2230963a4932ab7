"""Defines the routes of edits by hand: an edit, undo and redo."""

from __future__ import annotations

import pandas as pd
from fastapi import APIRouter

from hooke.serve.answers import ApiError
from hooke.serve.api_models import EditAnswer, EditRequest, Moved
from hooke.serve.edit_actions import make_edit
from hooke.serve.edit_journal import Entry
from hooke.serve.image_routes import ImageId
from hooke.serve.object_rows import columnar
from hooke.serve.route_parts import Place, errors
from hooke.serve.stored_image import StoredImage
from hooke.serve.stored_result import StoredResult

router = APIRouter(prefix="/api/images/{id}", tags=["edits"])


@router.post("/edits", responses=errors(404, 409, 507))
def edit(place: Place, id: ImageId, request: EditRequest) -> EditAnswer:
    """Change the objects of an image by hand; 409 where another page changed them meanwhile."""
    image = place.images.get(id)
    with image.lock:
        _check(image, request.revision)
        entry = make_edit(image, place.pixels, request)
        image.do(entry)
        return _answer(image, entry, forwards=True)


@router.post("/undo", responses=errors(404, 409, 507))
def undo(place: Place, id: ImageId, given: Moved | None = None) -> EditAnswer:
    """Undo the last edit, or where there is none, the last segmentation."""
    image = place.images.get(id)
    with image.lock:
        _check(image, None if given is None else given.revision)
        former = image.result
        entry = image.undo()
        return _answer(image, entry, forwards=False) if entry is not None else _whole_answer(image, former)


@router.post("/redo", responses=errors(404, 409, 507))
def redo(place: Place, id: ImageId, given: Moved | None = None) -> EditAnswer:
    """Redo what was undone last."""
    image = place.images.get(id)
    with image.lock:
        _check(image, None if given is None else given.revision)
        former = image.result
        entry = image.redo()
        return _answer(image, entry, forwards=True) if entry is not None else _whole_answer(image, former)


def _check(image: StoredImage, revision: int | None) -> None:
    """Refuse an edit of a state that is not the current one: another page has changed it."""
    image.check()
    if revision is not None and revision != image.revision:
        raise ApiError(409, "this image was changed in another window", "show it again, then repeat this edit")


def _answer(image: StoredImage, entry: Entry, *, forwards: bool) -> EditAnswer:
    """Say what an edit changed."""
    rows = entry.after if forwards else entry.before
    table = image.result.table_of(entry.plane, [label for label, row in rows.items() if row is not None])
    removed = [label for label, row in rows.items() if row is None]
    return _said(image, entry.plane, entry.box, removed, table)


def _whole_answer(image: StoredImage, former: StoredResult) -> EditAnswer:
    """Say that all of the first plane is another result now; pages ask for the tables of further planes."""
    table = image.result.table(0)
    removed = sorted(set(former.table(0)["label"].tolist()) - set(table["label"].tolist()))
    return _said(image, 0, (0, 0, image.facts.height, image.facts.width), removed, table)


def _said(
    image: StoredImage, plane: int, box: tuple[int, int, int, int], removed: list[int], table: pd.DataFrame
) -> EditAnswer:
    return EditAnswer(
        revision=image.revision,
        plane=plane,
        bbox=list(box),
        removed=removed,
        rows=columnar(table),
        count=sum(image.result.facts.counts),
        state=image.state,
        can_undo=image.can_undo,
        can_redo=image.can_redo,
    )
