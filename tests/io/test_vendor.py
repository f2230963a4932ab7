"""Microscopes' own formats: axes, channel order, units, scenes and windows, by small files that are written here.

Nothing that is free writes .nd2: its reader is held to what the package nd2 promises, by an object in its place, and is
untested on real files.
"""

from __future__ import annotations

import struct
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import numpy as np
import pytest

import hooke
from hooke.datasets import simulate
from hooke.errors import ImageReadError
from hooke.io import find_images, open_image, read_image, readers
from hooke.io.image_file import ImageFile
from hooke.io.lazy_plane import LazyPlane
from hooke.pipeline import SegmentOptions, segment_folder


@pytest.fixture
def czi():
    return pytest.importorskip("pylibCZIrw.czi")


def test_czi_in_colour_is_red_first(czi, tmp_path):
    blue_first = np.zeros((40, 60, 3), np.uint8) + np.array([60, 100, 200], np.uint8)
    with czi.create_czi(str(tmp_path / "a.czi")) as document:
        document.write(data=blue_first, plane={"T": 0, "Z": 0, "C": 0})
    image = read_image(tmp_path / "a.czi")
    assert image.is_rgb and image.pixels.shape == (40, 60, 3) and image.pixels.dtype == np.uint8
    assert image.pixels[5, 7].tolist() == [200, 100, 60]
    part = read_image(tmp_path / "a.czi", region=(3, 4, 20, 30))
    assert part.pixels.shape == (20, 30, 3) and part.pixels[0, 0].tolist() == [200, 100, 60]


def test_czi_keeps_channels_planes_and_sizes(czi, tmp_path):
    planes = np.arange(2 * 3 * 40 * 60, dtype=np.uint16).reshape(2, 3, 40, 60)
    with czi.create_czi(str(tmp_path / "a.czi")) as document:
        for channel in range(2):
            for z in range(3):
                document.write(data=planes[channel, z][..., None], plane={"T": 0, "Z": z, "C": channel})
        document.write_metadata("a", channel_names={0: "DAPI", 1: "GFP"}, scale_x=0.325e-6, scale_y=0.25e-6)
    file = open_image(tmp_path / "a.czi")
    assert (file.axes, file.stack_shape, file.plane_shape) == ("Z", (3,), (40, 60, 2))
    assert file.pixel_size_um == (0.25, 0.325)
    assert file.z_step_um is None  # the file has 0.0
    assert file.channel_names == ("DAPI", "GFP")
    for z in range(3):
        assert np.array_equal(file.plane(z).pixels, np.moveaxis(planes[:, z], 0, -1))
    window = LazyPlane(file, 2)[11:30, 5:59]
    assert np.array_equal(window, np.moveaxis(planes[:, 2, 11:30, 5:59], 0, -1))


def test_czi_without_a_scale_has_no_pixel_size(czi, tmp_path):
    with czi.create_czi(str(tmp_path / "a.czi")) as document:
        document.write(data=np.ones((40, 60, 1), np.uint8), plane={"T": 0, "Z": 0, "C": 0})
        document.write_metadata("a")
    file = open_image(tmp_path / "a.czi")
    assert file.pixel_size_um is None and file.plane_shape == (40, 60) and file.scenes == ()


def test_czi_scenes_are_images_of_their_own(czi, tmp_path):
    first, second = np.full((40, 60, 1), 7, np.uint8), np.full((30, 50, 1), 9, np.uint8)
    with czi.create_czi(str(tmp_path / "a.czi")) as document:
        document.write(data=first, plane={"T": 0, "Z": 0, "C": 0}, scene=0, location=(0, 0))
        document.write(data=second, plane={"T": 0, "Z": 0, "C": 0}, scene=1, location=(100, 20))
    file = open_image(tmp_path / "a.czi")
    assert file.scenes == ("S0", "S1") and file.scene == "S0"
    assert file.notes[0].startswith("only image 'S0' of the file was read; it also holds 'S1': ")
    assert np.array_equal(read_image(tmp_path / "a.czi", scene="S1").pixels, second[..., 0])
    with pytest.raises(ImageReadError, match="no scene 'S2'; choose one of: S0, S1"):
        open_image(tmp_path / "a.czi", scene="S2")
    with pytest.raises(ImageReadError, match="no level 1"):
        open_image(tmp_path / "a.czi", level=1)
    (tmp_path / "cut.czi").write_bytes((tmp_path / "a.czi").read_bytes()[:900])
    with pytest.raises(ImageReadError, match=r"cut\.czi: can't be read as \.czi"):
        open_image(tmp_path / "cut.czi").plane(0)


