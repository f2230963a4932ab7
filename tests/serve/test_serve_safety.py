"""The server refuses what it must: wrong tokens, other hosts and origins, too much at once; and survives the rest."""

from __future__ import annotations

import json
import shutil
import threading
import time

import pytest

from hooke.errors import ConfigError, OutputError
from hooke.serve import ServeOptions, request_checks
from hooke.serve import job_queue as job_queue_module
from hooke.serve.answers import api_error, without_paths
from tests.serve.conftest import ADDRESS

TOKEN = "a-token-of-some-length"


@pytest.fixture
def guarded(open_server):
    return open_server(token=TOKEN)


def test_without_the_token_nothing_is_given(guarded):
    for method, address in (
        ("GET", "/api/info"),
        ("GET", "/api/images"),
        ("POST", "/api/jobs"),
        ("GET", "/page/app.css"),
        ("GET", "/api/openapi.json"),
    ):
        answer = guarded.client.request(method, address)
        assert answer.status_code == 401, address
        assert set(answer.json()) == {"error", "remedy"}
    page = guarded.client.get("/")
    assert page.status_code == 401
    assert "token" in page.text


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Hooke-Token": TOKEN},
        {"Authorization": f"Bearer {TOKEN}"},
        {"Cookie": f"other=1; hooke_token={TOKEN}"},
    ],
)
def test_the_token_opens_by_header_and_cookie(guarded, headers):
    assert guarded.client.get("/api/info", headers=headers).json()["tokens"] is True


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Hooke-Token": TOKEN + "x"},
        {"X-Hooke-Token": ""},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer"},
        {"Cookie": "hooke_token="},
        {"Cookie": 'hooke_token="\\'},
        {"X-Hooke-Token": "ä".encode("latin-1")},
    ],
)
def test_a_wrong_token_is_refused(guarded, headers):
    assert guarded.client.get("/api/info", headers=headers).status_code == 401


def test_the_address_that_is_printed_sets_a_cookie(guarded):
    answer = guarded.client.get(f"/?token={TOKEN}", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"].casefold()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert guarded.client.get("/").status_code == 200
    assert guarded.client.get(f"/api/info?token={TOKEN}x", headers={"Cookie": ""}).status_code == 401


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8642", "127.0.0.1.evil.example", "192.168.0.9", "", "a b"]
)
def test_another_host_is_refused(server, host):
    answer = server.client.get("/api/info", headers={"Host": host})
    assert answer.status_code == 403


@pytest.mark.parametrize("host", ["localhost:8642", "127.0.0.1", "[::1]:8642", "LOCALHOST"])
def test_the_own_names_are_taken(server, host):
    assert server.client.get("/api/info", headers={"Host": host}).status_code == 200


