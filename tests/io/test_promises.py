"""Files of a few bytes that promise images of gigabytes are refused before anything is allocated."""

from __future__ import annotations

import struct
import tracemalloc
import zlib

import numpy as np
import PIL.Image
import pytest
import tifffile

from hooke.errors import ImageReadError
from hooke.io import open_image, read_image, read_labels


def refused(path, match="promises"):
    """Read it, and return the message; fail where more than 100 MB are taken on the way."""
    tracemalloc.start()
    try:
        with pytest.raises(ImageReadError, match=match) as caught:
            read_image(path)
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()
    assert str(caught.value).startswith(str(path))
    return str(caught.value)


def tiff(path, width, height, *, compression=1, count=0, held=b"", **more):
    """A TIFF of one strip, written by hand."""
    tags = {256: width, 257: height, 258: 8, 259: compression, 262: 1, 273: 0, 277: 1, 278: height, 279: count, **more}
    start = 8 + 2 + 12 * len(tags) + 4
    tags[273] = start
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    path.write_bytes(b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + b"\0\0\0\0" + held)
    return path


@pytest.mark.parametrize("count", [0, 1])
def test_a_tiff_of_134_bytes(tmp_path, count):
    path = tiff(tmp_path / "a.tif", 63_000, 63_000, count=count, held=b"x" * 12)
    assert path.stat().st_size < 140
    assert "3.7 GiB" in refused(path)


@pytest.mark.parametrize("compression", [5, 8, 32773, 50000, 34712])
def test_a_compressed_strip_can_become_so_much_and_no_more(tmp_path, compression):
    held = zlib.compress(b"")
    refused(tiff(tmp_path / "a.tif", 60_000, 60_000, compression=compression, count=len(held), held=held))


@pytest.mark.parametrize(("compression", "marker", "shift"), [("jpeg", b"\xff\xc0", 5), ("jpeg2000", b"\xff\x51", 6)])
def test_a_strip_that_says_it_is_larger_than_the_page(tmp_path, compression, marker, shift):
    path = tmp_path / "a.tif"
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    tifffile.imwrite(path, pixels, photometric="rgb", compression=compression)
    assert read_image(path).pixels.shape == pixels.shape
    raw = path.read_bytes()
    at = raw.index(marker) + shift
    size = struct.pack(">HH", 20_000, 20_000) if compression == "jpeg" else struct.pack(">II", 20_000, 20_000)
    path.write_bytes(raw[:at] + size + raw[at + len(size) :])
    refused(path)


def test_an_image_of_one_value_is_read(tmp_path):
    path = tmp_path / "blank.tif"
    tifffile.imwrite(path, np.zeros((12_000, 9_000), np.uint8), compression="zlib")
    assert path.stat().st_size < 200_000
    assert read_image(path).pixels.shape == (12_000, 9_000)


def test_ome_xml_that_describes_a_thousand_million_planes(tmp_path):
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, np.zeros((2, 8, 8), np.uint8), metadata={"axes": "TYX"})
    xml = tifffile.tiffcomment(path).replace('SizeT="2"', 'SizeT="1073741824"')
    tifffile.imwrite(path, np.zeros((2, 8, 8), np.uint8), description=xml, metadata=None)
    assert path.stat().st_size < 1500
    assert "1073741824 planes" in refused(path)


def test_a_png_whose_header_lies(tmp_path):
    path = tmp_path / "a.png"
    PIL.Image.fromarray(np.zeros((8, 8), np.uint8)).save(path)
    raw = bytearray(path.read_bytes())
    raw[16:24] = struct.pack(">II", 40_000, 40_000)
    raw[29:33] = struct.pack(">I", zlib.crc32(raw[12:29]))
    path.write_bytes(raw)
    refused(path)


def blank_png(path, side, depth):
    """A picture of zeros, deflated as far as that goes."""
    rows = zlib.compressobj(9)
    data = b"".join(rows.compress(bytes(1 + side * depth // 8)) for _ in range(side)) + rows.flush()
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", side, side, depth, 0, 0, 0, 0)), (b"IDAT", data), (b"IEND", b"")]
    packed = (struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b)) for k, b in chunks)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(packed))
    return path


def test_a_png_of_110_kilobytes(tmp_path):
    path = blank_png(tmp_path / "a.png", 30_000, 1)
    assert path.stat().st_size < 112_000
    assert "858.3 MiB" in refused(path)
    with pytest.raises(ImageReadError, match="promises"):
        read_labels(path)


def test_a_png_that_holds_what_it_says_is_held_against_the_memory(tmp_path):
    path = blank_png(tmp_path / "a.png", 12_000, 8)
    file = open_image(path, max_memory=100 << 20)
    assert file.plane_shape == (12_000, 12_000)
    with pytest.raises(ImageReadError, match=r"needs about 2.* MiB of memory and may take 100\.0 MiB"):
        file.plane(0)


@pytest.mark.parametrize("suffix", ["bmp", "jpg", "gif", "pgm", "webp"])
def test_other_pictures_whose_header_lies(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    PIL.Image.fromarray(np.zeros((8, 8), np.uint8)).save(path, **({"lossless": True} if suffix == "webp" else {}))
    raw = path.read_bytes()
    side = 30_000
    places = {
        "bmp": (18, struct.pack("<ii", side, side)),
        "jpg": (raw.find(b"\xff\xc0") + 5, struct.pack(">HH", side, side)),
        "gif": (6, struct.pack("<HH", side, side)),
        "webp": (raw.find(b"VP8L") + 9, struct.pack("<I", 0x0FFFFFFF)),
    }
    if suffix == "pgm":
        path.write_bytes(raw.replace(b"8 8", b"30000 30000"))
    else:
        at, new = places[suffix]
        path.write_bytes(raw[:at] + new + raw[at + len(new) :])
    with pytest.raises(ImageReadError):
        read_image(path)


def test_an_array_longer_than_its_file(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.zeros((8, 8)))
    path.write_bytes(path.read_bytes().replace(b"(8, 8), }" + b" " * 12, b"(80000000, 80000000), }"[:21]))
    with pytest.raises(ImageReadError):
        read_image(path)


def test_an_animation_of_more_frames_than_bytes(tmp_path):
    path = tmp_path / "a.png"
    frames = [PIL.Image.fromarray(np.full((8, 8), value, np.uint8)) for value in (1, 200)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    raw = bytearray(path.read_bytes())
    at = raw.index(b"acTL")
    raw[at + 4 : at + 8] = struct.pack(">I", 1 << 30)
    raw[at + 12 : at + 16] = struct.pack(">I", zlib.crc32(raw[at : at + 12]))
    path.write_bytes(raw)
    for read in (read_image, read_labels):
        with pytest.raises(ImageReadError, match="frames"):
            read(path)
