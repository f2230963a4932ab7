"""Makes the README's picture: the samples of `hooke demo` side by side, outlined, one not to be trusted among them.

python docs/images/make.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

import hooke
from hooke.datasets import write_samples
from hooke.io import write_png

SIDE = 320

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        panels = [hooke.segment(path).overlay()[:SIDE, -SIDE:] for path in write_samples(folder)]
    write_png(Path(__file__).with_name("overview.png"), np.concatenate(panels, axis=1))