def test_further_names_are_taken_where_they_are_given(open_server):
    server = open_server(allow_hosts=["lab.example"])
    assert server.client.get("/api/info", headers={"Host": "lab.example"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_origin_is_refused(server, picture, headers):
    answer = server.client.post("/api/images", files=[("files", ("a.png", picture))], headers=headers)
    assert answer.status_code == 403
    assert server.client.get("/api/images", headers=headers).status_code == 403
    assert server.client.get("/api/images").json()["images"] == []


def test_the_own_origin_is_taken(server):
    assert (
        server.client.get("/api/info", headers={"Origin": ADDRESS, "Sec-Fetch-Site": "same-origin"}).status_code == 200
    )


def test_answers_carry_headers_that_keep_pages_safe(server):
    for address in ("/", "/api/info", "/nothing"):
        headers = server.client.get(address).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "access-control-allow-origin" not in headers


def test_a_stream_longer_than_an_upload_may_be_is_cut_off(open_server):
    server = open_server(max_upload=1000)

    def body():
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
        for _ in range(40):
            yield b"y" * (1 << 16)
        yield b"\r\n--x--\r\n"

    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = server.client.post("/api/images", content=body(), headers=kind)
    assert answer.status_code == 413
    assert set(answer.json()) == {"error", "remedy"}


def test_a_large_request_without_files_is_refused(server):
    answer = server.client.post("/api/jobs", content=b" " * ((16 << 20) + 1))
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("method", "address", "more"),
    [
        ("GET", "/api/nothing", {}),
        ("PUT", "/api/images", {}),
        ("GET", "/api/images/../../etc/passwd", {}),
        ("GET", "/api/images/%2e%2e%2f%2e%2e", {}),
        ("GET", "/page/..%2f..%2fweb_app.py", {}),
        ("GET", "/page/%2e%2e/web_app.py", {}),
        ("POST", "/api/jobs", {"json": {"kind": "dance", "images": []}}),
        ("POST", "/api/jobs", {"content": b"{"}),
        ("POST", "/api/jobs", {"content": b"\xff\xfe"}),
        ("POST", "/api/images", {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}),
        ("POST", "/api/images", {"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=y"}}),
        ("POST", "/api/images", {}),
        ("GET", "/api/download.zip?images=../..", {}),
        ("GET", "/api/download.zip?files=../../x", {}),
    ],
)
def test_what_is_no_request_is_refused_in_words(unchanged, method, address, more):
    answer = unchanged[0].client.request(method, address, **more)
    assert 400 <= answer.status_code < 500
    assert "RequestChecks" not in answer.text
    if address.startswith("/api"):
        assert set(answer.json()) == {"error", "remedy"}


def test_files_deleted_meanwhile_are_said_to_be_gone(server, picture):
    image = server.segmented(picture)
    other = server.upload(picture)
    shutil.rmtree(server.folder / "images" / image["id"])
    for address in ("", "/table", "/tiles/0/0/0.png", "/labels/0/0/0.png", "/download/labels.tif"):
        answer = server.client.get(f"/api/images/{image['id']}{address}")
        assert answer.status_code == 404, address
    answer = server.client.post(
        f"/api/images/{image['id']}/edits", json={"action": "delete", "ids": [1], "revision": image["revision"]}
    )
    assert answer.status_code == 404
    assert [one["id"] for one in server.client.get("/api/images").json()["images"]] == [other["id"]]
    assert not (server.folder / "images" / image["id"]).exists()


def test_a_work_folder_deleted_meanwhile_is_made_again(server, picture):
    image = server.upload(picture)
    shutil.rmtree(server.folder)
    assert server.client.get("/api/images").json()["images"] == []
    assert server.client.post("/api/jobs", json={"kind": "segment", "images": [image["id"]]}).status_code == 404
    again = server.segmented(picture)
    assert again["count"] > 0


def test_parts_of_a_result_deleted_meanwhile_are_an_error_in_words(server, picture):
    image = server.segmented(picture)
    folder = server.folder / "images" / image["id"]
    (folder / f"{image['id']}.png").write_bytes(picture[:300])
    answer = server.client.get(f"/api/images/{image['id']}/tiles/0/0/0.png")
    assert answer.status_code in (200, 422)  # it may be in memory still
    server.app.state.workplace.pixels.forget(image["id"])
    answer = server.client.get(f"/api/images/{image['id']}/tiles/0/0/0.png")
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("cells.png: ")
    server.app.state.workplace.images.get(image["id"]).unload()
    (folder / "r1" / "run" / "measurements.csv").unlink()
    answer = server.client.get(f"/api/images/{image['id']}/table")
    assert answer.status_code == 404
    assert answer.json()["remedy"]
    (folder / "r1" / "labels.raw").write_bytes(b"cut short")
    assert server.client.get(f"/api/images/{image['id']}/labels/0/0/0.png").status_code == 404


