"""Jobs of the server: segmentation, events, cancelling, a full queue, a restart."""

from __future__ import annotations

import json

import numpy as np
import pytest

import hooke


def test_segmenting_gives_what_hooke_gives(server, picture, scene):
    image = server.segmented(picture)
    expected = hooke.segment(scene.image, "auto", threads=1)
    assert image["state"] == "segmented"
    assert image["count"] == expected.count > 5
    assert image["chosen"]["model"] == "nuclei"
    assert image["chosen"]["diameter"] == pytest.approx(expected.diameter, abs=0.01)
    assert np.array_equal(server.labels(image["id"]), expected.labels)
    table = server.table(image["id"])
    assert table["label"] == expected.table["label"].tolist()
    assert np.allclose(table["y"], expected.table["centroid_y"], rtol=1e-5)
    assert np.allclose(table["score"], expected.table["score"], rtol=1e-4)


def test_a_stack_has_a_table_for_each_plane(server, scene, as_tiff):
    stack = np.stack([scene.image, scene.image[::-1], np.zeros_like(scene.image)])
    image = server.segmented(as_tiff(stack, metadata={"axes": "ZYX"}), "stack.tif")
    assert image["plane_count"] == 3
    assert image["counts"][2] == 0 < image["counts"][0]
    for plane in range(3):
        labels = server.labels(image["id"], plane)
        table = server.table(image["id"], plane)
        assert table["label"] == np.unique(labels[labels > 0]).tolist()
        assert table["area"] == np.bincount(labels.ravel())[1:].tolist()


def test_events_lead_to_the_end(server, picture):
    image = server.upload(picture)
    job = server.client.post("/api/jobs", json={"kind": "segment", "images": [image["id"]]}).json()
    with server.client.stream("GET", f"/api/jobs/{job['id']}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: ")]
    assert events[-1]["state"] == "done"
    shares = [event["progress"] for event in events]
    assert shares == sorted(shares)
    assert events[-1]["result"]["images"] == [
        {"id": image["id"], "count": server.get(image["id"])["count"], "revision": 1}
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": "nonsense"}, "nonsense"),
        ({"model": "/etc"}, "no model"),
        ({"diameter": -3}, "diameter"),
        ({"channel": 7}, "channel"),
        ({"classify": "nuclei"}, "nuclei"),
    ],
)
def test_a_job_that_can_not_be_done_fails_with_the_reason(server, picture, options, said):
    image = server.upload(picture)
    job = server.job("segment", [image["id"]], **options)
    assert job["state"] == "failed"
    assert said in job["error"] + job["remedy"]
    assert str(server.folder) not in json.dumps(job)
    assert server.get(image["id"])["state"] == "new"


@pytest.mark.slow
def test_of_several_images_one_may_fail(server, picture, as_tiff):
    good = server.upload(picture)
    gone = server.upload(picture)
    (server.folder / "images" / gone["id"] / f"{gone['id']}.png").unlink()
    job = server.job("segment", [gone["id"], good["id"]])
    assert job["state"] == "done"
    assert ["error" in one for one in job["result"]["images"]] == [True, False]


def test_an_unknown_image_or_job_is_404(server):
    unknown = "0" * 16
    assert server.client.post("/api/jobs", json={"kind": "segment", "images": [unknown]}).status_code == 404
    assert server.client.get(f"/api/jobs/{unknown}").status_code == 404
    assert server.client.get(f"/api/jobs/{unknown}/events").status_code == 404
    assert server.client.delete(f"/api/jobs/{unknown}").status_code == 404


@pytest.mark.slow
def test_a_full_queue_is_busy_and_loses_no_job(open_server, picture):
    server = open_server(max_jobs=2)
    image = server.upload(picture)
    started, refused = [], 0
    for _ in range(8):
        answer = server.client.post("/api/jobs", json={"kind": "segment", "images": [image["id"]]})
        if answer.status_code == 503:
            assert answer.json()["error"] == "busy"
            assert int(answer.headers["retry-after"]) > 0
            refused += 1
        else:
            started.append(answer.json()["id"])
    assert refused and started
    assert {server.wait(id_)["state"] for id_ in started} == {"done"}


def test_a_restart_finds_images_results_and_jobs(open_server, picture):
    server = open_server()
    image = server.segmented(picture)
    assert server.edit(image["id"], "delete", ids=[2]).status_code == 200
    before, table, labels = server.get(image["id"]), server.table(image["id"]), server.labels(image["id"])
    jobs = server.client.get("/api/jobs").json()
    server.client.__exit__(None, None, None)
    again = open_server()
    assert again.get(image["id"]) == before
    assert again.table(image["id"]) == table
    assert np.array_equal(again.labels(image["id"]), labels)
    assert again.client.get("/api/jobs").json() == jobs
    assert again.client.post(f"/api/images/{image['id']}/undo").json()["count"] == before["count"] + 1


@pytest.mark.slow
def test_two_jobs_on_one_image_do_not_hurt_each_other(open_server, picture):
    server = open_server(threads=2)
    image = server.upload(picture)
    ids = [
        server.client.post(
            "/api/jobs", json={"kind": "segment", "images": [image["id"]], "options": {"diameter": 20 + turn}}
        ).json()["id"]
        for turn in range(6)
    ]
    assert {server.wait(id_)["state"] for id_ in ids} == {"done"}
    assert server.get(image["id"])["revision"] == 6
    folders = {path.name for path in (server.folder / "images" / image["id"]).glob("r*")}
    assert len(folders) == 4  # an undo can return to them
    assert server.client.post(f"/api/images/{image['id']}/undo").status_code == 200


@pytest.mark.slow
def test_segmenting_a_corrected_image_again_makes_it_uncorrected(server, picture):
    image = server.segmented(picture)
    server.client.post(f"/api/images/{image['id']}/corrected", json={"corrected": True})
    server.job("segment", [image["id"]])
    assert server.get(image["id"])["state"] == "segmented"
    assert server.client.get("/api/corrected").json()["count"] == 0


def test_remarks_on_planes_that_differ_in_their_numbers_alone_are_one():
    from types import SimpleNamespace

    from hooke.serve.segment_job import _warnings

    rows = [{"warning": text} for text in ("dropped: 6 of 26; saturated: 4%", "", "dropped: 8 of 34", "blurred")]
    image = SimpleNamespace(names={})
    assert _warnings(SimpleNamespace(rows=rows), image) == ["dropped: 6 of 26", "saturated: 4%", "blurred"]


def test_remarks_are_whole_and_name_no_option_of_a_command():
    from types import SimpleNamespace

    from hooke.pipeline.model_choice import PHASE_CONTRAST
    from hooke.serve.segment_job import _warnings

    channel = "uncertain channel: another shows objects nearly as clearly (choose one with --channel)"
    image = SimpleNamespace(names={})
    rows = [{"warning": f"{PHASE_CONTRAST}; {channel}"}]
    first, second = _warnings(SimpleNamespace(rows=rows), image)
    assert first.endswith("check them, or choose the model nuclei for nuclei")
    assert second.endswith("(choose one under Channel)")
