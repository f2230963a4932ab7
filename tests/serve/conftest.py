"""A server with an image, and what its tests do again and again."""

from __future__ import annotations

import importlib.util
import io
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest

from hooke.datasets import simulate

# Without the extra, the files that import it are left out: a conftest itself can't be skipped.
if importlib.util.find_spec("fastapi") is None:
    collect_ignore_glob = ["test_*", "page*"]

ADDRESS = "http://127.0.0.1:8642"


@dataclass
class Server:
    """A running application and its client."""

    client: Any
    app: Any
    folder: Path

    def upload(self, content: bytes, name: str = "cells.png") -> dict[str, Any]:
        answer = self.client.post("/api/images", files=[("files", (name, content))])
        assert answer.status_code == 200, answer.text
        (image,) = answer.json()["images"]
        return image

    def job(self, kind: str, images: list[str], **options: Any) -> dict[str, Any]:
        """Do a job and give it as it ended."""
        started = self.client.post("/api/jobs", json={"kind": kind, "images": images, "options": options})
        assert started.status_code == 202, started.text
        return self.wait(started.json()["id"])

    def wait(self, id_: str, seconds: float = 60) -> dict[str, Any]:
        start = time.monotonic()
        while (waited := time.monotonic() - start) < seconds:
            job = self.client.get(f"/api/jobs/{id_}").json()
            if job["state"] in ("done", "failed", "cancelled"):
                return job
            time.sleep(0.02 + 0.05 * waited)  # asking costs time, too, that the job might have
        raise AssertionError(f"job {job} did not end")

    def segmented(self, content: bytes, name: str = "cells.png", **options: Any) -> dict[str, Any]:
        image = self.upload(content, name)
        job = self.job("segment", [image["id"]], **options)
        assert job["state"] == "done", job
        return self.get(image["id"])

    def get(self, id_: str) -> dict[str, Any]:
        return self.client.get(f"/api/images/{id_}").json()

    def table(self, id_: str, plane: int = 0) -> dict[str, list[Any]]:
        return self.client.get(f"/api/images/{id_}/table", params={"plane": plane}).json()["columns"]

    def labels(self, id_: str, plane: int = 0) -> np.ndarray:
        """The label image, put together of the tiles that a page gets."""
        image = self.get(id_)
        height, width = image["height"], image["width"]
        whole = np.zeros((-(-height // 256) * 256, -(-width // 256) * 256), np.int64)
        for y in range(-(-height // 256)):
            for x in range(-(-width // 256)):
                tile = self.client.get(f"/api/images/{id_}/labels/0/{x}/{y}.png", params={"plane": plane})
                assert tile.status_code == 200
                whole[y * 256 : y * 256 + 256, x * 256 : x * 256 + 256] = numbers(tile.content)
        return whole[:height, :width]

    def edit(self, id_: str, action: str, **more: Any) -> Any:
        revision = more.pop("revision", self.get(id_)["revision"])
        return self.client.post(f"/api/images/{id_}/edits", json={"action": action, "revision": revision, **more})


@dataclass
class Listening:
    """An application that listens, and where."""

    app: Any
    folder: Path
    address: tuple[str, int]


def numbers(png: bytes) -> np.ndarray:
    """Numbers of objects of a tile."""
    red, green, blue = np.moveaxis(imagecodecs.png_decode(png).astype(np.int64), -1, 0)
    return red << 16 | green << 8 | blue


@contextmanager
def opening_servers(place: Path) -> Iterator[Callable[..., Server]]:
    """Open servers on a work folder in a place, one after the other, up to the end of the block."""
    from starlette.testclient import TestClient

    from hooke.serve import ServeOptions, make_app

    with ExitStack() as opened:

        def start(**options: Any) -> Server:
            folder = Path(options.pop("folder", place / "work"))
            app = make_app(ServeOptions(folder=folder, **{"threads": 1, **options}))
            client = opened.enter_context(TestClient(app, base_url=ADDRESS, raise_server_exceptions=True))
            return Server(client, app, folder)

        yield start


@pytest.fixture
def open_server(tmp_path):
    """Open servers on a work folder, one after the other."""
    with opening_servers(tmp_path) as start:
        yield start


@pytest.fixture(scope="session")
def work_of_one_image(tmp_path_factory, picture):
    """The work folder of a server that was stopped after it had segmented the picture."""
    place = tmp_path_factory.mktemp("one image")
    with opening_servers(place) as start:
        start().segmented(picture)
    return place / "work"


@pytest.fixture
def server(open_server, request, tmp_path):
    """A server; where a test asks for an image, too, one that has begun with it."""
    if "image" in request.fixturenames:
        shutil.copytree(request.getfixturevalue("work_of_one_image"), tmp_path / "work")
    return open_server()


@pytest.fixture
def image(server):
    """The picture, segmented."""
    (image,) = server.client.get("/api/images").json()["images"]
    return server.get(image["id"])


@pytest.fixture(scope="module")
def unchanged(work_of_one_image, tmp_path_factory):
    """A server that has begun with the picture, and the picture, for tests that change neither."""
    place = tmp_path_factory.mktemp("unchanged")
    shutil.copytree(work_of_one_image, place / "work")
    with opening_servers(place) as start:
        server = start()
        (image,) = server.client.get("/api/images").json()["images"]
        yield server, server.get(image["id"])


@pytest.fixture
def listening(tmp_path):
    """A server on a port of its own, for what a client in this process can't do: leave."""
    import uvicorn

    from hooke.serve import ServeOptions, make_app

    app = make_app(ServeOptions(folder=tmp_path / "work", threads=1))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    (listener,) = server.servers[0].sockets
    yield Listening(app, tmp_path / "work", listener.getsockname()[:2])
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="session")
def scene():
    """A field of nuclei, and its truth."""
    return simulate((192, 224), seed=3)


@pytest.fixture(scope="session")
def picture(scene):
    """It as PNG."""
    return imagecodecs.png_encode(scene.image)


@pytest.fixture(scope="session")
def as_tiff():
    """Encode an array as TIFF."""
    import tifffile

    def encode(pixels: np.ndarray, **more: Any) -> bytes:
        file = io.BytesIO()
        tifffile.imwrite(file, pixels, photometric="minisblack", **more)
        return file.getvalue()

    return encode
