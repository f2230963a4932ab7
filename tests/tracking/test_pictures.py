"""Movie and page of tracks."""

from __future__ import annotations

import numpy as np
import PIL.Image
import pytest
import tifffile

pytest.importorskip("laptrack")

import hooke
from tests.tracking.builders import squares

BEFORE = {1: (32, 16, 10), 2: (32, 48, 12)}
AFTER = {1: (32, 17, 10), 3: (32, 42, 8), 4: (32, 53, 9)}
FRAMES = squares([BEFORE, BEFORE, AFTER, AFTER, AFTER, AFTER])


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tracks")
    images = np.full((6, 64, 64), 40, np.uint8) + (FRAMES > 0).astype(np.uint8) * 100
    hooke.track(FRAMES, images).save(folder, images=images)
    return folder


def test_the_movie_has_a_page_per_frame_and_the_gif_moves(out):
    with tifffile.TiffFile(out / "movie.tif") as movie:
        pages = [page.asarray() for page in movie.pages]
    assert [page.shape for page in pages] == [(192, 192, 3)] * 6  # three times as large as so small an image
    with PIL.Image.open(out / "movie.gif") as gif:
        duration = 0
        for frame in range(gif.n_frames):  # equal frames are one that lasts longer
            gif.seek(frame)
            duration += gif.info["duration"]
    assert duration == 6 * 150


def test_divisions_flash_and_others_do_not(out):
    with tifffile.TiffFile(out / "movie.tif") as movie:
        white = [int((page.asarray().min(axis=2) > 250).sum()) for page in movie.pages]
    # The mother's last frame and the daughters' first two have rings; numbers are white in all.
    assert min(white[1:4]) > max(white[0], *white[4:]) + 200


def test_the_page_is_complete_and_draws_every_track(out):
    html = (out / "tracks.html").read_text(encoding="utf-8")
    assert "3 tracks" not in html
    assert "4 tracks of 16 objects in 6 frames, 1 division" in html.replace("\u202f", "")
    assert html.count("<title>track ") == 4
    assert "track 3: frames 2 to 5, seen in 4, mother 2" in html
    assert "http" not in html.replace("http-equiv", "").replace("http://www.w3.org", "")


def test_a_sequence_without_objects_has_a_page_and_a_movie(tmp_path):
    hooke.track(np.zeros((2, 16, 16), int)).save(tmp_path)
    assert "No object was found" in (tmp_path / "tracks.html").read_text(encoding="utf-8")
    assert (tmp_path / "movie.tif").is_file()


def test_the_movie_can_be_left_out(tmp_path):
    hooke.track(FRAMES).save(tmp_path, movie=False)
    assert not list(tmp_path.glob("movie*"))