def test_a_job_whose_image_is_deleted_meanwhile_fails_with_the_reason(server, picture, monkeypatch):
    image = server.upload(picture)
    found = server.app.state.workplace.images.get(image["id"]).new_result
    monkeypatch.setattr(
        "hooke.serve.stored_image.StoredImage.new_result", lambda stored: (found(), shutil.rmtree(stored.folder))[0]
    )
    job = server.job("segment", [image["id"]])
    assert job["state"] == "failed"
    assert job["remedy"] == "upload it again"


def test_a_full_disk_is_said_and_loses_nothing(server, picture, monkeypatch):
    image = server.segmented(picture)
    labels = server.labels(image["id"])
    full = OSError(28, "No space left on device")

    def refuse(*args, **more):
        raise full

    with monkeypatch.context() as patch:
        patch.setattr("hooke.serve.label_file._write_all", refuse)
        answer = server.edit(image["id"], "delete", ids=[1])
        assert answer.status_code == 507
        assert "full" in answer.json()["error"]
    assert (server.labels(image["id"]) == labels).all()
    assert server.get(image["id"])["revision"] == image["revision"]
    with monkeypatch.context() as patch:
        patch.setattr("shutil.copyfileobj", refuse)
        assert server.client.post("/api/images", files=[("files", ("a.png", picture))]).status_code == 507
        patch.setattr(request_checks, "free_bytes", lambda folder: 1000)
        answer = server.client.post("/api/images", files=[("files", ("a.png", picture))])
        assert answer.status_code == 507
    assert len(server.client.get("/api/images").json()["images"]) == 1
    assert server.edit(image["id"], "delete", ids=[1]).status_code == 200


def test_too_many_uploads_at_once_are_busy(server, picture, monkeypatch):
    checks = server.app.middleware_stack
    while not isinstance(checks, request_checks.RequestChecks):
        checks = checks.app
    for _ in range(request_checks._UPLOADS):
        checks._uploads.acquire()
    answer = server.client.post("/api/images", files=[("files", ("a.png", picture))])
    assert (answer.status_code, answer.json()["error"]) == (503, "busy")
    checks._uploads.release()
    assert server.client.post("/api/images", files=[("files", ("a.png", picture))]).status_code == 200


def slow_job(monkeypatch, server):
    """Make segmenting take until it is cancelled."""

    def work(job):
        while True:
            job.report(0.1, "working")
            time.sleep(0.01)

    monkeypatch.setitem(server.app.state.workplace.queue._works, "segment", work)


def test_a_job_is_cancelled_when_its_page_is_gone(open_server, picture, monkeypatch):
    monkeypatch.setattr(job_queue_module, "_GRACE", 0.2)
    monkeypatch.setattr(job_queue_module, "_LOOK", 0.01)
    server = open_server()
    slow_job(monkeypatch, server)
    image = server.upload(picture)
    queue = server.app.state.workplace.queue
    followed, alone = (
        queue.get(server.client.post("/api/jobs", json={"kind": "segment", "images": [image["id"]]}).json()["id"])
        for _ in range(2)
    )
    queue.follow(followed)
    queue.leave(followed)
    assert server.wait(followed.id)["state"] == "cancelled"
    time.sleep(0.3)
    assert server.client.get(f"/api/jobs/{alone.id}").json()["state"] == "running"  # nobody ever followed it
    assert server.client.delete(f"/api/jobs/{alone.id}").status_code == 200
    assert server.wait(alone.id)["state"] == "cancelled"


def test_a_page_that_is_loaded_again_keeps_its_job(open_server, picture, monkeypatch):
    monkeypatch.setattr(job_queue_module, "_LOOK", 0.01)
    server = open_server()
    slow_job(monkeypatch, server)
    image = server.upload(picture)
    queue = server.app.state.workplace.queue
    job = queue.get(server.client.post("/api/jobs", json={"kind": "segment", "images": [image["id"]]}).json()["id"])
    queue.follow(job)
    queue.leave(job)
    time.sleep(0.1)
    queue.follow(job)
    monkeypatch.setattr(job_queue_module, "_GRACE", 0.05)  # is over, were it away still
    time.sleep(0.3)
    assert job.info.state == "running"
    queue.cancel(job)


