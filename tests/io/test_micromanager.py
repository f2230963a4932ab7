"""Micro-Manager's stack files are read each for its own planes, by the index in it."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from hooke.io import open_image

SHAPE = (24, 32)
SUMMARY = {
    "MicroManagerVersion": "2.0.1",
    "Prefix": "exp",
    "Channels": 2,
    "Slices": 1,
    "Frames": 1,
    "Positions": 2,
    "ChNames": ["FITC", "DAPI"],
    "PixelSize_um": 0.65,
    "z-step_um": -2.0,
    "Interval_ms": 5000.0,
}


def plane(c: int, z: int, t: int, p: int) -> np.ndarray:
    """Pixels that say where they belong."""
    return np.full(SHAPE, 1000 * p + 100 * t + 10 * z + c + 1, np.uint16)


def write(path: Path, index: list[tuple[int, int, int, int]], summary=SUMMARY, description: bytes = b"") -> None:
    """Write a file as Micro-Manager does: a header, pages with their pixels 162 bytes behind, an index (c, z, t, p)."""
    text = json.dumps(summary).encode()
    text += b" " * (-len(text) % 4)
    out = bytearray(40) + text
    offsets = []
    for number, at in enumerate(index):
        offsets.append(len(out))
        pixels = plane(*at).tobytes()
        data = len(out) + 162
        described = (description if number == 0 else b"") + b"\0"
        more = b"{}\0\0" + described + b"\0" * (len(described) % 2)
        tags = [
            *((256, 4, 1, SHAPE[1]), (257, 4, 1, SHAPE[0]), (258, 3, 1, 16), (259, 3, 1, 1), (262, 3, 1, 1)),
            (270, 2, len(described), data + len(pixels) + 4) if number == 0 else (270, 2, 1, 0),
            *((273, 4, 1, data), (277, 3, 1, 1), (278, 3, 1, SHAPE[0]), (279, 4, 1, len(pixels)), (282, 4, 1, 1)),
            *((283, 4, 1, 1), (51123, 2, 4, data + len(pixels))),
        ]
        out += struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
        out += struct.pack("<I", 0 if number == len(index) - 1 else data + len(pixels + more)) + pixels + more
    out[:40] = b"II*\0" + struct.pack(
        "<9I", offsets[0], 54773648, len(out), 483765892, len(out) + 8, 99384722, len(out) + 8, 2355492, len(text)
    )
    out += struct.pack("<II", 3453623, len(index))
    out += b"".join(struct.pack("<5I", *at, offset) for at, offset in zip(index, offsets, strict=True))
    path.write_bytes(out)


pytestmark = pytest.mark.filterwarnings("error")


def test_each_position_is_read_from_its_own_file(tmp_path):
    for p in range(2):
        write(tmp_path / f"exp_MMStack_Pos{p}.ome.tif", [(c, 0, 0, p) for c in range(2)])
    for p in range(2):
        file = open_image(tmp_path / f"exp_MMStack_Pos{p}.ome.tif")
        assert (file.stack_shape, file.plane_shape, file.channel_names) == ((), (*SHAPE, 2), ("FITC", "DAPI"))
        assert file.pixel_size_um == (0.65, 0.65)
        assert np.array_equal(file.plane(0).pixels, np.dstack([plane(c, 0, 0, p) for c in range(2)]))
        assert file.notes == ()


def test_times_and_depths_are_known_and_what_was_stopped_halfway_is_said(tmp_path):
    index = [(c, z, t, 0) for t in range(3) for z in range(2) for c in range(2)]
    path = tmp_path / "exp_MMStack_Pos0.ome.tif"
    write(path, index, {**SUMMARY, "Frames": 100, "Slices": 2})
    file = open_image(path)
    assert (file.axes, file.stack_shape, file.z_step_um, file.time_step_s) == ("TZ", (3, 2), 2.0, 5.0)
    for image in file:
        t, z = image.plane["t"], image.plane["z"]
        assert np.array_equal(image.pixels, np.dstack([plane(c, z, t, 0) for c in range(2)]))
    write(path, index[:-1], {**SUMMARY, "Frames": 100, "Slices": 2})
    file = open_image(path)
    assert file.stack_shape == (2, 2)
    assert file.notes == ("1 of 3 times are only partly in the file, and are left out",)


def test_positions_in_one_file_are_planes_of_it(tmp_path):
    write(tmp_path / "exp_MMStack.ome.tif", [(c, 0, 0, p) for p in range(3) for c in range(2)])
    file = open_image(tmp_path / "exp_MMStack.ome.tif")
    assert (file.axes, file.stack_shape, file.plane_shape) == ("P", (3,), (*SHAPE, 2))
    assert [int(image.pixels[0, 0, 1]) for image in file] == [2, 1002, 2002]


def test_a_channel_without_all_depths_leaves_planes_of_their_own(tmp_path):
    write(tmp_path / "exp_MMStack_Pos0.ome.tif", [(0, 0, 0, 0), (0, 1, 0, 0), (1, 1, 0, 0)])
    file = open_image(tmp_path / "exp_MMStack_Pos0.ome.tif")
    assert (len(file), file.plane_shape) == (3, SHAPE)
    assert "not of all channels and depths, so that each counts as an image of its own" in file.notes[0]


def test_what_the_summary_lacks_is_taken_from_the_description(tmp_path):
    pixels = '<Pixels PhysicalSizeX="0.3" PhysicalSizeY="0.3"><Channel Name="Cy5"/><Channel Name="DAPI"/></Pixels>'
    text = f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image>{pixels}</Image></OME>'.encode()
    summary = {"MicroManagerVersion": "1.4.22", "Frames": 1, "Channels": 2, "PixelSize_um": 0}
    write(tmp_path / "exp_MMStack_Pos0.ome.tif", [(0, 0, 0, 0), (1, 0, 0, 0)], summary, text)
    file = open_image(tmp_path / "exp_MMStack_Pos0.ome.tif")
    assert (file.channel_names, file.pixel_size_um) == (("Cy5", "DAPI"), (0.3, 0.3))
