"""Clients that leave: their jobs stop, and nothing of them stays."""

from __future__ import annotations

import http.client
import threading
import time

import pytest

from hooke.serve import job_queue


@pytest.fixture
def begun(listening, monkeypatch):
    """Let jobs take until they are cancelled; set when one has begun."""
    event = threading.Event()

    def work(job):
        event.set()
        while True:
            job.report(0.5, "working")
            time.sleep(0.01)

    monkeypatch.setitem(listening.app.state.workplace.queue._works, "segment", work)
    return event


def form(picture):
    head = b'--x\r\nContent-Disposition: form-data; name="%s"; filename="a.png"\r\n\r\n'
    return head, picture + b"\r\n--x--\r\n", {"Content-Type": "multipart/form-data; boundary=x"}


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_page_that_closes_its_events_cancels_its_job(listening, begun, picture, monkeypatch):
    monkeypatch.setattr(job_queue, "_GRACE", 0.3)
    head, rest, kind = form(picture)
    connection = http.client.HTTPConnection(*listening.address)
    connection.request("POST", "/api/images", head % b"files" + rest, kind)
    assert connection.getresponse().read()
    place = listening.app.state.workplace
    (image,) = place.images.all()
    order = b'{"kind": "segment", "images": ["%s"]}' % image.id.encode()
    connection.request("POST", "/api/jobs", order, {"Content-Type": "application/json"})
    assert connection.getresponse().read()
    (job,) = place.queue.all()
    connection.request("GET", f"/api/jobs/{job.id}/events")
    events = connection.getresponse()
    assert events.readline().startswith(b"data: ")
    until(lambda: job.followers == 1 and begun.is_set())
    events.close()
    connection.close()
    until(lambda: job.info.state == "cancelled")


def test_a_script_that_leaves_cancels_its_job_and_leaves_nothing(listening, begun, picture, monkeypatch):
    monkeypatch.setattr("hooke.serve.segment_route._GONE", 0.1)
    head, rest, kind = form(picture)
    connection = http.client.HTTPConnection(*listening.address)
    connection.request("POST", "/api/segment", head % b"file" + rest, kind)
    assert begun.wait(20)
    place = listening.app.state.workplace
    assert place.images.all() == []  # it is not listed
    assert len(list((listening.folder / "images").iterdir())) == 1
    connection.close()
    until(lambda: place.queue.all() == [] and list((listening.folder / "images").iterdir()) == [])