def test_the_end_waits_for_no_look_at_the_pages(open_server, monkeypatch):
    monkeypatch.setattr(job_queue_module, "_LOOK", 3600)
    end = threading.Thread(target=open_server().app.state.workplace.queue.close, daemon=True)
    end.start()
    end.join(20)
    assert not end.is_alive()


def test_a_job_that_waits_is_cancelled_at_once(server, picture, monkeypatch):
    slow_job(monkeypatch, server)
    image = server.upload(picture)
    running, waiting = (
        server.client.post("/api/jobs", json={"kind": "segment", "images": [image["id"]]}).json()["id"]
        for _ in range(2)
    )
    time.sleep(0.1)
    assert server.client.delete(f"/api/jobs/{waiting}").json()["state"] == "cancelled"
    server.client.delete(f"/api/jobs/{running}")
    assert server.wait(running)["state"] == "cancelled"


@pytest.mark.slow
def test_jobs_that_a_stop_interrupts_are_done_after_the_restart(open_server, picture, monkeypatch):
    server = open_server()
    slow_job(monkeypatch, server)
    image = server.upload(picture)
    ids = [
        server.client.post("/api/jobs", json={"kind": "segment", "images": [image["id"]]}).json()["id"]
        for _ in range(2)
    ]
    time.sleep(0.1)
    server.client.__exit__(None, None, None)
    again = open_server()
    assert {again.wait(id_)["state"] for id_ in ids} == {"done"}
    assert again.get(image["id"])["state"] == "segmented"


def test_damaged_files_of_the_work_folder_are_left_out(open_server, picture):
    server = open_server()
    image, other = server.upload(picture), server.upload(picture)
    server.client.__exit__(None, None, None)
    (server.folder / "images" / image["id"] / "image.json").write_text("{")
    (server.folder / "images" / ("0" * 16)).mkdir()
    (server.folder / "images" / "somebody's own").mkdir()
    (server.folder / "jobs").mkdir(exist_ok=True)
    (server.folder / "jobs" / "x.json").write_text("[]")
    again = open_server()
    assert [one["id"] for one in again.client.get("/api/images").json()["images"]] == [other["id"]]
    assert (server.folder / "images" / "somebody's own").is_dir()
    assert (server.folder / "images" / image["id"]).is_dir()
    assert not (server.folder / "images" / ("0" * 16)).exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/tmp/work/images/ab/ab.png: the file is empty", "x.png: the file is empty"),
        ("can't be written: /srv/data is a file, not a folder", "can't be written: data is a file, not a folder"),
        ("see https://example.org/a/b and 3/4", "see https://example.org/a/b and 3/4"),
        (r"D:\work\ab.png is gone", "x.png is gone"),
    ],
)
def test_paths_are_taken_out_of_texts(text, expected):
    assert without_paths(text, {"ab.png": "x.png"}) == expected


def test_errors_are_worded_without_paths():
    full = api_error(OutputError("can't be written: the disk is full", path="/srv/work/a", remedy="free some space"))
    assert full.status == 507
    assert "/srv" not in json.dumps(full.content)
    assert api_error(KeyError("/srv/secret")).content["error"] == "it can't be used: unexpected KeyError"


@pytest.mark.parametrize(
    "wrong",
    [
        {"port": 70000},
        {"token": "short"},
        {"max_jobs": 0},
        {"threads": -1},
        {"max_upload": "much"},
        {"host": "0.0.0.0", "allow_paths": True},
    ],
)
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong)) if "max_upload" in wrong else None):
        ServeOptions(**wrong)


def test_the_token_is_not_part_of_what_is_printed():
    assert TOKEN not in repr(ServeOptions(token=TOKEN))
