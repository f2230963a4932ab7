"""An image that needs more memory than a run may take is reported, and the others of its folder continue."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

import hooke
from hooke.datasets import simulate
from hooke.errors import ConfigError, ImageReadError
from hooke.io import open_image
from hooke.pipeline import segment_folder
from hooke.pipeline.memory import job_bytes


def test_the_others_go_on(tmp_path):
    (tmp_path / "in").mkdir()
    tifffile.imwrite(tmp_path / "in" / "small.tif", simulate((96, 96), seed=1).image)
    tifffile.imwrite(tmp_path / "in" / "wide.tif", np.zeros((2, 6000, 6000), np.uint8), compression="zlib")
    result = segment_folder([tmp_path / "in"], tmp_path / "out", max_memory="600M")
    by_name = {image.name: image for image in result.images}
    assert by_name["small"].error is None or not by_name["small"].error
    assert "needs about 1.2 GiB of memory and may take 600.0 MiB" in by_name["wide"].error
    assert "--max-memory" in by_name["wide"].error
    assert (tmp_path / "out" / "labels" / "small.tif").exists()
    assert not (tmp_path / "out" / "labels" / "wide.tif").exists()


def test_the_estimate_counts_pixels_channels_and_planes(tmp_path):
    one = job_bytes((1000, 1000), 10**6)
    assert job_bytes((2000, 1000), 2 * 10**6) > one
    assert job_bytes((1000, 1000, 8), 16 * 10**6) > one + 2 * 15 * 10**6 - 1
    assert job_bytes((1000, 1000), 10**6, planes=1000) > one + 10**7
    tifffile.imwrite(tmp_path / "c.tif", np.zeros((5, 40, 30), np.uint16), metadata={"axes": "CYX"})
    assert open_image(tmp_path / "c.tif", axes="CYX").read_bytes == 5 * 40 * 30 * 2


def test_in_python_too(tmp_path):
    tifffile.imwrite(tmp_path / "wide.tif", np.zeros((4000, 4000), np.uint8), compression="zlib")
    with pytest.raises(ImageReadError, match=r"wide\.tif: needs about 7.* MiB of memory and may take 500\.0 MiB"):
        hooke.segment(tmp_path / "wide.tif", max_memory="500M")
    with pytest.raises(ConfigError, match="max_memory"):
        hooke.segment(tmp_path / "wide.tif", max_memory="much")
