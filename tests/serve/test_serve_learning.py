"""Corrected images, suggestions, tuning, adapting and tracking on the server, and downloads."""

from __future__ import annotations

import io
import json
import os
import sys
import time
import zipfile

import imagecodecs
import numpy as np
import pandas as pd
import pytest
import tifffile

from hooke.corrections import open_corrected
from hooke.datasets import simulate
from hooke.io import read_labels
from hooke.io.annotations import AnnotationFiles
from hooke.measure import measure
from hooke.serve.learning_jobs import AdaptJob


def download(server, id_, what, **query):
    answer = server.client.get(f"/api/images/{id_}/download/{what}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.content


def test_downloads_hold_the_edited_objects(server, image, scene, tmp_path):
    server.edit(image["id"], "delete", ids=[3])
    server.edit(image["id"], "draw", points=[[20, 20], [20, 60], [60, 60], [60, 20]], over=True)
    server.edit(image["id"], "reclass", ids=[1], **{"class": "odd"})
    labels = server.labels(image["id"])
    for what in ("labels.tif", "objects.geojson", "rois.zip"):
        (tmp_path / what).write_bytes(download(server, image["id"], what))
    assert np.array_equal(read_labels(tmp_path / "labels.tif"), labels)
    pytest.importorskip("roifile")
    for what in ("objects.geojson", "rois.zip"):
        found = AnnotationFiles({"cells": tmp_path / what}).read("cells", labels.shape)
        assert np.array_equal(found.labels > 0, labels > 0), what
        assert len(np.unique(found.labels)) == len(np.unique(labels))
    assert "odd" in AnnotationFiles({"a": tmp_path / "objects.geojson"}).read("a", labels.shape).classes.values()


def test_the_table_that_is_downloaded_is_measured_again(server, image, scene):
    server.edit(image["id"], "delete", ids=[3])
    server.client.patch(f"/api/images/{image['id']}", json={"condition": "=1+1"})
    table = pd.read_csv(io.BytesIO(download(server, image["id"], "table.csv")))
    expected = measure(server.labels(image["id"]), scene.image)
    assert table["label"].tolist() == expected["label"].tolist()
    for name in ("area", "neighbours", "neighbour_distance", "background", "feret_max"):
        assert np.allclose(table[name], expected[name], rtol=1e-6, equal_nan=True), name
    assert set(table["image"]) == {"cells.png"}
    assert set(table["condition"]) == {"'=1+1"}  # no spreadsheet runs it
    assert server.get(image["id"])["condition"] == "=1+1"


def test_a_picture_shows_the_objects(server, image, scene):
    plain = imagecodecs.png_decode(download(server, image["id"], "overlay.png"))
    assert plain.shape == (*scene.image.shape, 3)
    assert (plain.max(axis=2) != plain.min(axis=2)).any()
    server.edit(image["id"], "reclass", ids=[1, 2], **{"class": "odd"})
    with_legend = imagecodecs.png_decode(download(server, image["id"], "overlay.png"))
    assert with_legend.shape[0] > plain.shape[0]


def test_a_zip_has_a_folder_for_each_image(server, image, picture):
    server.segmented(picture, "cells.png")
    server.upload(picture, "not segmented.png")
    answer = server.client.get("/api/download.zip", params={"files": "labels.tif,table.csv,tracks.csv"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = set(archive.namelist())
        assert names == {f"{name}/{what}" for name in ("cells", "cells_2") for what in ("labels.tif", "table.csv")} | {
            "missing.txt"
        }
        assert b"track it first" in archive.read("missing.txt")
    assert list((server.folder / "scratch").iterdir()) == []


@pytest.mark.parametrize(("what", "status"), [("labels.png", 404), ("..%2Fimage.json", 404), ("tracks.csv", 409)])
def test_a_download_that_is_not_there(server, image, what, status):
    assert server.client.get(f"/api/images/{image['id']}/download/{what}").status_code == status


def test_nothing_is_downloaded_of_an_image_without_objects(server, picture):
    image = server.upload(picture)
    assert server.client.get(f"/api/images/{image['id']}/download/labels.tif").status_code == 409
    assert server.client.get("/api/download.zip").status_code == 409


def test_corrected_images_gather_in_a_data_set(server, image, picture, scene):
    other = server.segmented(np_png(scene.image[::-1]), "../b c.png")
    server.edit(image["id"], "reclass", ids=[2], **{"class": "odd"})
    for one in (image, other):
        answer = server.client.post(f"/api/images/{one['id']}/corrected", json={"corrected": True})
    assert answer.json()["count"] == 2
    assert server.get(image["id"])["state"] == "corrected"
    server.edit(image["id"], "delete", ids=[1])  # later edits count, too
    assert server.client.get("/api/corrected").json()["images"] == [image["id"], other["id"]]
    found = open_corrected(server.folder / "corrected")
    assert len(found) == 2
    by_name = {one.name[:3]: one for one in found}
    assert np.array_equal(by_name["cel"].labels > 0, server.labels(image["id"]) > 0)
    assert list(by_name["cel"].classes.values()) == ["odd"]
    assert np.array_equal(by_name["cel"].image.pixels, scene.image)
    assert by_name["b_c"].count == other["count"]
    server.client.post(f"/api/images/{other['id']}/corrected", json={"corrected": False})
    assert server.get(other["id"])["state"] == "segmented"
    assert open_corrected(server.folder / "corrected").names == [by_name["cel"].name]


def np_png(pixels):
    return imagecodecs.png_encode(np.ascontiguousarray(pixels))


def test_a_region_can_be_corrected(server, image, scene):
    region = [20, 30, 100, 150]
    server.client.post(f"/api/images/{image['id']}/corrected", json={"corrected": True, "region": region})
    (found,) = open_corrected(server.folder / "corrected")
    assert np.array_equal(found.image.pixels, scene.image[20:100, 30:150])
    assert np.array_equal(found.labels > 0, server.labels(image["id"])[20:100, 30:150] > 0)
    answer = server.client.post(
        f"/api/images/{image['id']}/corrected", json={"corrected": True, "region": [0, 0, 9999, 10]}
    )
    assert answer.status_code == 422


def test_an_image_without_objects_is_not_corrected(server, picture):
    image = server.upload(picture)
    answer = server.client.post(f"/api/images/{image['id']}/corrected", json={"corrected": True})
    assert answer.status_code == 409


@pytest.mark.slow
def test_images_are_suggested_that_are_not_corrected(server, scene, image):
    others = [server.segmented(np_png(np.roll(scene.image, 40 * turn, 0)), f"{turn}.png") for turn in (1, 2)]
    server.client.post(f"/api/images/{image['id']}/corrected", json={"corrected": True})
    job = server.job("suggest", [], count=2)
    assert job["state"] == "done", job
    suggested = job["result"]["suggested"]
    assert {one["id"] for one in suggested} == {one["id"] for one in others}
    assert all(one["why"] and 0 <= one["teaches"] <= 1 for one in suggested)
    assert str(server.folder) not in json.dumps(job)


def test_nothing_is_suggested_where_nothing_is_segmented(server, picture):
    server.upload(picture)
    job = server.job("suggest", [])
    assert (job["state"], job["error"]) == ("failed", "no image is left to suggest")


@pytest.mark.slow
def test_tuning_makes_a_model_that_can_be_chosen(server):
    """Outlines two pixels further out than the model's, on each of several images."""
    ids = []
    for seed in range(3):
        scene = simulate((160, 160), seed=seed + 20)
        image = server.segmented(np_png(scene.image), f"{seed}.png")
        ids.append(image["id"])
        labels = list(range(1, image["count"] + 1))
        assert server.edit(image["id"], "grow", ids=labels, radius=2).status_code == 200
        server.client.post(f"/api/images/{image['id']}/corrected", json={"corrected": True})
    job = server.job("tune", [], name="further-out")
    assert job["state"] == "done", job
    result = job["result"]
    assert result["model"] == "further-out"
    assert result["after"] > result["before"]
    models = {model["name"]: model["kind"] for model in server.client.get("/api/info").json()["models"]}
    assert models["further-out"] == "tuned"
    before = sum(server.table(ids[0])["area"])
    assert server.job("segment", ids[:1], model="further-out")["state"] == "done"
    assert server.get(ids[0])["chosen"]["model"] == "further-out"
    assert sum(server.table(ids[0])["area"]) == pytest.approx(before, rel=0.05)
    assert server.job("tune", [], name="further-out")["state"] == "failed"  # the name is taken
    assert server.job("tune", [], name="nuclei")["state"] == "failed"


@pytest.mark.parametrize("kind", ["tune", "adapt"])
def test_nothing_is_learnt_without_corrected_images(server, image, kind):
    job = server.job(kind, [])
    assert (job["state"], job["error"]) == ("failed", "no image is marked as corrected")


def with_command(server, monkeypatch, script):
    """Let a script stand for the command that adapts; it is given the arguments of `hooke`."""
    job = server.app.state.workplace.queue._works["adapt"]
    assert isinstance(job, AdaptJob)
    stand_in = AdaptJob(job.corrected, job.bundles, job.scratch, (sys.executable, "-u", "-c", script))
    monkeypatch.setitem(server.app.state.workplace.queue._works, "adapt", stand_in)


def test_what_adapting_says_is_handed_on(server, image, monkeypatch):
    server.client.post(f"/api/images/{image['id']}/corrected", json={"corrected": True})
    with_command(server, monkeypatch, "print('hooke: /srv/x/y.png: it fails; do something'); raise SystemExit(2)")
    job = server.job("adapt", [])
    assert (job["state"], job["error"], job["remedy"]) == ("failed", "y.png: it fails", "do something")


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process, and asks none to stop")
def test_adapting_stopped_early_keeps_what_it_has(server, image, monkeypatch):
    server.client.post(f"/api/images/{image['id']}/corrected", json={"corrected": True})
    script = """
import pathlib, signal, sys, time
def stop(*_):
    out = pathlib.Path(sys.argv[4]); out.mkdir(parents=True)
    (out / "rdf.yaml").write_text("name: x")
    sys.exit(130)
signal.signal(signal.SIGINT, stop)
print("step 3 of 4; loss 1")
time.sleep(60)
"""
    with_command(server, monkeypatch, script)
    started = server.client.post("/api/jobs", json={"kind": "adapt", "images": [], "options": {"name": "half"}}).json()
    end = time.monotonic() + 20
    while "step" not in (job := server.client.get(f"/api/jobs/{started['id']}").json())["message"]:
        assert time.monotonic() < end, job
        time.sleep(0.05)
    assert job["progress"] == pytest.approx(0.05 + 0.85 * 3 / 4)
    server.client.delete(f"/api/jobs/{started['id']}")
    job = server.wait(started["id"])
    assert (job["state"], job["result"]["model"]) == ("cancelled", "half")


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process, and asks none to stop")
def test_a_stop_of_the_server_ends_adapting_at_once_and_it_is_done_after_the_restart(open_server, picture, monkeypatch):
    server = open_server()
    image = server.segmented(picture)
    server.client.post(f"/api/images/{image['id']}/corrected", json={"corrected": True})
    script = "import os, signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print(os.getpid()); time.sleep(60)"
    with_command(server, monkeypatch, script)
    started = server.client.post("/api/jobs", json={"kind": "adapt"}).json()
    end = time.monotonic() + 20
    while not (said := server.client.get(f"/api/jobs/{started['id']}").json()["message"]).isdecimal():
        assert time.monotonic() < end
        time.sleep(0.05)
    begun = time.monotonic()
    server.client.__exit__(None, None, None)
    assert time.monotonic() - begun < 20
    with pytest.raises(ProcessLookupError):
        os.kill(int(said), 0)
    kept = json.loads((server.folder / "jobs" / f"{started['id']}.json").read_text())
    assert kept["state"] == "waiting"


@pytest.mark.slow
def test_adapting_makes_a_model_that_can_be_chosen(server):
    pytest.importorskip("torch")
    for seed in range(2):
        scene = simulate((160, 160), seed=seed + 30)
        image = server.segmented(np_png(scene.image), f"{seed}.png")
        server.edit(image["id"], "grow", ids=list(range(1, image["count"] + 1)), radius=2)
        server.client.post(f"/api/images/{image['id']}/corrected", json={"corrected": True})
    started = server.client.post("/api/jobs", json={"kind": "adapt", "options": {"steps": 2}}).json()
    job = server.wait(started["id"], seconds=300)
    assert job["state"] == "done", job
    assert job["result"]["model"] == "adapted-1"
    assert job["result"]["before"] is not None
    assert str(server.folder) not in json.dumps(job)
    assert server.job("segment", [image["id"]], model="adapted-1")["state"] == "done"


@pytest.mark.slow
def test_objects_are_tracked_in_a_stack_and_in_single_images(server, scene, as_tiff):
    pytest.importorskip("laptrack")
    frames = [np.roll(scene.image, 2 * turn, 1) for turn in range(3)]
    stack = server.segmented(as_tiff(np.stack(frames), ome=True, metadata={"axes": "TYX"}), "t.ome.tif")
    singles = [server.segmented(np_png(frame), f"{turn}.png")["id"] for turn, frame in enumerate(frames)]
    for ids in ([stack["id"]], singles):
        job = server.job("track", ids)
        assert job["state"] == "done", job
        assert job["result"]["frames"] == 3
        table = server.table(ids[0])
        assert len(set(table["track"])) == len(table["track"])
        later = server.table(ids[-1], plane=2 if len(ids) == 1 else 0)
        assert len(set(later["track"]) & set(table["track"])) > 0.7 * len(table["track"])
        written = pd.read_csv(io.BytesIO(download(server, ids[0], "tracks.csv")))
        assert written["track"].nunique() == job["result"]["tracks"]
        known = server.client.get(f"/api/images/{ids[-1]}/lineage").json()
        assert [frame["image"] for frame in known["frames"]] == (ids * 3 if len(ids) == 1 else ids)
        assert sorted(known["tracks"]["track"]) == sorted(written["track"].unique())
        there = server.client.get(f"/api/images/{ids[-1]}/tracks", params={"first": 1, "last": 2}).json()["columns"]
        expected = written[written["frame"] >= 1].sort_values(["frame", "track"])
        assert there["track"] == expected["track"].tolist()
        assert np.allclose(there["y"], expected["centroid_y"], atol=1e-3)
    assert "track" in pd.read_csv(io.BytesIO(download(server, stack["id"], "table.csv"))).columns
    with tifffile.TiffFile(io.BytesIO(download(server, stack["id"], "labels.tif"))) as file:
        assert file.series[0].axes == "TYX"


@pytest.mark.slow
def test_tracks_leave_out_what_was_deleted_and_end_with_the_first_image(server, scene):
    pytest.importorskip("laptrack")
    ids = [server.segmented(np_png(np.roll(scene.image, 2 * turn, 1)), f"{turn}.png")["id"] for turn in range(3)]
    assert server.client.get(f"/api/images/{ids[0]}/lineage").status_code == 404
    server.job("track", ids)
    address = f"/api/images/{ids[2]}/tracks"
    before = server.client.get(address, params={"first": 2, "last": 2}).json()["columns"]
    server.edit(ids[2], "delete", ids=[before["label"][0]])
    after = server.client.get(address, params={"first": 2, "last": 2}).json()["columns"]
    assert after["label"] == before["label"][1:]
    assert server.client.get(address, params={"first": 0, "last": 200}).status_code == 422
    server.client.delete(f"/api/images/{ids[1]}")
    assert server.client.get(address, params={"first": 1, "last": 1}).json()["columns"]["track"] == []
    server.job("segment", [ids[0]])  # its objects have other numbers now
    assert server.client.get(address).status_code == 404


def test_images_that_are_no_sequence_are_not_tracked(server, image, picture):
    other = server.upload(picture)
    assert server.job("track", [image["id"], other["id"]])["error"] == "not every image is segmented"
    assert server.job("track", [])["state"] == "failed"


@pytest.mark.slow
def test_a_script_sends_an_image_and_gets_what_was_found(server, picture):
    answer = server.client.post("/api/segment", files={"file": ("a.png", picture)}, data={"diameter": "20"})
    found = answer.json()
    assert found["count"] == len(found["table"]["label"]) == len(found["geojson"]["features"]) > 5
    assert found["chosen"]["diameter"] == 20
    assert server.client.get("/api/images").json()["images"] == []
    assert server.client.get("/api/jobs").json()["jobs"] == []
    assert list((server.folder / "images").iterdir()) == []
    for name, content, data in (
        ("a.png", b"x", {}),
        ("a.png", picture, {"model": "../x"}),
        ("a", picture, {"diameter": "x"}),
    ):
        answer = server.client.post("/api/segment", files={"file": (name, content)}, data=data)
        assert answer.status_code == 422
        assert answer.json()["remedy"]
    assert list((server.folder / "images").iterdir()) == []
