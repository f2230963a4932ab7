"""Edits by hand on the server: each against the label image and a full measurement, undo, redo, two windows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hooke.measure import measure
from hooke.serve.object_rows import ObjectRows


def nearest_pair(table):
    """Two objects that are next to each other."""
    places = np.stack([table["y"], table["x"]], axis=1)
    away = np.linalg.norm(places[:, None] - places[None], axis=2) + 1e9 * np.eye(len(places))
    first, second = np.unravel_index(np.argmin(away), away.shape)
    return table["label"][first], table["label"][second]


def check_table(server, id_, pixels):
    """The table is what measuring the label image gives."""
    labels, table = server.labels(id_), server.table(id_)
    expected = measure(labels, pixels)
    assert table["label"] == expected["label"].tolist()
    for name in ("area", "bbox_top", "bbox_right", "at_border"):
        assert table[name] == expected[name].tolist(), name
    for name in ("y", "x", "solidity", "intensity_mean", "perimeter", "orientation"):
        source = {"y": "centroid_y", "x": "centroid_x"}.get(name, name)
        assert np.allclose(table[name], expected[source], rtol=1e-5, atol=1e-9), name
    assert server.get(id_)["count"] == len(expected)


def test_delete(server, image, scene):
    answer = server.edit(image["id"], "delete", ids=[3, 5]).json()
    assert answer["removed"] == [3, 5]
    assert answer["count"] == image["count"] - 2
    labels = server.labels(image["id"])
    assert not np.isin(labels, [3, 5]).any()
    check_table(server, image["id"], scene.image)


def test_merge(server, image, scene):
    first, second = nearest_pair(server.table(image["id"]))
    before = server.labels(image["id"])
    answer = server.edit(image["id"], "merge", ids=[first, second]).json()
    assert answer["removed"] == [second]
    assert np.array_equal(server.labels(image["id"]), np.where(before == second, first, before))
    assert answer["rows"]["label"] == [first]
    assert answer["rows"]["score"] == [None]
    check_table(server, image["id"], scene.image)


def test_split_by_a_line_gives_new_numbers(server, image, scene):
    table = server.table(image["id"])
    place = int(np.argmax(table["area"]))
    label, y, x = table["label"][place], table["y"][place], table["x"][place]
    answer = server.edit(image["id"], "split", ids=[label], points=[[y - 60, x], [y + 60, x]]).json()
    assert answer["rows"]["label"] == [label, image["count"] + 1]
    assert sum(answer["rows"]["area"]) == table["area"][place]
    check_table(server, image["id"], scene.image)


def test_draw_takes_what_is_free_or_all(server, image, scene):
    before = server.labels(image["id"])
    points = [[20.0, 20.0], [20.0, 80.0], [90.0, 80.0], [90.0, 20.0]]
    answer = server.edit(image["id"], "draw", points=points).json()
    new = image["count"] + 1
    after = server.labels(image["id"])
    inside = np.zeros(before.shape, bool)
    inside[20:91, 20:81] = True  # the corner pixels' centres are on the outline
    assert set(answer["rows"]["label"]) == {new}
    assert np.array_equal(after[before > 0], before[before > 0])
    assert ((after == new) == (inside & (before == 0)))[21:90, 21:80].all()
    check_table(server, image["id"], scene.image)
    answer = server.edit(image["id"], "draw", points=points, over=True).json()
    assert new + 1 in answer["rows"]["label"]
    assert (server.labels(image["id"])[21:90, 21:80] == new + 1).all()
    check_table(server, image["id"], scene.image)


def test_numbers_of_deleted_objects_are_not_given_again(server, image):
    last = image["count"]
    assert server.edit(image["id"], "delete", ids=[last]).status_code == 200
    answer = server.edit(image["id"], "draw", points=[[5, 5], [5, 25], [25, 25], [25, 5]], over=True).json()
    assert last + 1 in answer["rows"]["label"]


def test_brush_paints_and_erases_disks(server, image, scene):
    before = server.labels(image["id"])
    answer = server.edit(image["id"], "draw", points=[[100, 100]], radius=6, over=True).json()
    new = image["count"] + 1
    rows, columns = np.mgrid[: before.shape[0], : before.shape[1]]
    disk = np.hypot(rows - 100, columns - 100) <= 6
    assert np.array_equal(server.labels(image["id"]) == new, disk)
    server.edit(image["id"], "draw", ids=[new], points=[[100, 110], [100, 130]], radius=3, over=True)
    check_table(server, image["id"], scene.image)
    answer = server.edit(image["id"], "erase", points=[[100, 90], [100, 140]], radius=20).json()
    assert new in answer["removed"]
    away = np.hypot(rows - 100, columns - np.clip(columns, 90, 140)) <= 20
    assert not server.labels(image["id"])[away].any()
    check_table(server, image["id"], scene.image)


def test_erase_of_one_object_leaves_the_others(server, image):
    first, _ = nearest_pair(server.table(image["id"]))
    before = server.labels(image["id"])
    y, x = np.argwhere(before == first).mean(axis=0)
    assert server.edit(image["id"], "erase", ids=[first], points=[[y, x]], radius=200).json()["removed"] == [first]
    assert np.array_equal(server.labels(image["id"]), np.where(before == first, 0, before))


def test_grow_and_shrink(server, image, scene):
    area = server.table(image["id"])["area"][0]
    assert server.edit(image["id"], "grow", ids=[1], radius=2).json()["rows"]["area"][0] > area
    check_table(server, image["id"], scene.image)
    assert server.edit(image["id"], "grow", ids=[1], radius=-3).json()["rows"]["area"][0] < area
    check_table(server, image["id"], scene.image)


def test_fill_closes_a_hole(server, image, scene):
    table = server.table(image["id"])
    place = int(np.argmax(table["area"]))
    label = table["label"][place]
    middle = [table["y"][place], table["x"][place]]
    before = server.labels(image["id"])
    assert server.edit(image["id"], "erase", ids=[label], points=[middle], radius=2).status_code == 200
    answer = server.edit(image["id"], "fill", ids=[label])
    assert answer.json()["rows"]["area"] == [table["area"][place]]
    assert np.array_equal(server.labels(image["id"]), before)


def test_reclass_gives_and_takes_a_class(server, image):
    answer = server.edit(image["id"], "reclass", ids=[1, 2], **{"class": "tumour"}).json()
    assert answer["rows"]["class"] == ["tumour", "tumour"]
    assert server.table(image["id"])["class"][:3] == ["tumour", "tumour", None]
    server.edit(image["id"], "reclass", ids=[2], **{"class": None})
    assert server.table(image["id"])["class"][:3] == ["tumour", None, None]


@pytest.mark.slow
def test_far_objects_are_edited_one_by_one(server, scene):
    import imagecodecs

    wide = np.tile(scene.image, (2, 3))
    image = server.segmented(imagecodecs.png_encode(wide))
    table = server.table(image["id"])
    # From corner to corner; the window around two of these is much larger than they are.
    across = [table["label"][place] for place in np.argsort(np.add(table["y"], table["x"]))]
    ids = [across[0], across[-1]]
    before = server.labels(image["id"])
    answer = server.edit(image["id"], "delete", ids=ids).json()
    assert sorted(answer["removed"]) == sorted(ids)
    assert np.array_equal(server.labels(image["id"]), np.where(np.isin(before, ids), 0, before))
    server.edit(image["id"], "grow", ids=[across[1], across[-2]], radius=1)
    check_table(server, image["id"], wide)
    server.client.post(f"/api/images/{image['id']}/undo")
    server.client.post(f"/api/images/{image['id']}/undo")
    assert np.array_equal(server.labels(image["id"]), before)


@pytest.mark.slow
def test_undo_and_redo_all_the_way(server, image):
    states = [(server.labels(image["id"]), server.table(image["id"]))]
    steps = [
        ("delete", {"ids": [1]}),
        ("draw", {"points": [[5, 5], [5, 40], [40, 40], [40, 5]], "over": True}),
        ("reclass", {"ids": [2, 3], "class": "a"}),
        ("erase", {"points": [[0, 0], [150, 150]], "radius": 9}),
    ]
    for action, more in steps:
        assert server.edit(image["id"], action, **more).status_code == 200
        states.append((server.labels(image["id"]), server.table(image["id"])))
    revision = server.get(image["id"])["revision"]

    def agrees(place):
        labels, table = states[place]
        got = server.table(image["id"])
        return np.array_equal(server.labels(image["id"]), labels) and all(got[name] == table[name] for name in table)

    for place in range(3, -1, -1):
        answer = server.client.post(f"/api/images/{image['id']}/undo", json={}).json()
        assert answer["revision"] == (revision := revision + 1)
        assert agrees(place), place
    assert server.client.post(f"/api/images/{image['id']}/undo").json()["count"] == 0  # the segmentation
    assert server.get(image["id"])["state"] == "new"
    assert server.client.post(f"/api/images/{image['id']}/undo").status_code == 409
    for place in range(5):
        assert server.client.post(f"/api/images/{image['id']}/redo").status_code == 200
        assert agrees(place), place
    assert server.client.post(f"/api/images/{image['id']}/redo").status_code == 409


def test_an_edit_after_undo_forgets_what_was_undone(server, image):
    server.edit(image["id"], "delete", ids=[1])
    server.edit(image["id"], "delete", ids=[2])
    server.client.post(f"/api/images/{image['id']}/undo")
    server.client.post(f"/api/images/{image['id']}/undo")
    assert server.edit(image["id"], "delete", ids=[3]).json()["can_redo"] is False
    labels = server.labels(image["id"])
    assert (labels == 1).any() and (labels == 2).any() and not (labels == 3).any()


@pytest.mark.slow
def test_segmenting_again_is_undone_to_the_corrected_state(server, image):
    server.edit(image["id"], "delete", ids=[1])
    corrected = server.labels(image["id"])
    server.job("segment", [image["id"]], diameter=10)
    assert (server.labels(image["id"]) != corrected).any()
    server.client.post(f"/api/images/{image['id']}/undo")
    assert np.array_equal(server.labels(image["id"]), corrected)


@pytest.mark.slow
def test_a_revision_is_never_given_twice(open_server, picture):
    server = open_server()
    image = server.segmented(picture)
    address = f"/api/images/{image['id']}"
    given = [image["revision"]]
    for action in (
        "edit",
        "undo",
        "redo",
        "segment",
        "edit",
        "undo",
        "undo",
        "redo",
        "undo",
        "edit",
        "restart",
        "undo",
    ):
        if action == "segment":
            server.job("segment", [image["id"]], diameter=10)
        elif action == "restart":
            server.app.state.workplace.close()
            server = open_server()
            assert server.get(image["id"])["revision"] == given[-1]
            continue
        elif action == "edit":
            assert server.edit(image["id"], "delete", ids=[server.table(image["id"])["label"][0]]).status_code == 200
        else:
            assert server.client.post(f"{address}/{action}").status_code == 200, action
        given.append(server.get(image["id"])["revision"])
    assert given == list(range(given[0], given[0] + len(given)))


def test_the_nearest_centroid_is_found_among_all_after_edits():
    rng = np.random.default_rng(3)
    places = rng.uniform(0, 100, (60, 2))
    base = pd.DataFrame({"label": range(1, 61), "centroid_y": places[:, 0], "centroid_x": places[:, 1]})
    rows = ObjectRows(base)
    rows.put({7: None, 9: {"label": 9, "centroid_y": 3.0, "centroid_x": 4.0}, 99: None})
    rows.put({70: {"label": 70, "centroid_y": 50.0, "centroid_x": 50.5}, 99: None, 7: None})
    now = {label: place for label, place in enumerate(places, 1) if label != 7} | {9: (3.0, 4.0), 70: (50.0, 50.5)}
    assert len(rows) == len(now)
    for y, x in rng.uniform(0, 100, (20, 2)):
        for without, steps in (((), (1.0, 1.0)), ((70, 1, 2, 3), (0.2, 0.5))):
            away = [np.hypot((b - y) * steps[0], (a - x) * steps[1]) for n, (b, a) in now.items() if n not in without]
            assert rows.nearest(y, x, without, steps) == pytest.approx(min(away))
    assert ObjectRows(base[:1]).nearest(1, 1, [1]) is None


def test_two_windows_lose_nothing(server, image):
    assert server.edit(image["id"], "delete", ids=[1], revision=image["revision"]).status_code == 200
    labels = server.labels(image["id"])
    answer = server.edit(image["id"], "delete", ids=[2], revision=image["revision"])
    assert answer.status_code == 409
    assert "another window" in answer.json()["error"]
    undone = server.client.post(f"/api/images/{image['id']}/undo", json={"revision": image["revision"]})
    assert undone.status_code == 409
    assert np.array_equal(server.labels(image["id"]), labels)


def test_objects_can_be_drawn_before_any_segmentation(server, picture, scene):
    image = server.upload(picture)
    answer = server.edit(image["id"], "draw", points=[[10, 10], [10, 30], [30, 30], [30, 10]])
    assert answer.json()["rows"]["label"] == [1]
    assert server.get(image["id"])["state"] == "segmented"
    check_table(server, image["id"], scene.image)


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("delete", {"ids": []}),
        ("delete", {"ids": [9999]}),
        ("delete", {"ids": [0]}),
        ("delete", {"ids": [-1]}),
        ("merge", {"ids": [1]}),
        ("merge", {"ids": []}),
        ("split", {"ids": [1], "points": [[0, 0]]}),
        ("split", {"ids": [1], "points": [[500, 500], [600, 600]]}),
        ("split", {"ids": [1, 2], "points": [[0, 0], [9, 9]]}),
        ("draw", {"points": [[1, 1], [2, 2]]}),
        ("draw", {"points": [[900, 900], [950, 900], [950, 950]]}),
        ("draw", {"points": [[-1e300, 0], [1e300, 5], [3, 1e300]], "ids": [1, 2]}),
        ("draw", {"points": [], "radius": 3}),
        ("draw", {"points": [[5, 5]], "radius": -3}),
        ("erase", {"points": [[-500, -500]], "radius": 3}),
        ("fill", {"ids": [1]}),
        ("grow", {"ids": []}),
        ("reclass", {"ids": []}),
        ("paint", {"ids": [1]}),
        ("delete", {"ids": [1], "plane": 3}),
        ("delete", {"ids": [1], "more": 1}),
    ],
)
def test_an_edit_that_is_not_possible_changes_nothing(unchanged, action, more):
    server, image = unchanged
    labels = server.labels(image["id"])
    answer = server.edit(image["id"], action, **more)
    assert answer.status_code in (404, 422)
    assert answer.json()["error"] and answer.json()["remedy"]
    assert np.array_equal(server.labels(image["id"]), labels)
    assert server.get(image["id"])["revision"] == image["revision"]
