"""Uploads, tiles and tables of the server."""

from __future__ import annotations

import imagecodecs
import numpy as np
import pytest
import tifffile

import hooke


def test_the_server_says_what_it_is(server):
    info = server.client.get("/api/info").json()
    assert info["version"] == hooke.__version__
    assert {"auto", "nuclei", "cells"} <= {model["name"] for model in info["models"]}
    assert info["limits"]["jobs"] == 100
    assert info["tokens"] is False
    assert server.client.get("/").status_code == 200


def test_an_upload_is_described(server, picture, scene):
    image = server.upload(picture, "cells.png")
    assert (image["height"], image["width"]) == scene.image.shape
    assert (image["name"], image["state"], image["count"], image["revision"]) == ("cells.png", "new", 0, 0)
    assert server.get(image["id"]) == image
    assert server.client.get("/api/images").json()["images"] == [image]


def test_a_stack_of_channels_is_described(server, as_tiff):
    pixels = np.random.default_rng(1).integers(0, 4000, (2, 3, 2, 40, 50), np.uint16)
    content = as_tiff(pixels, ome=True, metadata={"axes": "TZCYX", "Channel": {"Name": ["DAPI", "GFP"]}})
    image = server.upload(content, "stack.ome.tif")
    assert (image["axes"], image["planes"], image["plane_count"]) == ("TZ", {"z": 3, "t": 2}, 6)
    assert [channel["name"] for channel in image["channels"]] == ["DAPI", "GFP"]
    for plane in (0, 5):
        tile = server.client.get(
            f"/api/images/{image['id']}/tiles/0/0/0.png",
            params={"plane": plane, "channels": "1", "low": "0", "high": "4000", "colours": "ffffff"},
        )
        expected = np.rint(pixels[plane // 3, plane % 3, 1] / 4000 * 255)
        assert np.abs(imagecodecs.png_decode(tile.content)[:40, :50, 0] - expected).max() <= 1


@pytest.mark.parametrize(
    ("name", "shown"),
    [("../../etc/passwd.png", "passwd.png"), ("..\\..\\a.png", "a.png"), ("..", "..")],
)
def test_a_name_is_shown_and_never_a_path(server, picture, name, shown, tmp_path):
    image = server.upload(picture, name)
    assert image["name"] == shown
    written = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert not written & {"passwd.png", "a.png"}
    assert all((server.folder / "images" / image["id"]) in path.parents for path in tmp_path.rglob("*.png"))


def test_what_is_no_image_is_refused_and_the_others_are_taken(server, picture):
    files = [("files", ("x.txt", b"words")), ("files", ("good.png", picture)), ("files", ("empty.tif", b""))]
    answer = server.client.post("/api/images", files=files).json()
    assert [image["name"] for image in answer["images"]] == ["good.png"]
    assert [one["name"] for one in answer["refused"]] == ["x.txt", "empty.tif"]
    assert all(one["error"].startswith(one["name"]) and one["remedy"] for one in answer["refused"])
    assert str(server.folder) not in str(answer)
    assert len(list((server.folder / "images").iterdir())) == 1


def test_tiles_of_every_level_show_the_image(server, picture, scene):
    side = 600
    pixels = np.tile(scene.image, (4, 3))[:side, : side - 50]
    image = server.upload(imagecodecs.png_encode(pixels))
    assert image["levels"] == 3
    for level in range(3):
        step = 2**level
        x, y = (1, 1) if level < 2 else (0, 0)
        query = {"low": "0", "high": "255", "colours": "00ff00"}
        answer = server.client.get(f"/api/images/{image['id']}/tiles/{level}/{x}/{y}.png", params=query)
        tile = imagecodecs.png_decode(answer.content)
        assert tile.shape == (256, 256, 3)
        assert not tile[..., [0, 2]].any()
        part = pixels[y * 256 * step : (y + 1) * 256 * step, x * 256 * step : (x + 1) * 256 * step]
        high, wide = part.shape[0] // step, part.shape[1] // step
        means = part[: high * step, : wide * step].reshape(high, step, wide, step).mean(axis=(1, 3))
        assert np.abs(tile[:high, :wide, 1] - means).max() <= 1
        assert not tile[-(-part.shape[0] // step) :].any()


@pytest.mark.parametrize(
    "address", ["tiles/0/9/0.png", "tiles/7/0/0.png", "labels/0/0/5.png", "tiles/0/0/0.png?plane=4"]
)
def test_a_tile_that_is_not_there_is_404(unchanged, address):
    server, image = unchanged
    assert server.client.get(f"/api/images/{image['id']}/{address}").status_code == 404


@pytest.mark.parametrize(
    "query", ["channels=4", "channels=x", "low=nan", "high=1,2", "colours=12", "colours=gggggg", "channels=0,0"]
)
def test_a_look_that_is_not_one_is_422(unchanged, query):
    server, image = unchanged
    answer = server.client.get(f"/api/images/{image['id']}/tiles/0/0/0.png?{query}")
    assert answer.status_code == 422
    assert answer.json()["remedy"]


def test_an_image_is_deleted_with_all_its_files(server, picture):
    image = server.upload(picture)
    assert server.client.delete(f"/api/images/{image['id']}").status_code == 204
    assert server.client.get(f"/api/images/{image['id']}").status_code == 404
    assert list((server.folder / "images").iterdir()) == []


def test_limits_of_bytes_and_pixels(open_server, picture):
    small = open_server(max_upload=20_000, max_pixels=10_000)
    answer = small.client.post("/api/images", files=[("files", ("a.png", picture[:19_000]))]).json()
    assert answer["refused"]
    answer = small.client.post("/api/images", files=[("files", ("a.png", picture))]).json()
    assert "takes" in answer["refused"][0]["error"]
    large = b"x" * (20_000 + (1 << 20) + 1)
    answer = small.client.post("/api/images", files=[("files", ("a.png", large))])
    assert answer.status_code == 413
    assert answer.json()["remedy"]


def test_a_file_is_opened_by_its_path_only_where_that_is_allowed(server, open_server, picture, tmp_path):
    path = tmp_path / "far away.png"
    path.write_bytes(picture)
    assert server.client.post("/api/images/local", json={"path": str(path)}).status_code == 403
    other = open_server(folder=tmp_path / "other", allow_paths=True)
    image = other.client.post("/api/images/local", json={"path": str(path)}).json()
    assert image["name"] == "far away.png"
    assert str(tmp_path) not in str(image)
    answer = other.client.post("/api/images/local", json={"path": str(tmp_path / "none.png")})
    assert answer.status_code == 422
    assert str(tmp_path) not in answer.text
    assert other.client.delete(f"/api/images/{image['id']}").status_code == 204
    assert path.exists()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_intensities_beyond_all_measure_are_drawn(server, tmp_path, dtype):
    pixels = np.zeros((600, 300), dtype)
    pixels[:200], pixels[200:300], pixels[300:302] = np.finfo(dtype).max, np.finfo(dtype).min, np.nan
    pixels[302:304], pixels[400:] = np.inf, 1.5
    tifffile.imwrite(tmp_path / "far.tif", pixels)
    image = server.upload((tmp_path / "far.tif").read_bytes(), "far.tif")
    for level, row in ((0, 0), (0, 1), (1, 0), (2, 0)):
        tile = server.client.get(f"/api/images/{image['id']}/tiles/{level}/0/{row}.png")
        assert tile.status_code == 200
    tile = imagecodecs.png_decode(server.client.get(f"/api/images/{image['id']}/tiles/0/0/0.png").content)
    assert tile[100, 100].min() == 255 and tile[250, 100].max() == 0
