"""A run on an image of a server: stopped by it, continued from its blocks, without a trace of what signs the URL."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pandas as pd
import pytest
import tifffile

from hooke.addresses import Access, access_to, to_path
from hooke.datasets import simulate
from hooke.io import remote
from hooke.pipeline import SegmentOptions, cluster_work, segment_folder
from hooke.pipeline.large.block_objects import ObjectFinder
from hooke.pipeline.record import read_replay
from tests.server import be_impatient, serve

pytest.importorskip("aiohttp")

QUICK = SegmentOptions(diameter=26, threads=1)


@pytest.fixture
def server(tmp_path, monkeypatch):
    be_impatient(monkeypatch)
    folder = tmp_path / "served"
    folder.mkdir()
    pixels = simulate((256, 1100), seed=3, diameter=26, density=0.25).image
    tifffile.imwrite(folder / "wide.tif", pixels, tile=(128, 128), compression="zlib")
    with serve(folder) as state:
        yield state


def counted(monkeypatch, then=None):
    """Note each block whose objects are found."""
    found, original = [], ObjectFinder.find

    def find(self, block):
        result = original(self, block)
        found.append(block.number)
        if then is not None:
            then()
        return result

    monkeypatch.setattr(ObjectFinder, "find", find)
    return found


@pytest.mark.slow
def test_a_run_continues_from_its_blocks_when_the_server_is_back(server, tmp_path, monkeypatch):
    url, out = f"{server.url}/wide.tif", tmp_path / "out"

    def stop():
        server.silent = True
        remote._held = remote._Held()

    with monkeypatch.context() as patch:
        first = counted(patch, stop)
        result = segment_folder([url], out, QUICK, block=512)
    assert first == [0]
    assert result.images[0].error.startswith(f"{url}: the server does not answer within 0.3 s")
    assert pd.read_csv(out / "summary.csv")["error"][0] == result.images[0].error
    server.silent = False
    second = counted(monkeypatch)
    assert not segment_folder([url], out, QUICK, block=512).failed
    assert second == [1, 2]
    local = tmp_path / "local"
    segment_folder([server.folder / "wide.tif"], local, QUICK, block=512)
    assert (out / "labels/wide.tif").read_bytes() == (local / "labels/wide.tif").read_bytes()
    own = ["folder", "suffix"]
    tables = [pd.read_csv(each / "measurements.csv").drop(columns=own) for each in (out, local)]
    pd.testing.assert_frame_equal(*tables)
    assert segment_folder([url], out, QUICK, block=512).images[0].reused


def test_nothing_written_holds_what_signs_the_url(server, tmp_path):
    server.user, server.query = "me:geheim", "sig=verborgen%2Fja"
    url = f"http://{server.user}@{server.url.removeprefix('http://')}"
    out = tmp_path / "out"
    given = [f"{url}/wide.tif?{server.query}", f"{url}/gone.tif?{server.query}"]
    result = segment_folder(given, out, QUICK, command=["hooke", "segment", *given])
    assert [bool(image.error) for image in result.images] == [False, True]
    files = [path for path in out.rglob("*") if path.is_file()]
    assert len(files) > 5
    for secret in (b"geheim", b"verborgen"):
        assert not [path for path in files if secret in path.read_bytes()]
    summary = pd.read_csv(out / "summary.csv")
    assert list(summary["file"]) == [f"{server.url}/gone.tif", f"{server.url}/wide.tif"]
    assert set(summary["folder"]) == {server.url}
    assert json.loads((out / "run.json").read_text())["command"][2] == f"{server.url}/wide.tif"


def test_a_record_of_a_run_names_the_url(server, tmp_path):
    url = f"{server.url}/wide.tif"
    segment_folder([url], tmp_path / "out", QUICK)
    assert read_replay(tmp_path / "out/run.json").inputs == [to_path(url)]


def test_workers_get_what_signs_a_url_and_do_not_show_it():
    path = to_path("https://me:geheim@host/a.tif")
    task = cluster_work.ImageTask(
        *[None] * 12,
        access={path: access_to(path)},  # type: ignore[arg-type]
    )
    assert "geheim" not in repr(task)
    assert pickle.loads(pickle.dumps(task)).access[path] == Access("me:geheim", "")


@pytest.mark.slow
def test_a_chunk_that_is_gone_is_a_warning_of_the_summary(server, tmp_path):
    zarr = pytest.importorskip("zarr")
    pixels = np.asarray(tifffile.imread(server.folder / "wide.tif"))
    group = zarr.open_group(str(server.folder / "w.zarr"), mode="w", zarr_format=2)
    array = group.create_array("0", shape=pixels.shape, dtype=pixels.dtype, chunks=(128, 128), fill_value=0)
    array[...] = pixels
    group.attrs["multiscales"] = [{"axes": ["y", "x"], "datasets": [{"path": "0"}]}]
    next((server.folder / "w.zarr/0").glob("1.3")).unlink()
    segment_folder([f"{server.url}/w.zarr"], tmp_path / "out", QUICK, block=512)
    assert (
        "1 of the chunks that were read are not in the store" in pd.read_csv(tmp_path / "out/summary.csv")["warning"][0]
    )
