"""What other readers get wrong of common formats, as found by running them: hooke is held to the right answer."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from hooke.errors import ImageReadError
from hooke.io import open_image, read_labels
from hooke.io.lazy_plane import LazyPlane

RNG = np.random.default_rng(5)


def test_a_slide_of_four_stains_is_four_channels_on_each_level_not_red_green_blue_alpha(tmp_path):
    pixels = RNG.integers(0, 255, (4, 96, 128), np.uint8)
    names = ["DAPI", "CD3", "CD8", "PanCK"]
    metadata = {"axes": "CYX", "Channel": {"Name": names}, "PhysicalSizeX": 325, "PhysicalSizeXUnit": "nm"}
    metadata |= {"PhysicalSizeY": 325, "PhysicalSizeYUnit": "nm"}
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as tif:
        tif.write(pixels, subifds=1, metadata=metadata, tile=(32, 32), photometric="minisblack")
        tif.write(pixels[:, ::2, ::2], subfiletype=1, tile=(32, 32), photometric="minisblack")
    for level, size in ((0, 0.325), (1, 0.65)):
        file = open_image(tmp_path / "a.ome.tif", level=level)
        expected = np.moveaxis(pixels[:, :: level + 1, :: level + 1], 0, -1)
        assert not file.is_rgb and file.channel_names == tuple(names)
        assert file.pixel_size_um == pytest.approx((size, size))
        np.testing.assert_array_equal(file.plane(0).pixels, expected)
        np.testing.assert_array_equal(LazyPlane(file)[7:40, 3:50], expected[7:40, 3:50])


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_levels_that_ome_zarr_py_writes_of_an_odd_size(tmp_path, zarr_format):
    """Its version 0.18 names them s0 and s1, with a scale of 501 / 250.25 and a translation of half the difference."""
    zarr = pytest.importorskip("zarr")
    pixels = RNG.integers(0, 999, (75, 51), np.uint16)
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w", zarr_format=zarr_format)
    datasets = []
    for name, data, factor in (("s0", pixels, 1.0), ("s1", pixels[:74:2, :50:2], 2.002)):
        array = group.create_array(name, shape=data.shape, chunks=(32, 32), dtype=data.dtype)
        array[...] = data
        steps = [{"type": "scale", "scale": [0.5 * factor, 0.5 * factor]}]
        if factor > 1:
            shift = 0.5 * (factor - 1) / 2
            steps.append({"type": "translation", "translation": [shift, shift]})
        datasets.append({"path": name, "coordinateTransformations": steps})
    axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "yx"]
    metadata = {"multiscales": [{"axes": axes, "datasets": datasets}]}
    group.attrs.update({"ome": {"version": "0.5", **metadata}} if zarr_format == 3 else metadata)
    file = open_image(tmp_path / "a.zarr")
    assert file.levels == ((75, 51), (37, 25)) and file.pixel_size_um == (0.5, 0.5)
    np.testing.assert_array_equal(file.plane(0).pixels, pixels)
    coarse = open_image(tmp_path / "a.zarr", level=1)
    assert coarse.pixel_size_um == pytest.approx((1.001, 1.001))
    np.testing.assert_array_equal(coarse.plane(0).pixels, pixels[:74:2, :50:2])


def test_a_window_of_an_uncompressed_stack_reads_no_whole_page(tmp_path, monkeypatch):
    """Other readers take a page as one chunk: a window of a plane of a gigabyte would cost that gigabyte."""
    pixels = RNG.integers(0, 999, (3, 600, 400), np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack", metadata={"axes": "ZYX"})
    file = open_image(tmp_path / "a.tif")
    monkeypatch.setattr(tifffile.TiffPage, "asarray", None)
    monkeypatch.setattr(tifffile.TiffFrame, "asarray", None, raising=False)
    assert file.segment_shape == (1, 400)
    for z in range(3):
        np.testing.assert_array_equal(LazyPlane(file, z)[500:520, 30:90], pixels[z, 500:520, 30:90])


def test_a_tiff_that_states_no_pixel_size_has_none(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", RNG.integers(0, 99, (40, 50), np.uint8))
    tifffile.imwrite(tmp_path / "a.ome.tif", RNG.integers(0, 99, (40, 50), np.uint8), metadata={"axes": "YX"})
    for name in ("a.tif", "a.ome.tif"):
        assert open_image(tmp_path / name).pixel_size_um is None


@pytest.mark.parametrize("name", ["a.dv", "a.r3d"])
def test_deltavision_is_refused_not_read_in_a_wrong_order(tmp_path, name):
    """The order of its axes follows a field of its header, which readers overlook."""
    header = bytearray(1024)
    header[96:98] = (-16224).to_bytes(2, "little", signed=True)
    (tmp_path / name).write_bytes(header + bytes(4000))
    with pytest.raises(ImageReadError, match="Bio-Formats"):
        open_image(tmp_path / name)


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.uint32])
def test_labels_in_jpeg_2000_come_as_they_were_written_or_not_at_all(tmp_path, dtype):
    labels = np.zeros((64, 64), dtype)
    labels[10:20, 10:20], labels[30:40, 30:40] = 1, 300
    tifffile.imwrite(tmp_path / "labels.tif", labels, compression="jpeg2000")
    if dtype == np.uint32:  # tifffile 2026.3.3 with OpenJPEG 2.5.4 gives it back with another background
        with pytest.raises(ImageReadError, match=r"labels\.tif.*26 bits a pixel in JPEG 2000(.|\n)*zlib"):
            read_labels(tmp_path / "labels.tif")
    else:
        np.testing.assert_array_equal(read_labels(tmp_path / "labels.tif"), labels)
