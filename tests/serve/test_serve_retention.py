"""What is removed from the work folder, and what never is; and models that are deleted."""

from __future__ import annotations

import os
import shutil
import time

import pytest

from hooke.serve.retention import folder_bytes
from hooke.serve.stored_image import FACTS

DAY = 86_400


@pytest.fixture
def keeper(open_server):
    """A server whose images are kept for ten days."""
    return open_server(keep_days=10, max_folder="0")


def aged(server, id_: str, days: float) -> None:
    """Make an image look as if it was used last some days ago."""
    image = server.app.state.workplace.images.peek(id_)
    then = time.time() - days * DAY
    os.utime(image.folder / FACTS, (then, then))
    image._used = 0.0


def clean(server) -> list[str]:
    """Clean as after the pages were closed."""
    place = server.app.state.workplace
    place.images._listed = 0.0
    (place.images.folder / "listed").unlink(missing_ok=True)
    return place.retention.clean()


def there(server) -> list[str]:
    return [image["id"] for image in server.client.get("/api/images").json()["images"]]


@pytest.mark.slow
def test_images_that_nobody_used_are_removed_after_the_days_that_are_stated(keeper, picture):
    assert keeper.client.get("/api/info").json()["limits"]["keep_days"] == 10
    old, new = keeper.segmented(picture)["id"], keeper.segmented(picture)["id"]
    aged(keeper, old, 11)
    aged(keeper, new, 9)
    assert clean(keeper) == [old]
    assert there(keeper) == [new]
    assert not (keeper.folder / "images" / old).exists()
    assert keeper.client.get(f"/api/images/{old}").status_code == 404


def test_nothing_is_removed_while_a_page_lists_the_images_also_after_a_restart(keeper, open_server, picture):
    id_ = keeper.upload(picture)["id"]
    assert there(keeper) == [id_]
    aged(keeper, id_, 11)
    assert keeper.app.state.workplace.retention.clean() == []
    keeper.client.__exit__(None, None, None)
    again = open_server(keep_days=10, max_folder="0")
    assert again.app.state.workplace.retention.clean() == []
    assert there(again) == [id_]


@pytest.mark.slow
def test_what_is_corrected_or_edited_and_not_downloaded_is_never_removed(keeper, picture):
    edited, corrected = keeper.segmented(picture)["id"], keeper.segmented(picture)["id"]
    assert keeper.edit(edited, "delete", ids=[1]).status_code == 200
    keeper.client.post(f"/api/images/{corrected}/corrected", json={"corrected": True})
    for id_ in (edited, corrected):
        assert keeper.client.get(f"/api/images/{id_}/download/table.csv").status_code == 200  # holds no outlines
        aged(keeper, id_, 1000)
    assert clean(keeper) == []
    for id_ in (edited, corrected):
        assert keeper.client.get(f"/api/images/{id_}/download/labels.tif").status_code == 200
        aged(keeper, id_, 1000)
    assert clean(keeper) == [edited]
    assert there(keeper) == [corrected]


@pytest.mark.slow
def test_an_edit_after_the_download_is_kept_again(keeper, picture):
    id_ = keeper.segmented(picture)["id"]
    keeper.edit(id_, "delete", ids=[1])
    keeper.client.get("/api/download.zip", params={"images": id_, "files": "labels.tif"})
    keeper.edit(id_, "delete", ids=[2])
    aged(keeper, id_, 1000)
    assert clean(keeper) == []


@pytest.mark.slow
def test_a_folder_that_is_too_large_loses_what_was_used_least_lately(open_server, picture):
    server = open_server(keep_days=0)
    ids = [server.segmented(picture)["id"] for _ in range(3)]
    for id_, days in zip(ids, (2, 3, 0), strict=True):
        aged(server, id_, days)
    retention = server.app.state.workplace.retention
    one = folder_bytes(server.folder / "images" / ids[0])
    retention.most_bytes = round(2.5 * one)
    assert clean(server) == [ids[1]]
    retention.most_bytes = 1
    assert clean(server) == [ids[0]]  # the third one was used within the hour
    assert there(server) == [ids[2]]


def test_images_that_a_job_needs_stay(keeper, picture, monkeypatch):
    id_ = keeper.upload(picture)["id"]
    aged(keeper, id_, 1000)
    monkeypatch.setattr(keeper.app.state.workplace.queue, "images_in_use", lambda: {id_})
    assert clean(keeper) == []


def test_jobs_of_long_ago_are_forgotten(keeper, picture):
    image = keeper.segmented(picture)
    (job,) = keeper.app.state.workplace.queue.all()
    job.info = job.info.model_copy(update={"created": time.time() - 11 * DAY})
    clean(keeper)
    assert keeper.client.get(f"/api/jobs/{job.id}").status_code == 404
    assert there(keeper) == [image["id"]]


def learnt(server, name: str):
    """Put a model among those that were learnt."""
    from hooke.models.registry import known_models

    path = server.folder / "models" / name
    shutil.copytree(known_models()["nuclei"], path)
    return path


def test_models_that_were_learnt_here_can_be_deleted_and_no_others(server):
    path = learnt(server, "mine")
    (path.parent / "mine-report.html").write_text("what adapting says", encoding="utf-8")
    names = {model["name"] for model in server.client.get("/api/models").json()["models"]}
    assert "mine" in names
    answer = server.client.delete("/api/models/mine")
    assert answer.status_code == 200
    assert {model["name"] for model in answer.json()["models"]} == names - {"mine"}
    assert list(path.parent.iterdir()) == []
    for name, status in (("mine", 404), ("nuclei", 403), ("auto", 403), ("..", 404), ("%2e%2e%2fimages", 404)):
        assert server.client.delete(f"/api/models/{name}").status_code == status, name


@pytest.mark.slow
def test_a_model_that_a_job_or_another_model_needs_stays(server, picture, monkeypatch):
    from hooke.models import load_model
    from hooke.models.tuned import TunedSettings, write_tuned

    path = learnt(server, "mine")
    parent = load_model(str(path))
    write_tuned(server.folder / "models" / "child", parent, TunedSettings(parent.bundle.settings), {}, known={})
    answer = server.client.delete("/api/models/mine")
    assert answer.status_code == 409
    assert "child" in answer.json()["error"]
    monkeypatch.setattr(server.app.state.workplace.queue, "models_in_use", lambda: {"child"})
    assert server.client.delete("/api/models/child").status_code == 409
    monkeypatch.undo()
    assert server.client.delete("/api/models/child").status_code == 200
    assert server.client.delete("/api/models/mine").status_code == 200
