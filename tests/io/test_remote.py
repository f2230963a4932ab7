"""Images on a server are read as those of this machine; what a server does wrong is said, and no secret of a URL is."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile

from hooke.addresses import access_to, is_url, path_text, to_path, without_secrets
from hooke.errors import HookeError, ImageReadError, unexpected
from hooke.io import find_images, open_image, read_image, remote, unique_names
from hooke.io.lazy_plane import LazyPlane
from tests.server import be_impatient, serve

zarr = pytest.importorskip("zarr")
pytest.importorskip("aiohttp")

PIXELS = (np.random.default_rng(0).integers(0, 40, (70, 90)) + np.arange(90)).astype(np.uint16)


def fill(group, zarr_format, pixels, chunks=(16, 16)):
    """Make an OME-Zarr image of a group."""
    keys = {} if zarr_format == 3 else {"chunk_key_encoding": {"name": "v2", "separator": "/"}}
    array = group.create_array("0", shape=pixels.shape, dtype=pixels.dtype, chunks=chunks, fill_value=7, **keys)
    array[...] = pixels
    scale = [{"type": "scale", "scale": [0.5, 0.5]}]
    axes = [{"name": axis, "type": "space", "unit": "micrometer"} for axis in "yx"]
    metadata = {"multiscales": [{"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": scale}]}]}
    group.attrs.update(metadata if zarr_format == 2 else {"ome": {"version": "0.5", **metadata}})


@pytest.fixture
def server(tmp_path, monkeypatch):
    be_impatient(monkeypatch)
    for zarr_format in (2, 3):
        fill(
            zarr.open_group(str(tmp_path / f"v{zarr_format}.zarr"), mode="w", zarr_format=zarr_format),
            zarr_format,
            PIXELS,
        )
    with serve(tmp_path) as state:
        yield state


@pytest.mark.parametrize("name", ["v2.zarr", "v3.zarr"])
def test_a_store_on_a_server_is_read_chunk_by_chunk(server, name):
    file = open_image(f"{server.url}/{name}")
    assert (file.name, file.pixel_size_um, file.plane_shape) == (name[:2], (0.5, 0.5), (70, 90))
    server.requests.clear()
    np.testing.assert_array_equal(LazyPlane(file)[0:20, 16:32], PIXELS[0:20, 16:32])
    assert sum(server.requests.values()) == 2
    np.testing.assert_array_equal(LazyPlane(file)[2:8, 20:30], PIXELS[2:8, 20:30])
    assert sum(server.requests.values()) == 2  # kept
    np.testing.assert_array_equal(file.plane(0).pixels, PIXELS)
    assert file.plane(0).notes == ()


def test_shards_are_read_in_parts(server):
    group = zarr.open_group(str(server.folder / "s.zarr"), mode="w", zarr_format=3)
    fill(group, 3, PIXELS)
    group.create_array("s", shape=(64, 64), shards=(64, 64), chunks=(16, 16), dtype=np.uint16)[...] = PIXELS[:64, :64]
    about = json.loads((server.folder / "s.zarr" / "zarr.json").read_text())
    about["attributes"]["ome"]["multiscales"][0]["datasets"][0]["path"] = "s"
    (server.folder / "s.zarr" / "zarr.json").write_text(json.dumps(about))
    np.testing.assert_array_equal(read_image(f"{server.url}/s.zarr").pixels, PIXELS[:64, :64])


def test_scenes_of_a_plate_are_found_by_its_metadata(server):
    plate = zarr.open_group(str(server.folder / "plate.zarr"), mode="w", zarr_format=2)
    plate.attrs["plate"] = {"wells": [{"path": "A/1"}, {"path": "B/3"}]}
    for number, well in enumerate(["A/1", "B/3"]):
        group = plate.require_group(well)
        group.attrs["well"] = {"images": [{"path": "0"}]}
        fill(group.create_group("0"), 2, PIXELS + number)
    assert open_image(f"{server.url}/plate.zarr").scenes == ("A/1/0", "B/3/0")
    np.testing.assert_array_equal(read_image(f"{server.url}/plate.zarr", scene="B/3/0").pixels, PIXELS + 1)


def test_scenes_of_bio_formats_are_found(server):
    root = zarr.open_group(str(server.folder / "raw.zarr"), mode="w", zarr_format=2)
    root.attrs["bioformats2raw.layout"] = 3
    for name in "01":
        fill(root.create_group(name), 2, PIXELS + int(name))
    assert open_image(f"{server.url}/raw.zarr").scenes == ("0", "1")


def test_a_tiled_tiff_on_a_server_is_read_tile_by_tile(server):
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 2**16, (512, 512), np.uint16)
    tifffile.imwrite(server.folder / "a.ome.tif", pixels, tile=(128, 128), metadata={"axes": "YX"})
    size = (server.folder / "a.ome.tif").stat().st_size
    file = open_image(f"{server.url}/a.ome.tif")
    assert file.name == "a"
    np.testing.assert_array_equal(LazyPlane(file)[100:200, 0:90], pixels[100:200, 0:90])
    assert sum(map(len, remote._held._kept.values())) < size / 2
    np.testing.assert_array_equal(file.plane(0).pixels, pixels)


def test_pixels_of_a_tiff_that_lie_open_are_read(server):
    tifffile.imwrite(server.folder / "open.tif", PIXELS, photometric="minisblack")
    np.testing.assert_array_equal(read_image(f"{server.url}/open.tif").pixels, PIXELS)
    np.testing.assert_array_equal(read_image(f"{server.url}/open.tif", region="3,4,50,60").pixels, PIXELS[3:53, 4:64])


def test_other_file_systems_are_those_of_fsspec(server):
    import fsspec

    fsspec.filesystem("memory").put(str(server.folder / "v2.zarr"), "/v2.zarr", recursive=True)
    np.testing.assert_array_equal(read_image("memory://v2.zarr").pixels, PIXELS)
    np.testing.assert_array_equal(read_image((server.folder / "v3.zarr").as_uri()).pixels, PIXELS)


@pytest.mark.parametrize("error", ["NoCredentialsError", "PartialCredentialsError", "PermissionError"])
def test_missing_credentials_are_named_at_once(server, monkeypatch, error):
    """The errors of botocore 1.43 through s3fs 2026.9: none of them has a status."""
    memory = pytest.importorskip("fsspec.implementations.memory").MemoryFileSystem
    asked = []

    def refuse(self, *args, **options):
        asked.append(args)
        raise (PermissionError if error == "PermissionError" else type(error, (Exception,), {}))("Unable to locate")

    monkeypatch.setattr(memory, "cat_file", refuse)
    with pytest.raises(ImageReadError, match=rf"access is refused \({error}\); set the credentials"):
        read_image("memory://bucket/a.tif")
    assert len(asked) == 1


def test_chunks_that_are_not_there_count_as_the_fill_value_and_are_said(server):
    (server.folder / "v2.zarr/0/1/1").unlink()
    (server.folder / "v2.zarr/0/1/2").unlink()
    image = read_image(f"{server.url}/v2.zarr")
    expected = PIXELS.copy()
    expected[16:32, 16:48] = 7
    np.testing.assert_array_equal(image.pixels, expected)
    assert "2 of the chunks that were read are not in the store and count as its fill value" in image.notes[0]


def test_what_a_bucket_refuses_to_name_is_not_there(server):
    server.statuses["v2.zarr/0/0/0"] = [403]
    assert "1 of the chunks" in read_image(f"{server.url}/v2.zarr").notes[0]


def test_access_that_ends_is_no_empty_chunk(server):
    file = open_image(f"{server.url}/v2.zarr")
    server.user = "somebody"
    with pytest.raises(ImageReadError, match=r"v2\.zarr: the server answers 403; give the URL with what signs it"):
        file.plane(0)


def test_a_busy_server_is_asked_again(server):
    server.statuses = {"v2.zarr/0/0/0": [503, 429], "v2.zarr/.zattrs": [500]}
    np.testing.assert_array_equal(read_image(f"{server.url}/v2.zarr").pixels, PIXELS)


def test_a_server_that_stops_answering(server):
    file = open_image(f"{server.url}/v2.zarr")
    server.silent = True
    server.requests.clear()
    with pytest.raises(ImageReadError) as caught:
        LazyPlane(file)[0:16, 0:16]
    assert str(caught.value).startswith(f"{server.url}/v2.zarr: the server does not answer within 0.3 s (4 tries)")
    assert "the same command continues" in str(caught.value)
    assert sum(server.requests.values()) == 4
    with pytest.raises(ImageReadError):  # and quickly after that
        LazyPlane(file)[0:16, 0:16]
    assert sum(server.requests.values()) == 5
    server.silent = False
    np.testing.assert_array_equal(LazyPlane(file)[0:16, 0:16], PIXELS[0:16, 0:16])


def test_what_is_not_there_or_not_read(server):
    (server.folder / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    tifffile.imwrite(server.folder / "a.tif", np.zeros((512, 512), np.uint16))
    for name, cause in [("b.zarr", "no zarr store"), ("b.tif", "not there"), ("a.png", "OME-Zarr and TIFF only")]:
        with pytest.raises(ImageReadError, match=f"{server.url}/{name}: .*{cause}"):
            open_image(f"{server.url}/{name}")
    server.whole = True
    with pytest.raises(ImageReadError, match="gives whole files only"):
        open_image(f"{server.url}/a.tif")
    with pytest.raises(ImageReadError, match=r"s3://bucket/a\.zarr: s3:// can't be read .*pip install s3fs"):
        open_image("s3://bucket/a.zarr")


@pytest.mark.parametrize("name", ["v2.zarr", "a.tif"])
def test_what_signs_a_url_is_sent_and_never_said(server, name):
    tifffile.imwrite(server.folder / "a.tif", PIXELS, tile=(16, 16))
    server.user, server.query = "me:geheim", "sig=verborgen%2Fja&v=1"
    host = server.url.removeprefix("http://")
    file = open_image(f"http://{server.user}@{host}/{name}?{server.query}")
    np.testing.assert_array_equal(file.plane(0).pixels, PIXELS)
    assert path_text(file.path) == f"{server.url}/{name}"
    server.user = "other:word"
    with pytest.raises(HookeError) as caught:
        open_image(f"http://me:geheim@{host}/missing.zarr?{server.query}")
    said = f"{caught.value} {caught.value!r} {unexpected(file.path, ValueError(f'at {host}?sig=verborgen/ja'))}"
    assert "geheim" not in said
    assert "verborgen" not in said


def test_credentials_that_come_later_count(server):
    server.query = "sig=1234"
    with pytest.raises(ImageReadError, match="answers 403"):
        open_image(f"{server.url}/v2.zarr")
    np.testing.assert_array_equal(read_image(f"{server.url}/v2.zarr?sig=1234").pixels, PIXELS)


def test_urls_are_given_as_files_are():
    paths = find_images(["https://me:word@host/x/a.ome.zarr?sig=1234567", "https://host/x/a.ome.zarr", "s3://b/a.tif"])
    assert [path_text(path) for path in paths] == ["https://host/x/a.ome.zarr", "s3://b/a.tif"]
    assert access_to(paths[0]) == ("me:word", "sig=1234567")
    assert unique_names(paths) == ["a_zarr", "a_tif"]
    assert not is_url("C:/a.tif")
    assert not is_url("plate:/a.tif")
    assert to_path("a/b.tif").name == "b.tif"


def test_texts_lose_what_is_secret_in_urls():
    text = "hooke segment https://me:word@host/a.zarr?sig=x&v=1 -o out; is it right? yes"
    assert without_secrets(text) == "hooke segment https://host/a.zarr -o out; is it right? yes"
