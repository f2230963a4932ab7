"""A window of a file holds what the whole plane holds there, in every format; what a file lacks is filled and said."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile

from hooke.errors import ConfigError, ImageReadError
from hooke.io import open_image, read_image
from hooke.io.lazy_plane import LazyPlane

RNG = np.random.default_rng(0)
WINDOWS = [np.s_[0:70, 0:90], np.s_[13:14, 0:90], np.s_[30:70, 41:90], np.s_[16:48, 32:64], np.s_[69:70, 89:90]]


def picture(*shape, dtype=np.uint16):
    """Smooth, so that lossy codecs keep it, and different everywhere."""
    return (RNG.integers(0, 40, shape) + np.arange(shape[-1])).astype(dtype)


TIFFS = {
    "tiles": (picture(70, 90), {"tile": (16, 32), "compression": "zlib"}),
    "strips": (picture(70, 90), {"rowsperstrip": 7, "compression": "lzw", "predictor": True}),
    "open": (picture(70, 90), {}),
    "big-endian": (picture(70, 90), {"byteorder": ">"}),
    "one strip": (picture(70, 90), {"rowsperstrip": 70, "compression": "zlib"}),
    "open strips": (picture(70, 90), {"rowsperstrip": 9}),
    "bigtiff": (picture(70, 90), {"tile": (32, 32), "bigtiff": True}),
    "half float": (picture(70, 90, dtype=np.float16), {"tile": (32, 32)}),
    "rgb tiles": (picture(70, 90, 3, dtype=np.uint8), {"tile": (32, 32), "photometric": "rgb"}),
    "rgb jpeg": (picture(70, 90, 3, dtype=np.uint8), {"tile": (32, 32), "photometric": "rgb", "compression": "jpeg"}),
    "rgba": (
        picture(70, 90, 4, dtype=np.uint8) * 0 + 255,
        {"tile": (32, 32), "photometric": "rgb", "extrasamples": [2]},
    ),
    "planar": (
        picture(3, 70, 90, dtype=np.uint8),
        {"tile": (32, 32), "photometric": "rgb", "planarconfig": "separate"},
    ),
    "white is zero": (picture(70, 90), {"tile": (32, 32), "photometric": "miniswhite"}),
    "channels": (picture(3, 70, 90), {"tile": (32, 32), "metadata": {"axes": "CYX"}, "ome": True}),
    "stack": (picture(2, 3, 70, 90), {"tile": (32, 32), "metadata": {"axes": "TCYX"}, "ome": True}),
    "imagej": (picture(3, 2, 70, 90), {"imagej": True, "metadata": {"axes": "ZCYX"}}),
    "bilevel": (picture(70, 90) > 60, {"rowsperstrip": 8}),
}


@pytest.mark.parametrize("kind", TIFFS)
def test_a_window_of_a_tiff_is_that_part_of_its_plane(tmp_path, kind):
    pixels, options = TIFFS[kind]
    tifffile.imwrite(tmp_path / "a.tif", pixels, **options)
    file = open_image(tmp_path / "a.tif")
    index = len(file) - 1
    whole = file.plane(index).pixels
    plane = LazyPlane(file, index)
    assert file.read_window is not None
    assert plane.shape == whole.shape
    assert plane.dtype == whole.dtype
    for window in WINDOWS:
        np.testing.assert_array_equal(plane[window], whole[window])
    np.testing.assert_array_equal(plane[::3, ::7], whole[::3, ::7])
    assert not file.gaps.notes


def test_a_window_of_a_turned_image_is_cut_from_the_whole(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", picture(70, 90), extratags=[(274, "H", 1, 6, True)])
    plane = LazyPlane(open_image(tmp_path / "a.tif"))
    assert plane.file.read_window is None
    np.testing.assert_array_equal(plane[5:9, 3:70], read_image(tmp_path / "a.tif").pixels[5:9, 3:70])


@pytest.mark.parametrize(
    ("shape", "axes"), [((70, 90), None), ((70, 90, 3), None), ((4, 70, 90), "CYX"), ((2, 70, 90), None)]
)
def test_a_window_of_an_array_file(tmp_path, shape, axes):
    np.save(tmp_path / "a.npy", picture(*shape))
    file = open_image(tmp_path / "a.npy", axes=axes)
    whole = file.plane(len(file) - 1).pixels
    for window in WINDOWS:
        np.testing.assert_array_equal(LazyPlane(file, len(file) - 1)[window], whole[window])


def test_a_region_is_read_alone_and_lies_within_the_image(tmp_path):
    pixels = picture(70, 90)
    tifffile.imwrite(tmp_path / "a.tif", pixels, tile=(16, 16))
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif", region="10,20,30,40").pixels, pixels[10:40, 20:60])
    with pytest.raises(
        ImageReadError, match="70 x 90 pixels, so a region of 30 x 40 at row 50, column 20 lies outside"
    ):
        read_image(tmp_path / "a.tif", region=(50, 20, 30, 40))
    for wrong in ("1,2,3", "a,b,c,d", "1,1,1,9", (0, 0, -4, 4)):
        with pytest.raises(ConfigError, match="region is"):
            read_image(tmp_path / "a.tif", region=wrong)


def test_tiles_that_are_cut_off_or_damaged_are_filled_and_said(tmp_path):
    path = tmp_path / "a.tif"
    pixels = picture(64, 64)
    tifffile.imwrite(path, pixels, tile=(16, 16), compression="zlib")
    with tifffile.TiffFile(path) as tif:
        last, damaged = tif.pages[0].dataoffsets[-1], tif.pages[0].dataoffsets[5]
    content = bytearray(path.read_bytes())
    assert last > damaged
    content[damaged : damaged + 20] = bytes(20)
    path.write_bytes(content[: last + 10])
    image = read_image(path, region="0,0,64,64")
    expected = pixels.copy()
    expected[16:32, 16:32] = expected[48:, 48:] = 0
    np.testing.assert_array_equal(image.pixels, expected)
    assert [note for note in image.notes if note.startswith("2 tiles missing or damaged")]


def test_rows_beyond_the_end_of_an_open_file_are_filled_and_said(tmp_path):
    pixels = picture(64, 64)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack")
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        start = tif.pages[0].dataoffsets[0]
    content = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(content[: start + 50 * 128])
    image = read_image(tmp_path / "a.tif", region="0,0,64,64")
    np.testing.assert_array_equal(image.pixels[:50], pixels[:50])
    assert not image.pixels[50:].any()
    assert any(note.startswith("14 rows missing") for note in image.notes)


def test_tiles_left_out_on_purpose_are_not_missing(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as tif:
        tiles = (None if number % 2 else picture(16, 16) for number in range(16))
        tif.write(tiles, shape=(64, 64), dtype=np.uint16, tile=(16, 16), compression="zlib")
    image = read_image(tmp_path / "a.tif", region="0,0,64,64")
    assert image.pixels[:16, :16].any()
    assert not image.pixels[:16, 16:32].any()
    assert image.notes == ()


def pyramid(path, pixels, *, subifds, **options):
    with tifffile.TiffWriter(path, ome=options.pop("ome", False)) as tif:
        metadata = options.pop("metadata", None)
        kinds = {"tile": (16, 16), **options}
        tif.write(pixels, subifds=2 if subifds else None, metadata=metadata, **kinds)
        for step in (2, 4):
            reduced = {} if subifds else {"metadata": None}
            tif.write(pixels[..., ::step, ::step], subfiletype=1, **kinds, **reduced)


@pytest.mark.parametrize("subifds", [True, False])
def test_levels_of_a_pyramid(tmp_path, subifds):
    pixels = picture(160, 200)
    pyramid(
        tmp_path / "a.ome.tif",
        pixels,
        subifds=subifds,
        ome=subifds,
        metadata={
            "axes": "YX",
            "PhysicalSizeX": 325,
            "PhysicalSizeXUnit": "nm",
            "PhysicalSizeY": 325,
            "PhysicalSizeYUnit": "nm",
        }
        if subifds
        else None,
    )
    file = open_image(tmp_path / "a.ome.tif", level=2)
    assert file.levels == ((160, 200), (80, 100), (40, 50))
    np.testing.assert_array_equal(file.plane(0).pixels, pixels[::4, ::4])
    np.testing.assert_array_equal(LazyPlane(file)[3:20, 5:50], pixels[::4, ::4][3:20, 5:50])
    if subifds:
        assert file.pixel_size_um == pytest.approx((1.3, 1.3))
        assert open_image(tmp_path / "a.ome.tif").pixel_size_um == pytest.approx((0.325, 0.325))
    with pytest.raises(ImageReadError, match=r"no level 3; choose one of: 0 \(160 x 200\), 1 \(80 x 100\), 2"):
        open_image(tmp_path / "a.ome.tif", level=3)


def test_an_aperio_slide_has_its_levels_and_pixel_size(tmp_path):
    pixels = picture(256, 320, 3, dtype=np.uint8)
    said = "Aperio Image Library v12.0\r\n320x256 (16x16) JPEG/RGB Q=70|AppMag = 20|MPP = 0.4990|Left = 1.0"
    with tifffile.TiffWriter(tmp_path / "a.svs") as tif:
        kinds = {"photometric": "rgb", "metadata": None, "tile": (64, 64), "compression": "jpeg"}
        tif.write(pixels, description=said, **kinds)
        tif.write(pixels[::8, ::8], photometric="rgb", metadata=None, rowsperstrip=16, description=said)
        tif.write(pixels[::4, ::4], description=said, subfiletype=0, **kinds)
    file = open_image(tmp_path / "a.svs")
    assert file.levels == ((256, 320), (64, 80))
    assert file.is_rgb
    assert file.pixel_size_um == pytest.approx((0.499, 0.499))
    assert open_image(tmp_path / "a.svs", level=1).pixel_size_um == pytest.approx((1.996, 1.996))
    whole = file.plane(0).pixels
    np.testing.assert_array_equal(LazyPlane(file)[60:130, 10:300], whole[60:130, 10:300])


def test_an_ome_tiff_with_a_missing_file_is_not_zeros(tmp_path):
    """tifffile reads the planes of a file that is not there as zeros."""
    pixels = picture(2, 70, 90)
    ome = tifffile.OmeXml()
    ome.addimage(np.uint16, (2, 70, 90), (2, 1, 1, 70, 90, 1), axes="CYX")
    xml = ome.tostring(declaration=True).replace(
        '<TiffData IFD="0" PlaneCount="2"/>',
        '<TiffData IFD="0" FirstC="0" PlaneCount="1"><UUID FileName="a.ome.tif">urn:uuid:0</UUID></TiffData>'
        '<TiffData IFD="0" FirstC="1" PlaneCount="1"><UUID FileName="b.ome.tif">urn:uuid:1</UUID></TiffData>',
    )
    tifffile.imwrite(tmp_path / "a.ome.tif", pixels[0], description=xml.encode(), metadata=None, tile=(16, 16))
    try:
        image = read_image(tmp_path / "a.ome.tif", region="0,0,70,90")
    except ImageReadError as error:
        assert error.remedy
    else:
        shown = image.pixels if image.pixels.ndim == 2 else image.pixels[..., 0]
        np.testing.assert_array_equal(shown, pixels[0])
        assert image.pixels.ndim == 2 or any("missing" in note for note in image.notes)


def store(path, zarr_format, pixels, axes, scales, *, units=True, omero=None, chunks=(16, 16)):
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(str(path), mode="w", zarr_format=zarr_format)
    return fill(group, zarr_format, pixels, axes, scales, units=units, omero=omero, chunks=chunks)


def fill(group, zarr_format, pixels, axes, scales, *, units=True, omero=None, chunks=(16, 16)):
    datasets = []
    for number, scale in enumerate(scales):
        step = 2**number
        data = pixels[..., ::step, ::step]
        keys = {} if zarr_format == 3 else {"chunk_key_encoding": {"name": "v2", "separator": "/"}}
        array = group.create_array(
            f"s{number}", shape=data.shape, chunks=(*(1,) * (data.ndim - 2), *chunks), dtype=data.dtype, **keys
        )
        array[...] = data
        steps = [] if scale is None else [{"type": "scale", "scale": [*(1.0,) * (data.ndim - 2), scale, scale]}]
        datasets.append({"path": f"s{number}", "coordinateTransformations": steps})
    kinds = {"t": "time", "c": "channel"}
    unit = {"unit": "nanometer"} if units else {}
    named = [{"name": axis, "type": kinds.get(axis, "space"), **(unit if axis in "zyx" else {})} for axis in axes]
    metadata = {"multiscales": [{"version": "0.4", "axes": named, "datasets": datasets}]}
    if omero:
        metadata["omero"] = {"channels": [{"label": label} for label in omero]}
    group.attrs.update(metadata if zarr_format == 2 else {"ome": {"version": "0.5", **metadata}})
    return group


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_ome_zarr_of_both_versions(tmp_path, zarr_format):
    pixels = picture(1, 2, 1, 71, 90)
    store(tmp_path / "a.ome.zarr", zarr_format, pixels, "tczyx", [325.0, 650.0], omero=["DAPI", "actin"])
    file = open_image(tmp_path / "a.ome.zarr")
    assert file.name == "a"
    assert file.levels == ((71, 90), (36, 45))
    assert file.pixel_size_um == pytest.approx((0.325, 0.325))  # nanometres
    assert file.channel_names == ("DAPI", "actin")
    whole = np.moveaxis(pixels[0, :, 0], 0, -1)
    np.testing.assert_array_equal(file.plane(0).pixels, whole)
    for window in WINDOWS:
        np.testing.assert_array_equal(LazyPlane(file)[window], whole[window])
    coarse = open_image(tmp_path / "a.ome.zarr", level=1)
    assert coarse.pixel_size_um == pytest.approx((0.65, 0.65))
    np.testing.assert_array_equal(coarse.plane(0).pixels, whole[::2, ::2])


def test_ome_zarr_without_scale_or_unit_has_no_pixel_size(tmp_path):
    store(tmp_path / "a.zarr", 3, picture(70, 90), "yx", [None])
    store(tmp_path / "b.zarr", 3, picture(70, 90), "yx", [1.0], units=False)
    assert open_image(tmp_path / "a.zarr").pixel_size_um is None
    assert open_image(tmp_path / "b.zarr").pixel_size_um is None


def test_planes_of_a_stack_in_ome_zarr(tmp_path):
    pixels = picture(3, 2, 70, 90)
    store(tmp_path / "a.zarr", 2, pixels, "tcyx", [1.0])
    file = open_image(tmp_path / "a.zarr")
    assert (file.axes, file.stack_shape) == ("T", (3,))
    np.testing.assert_array_equal(file.plane(2).pixels, np.moveaxis(pixels[2], 0, -1))


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.filterwarnings("ignore:Consolidated metadata")
def test_frames_and_fields_that_were_added_to_a_consolidated_store_are_read(tmp_path, zarr_format):
    zarr = pytest.importorskip("zarr")
    pixels = picture(5, 70, 90)
    root = zarr.open_group(str(tmp_path / "a.zarr"), mode="w", zarr_format=zarr_format)
    fill(root.create_group("0"), zarr_format, pixels[:3], "tyx", [1.0])
    zarr.consolidate_metadata(str(tmp_path / "a.zarr"))
    writer = zarr.open_group(str(tmp_path / "a.zarr"), mode="r+")
    writer["0/s0"].append(pixels[3:])
    fill(writer.create_group("1"), zarr_format, pixels[:1], "tyx", [1.0])
    assert zarr.open_group(str(tmp_path / "a.zarr"), mode="r")["0/s0"].shape == (3, 70, 90)  # as the old copy has it
    file = open_image(tmp_path / "a.zarr")
    assert (file.stack_shape, file.scenes) == ((5,), ("0", "1"))
    np.testing.assert_array_equal(file.plane(4).pixels, pixels[4])


def test_fields_of_a_plate_and_images_of_a_store_are_scenes(tmp_path):
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(str(tmp_path / "plate.zarr"), mode="w", zarr_format=3)
    made = {name: picture(70, 90) for name in ("A/1/0", "A/1/1", "B/2/0")}
    for name, pixels in made.items():
        fill(group.create_group(name), 3, pixels, "yx", [1.0])
    file = open_image(tmp_path / "plate.zarr")
    assert file.scenes == tuple(made)
    (note,) = file.notes
    assert note.startswith("only image 'A/1/0' of the file was read; it also holds 'A/1/1', 'B/2/0': ")
    for name, pixels in made.items():
        image = read_image(tmp_path / "plate.zarr", scene=name)
        np.testing.assert_array_equal(image.pixels, pixels)
        assert image.notes == ()
    zarr.save_array(str(tmp_path / "alone.zarr"), picture(7, 9))
    with pytest.raises(
        ImageReadError, match="a zarr array alone, which says nothing of its axes; write it as OME-Zarr"
    ):
        open_image(tmp_path / "alone.zarr")
    with pytest.raises(ImageReadError, match="no scene 'C/1/0'; choose one of: A/1/0"):
        open_image(tmp_path / "plate.zarr", scene="C/1/0")


def test_chunks_that_are_missing_or_damaged_are_filled_and_said(tmp_path):
    pixels = picture(64, 64) + 1
    store(tmp_path / "a.zarr", 3, pixels, "yx", [1.0])
    chunks = tmp_path / "a.zarr" / "s0" / "c"
    (chunks / "0" / "0").unlink()
    (chunks / "2" / "3").write_bytes(b"no chunk")
    image = read_image(tmp_path / "a.zarr", region="0,0,64,64")
    expected = pixels.copy()
    expected[:16, :16] = expected[32:48, 48:] = 0
    np.testing.assert_array_equal(image.pixels, expected)
    assert any(note.startswith("1 of 16 chunks are not in the store") for note in image.notes)
    assert any(note.startswith("1 chunk missing or damaged") for note in image.notes)


def test_a_damaged_chunk_is_said_of_a_whole_plane_too(tmp_path):
    store(tmp_path / "a.zarr", 2, picture(64, 64), "yx", [1.0])
    damaged = next(path for path in (tmp_path / "a.zarr").rglob("*") if path.is_file() and path.name.isdigit())
    damaged.write_bytes(b"no chunk")
    image = read_image(tmp_path / "a.zarr")
    assert [note for note in image.notes if note.startswith("1 chunk missing or damaged")]


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_an_array_alone_is_said_to_be_one(tmp_path, zarr_format):
    zarr = pytest.importorskip("zarr")
    array = zarr.open_array(str(tmp_path / "a.zarr"), mode="w", shape=(4, 5), dtype="u2", zarr_format=zarr_format)
    array[:] = 1
    with pytest.raises(ImageReadError, match="is a zarr array alone, which says nothing of its axes"):
        open_image(tmp_path / "a.zarr")


def test_a_store_that_is_not_ome_zarr_is_refused(tmp_path):
    zarr = pytest.importorskip("zarr")
    zarr.open_group(str(tmp_path / "a.zarr"), mode="w").create_array("x", shape=(4, 4), dtype=np.uint8)
    with pytest.raises(ImageReadError, match="holds no OME-Zarr image"):
        open_image(tmp_path / "a.zarr")
    (tmp_path / "a.zarr" / "zarr.json").write_text(json.dumps({"zarr_format": 3, "node_type": "group"})[:20])
    with pytest.raises(ImageReadError, match=r"a\.zarr: damaged or unusual zarr"):
        open_image(tmp_path / "a.zarr")
