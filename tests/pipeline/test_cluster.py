"""Workers in other processes, by Dask: the same results to the last bit for any number, also where some end."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile

from hooke.datasets import simulate
from hooke.errors import ClusterError, ConfigError
from hooke.io import write_png
from hooke.io.channel_files import find_channels
from hooke.models import load_model
from hooke.pipeline import SegmentOptions, segment_folder
from hooke.pipeline.cluster import open_cluster
from hooke.pipeline.cluster_work import Remote
from hooke.pipeline.large.settle import Settled
from hooke.pipeline.ledger import Ledger
from hooke.pipeline.segment_file import Job
from hooke.pipeline.settings import run_settings
from hooke.pipeline.work import Origin
from tests.pipeline.test_shards import same_results

OPTIONS = SegmentOptions(diameter=24, threads=1, expand=3)
needs_dask = pytest.mark.skipif(find_spec("distributed") is None, reason="needs distributed")


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Three small images, one that is damaged, and a large one of 2 x 3 blocks."""
    folder = tmp_path_factory.mktemp("images")
    for number, name in enumerate(("a.png", "b.png", "c.png")):
        write_png(folder / name, simulate((120, 128), seed=number, diameter=24, density=0.15).image)
    (folder / "damaged.tif").write_bytes(b"II*\x00 nothing more")
    field = simulate((700, 1100), seed=3, diameter=24, density=0.2, overlap=0.15)
    (folder / "slide").mkdir()
    tifffile.imwrite(folder / "slide" / "slide.tif", field.image, tile=(256, 256), compression="zlib")
    return folder


@pytest.fixture(scope="module")
def slide(images):
    return images / "slide"


@pytest.fixture(scope="module")
def alone(images, slide, tmp_path_factory):
    """What one process makes of them, and of the large one alone."""
    out = tmp_path_factory.mktemp("alone")
    with contextlib.chdir(images.parent):
        segment_folder([images.name], out / "images", OPTIONS, block=512)
    segment_folder([slide], out / "slide", OPTIONS, block=512)
    return out


@needs_dask
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of distributed, on sockets that it closes late
@pytest.mark.parametrize("workers", [1, 3])
def test_any_number_of_workers_gives_the_same_to_the_last_bit(images, alone, tmp_path, monkeypatch, workers):
    said = []
    monkeypatch.chdir(images.parent)  # paths in the tables are those that were given
    result = segment_folder(
        [images.name], tmp_path, OPTIONS, block=512, workers=workers, progress=lambda at: said.append(at)
    )
    assert sorted(image.name for image in result.images) == ["a", "b", "c", "damaged", "slide"]
    assert len(result.failed) == 1
    assert same_results(tmp_path, alone / "images") == 9
    assert re.match(r"the cluster's page: http://127\.0\.0\.1:\d+/status", said[0].note)
    assert [at.done for at in said if at.name] == [1, 2, 3, 4, 5]
    left = [path.name for path in tmp_path.rglob("*") if path.name.startswith("run-") or ".blocks" in path.name]
    assert left == []
    if workers == 1:
        again = segment_folder([images.name], tmp_path, OPTIONS, block=512, workers=workers)
        assert sorted(image.name for image in again.images if image.reused) == ["a", "b", "c", "slide"]


@needs_dask
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_worker_that_is_killed_costs_nothing(slide, alone, tmp_path):
    killed = []

    def kill_one(out):
        """Kill a worker as soon as there is a block."""
        blocks, deadline = out / ".hooke" / "slide.blocks", time.monotonic() + 60
        while not list(blocks.glob("*.objects.npz")) and time.monotonic() < deadline:
            time.sleep(0.01)
        killed.append(worker_processes()[0])
        os.kill(killed[0], signal.SIGTERM if os.name == "nt" else signal.SIGKILL)

    thread = threading.Thread(target=kill_one, args=[tmp_path])
    thread.start()
    segment_folder([slide], tmp_path, OPTIONS, block=512, workers=2)
    thread.join()
    assert killed
    same_results(tmp_path, alone / "slide")


def worker_processes():
    """Processes that do the work: children of this one, without the tracker of shared memory."""
    psutil = pytest.importorskip("psutil")
    children = psutil.Process().children(recursive=True)
    return [child.pid for child in children if "spawn_main" in " ".join(child.cmdline())]


