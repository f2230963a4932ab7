"""What holds for every test."""

from __future__ import annotations

import gc
import os

import pytest

# Tests that run side by side (pytest -n) share the cores: numeric libraries that start a thread for each would compete.
# Read when the library is first imported, so it must stand before any import of one.
if "PYTEST_XDIST_WORKER" in os.environ:
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
        os.environ.setdefault(name, "1")


def pytest_collection_finish():
    """Spare each collection of garbage the search through what lives as long as the tests: modules, and all tests."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure():
    """Let everything be collected at the end: libraries complain of what they find left."""
    gc.unfreeze()


@pytest.fixture(scope="session", autouse=True)
def no_waits_for_the_disk():
    """Let files be written without the wait that guards them against a loss of power, which takes most of the time.

    `tests/io/test_atomic.py` tests the wait itself; processes that tests start do wait.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda file: None)
        yield