def test_czi_says_which_planes_were_never_taken(czi, tmp_path):
    with czi.create_czi(str(tmp_path / "a.czi")) as document:
        for time, channel in ((0, 0), (0, 1), (1, 0)):  # imaging was stopped before the last
            black = np.zeros((600, 30, 1), np.uint16)
            document.write(black, plane={"T": time, "C": channel})
    file = open_image(tmp_path / "a.czi")
    assert file.plane(0).notes == ()  # black, but taken
    missing = file.plane(1)
    assert not missing.pixels.any() and len(missing.notes) == 1
    assert missing.notes[0].startswith("1 plane missing or damaged in the file: filled with 0")


def test_gaps_between_tiles_of_a_czi_mosaic_are_no_missing_planes(czi, tmp_path):
    with czi.create_czi(str(tmp_path / "a.czi")) as document:
        for left in (0, 900):
            document.write(np.zeros((40, 50, 1), np.uint8), plane={"C": 0}, location=(left, 0))
    assert read_image(tmp_path / "a.czi").notes == ()
    assert read_image(tmp_path / "a.czi", region=(0, 200, 20, 30)).notes == ()


def test_a_folder_of_czi_files_is_segmented(czi, tmp_path):
    field = simulate((120, 128), seed=1, diameter=24, density=0.15).image
    (tmp_path / "images").mkdir()
    with czi.create_czi(str(tmp_path / "images" / "a.czi")) as document:
        document.write(data=field[..., None], plane={"T": 0, "Z": 0, "C": 0})
    assert [path.name for path in find_images([tmp_path / "images"])] == ["a.czi"]
    result = segment_folder([tmp_path / "images"], tmp_path / "out", SegmentOptions(diameter=24, threads=1))
    assert result.images[0].count == hooke.segment(field, diameter=24, threads=1).labels.max() > 5


def write_lif(path, images):
    """Write a .lif file of uint8 images: name, pixels (C, Z, Y, X), and lengths of Z, Y and X in metres."""
    elements, blocks = [], [("MemBlock_0", b"")]
    for number, (name, pixels, lengths) in enumerate(images, 1):
        channels, *sizes = pixels.shape
        channel = (
            '<ChannelDescription DataType="0" ChannelTag="0" Resolution="8" NameOfMeasuredQuantity="" Min="0" Max="255"'
        )
        channel += ' Unit="" LUTName="Green" IsLUTInverted="0" BytesInc="{}" BitInc="0"/>'
        increments = (sizes[1] * sizes[2], sizes[2], 1)
        dimensions = [
            f'<DimensionDescription DimID="{axis}" NumberOfElements="{size}" Origin="0" Length="{length}" Unit="m" '
            f'BitInc="0" BytesInc="{step}"/>'
            for axis, size, length, step in zip((3, 2, 1), sizes, lengths, increments, strict=True)
            if size > 1
        ]
        elements.append(
            f'<Element Name="{name}"><Data><Image><ImageDescription><Channels>'
            + "".join(channel.format(at * pixels[0].size) for at in range(channels))
            + f"</Channels><Dimensions>{''.join(reversed(dimensions))}</Dimensions></ImageDescription></Image></Data>"
            f'<Memory Size="{pixels.size}" MemoryBlockID="MemBlock_{number}"/></Element>'
        )
        blocks.append((f"MemBlock_{number}", pixels.tobytes()))
    header = (
        '<LMSDataContainerHeader Version="2"><Element Name="f.lif"><Data><Experiment Path=""/></Data>'
        f'<Memory Size="0" MemoryBlockID="MemBlock_0"/><Children>{"".join(elements)}</Children></Element>'
        "</LMSDataContainerHeader>"
    )
    text = header.encode("utf-16-le")
    with path.open("wb") as file:
        file.write(struct.pack("<IIBI", 0x70, len(text) + 5, 0x2A, len(header)) + text)
        for name, data in blocks:
            named = name.encode("utf-16-le")
            size = struct.pack("<IIBQBI", 0x70, len(named) + 14, 0x2A, len(data), 0x2A, len(name))
            file.write(size + named + data)