@needs_dask
@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent by a signal")
@pytest.mark.parametrize("how", ["stop", "scheduler"])
def test_a_run_that_is_stopped_or_loses_its_scheduler_can_be_continued(slide, alone, tmp_path, how):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
    place = tmp_path / "scheduler.json"
    command = [sys.executable, "-m", "hooke", "segment", str(slide), "-o", str(tmp_path / "out"), "--block", "512"]
    command += ["--diameter", "24", "--threads", "1", "--expand", "3", "-q"]
    started = []
    if how == "scheduler":
        common = ["--no-dashboard", "--scheduler-file", str(place)]
        for part, options in (
            ("scheduler", ["--port", "0", "--host", "127.0.0.1"]),
            ("worker", ["--nthreads", "1", "--death-timeout", "20"]),
        ):
            code = f"from distributed.cli.dask_{part} import main; main()"
            started.append(subprocess.Popen([sys.executable, "-c", code, *common, *options], **quiet))
        deadline = time.monotonic() + 60
        while not place.is_file() and time.monotonic() < deadline:
            time.sleep(0.05)
        command += ["--scheduler", str(place)]
    else:
        command += ["--workers", "1"]
    run = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        blocks, deadline = tmp_path / "out" / ".hooke" / "slide.blocks", time.monotonic() + 90
        while not list(blocks.glob("*.objects.npz")) and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        if how == "scheduler":
            started[0].kill()
        else:
            os.killpg(run.pid, signal.SIGINT)  # as a terminal does: to all of its processes
        said = run.communicate(timeout=120)[1]
    finally:
        for process in started:
            process.kill()
            process.wait()
    assert run.returncode == (2 if how == "scheduler" else 130), said
    assert ("does not answer any more" if how == "scheduler" else "run the same command again") in said
    assert "Traceback" not in said
    assert list(blocks.glob("*.objects.npz"))
    segment_folder([slide], tmp_path / "out", OPTIONS, block=512)
    same_results(tmp_path / "out", alone / "slide")


def test_what_can_not_be_is_refused(images, tmp_path):
    with pytest.raises(ConfigError, match="give one of them"):
        segment_folder([images], tmp_path, OPTIONS, workers=2, scheduler="tcp://127.0.0.1:1")
    with pytest.raises(ConfigError, match="from 1 to"):
        segment_folder([images], tmp_path, OPTIONS, workers=0)
    with pytest.raises(ConfigError, match="either --shard"):
        segment_folder([images], tmp_path, OPTIONS, workers=2, shard="1/2")


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"distributed is not installed.*\[dask\]"), open_cluster(None, 2):
        pass


@needs_dask
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nowhere.json", "nonsense://"])
def test_a_scheduler_that_does_not_answer_is_named(monkeypatch, address):
    monkeypatch.setattr("hooke.pipeline.cluster._CONNECT", 0.5)
    with pytest.raises(ClusterError, match=f"no scheduler answers at {address}"), open_cluster(address, None):
        pass


def test_settled_numbers_are_read_as_they_were_written(tmp_path):
    numbers = [np.array([0, 1, 2], np.int32), np.array([0], np.int32), np.array([0, 2, 3], np.int32)]
    settled = Settled(numbers, [0, 2, 2], 3, {2: [0, 2]})
    settled.save(tmp_path / "settled.npz")
    read = Settled.load(tmp_path / "settled.npz")
    assert [part.tolist() for part in read.numbers] == [part.tolist() for part in numbers]
    assert (read.first, read.count, read.joined) == (settled.first, settled.count, settled.joined)


def test_a_worker_is_sent_all_files_of_an_image_that_was_given_by_a_relative_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files = [Path("in/a_w1.tif"), Path("in/a_w2.tif")]
    Path("in").mkdir()
    for file in files:
        tifffile.imwrite(file, np.full((8, 9), len(str(file)), np.uint16))
    (first,), channels = find_channels(files)
    model = load_model("nuclei")
    job = Job(model, OPTIONS, None, 10**9, False, Ledger(Path("out"), run_settings(model, OPTIONS, None)))
    job.ledger.channels = channels
    task = Remote(SimpleNamespace(workers=1, threads=1)).task(job, Origin("a_w1", "a_w1", first))
    monkeypatch.chdir(tmp_path / "in")
    assert task.path == tmp_path / first
    assert task.channels.open(task.path).channel_names == ("w1", "w2")
