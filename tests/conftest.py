"""What holds for every test."""

from __future__ import annotations

import os

# Tests that run side by side (pytest -n) share the cores: numeric libraries that start a thread for each would compete.
# Read when the library is first imported, so it must stand before any import of one.
if "PYTEST_XDIST_WORKER" in os.environ:
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
