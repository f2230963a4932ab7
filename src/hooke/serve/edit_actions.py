"""Makes edits by hand in windows of a label image, and measures what changed, without touching the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hooke.labels import edit as edits
from hooke.measure import known_channels, measure
from hooke.serve.answers import ApiError
from hooke.serve.api_models import EditRequest
from hooke.serve.edit_journal import Box, Entry, Patch, surround
from hooke.serve.object_rows import ObjectRows, Row, plain
from hooke.serve.pixel_planes import PixelPlanes
from hooke.serve.stored_image import StoredImage

_MARGIN = 20  # pixels around an object that its measurements depend on
_LARGEST = 64_000_000  # pixels of a window that an edit may take
_JOINED = 4_000_000  # pixels of a window in which several objects are edited at once
_SMALL = 100_000  # pixels of a window that are quickly written
_FRACTION = 4  # bits of a fraction of a pixel that OpenCV draws with


@dataclass(frozen=True)
class _Scene:
    """A plane that is edited."""

    image: StoredImage
    planes: PixelPlanes
    plane: int

    @property
    def rows(self) -> ObjectRows:
        return self.image.result.rows(self.plane)

    def clip(self, box: Box, margin: int = 0) -> Box:
        """Bring a box, grown by a margin, into the plane."""
        facts = self.image.facts
        top, left, bottom, right = box
        return (
            min(max(top - margin, 0), facts.height),
            min(max(left - margin, 0), facts.width),
            max(min(bottom + margin, facts.height), 0),
            max(min(right + margin, facts.width), 0),
        )

    def read(self, box: Box) -> NDArray[np.int32]:
        """Labels within a box."""
        top, left, bottom, right = box
        if (bottom - top) * (right - left) > _LARGEST:
            raise ApiError(422, "this edit covers too large a part of the image", "edit fewer objects, or nearer ones")
        return self.image.result.labels.read(self.plane, slice(top, bottom), slice(left, right))


def make_edit(image: StoredImage, planes: PixelPlanes, request: EditRequest) -> Entry:
    """Work out what an edit changes; nothing is written.

    Parameters
    ----------
    image : StoredImage
        Locked by the caller.
    planes : PixelPlanes
        For intensities.
    request : EditRequest

    Returns
    -------
    Entry

    Raises
    ------
    ApiError or DatasetError
        When an object is not there, or the edit is not possible.
    """
    image.check_plane(request.plane)
    scene = _Scene(image, planes, request.plane)
    ids = _known_ids(scene.rows, request)
    if request.action == "reclass":
        return _reclass(scene, ids, request.class_)
    patches = _ACTIONS[request.action](scene, ids, request)
    patches = [patch for patch in patches if patch.after.size]
    if not patches:
        raise ApiError(422, "this edit changes nothing", "draw it elsewhere, or choose other objects")
    return _measured(scene, patches)


def _known_ids(rows: ObjectRows, request: EditRequest) -> list[int]:
    """Ids of the request, each once, in its order."""
    ids = list(dict.fromkeys(request.ids))
    missing = next((id_ for id_ in ids if id_ not in rows), None)
    if missing is not None:
        raise ApiError(422, f"there is no object {missing}", "choose objects that are there")
    return ids


def _delete(scene: _Scene, ids: list[int], request: EditRequest) -> list[Patch]:
    _need(ids, "choose objects to delete")
    return _by_object(scene, ids, edits.delete)


def _fill_holes(scene: _Scene, ids: list[int], request: EditRequest) -> list[Patch]:
    _need(ids, "choose objects to fill")
    return _by_object(scene, ids, edits.fill, margin=1)


def _grow(scene: _Scene, ids: list[int], request: EditRequest) -> list[Patch]:
    _need(ids, "choose objects to grow")
    pixels = 1.0 if request.radius is None else request.radius
    change = edits.grow if pixels >= 0 else edits.shrink
    return _by_object(scene, ids, lambda labels, own: change(labels, abs(pixels), own), margin=int(abs(pixels)) + 3)


def _merge(scene: _Scene, ids: list[int], request: EditRequest) -> list[Patch]:
    box = surround(scene.rows.box(id_) for id_ in ids) if ids else (0, 0, 0, 0)
    return [_patch(scene, box, edits.merge(scene.read(box), ids))]


def _split(scene: _Scene, ids: list[int], request: EditRequest) -> list[Patch]:
    if len(ids) != 1 or len(request.points) < 2:
        raise ApiError(422, "splits one object along a line", "give one id and two points or more")
    box = scene.clip(scene.rows.box(ids[0]), 1)
    line = np.asarray(request.points) - box[:2]
    return [_patch(scene, box, edits.split_by_line(scene.read(box), ids[0], line))]


def _draw(scene: _Scene, ids: list[int], request: EditRequest) -> list[Patch]:
    id_ = _one_or_none(ids)
    if request.radius is not None:
        return _brush(scene, request, lambda labels, mask: _painted(labels, mask, id_, request.over), id_)
    if len(request.points) < 3:
        raise ApiError(422, "an outline has three points or more", "draw around the object")
    points = np.asarray(request.points)
    box = _inside(scene, points, 1)
    return [_patch(scene, box, edits.draw(scene.read(box), points - box[:2], id_, over=request.over), id_)]


def _erase(scene: _Scene, ids: list[int], request: EditRequest) -> list[Patch]:
    def erased(labels: NDArray[np.int32], mask: NDArray[np.bool_]) -> edits.Edit:
        own = labels > 0 if not ids else np.isin(labels, ids)
        return edits.paint(labels, mask & own, 0)

    return _brush(scene, request, erased)


def _brush(
    scene: _Scene,
    request: EditRequest,
    change: Callable[[NDArray[np.int32], NDArray[np.bool_]], edits.Edit],
    given: int | None = None,
) -> list[Patch]:
    """Draw a stroke of a round brush."""
    radius = 4.0 if request.radius is None else request.radius
    if not request.points or radius < 0:
        raise ApiError(422, "a stroke has a point or more and a radius", "draw over the image")
    points = np.asarray(request.points)
    box = _inside(scene, points, int(radius) + 2)
    labels = scene.read(box)
    return [_patch(scene, box, change(labels, stroke_mask(labels.shape, points - box[:2], radius)), given)]


def stroke_mask(shape: tuple[int, ...], points: NDArray[np.float64], radius: float) -> NDArray[np.bool_]:
    """Mark the pixels whose centre is within a distance of a line.

    Parameters
    ----------
    shape : (int, int)
    points : ndarray of float, shape (n, 2)
        (y, x) of the line's points, pixels.
    radius : float
        Pixels; the pixel under a single point is always marked.
    """
    line = np.zeros(shape, np.uint8)
    points = np.repeat(points, 2, axis=0) if len(points) == 1 else points  # OpenCV draws nothing for a single point
    corners = np.rint(np.clip(points[:, ::-1], -30_000, 30_000) * (1 << _FRACTION)).astype(np.int32)[:, None]
    cv2.polylines(line, [corners], isClosed=False, color=1, lineType=cv2.LINE_8, shift=_FRACTION)
    if radius < 1 or not line.any():
        return line > 0
    away = cv2.distanceTransform(1 - line, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(away <= radius, np.bool_)


def _painted(labels: NDArray[np.int32], mask: NDArray[np.bool_], id_: int | None, over: bool) -> edits.Edit:
    free = mask if over else mask & ((labels == 0) | (labels == (id_ or 0)))
    return edits.paint(labels, free, int(labels.max(initial=0)) + 1 if id_ is None else id_)


def _by_object(
    scene: _Scene,
    ids: Sequence[int],
    change: Callable[[NDArray[np.int32], list[int]], edits.Edit],
    *,
    margin: int = 0,
) -> list[Patch]:
    """Change objects in one window where they are near each other, else one by one."""
    boxes = [scene.clip(scene.rows.box(id_), margin) for id_ in ids]
    if _are_near(boxes):
        box = surround(boxes)
        return [_patch(scene, box, change(scene.read(box), list(ids)))]
    found: list[Patch] = []
    done = np.zeros((len(ids), 4), np.int64)
    for place, (id_, own) in enumerate(zip(ids, boxes, strict=True)):
        labels = scene.read(own)
        for earlier in np.flatnonzero((done[:place, :2] < own[2:]).all(1) & (done[:place, 2:] > own[:2]).all(1)):
            _lay(labels, own, found[earlier])
        found.append(_patch(scene, own, change(labels, [id_])))
        done[place] = found[-1].box
    return found


def _are_near(boxes: Sequence[Box]) -> bool:
    """Whether the window around boxes is not much larger than they are."""
    top, left, bottom, right = surround(boxes)
    own = sum((box[2] - box[0]) * (box[3] - box[1]) for box in boxes)
    return (bottom - top) * (right - left) <= min(_JOINED, max(_SMALL, 4 * own))


def _lay(labels: NDArray[np.int32], box: Box, patch: Patch) -> None:
    """Put what an earlier patch changed into a window."""
    top, left, bottom, right = (
        max(box[0], patch.box[0]), max(box[1], patch.box[1]), min(box[2], patch.box[2]), min(box[3], patch.box[3])
    )  # fmt: skip
    if top < bottom and left < right:
        inner = patch.after[top - patch.top : bottom - patch.top, left - patch.left : right - patch.left]
        labels[top - box[0] : bottom - box[0], left - box[1] : right - box[1]] = inner


def _patch(scene: _Scene, box: Box, edit: edits.Edit, given: int | None = None) -> Patch:
    """Place an edit of a window in the plane; new objects, except the one given, get numbers that none had."""
    rows, columns = edit.window
    before, after = edit.before, edit.after.copy()
    known = {given, *np.unique(edit.source).tolist()}
    largest = scene.image.result.facts.largest
    for place, new in enumerate((id_ for id_ in edit.changed if id_ not in known), 1):
        after[edit.after == new] = largest + place
    return Patch(box[0] + int(rows.start or 0), box[1] + int(columns.start or 0), before, after)


def _measured(scene: _Scene, patches: list[Patch]) -> Entry:
    """Measure the objects that changed."""
    changed = sorted({id_ for patch in patches for id_ in _changed_ids(patch)})
    before = {id_: scene.rows.get(id_) for id_ in changed}
    boxes = {}
    for id_ in changed:
        own = [scene.rows.box(id_)] if before[id_] is not None else []
        boxes[id_] = surround([*own, *(patch.box for patch in patches if _holds(patch, id_))])
    if _are_near(list(boxes.values())):
        after = _measure(scene, surround(boxes.values()), patches, changed)
    else:
        after = {}
        corners = np.array([patch.box for patch in patches])
        for id_, box in boxes.items():
            top, left, bottom, right = scene.clip(box, _MARGIN)
            meets = (corners[:, :2] < (bottom, right)).all(axis=1) & (corners[:, 2:] > (top, left)).all(axis=1)
            after |= _measure(scene, box, [patches[place] for place in np.flatnonzero(meets)], [id_])
    return Entry(scene.plane, tuple(patches), before, after)


def _measure(scene: _Scene, box: Box, patches: list[Patch], ids: list[int]) -> dict[int, Row | None]:
    """Measure objects within a box as if the patches were in effect."""
    found: dict[int, Row | None] = dict.fromkeys(ids)
    there = set(np.unique(_patched(scene, scene.clip(box), patches)).tolist())
    wanted = [id_ for id_ in ids if id_ in there]
    if not wanted:
        return found
    box = scene.clip(box, _MARGIN)
    pixels = scene.planes.crop(scene.image, scene.plane, slice(box[0], box[2]), slice(box[1], box[3]))
    facts, columns = scene.image.facts, scene.rows.base.columns
    names = known_channels(scene.image.file.image_of(pixels))
    labels = _patched(scene, box, patches)
    table = measure(labels, pixels, pixel_size_um=facts.pixel_size_um, channel_names=names)
    table = table.set_index("label", drop=False)
    for id_ in wanted:
        row = {str(name): plain(value) for name, value in table.loc[id_].items()}
        _shift(row, box, facts.height, facts.width, facts.pixel_size_um)
        row |= {"label": id_, "doubtful": False, "class": (scene.rows.get(id_) or {}).get("class")}
        named = [*columns, *(["class"] if row["class"] is not None and "class" not in columns else [])]
        found[id_] = {name: row.get(name) for name in named}
    _measure_distances(scene, found, facts.pixel_size_um)
    return found


def _patched(scene: _Scene, box: Box, patches: list[Patch]) -> NDArray[np.int32]:
    """Labels within a box after the patches."""
    labels = scene.read(box)
    for patch in patches:
        _lay(labels, box, patch)
    return labels


def _shift(row: Row, box: Box, height: int, width: int, size: tuple[float, float] | None) -> None:
    """Turn positions in a window into those in the plane."""
    for axis, start, ends in (("y", box[0], ("bbox_top", "bbox_bottom")), ("x", box[1], ("bbox_left", "bbox_right"))):
        row[f"centroid_{axis}"] += start
        if size is not None:
            row[f"centroid_{axis}_um"] = row[f"centroid_{axis}"] * size[axis == "x"]
        for name in ends:
            row[name] = int(row[name]) + start
    edges = row["bbox_top"] == 0, row["bbox_left"] == 0, row["bbox_bottom"] == height, row["bbox_right"] == width
    row["at_border"] = any(edges)


def _measure_distances(scene: _Scene, found: dict[int, Row | None], size: tuple[float, float] | None) -> None:
    """Measure the distance to the nearest other object of all the plane."""
    rows = {label: row for label, row in found.items() if row is not None and "neighbour_distance" in row}
    places = np.array([(row["centroid_y"], row["centroid_x"]) for row in rows.values()]).reshape(-1, 2)
    for number, row in enumerate(rows.values()):
        place, others = places[number], np.delete(places, number, axis=0)
        row["neighbour_distance"] = _nearest(scene, place, others, found, (1.0, 1.0))
        if size is not None and "neighbour_distance_um" in row:
            row["neighbour_distance_um"] = _nearest(scene, place, others, found, size)


def _nearest(
    scene: _Scene,
    place: NDArray[np.float64],
    others: NDArray[np.float64],
    found: Iterable[int],
    steps: tuple[float, float],
) -> float | None:
    """Distance from a place to the nearest of some others and of all rows but some; None without any."""
    near = np.sqrt((((others - place) * np.asarray(steps)) ** 2).sum(axis=1)).tolist()
    y, x = place.tolist()
    far = scene.rows.nearest(y, x, found, steps)
    return min([*near, *([] if far is None else [far])], default=None)


def _reclass(scene: _Scene, ids: list[int], name: str | None) -> Entry:
    """Give objects a class; their pixels stay."""
    _need(ids, "choose objects to classify")
    name = None if name is None or not name.strip() else name.strip()
    before = {id_: scene.rows.get(id_) for id_ in ids}
    unsure = [column for column in scene.rows.base.columns if column.startswith(("class_prob", "probability_"))]
    after = {id_: row and {**row, "class": name, **dict.fromkeys(unsure)} for id_, row in before.items()}
    boxes = surround(scene.rows.box(id_) for id_ in ids)
    empty = np.zeros((0, 0), np.int32)
    corners = (Patch(boxes[0], boxes[1], empty, empty), Patch(boxes[2], boxes[3], empty, empty))
    return Entry(scene.plane, corners, before, after)


def _need(ids: list[int], remedy: str) -> None:
    if not ids:
        raise ApiError(422, "no object is chosen", remedy)


def _one_or_none(ids: list[int]) -> int | None:
    if len(ids) > 1:
        raise ApiError(422, "draws one object at a time", "give one id, or none for a new object")
    return ids[0] if ids else None


def _changed_ids(patch: Patch) -> list[int]:
    differs = patch.before != patch.after
    ids = np.unique(np.concatenate([patch.before[differs], patch.after[differs]]))
    return [id_ for id_ in ids.tolist() if id_]


def _holds(patch: Patch, id_: int) -> bool:
    return bool((patch.after == id_).any())


def _inside(scene: _Scene, points: NDArray[np.float64], margin: int) -> Box:
    """Box around points, within the plane."""
    points = np.clip(points, -1e9, 1e9)
    (top, left), (bottom, right) = np.floor(points.min(axis=0)), np.ceil(points.max(axis=0))
    box = scene.clip((int(top), int(left), int(bottom) + 1, int(right) + 1), margin)
    if box[0] >= box[2] or box[1] >= box[3]:
        raise ApiError(422, "this is outside of the image", "draw it within the image")
    return box


_ACTIONS: dict[str, Callable[[_Scene, list[int], EditRequest], list[Patch]]] = {
    "delete": _delete,
    "merge": _merge,
    "split": _split,
    "draw": _draw,
    "erase": _erase,
    "fill": _fill_holes,
    "grow": _grow,
}