def test_lif_pixel_size_is_the_length_over_one_less_than_the_pixels(tmp_path):
    pytest.importorskip("liffile")
    pixels = np.arange(2 * 3 * 40 * 60).reshape(2, 3, 40, 60).astype(np.uint8)
    small = pixels[:1, :1, :9]
    images = [("Series1", pixels, (2e-6, 19.5e-6, 29.5e-6)), ("Series2", small, (0, 8e-6, 59e-6))]
    write_lif(tmp_path / "a.lif", images)
    file = open_image(tmp_path / "a.lif")
    assert file.scenes == ("Series1", "Series2") and file.scene == "Series1"
    assert (file.axes, file.stack_shape, file.plane_shape) == ("Z", (3,), (40, 60, 2))
    assert file.pixel_size_um == pytest.approx((0.5, 0.5)) and file.z_step_um == pytest.approx(1.0)
    for z in range(3):
        assert np.array_equal(file.plane(z).pixels, np.moveaxis(pixels[:, z], 0, -1))
    second = open_image(tmp_path / "a.lif", scene="Series2")
    assert second.plane_shape == (9, 60) and second.pixel_size_um == pytest.approx((1.0, 1.0))
    assert np.array_equal(second.plane(0).pixels, pixels[0, 0, :9])
    (tmp_path / "cut.lif").write_bytes((tmp_path / "a.lif").read_bytes()[:300])
    with pytest.raises(ImageReadError, match=r"cut\.lif: can't be read as \.lif"):
        open_image(tmp_path / "cut.lif")


PIXELS = np.arange(2 * 3 * 2 * 8 * 10, dtype=np.uint16).reshape(6, 2, 8, 10)


class StoredNd2:
    """What the package nd2 makes of a file of two positions, three planes and two channels."""

    def __init__(self, path):
        self.sizes = {"P": 2, "Z": 3, "C": 2, "Y": 8, "X": 10}
        self.dtype, self.is_rgb = np.dtype(np.uint16), False
        self.loop_indices = [{"P": p, "Z": z} for p in range(2) for z in range(3)]
        volume = SimpleNamespace(axesCalibration=(0.325, 0.325, 1.0), axesCalibrated=(True, True, False))
        channels = [SimpleNamespace(channel=SimpleNamespace(name=name), volume=volume) for name in ("DAPI", "GFP")]
        self.metadata = SimpleNamespace(channels=channels)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def read_frame(self, number):
        return PIXELS[number]


def test_nd2_positions_are_scenes_and_what_is_not_calibrated_has_no_size(tmp_path, monkeypatch):
    nd2 = pytest.importorskip("nd2")
    path = tmp_path / "a.nd2"
    path.write_bytes(b"\xda\xce\xbe\x0a nothing more")
    with pytest.raises(ImageReadError, match=r"a\.nd2: can't be read as \.nd2"):
        open_image(path)
    monkeypatch.setattr(nd2, "ND2File", StoredNd2)
    file = open_image(path, scene="P1")
    assert (file.axes, file.stack_shape, file.plane_shape) == ("Z", (3,), (8, 10, 2))
    assert (file.pixel_size_um, file.z_step_um, file.channel_names) == ((0.325, 0.325), None, ("DAPI", "GFP"))
    assert file.scenes == ("P0", "P1")
    assert np.array_equal(file.plane(2).pixels, np.moveaxis(PIXELS[5], 0, -1))
    assert np.array_equal(LazyPlane(file, 1)[2:5, 3:9], np.moveaxis(PIXELS[4, :, 2:5, 3:9], 0, -1))


def test_a_package_adds_a_format_by_an_entry_point(tmp_path, monkeypatch):
    point = EntryPoint("xyz", "tests.io.test_vendor:open_xyz", readers.GROUP)
    monkeypatch.setattr(readers, "_added", lambda: {".xyz": point})
    (tmp_path / "a.xyz").write_bytes(bytes(range(12)))
    assert read_image(tmp_path / "a.xyz").pixels.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    assert find_images([tmp_path]) == [tmp_path / "a.xyz"]
    broken = EntryPoint("xyz", "no.such.module:open", readers.GROUP)
    monkeypatch.setattr(readers, "_added", lambda: {".xyz": broken})
    with pytest.raises(ImageReadError, match="its reader can't be loaded"):
        open_image(tmp_path / "a.xyz")


def open_xyz(path, axes, /, *, scene, level):
    """Three rows of four bytes."""
    pixels = np.frombuffer(path.read_bytes(), np.uint8).reshape(3, 4)
    return ImageFile(path, path.stem, "", (), (3, 4), read=lambda position: pixels)


def test_without_its_package_the_remedy_names_it(tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "_is_installed", lambda package: False)
    (tmp_path / "a.czi").write_bytes(b"ZISRAWFILE" + bytes(100))
    with pytest.raises(ImageReadError, match=r"install pylibCZIrw .*\[vendor\]"):
        open_image(tmp_path / "a.czi")
