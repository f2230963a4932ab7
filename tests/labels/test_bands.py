"""Bands of an image: all rows once, from the top, whichever number of threads works on them."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from hooke.labels.bands import BAND_PIXELS, bands, for_each_band, map_bands


@pytest.mark.parametrize("shape", [(0, 5), (1, 1), (7, 0), (1000, 3), (3000, 1500)])
@pytest.mark.parametrize("least", [1, 2, 7])
def test_bands_are_all_rows_once(shape, least):
    found = list(bands(np.zeros(shape, np.uint8), least))
    assert [row for band in found for row in range(band.start, band.stop)] == list(range(shape[0]))
    assert all((band.stop - band.start) * shape[1] <= BAND_PIXELS for band in found)
    assert len(found) >= min(least, shape[0])


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_from_the_top(threads):
    image = np.arange(900 * 700).reshape(900, 700)
    assert np.concatenate(list(map_bands(lambda band: image[band], image, threads))).tolist() == image.tolist()


def test_small_images_start_no_thread():
    seen = set()
    for_each_band(lambda band: seen.add(threading.get_ident()), np.zeros((300, 300), np.uint8), 4)
    assert seen == {threading.get_ident()}


def test_large_images_are_worked_on_by_several_threads():
    both = threading.Barrier(2, timeout=60)  # broken, and so an error, where one band waits for the other to end
    for_each_band(lambda band: both.wait() and None, np.zeros((600, 600), np.uint8), 2)
    assert not both.broken
