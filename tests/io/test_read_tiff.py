"""TIFF in its many kinds: files made by tifffile or Pillow, read by hooke."""

import struct
from importlib.metadata import version

import numpy as np
import PIL.Image
import PIL.ImageOps
import pytest
import tifffile

from hooke.errors import ImageReadError
from hooke.io import open_image, read_image
from hooke.io.channel_files import find_channels

RNG = np.random.default_rng(0)
SHAPE = (40, 50)
GREY16 = RNG.integers(0, 65536, SHAPE, dtype=np.uint16)
RGB8 = RNG.integers(0, 256, (*SHAPE, 3), dtype=np.uint8)


def grey(dtype):
    return (RNG.random(SHAPE) * 100).astype(dtype)


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "f4", "f8", "?"])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_types_and_byte_orders(tmp_path, dtype, byteorder):
    pixels = grey(dtype)
    tifffile.imwrite(tmp_path / "a.tif", pixels, byteorder=byteorder)
    image = read_image(tmp_path / "a.tif")
    assert np.array_equal(image.pixels, pixels)
    assert image.pixels.dtype == np.dtype(dtype)  # native
    assert image.pixels.dtype.isnative
    assert (image.plane, image.is_rgb, image.name) == ({}, False, "a")


def test_half_precision_becomes_single(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", grey("f2"))
    assert read_image(tmp_path / "a.tif").pixels.dtype == np.float32


@pytest.mark.parametrize("compression", ["lzw", "zlib", "zstd", "packbits", "lzma"])
@pytest.mark.parametrize("options", [{}, {"tile": (16, 16)}, {"rowsperstrip": 7}, {"predictor": True}])
def test_lossless_compressions(tmp_path, compression, options):
    tifffile.imwrite(tmp_path / "a.tif", GREY16, compression=compression, **options)
    assert np.array_equal(read_image(tmp_path / "a.tif").pixels, GREY16)


def test_jpeg_compression(tmp_path):
    y, x = np.mgrid[:64, :64]
    smooth = np.stack([y * 4, x * 4, (x + y) * 2], -1).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", smooth, compression="jpeg", photometric="rgb", tile=(32, 32))
    image = read_image(tmp_path / "a.tif")
    assert image.is_rgb
    assert np.abs(image.pixels.astype(int) - smooth).mean() < 4


@pytest.mark.parametrize("options", [{"bigtiff": True}, {"tile": (16, 32)}, {"bigtiff": True, "byteorder": ">"}])
def test_bigtiff_and_tiles(tmp_path, options):
    tifffile.imwrite(tmp_path / "a.tif", GREY16, **options)
    assert np.array_equal(read_image(tmp_path / "a.tif").pixels, GREY16)


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_rgb(tmp_path, planar, alpha, dtype):
    rgb = RGB8.astype(dtype) * (1 if dtype == "u1" else 257)
    stored = np.dstack([rgb, np.full(SHAPE, 99, dtype)]) if alpha else rgb
    if planar == "separate":
        stored = np.moveaxis(stored, -1, 0)
    extra = {"extrasamples": ["unassalpha"]} if alpha else {}
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", planarconfig=planar, **extra)
    file = open_image(tmp_path / "a.tif")
    assert (file.is_rgb, file.plane_shape, len(file)) == (True, (*SHAPE, 3), 1)
    assert np.array_equal(file.plane(0).pixels, rgb)


def test_three_samples_that_are_not_rgb(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", RGB8, photometric="minisblack", planarconfig="contig")
    image = read_image(tmp_path / "a.tif")
    assert np.array_equal(image.pixels, RGB8)
    assert not image.is_rgb


def test_pillow_files(tmp_path):
    PIL.Image.fromarray(RGB8).save(tmp_path / "rgb.tif", compression="tiff_lzw")
    assert np.array_equal(read_image(tmp_path / "rgb.tif").pixels, RGB8)


def test_fax_compression(tmp_path):
    PIL.Image.fromarray(RGB8[..., 0] > 99).save(tmp_path / "bit.tif", compression="group4")
    installed = [tuple(map(int, version(name).split(".")[:3])) for name in ("tifffile", "imagecodecs")]
    if installed[0] < (2026, 3, 3) or installed[1] < (2026, 3, 6):
        with pytest.raises(ImageReadError, match="pip install -U tifffile imagecodecs"):
            read_image(tmp_path / "bit.tif")
        pytest.skip("tifffile 2026.3.3 and imagecodecs 2026.3.6 are the first to read it")
    bit = read_image(tmp_path / "bit.tif")
    assert bit.pixels.dtype == bool
    assert np.array_equal(bit.pixels, RGB8[..., 0] > 99)


def test_palette(tmp_path):
    colormap = RNG.integers(0, 256, (3, 256), dtype=np.uint16) * 257
    tifffile.imwrite(tmp_path / "a.tif", RGB8[..., 0], photometric="palette", colormap=colormap)
    file = open_image(tmp_path / "a.tif")
    assert (file.is_rgb, file.plane_shape) == (True, (*SHAPE, 3))
    assert np.array_equal(file.plane(0).pixels, (colormap >> 8).astype(np.uint8).T[RGB8[..., 0]])


def test_lookup_table_of_imagej_leaves_intensities(tmp_path):
    colormap = np.zeros((3, 256), np.uint16)
    colormap[1] = np.arange(256) * 257  # green
    tifffile.imwrite(tmp_path / "a.tif", RGB8[..., 0], imagej=True, colormap=colormap)
    assert np.array_equal(read_image(tmp_path / "a.tif").pixels, RGB8[..., 0])


@pytest.mark.parametrize("kind", ["ome", "imagej"])
@pytest.mark.parametrize(
    ("axes", "shape"), [("CYX", (2,)), ("ZYX", (3,)), ("TYX", (3,)), ("TZCYX", (2, 2, 2)), ("YX", ())]
)
def test_lookup_tables_leave_channels_and_intensities(tmp_path, kind, axes, shape):
    pixels = RNG.integers(0, 256, (*shape, *SHAPE), dtype=np.uint8)
    colormap = RNG.integers(0, 65536, (3, 256), dtype=np.uint16)  # as "glasbey" or "fire": in no order
    path = tmp_path / ("a.ome.tif" if kind == "ome" else "a.tif")
    options = {"imagej": True} if kind == "imagej" else {"photometric": "palette"}
    tifffile.imwrite(path, pixels, colormap=colormap, metadata={"axes": axes}, **options)
    file = open_image(path)
    assert not file.is_rgb
    assert file.plane_shape == (SHAPE if "C" not in axes else (*SHAPE, 2))
    planes = np.array([image.pixels for image in file]).reshape(*file.stack_shape, *file.plane_shape)
    assert np.array_equal(planes, np.moveaxis(pixels, axes.index("C"), -1) if "C" in axes else pixels)


def test_ramp_of_one_colour_in_a_plain_tiff_is_a_lookup_table(tmp_path):
    colormap = np.zeros((3, 256), np.uint16)
    colormap[1] = np.arange(256) * 257
    pixels = RNG.integers(0, 256, (3, *SHAPE), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="palette", colormap=colormap, metadata=None)
    file = open_image(tmp_path / "a.tif")
    assert np.array_equal([image.pixels for image in file], pixels)


def test_inverted_lookup_table_of_imagej_leaves_intensities(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY16, imagej=True, photometric="miniswhite")
    assert np.array_equal(read_image(tmp_path / "a.tif").pixels, GREY16)


@pytest.mark.parametrize("compression", [None, "zlib", "lzw", "jpeg2000", "APERIO_JP2000_YCBC"])
@pytest.mark.parametrize("writer", ["tifffile", "pillow"])
def test_ycbcr_becomes_rgb(tmp_path, compression, writer):
    rgb = np.empty((64, 64, 3), np.uint8)
    rgb[:32], rgb[32:] = (200, 100, 60), (20, 120, 220)
    picture = PIL.Image.fromarray(rgb).convert("YCbCr")
    if writer == "tifffile":
        tifffile.imwrite(tmp_path / "a.tif", np.asarray(picture), photometric="ycbcr", compression=compression)
    elif compression in ("zlib", "lzw"):
        picture.save(tmp_path / "a.tif", compression={"zlib": "tiff_adobe_deflate", "lzw": "tiff_lzw"}[compression])
    else:
        pytest.skip("Pillow writes none such")
    image = read_image(tmp_path / "a.tif")
    assert image.is_rgb
    assert np.abs(image.pixels.astype(int) - rgb).max() <= 2


def test_aperio_ycbcr_is_converted_whatever_the_photometric_tag_says(tmp_path):
    samples = np.full((64, 64, 3), (125, 91, 181), np.uint8)
    for name in ("YCBC", "RGB"):
        tifffile.imwrite(tmp_path / f"{name}.tif", samples, photometric="rgb", compression=f"APERIO_JP2000_{name}")
    assert np.abs(read_image(tmp_path / "YCBC.tif").pixels[0, 0].astype(int) - (200, 100, 60)).max() <= 2
    assert np.array_equal(read_image(tmp_path / "RGB.tif").pixels, samples)


def test_ycbcr_with_other_coefficients_and_black(tmp_path):
    def rationals(*values):
        return tuple(part for value in values for part in (round(value * 10000), 10000))

    # Rec. 709, and video's 16 to 235 and 16 to 240
    tags = [
        (529, 5, 3, rationals(0.2126, 0.7152, 0.0722), True),
        (530, 3, 2, (1, 1), True),
        (532, 5, 6, rationals(16, 235, 128, 240, 128, 240), True),
        (262, 3, 1, 6, True),
    ]
    red, green, blue = 200, 100, 60
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    samples = [16 + y * 219 / 255, 128 + (blue - y) / 1.8556 * 112 / 127, 128 + (red - y) / 1.5748 * 112 / 127]
    pixels = np.full((32, 32, 3), np.rint(samples), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", metadata=None, compression="zlib", extratags=tags)
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+") as tif:
        tif.pages[0].tags[262].overwrite(6)
    assert np.abs(read_image(tmp_path / "a.tif").pixels[0, 0].astype(int) - (red, green, blue)).max() <= 2


def test_subsampled_ycbcr_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", RGB8, photometric="ycbcr", compression="zlib", metadata=None)
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+") as tif:
        tif.pages[0].tags[530].overwrite((2, 2))
    with pytest.raises(ImageReadError, match=r"YCbCr .*subsampling.*; save it as RGB"):
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_white_is_zero_is_inverted(tmp_path, dtype):
    pixels = grey(dtype)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="miniswhite")
    image = read_image(tmp_path / "a.tif")
    assert np.array_equal(image.pixels, np.iinfo(dtype).max - pixels)
    assert image.notes[0].startswith("inverted: the file calls 0 white")
    tifffile.imwrite(tmp_path / "b.tif", pixels)
    assert read_image(tmp_path / "b.tif").notes == ()


def test_pyramid_gives_its_full_resolution(tmp_path):
    full = RNG.integers(0, 65536, (128, 160), dtype=np.uint16)
    with tifffile.TiffWriter(tmp_path / "sub.ome.tif") as writer:
        writer.write(full, subifds=2, tile=(32, 32), metadata={"axes": "YX"})
        for step in (2, 4):
            writer.write(full[::step, ::step], subfiletype=1, tile=(32, 32))
    with tifffile.TiffWriter(tmp_path / "pages.tif") as writer:  # small one first
        for step in (4, 1, 2):
            writer.write(full[::step, ::step], metadata=None)
    for name in ("sub.ome.tif", "pages.tif"):
        file = open_image(tmp_path / name)
        assert len(file) == 1
        assert np.array_equal(file.plane(0).pixels, full)
    assert open_image(tmp_path / "sub.ome.tif").name == "sub"


def stack(*shape, dtype=np.uint16):
    return np.arange(np.prod(shape), dtype=np.int64).reshape(shape).astype(dtype)


@pytest.mark.parametrize("axes", ["TZCYX", "CZTYX", "ZCTYX"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_ome_tiff_stack(tmp_path, axes, compression):
    sizes = {"T": 2, "Z": 3, "C": 2, "Y": 8, "X": 10}
    pixels = stack(*(sizes[axis] for axis in axes))
    tifffile.imwrite(
        tmp_path / "a.ome.tif",
        pixels,
        compression=compression,
        metadata={
            "axes": axes,
            "PhysicalSizeX": 325.0,
            "PhysicalSizeXUnit": "nm",
            "PhysicalSizeY": 0.65,
            "PhysicalSizeYUnit": "µm",
            "Channel": {"Name": ["DAPI", "GFP"]},
        },
    )
    file = open_image(tmp_path / "a.ome.tif")
    order = axes.replace("C", "")[:2]
    assert (file.axes, file.stack_shape, len(file), file.name) == (order, tuple(sizes[a] for a in order), 6, "a")
    assert file.pixel_size_um == pytest.approx((0.65, 0.325))
    assert file.channel_names == ("DAPI", "GFP")
    expected = pixels.transpose([axes.index(axis) for axis in order + "YXC"]).reshape(6, 8, 10, 2)
    for index, image in enumerate(file):
        assert np.array_equal(image.pixels, expected[index])
        assert not image.is_rgb
    assert file.plane(4).plane == {
        order[0].lower(): 4 // file.stack_shape[1],
        order[1].lower(): 4 % file.stack_shape[1],
    }


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"Name": ["Confocal", "Confocal"]}, ("Confocal", "Confocal")),
        ({"Name": ["Confocal", "Confocal"], "Fluor": ["DAPI", "GFP"]}, ("Confocal DAPI", "Confocal GFP")),
        ({"Fluor": ["DAPI", "GFP"]}, ("DAPI", "GFP")),
        ({"Name": ["x", "y"], "Fluor": ["DAPI", "GFP"]}, ("x", "y")),
        ({"ExcitationWavelength": [405, 488]}, ("405 nm", "488 nm")),
        ({"Color": [1, 2]}, ()),
    ],
)
def test_channels_are_named_by_name_dye_or_wavelength(tmp_path, said, expected):
    tifffile.imwrite(tmp_path / "a.ome.tif", stack(2, 8, 10), metadata={"axes": "CYX", "Channel": said})
    assert open_image(tmp_path / "a.ome.tif").channel_names == expected


def test_ome_tiff_of_three_channels_is_not_rgb_and_of_rgb_is(tmp_path):
    channels = stack(3, 8, 10, dtype=np.uint8)
    tifffile.imwrite(tmp_path / "c.ome.tif", channels, photometric="minisblack", metadata={"axes": "CYX"})
    tifffile.imwrite(tmp_path / "s.ome.tif", RGB8, photometric="rgb", metadata={"axes": "YXS"})
    image = read_image(tmp_path / "c.ome.tif")
    assert not image.is_rgb
    assert np.array_equal(image.pixels, np.moveaxis(channels, 0, -1))
    assert read_image(tmp_path / "s.ome.tif").is_rgb


def test_ome_positions_are_a_stack(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as writer:
        for position in range(3):
            writer.write(np.full((2, 8, 10), position, np.uint8), metadata={"axes": "CYX"}, photometric="minisblack")
    file = open_image(tmp_path / "a.ome.tif")
    assert (file.axes, file.stack_shape, file.plane_shape) == ("P", (3,), (8, 10, 2))
    assert [int(image.pixels.min()) for image in file] == [0, 1, 2]


# --- scenes -----------------------------------------------------------------------------------------------------


def blobs(height, width, seed):
    """A smooth picture, as microscopes make them: a smaller copy resembles it."""
    rng = np.random.default_rng(seed)
    coarse = PIL.Image.fromarray(rng.integers(0, 256, (8, 10), dtype=np.uint8))
    return np.asarray(coarse.resize((width, height), PIL.Image.Resampling.BICUBIC))


@pytest.mark.parametrize("kind", ["ome", "plain", "shaped"])
def test_images_of_other_sizes_are_scenes(tmp_path, kind):
    # 64 x 80 is half of 128 x 160, for which tifffile takes it for a level of a pyramid.
    pictures = [blobs(128, 160, 1), blobs(60, 70, 2), blobs(64, 80, 3), blobs(60, 70, 4)]
    path = tmp_path / ("a.ome.tif" if kind == "ome" else "a.tif")
    with tifffile.TiffWriter(path) as writer:
        for number, pixels in enumerate(pictures):
            metadata = {"plain": None, "shaped": {}, "ome": {"Name": f"well A{number} #1"}}[kind]
            writer.write(pixels, metadata=metadata)
    file = open_image(path)
    assert (file.plane_shape, file.scene) == ((128, 160), file.scenes[0])  # the largest
    assert len(file.scenes) == 3
    if kind == "ome":
        assert file.scenes == ("well_A0_1", "well_A1_1", "well_A2_1")
    else:
        assert set(file.scenes) == {"image1", "image2", "image3"}
    planes = [image.pixels for scene in file.scenes for image in open_image(path, scene=scene)]
    for pixels in pictures:
        assert any(np.array_equal(pixels, plane) for plane in planes)
    with pytest.raises(ImageReadError, match=f"no scene 'x'; choose one of: {file.scenes[0]}"):
        open_image(path, scene="x")


def test_one_image_has_no_scenes(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY16)
    assert open_image(tmp_path / "a.tif").scenes == ()


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("order", [1, -1])
def test_smaller_copies_of_an_image_are_not_scenes(tmp_path, marked, order):
    full = blobs(512, 640, 1)
    copies = [full, *(np.asarray(PIL.Image.fromarray(full).reduce(factor)) for factor in (2, 4, 7))]
    thumbnail = np.repeat(np.asarray(PIL.Image.fromarray(full).resize((100, 80)))[..., None], 3, 2)
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for pixels in [*copies, thumbnail][::order]:
            writer.write(pixels, metadata=None, subfiletype=1 if marked and pixels is not full else 0)
    file = open_image(tmp_path / "a.tif")
    assert (file.scenes, file.plane_shape) == ((), full.shape)


def test_label_and_macro_of_a_slide_are_not_scenes(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as writer:
        for name, shape in (("scan", (128, 160)), ("label image", (60, 61)), ("macro image", (50, 90))):
            writer.write(blobs(*shape, shape[0]), metadata={"Name": name})
    assert open_image(tmp_path / "a.ome.tif").scenes == ()


def test_images_whose_names_hold_such_a_word_are_scenes(tmp_path):
    names = ("well 1", "overview", "Preview 2", "no label control")
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as writer:
        for seed, name in enumerate(names):
            writer.write(blobs(100 - 9 * seed, 90 + 7 * seed, seed), metadata={"Name": name})
    assert open_image(tmp_path / "a.ome.tif").scenes == ("well_1", "overview", "Preview_2", "no_label_control")


# --- orientation ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("planes", [1, 2])
def test_orientation_tag_is_obeyed(tmp_path, orientation, planes):
    pixels = np.stack([GREY16] * planes).squeeze()
    tifffile.imwrite(
        tmp_path / "a.tif",
        pixels,
        photometric="minisblack",
        metadata=None,
        extratags=[(274, 3, 1, orientation, True)],
        resolution=(20000.0, 10000.0),
        resolutionunit="CENTIMETER",
    )
    picture = PIL.Image.fromarray(GREY16)
    picture.getexif()[274] = orientation
    expected = np.asarray(PIL.ImageOps.exif_transpose(picture))  # an independent reading of the tag
    file = open_image(tmp_path / "a.tif")
    assert file.plane_shape == expected.shape
    assert np.array_equal(file.plane(planes - 1).pixels, expected)
    assert file.pixel_size_um == pytest.approx((0.5, 1.0) if orientation > 4 else (1.0, 0.5))
    assert [f"({orientation})" in note for note in file.plane(0).notes] == ([True] if orientation > 1 else [])


# --- stacks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_imagej_hyperstack(tmp_path, byteorder):
    pixels = stack(2, 3, 2, 8, 10)
    tifffile.imwrite(
        tmp_path / "a.tif",
        pixels,
        imagej=True,
        byteorder=byteorder,
        resolution=(4.0, 2.0),
        metadata={"axes": "TZCYX", "unit": "micron"},
    )
    file = open_image(tmp_path / "a.tif")
    assert (file.axes, file.stack_shape, file.plane_shape) == ("TZ", (2, 3), (8, 10, 2))
    assert file.pixel_size_um == pytest.approx((0.5, 0.25))
    assert np.array_equal(file.plane(4).pixels, np.moveaxis(pixels[1, 1], 0, -1))


def test_steps_along_z_and_time(tmp_path):
    steps = {"PhysicalSizeZ": 2000.0, "PhysicalSizeZUnit": "nm", "TimeIncrement": 500.0, "TimeIncrementUnit": "ms"}
    tifffile.imwrite(tmp_path / "a.ome.tif", stack(2, 3, 8, 10), metadata={"axes": "TZYX", **steps})
    said = {"axes": "TZYX", "unit": "um", "spacing": 2.0, "finterval": 0.5}
    tifffile.imwrite(tmp_path / "a.tif", stack(2, 3, 8, 10), imagej=True, metadata=said)
    tifffile.imwrite(tmp_path / "down.tif", stack(2, 3, 8, 10), imagej=True, metadata={**said, "spacing": -2.0})
    tifffile.imwrite(tmp_path / "bare.ome.tif", stack(2, 3, 8, 10), metadata={"axes": "TZYX"})
    for name in ("a.ome.tif", "a.tif", "down.tif"):
        file = open_image(tmp_path / name)
        assert (file.z_step_um, file.time_step_s) == (2.0, 0.5)
    assert open_image(tmp_path / "bare.ome.tif").z_step_um is None
    assert open_image(tmp_path / "bare.ome.tif").time_step_s is None


def test_imagej_stack_in_one_page_is_read_in_place(tmp_path):
    # As ImageJ writes beyond 4 GB: one page stands for all planes, which lie in one run behind it.
    pixels = stack(5, 8, 10)
    tifffile.imwrite(tmp_path / "a.tif", pixels, imagej=True, truncate=True, metadata={"axes": "ZYX"})
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        assert len(tif.pages) == 1
    file = open_image(tmp_path / "a.tif")
    assert (file.axes, file.stack_shape) == ("Z", (5,))
    for index, image in enumerate(file):
        assert np.array_equal(image.pixels, pixels[index])


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("micron", 0.5),
        ("um", 0.5),
        ("\\u00B5m", 0.5),
        ("nm", 0.0005),
        ("mm", 500.0),
        ("pixel", None),
        ("inch", None),
        ("cm", None),
    ],
)  # fmt: skip
def test_units_of_imagej(tmp_path, unit, expected):
    tifffile.imwrite(tmp_path / "a.tif", GREY16, imagej=True, resolution=(2.0, 2.0), metadata={"unit": unit})
    size = read_image(tmp_path / "a.tif").pixel_size_um
    assert size is None if expected is None else size == pytest.approx((expected, expected))


@pytest.mark.parametrize(
    ("per_unit", "unit", "expected"),
    [(72.0, "inch", None), (28.3465, "cm", None), (72.0, "cm", None), (78760.0, "inch", 0.3225), (31008, "cm", 0.3225)],
)
def test_a_print_size_in_words_of_imagej_is_not_a_pixel_size(tmp_path, per_unit, unit, expected):
    # Fiji takes inches and centimetres over from the JPEG or TIFF that it opened.
    tifffile.imwrite(tmp_path / "a.tif", GREY16, imagej=True, resolution=(per_unit, per_unit), metadata={"unit": unit})
    size = read_image(tmp_path / "a.tif").pixel_size_um
    assert size is None if expected is None else size == pytest.approx((expected, expected), rel=1e-3)


@pytest.mark.parametrize(
    ("stated", "unit", "expected"),
    [
        (352.778, "µm", None),
        (0.0352778, "cm", None),
        (40, "µm", 40),
        (10.5833, "µm", 10.5833),
        (1e9, "µm", None),
        (1e-9, "µm", None),
    ],
)
def test_a_print_size_in_ome_is_not_a_pixel_size(tmp_path, stated, unit, expected):
    # Bio-Formats turns 72 dots per inch into 352.778 µm.
    said = {"PhysicalSizeX": stated, "PhysicalSizeXUnit": unit, "PhysicalSizeY": stated, "PhysicalSizeYUnit": unit}
    tifffile.imwrite(tmp_path / "a.ome.tif", GREY16, metadata=said)
    assert read_image(tmp_path / "a.ome.tif").pixel_size_um == (None if expected is None else (expected, expected))


@pytest.mark.parametrize(
    ("per_unit", "unit", "expected"),
    [
        ((20000.0, 10000.0), "CENTIMETER", (1.0, 0.5)),
        ((118.11, 118.11), "CENTIMETER", None),  # 300 dots per inch in other words
        ((300.0, 300.0), "INCH", None),
        ((78760.0, 78760.0), "INCH", (0.3225, 0.3225)),  # a microscope's scale, in inches
        ((25400.0, 25400.0), "INCH", (1.0, 1.0)),
        ((4800.0, 4800.0), "INCH", None),
        *(((dots, dots), unit, None) for dots in (72.0, 96.0, 150.0, 300.0, 1200.0) for unit in ("INCH", "CENTIMETER")),
        ((28.3465, 28.3465), "CENTIMETER", None),  # 72 dots per inch
        ((1.0, 1.0), "NONE", None),
        ((0.0, 0.0), "CENTIMETER", None),
    ],
)
def test_resolution_tags(tmp_path, per_unit, unit, expected):
    tifffile.imwrite(tmp_path / "a.tif", GREY16, resolution=per_unit, resolutionunit=unit)
    size = read_image(tmp_path / "a.tif").pixel_size_um
    assert size is None if expected is None else size == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("pages", [2, 3, 7])
def test_unknown_leading_axis_is_a_stack_whatever_its_length(tmp_path, pages):
    pixels = stack(pages, 8, 10)
    tifffile.imwrite(tmp_path / "shaped.tif", pixels, photometric="minisblack")
    tifffile.imwrite(tmp_path / "plain.tif", pixels, photometric="minisblack", metadata=None)
    for name in ("shaped.tif", "plain.tif"):
        file = open_image(tmp_path / name)
        assert (file.axes, file.stack_shape) == ("I", (pages,))
        assert np.array_equal(file.plane(pages - 1).pixels, pixels[-1])
        channels = open_image(tmp_path / name, axes="cyx")
        assert (len(channels), channels.plane_shape, channels.is_rgb) == (1, (8, 10, pages), False)
        assert np.array_equal(channels.plane(0).pixels, np.moveaxis(pixels, 0, -1))


def test_axes_of_tifffile_are_known(tmp_path):
    pixels = stack(2, 3, 8, 10)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack", metadata={"axes": "ZCYX"})
    file = open_image(tmp_path / "a.tif")
    assert (file.axes, file.plane_shape) == ("Z", (8, 10, 3))
    assert np.array_equal(file.plane(1).pixels, np.moveaxis(pixels[1], 0, -1))


@pytest.mark.parametrize("stated", ["ome", "imagej", "shaped", None])
def test_many_channels_are_noted_only_where_no_axes_state_them(tmp_path, stated):
    pixels = stack(6, 80, 90)
    path = tmp_path / ("a.ome.tif" if stated == "ome" else "a.tif")
    if stated:
        tifffile.imwrite(path, pixels, imagej=stated == "imagej", photometric="minisblack", metadata={"axes": "CYX"})
    else:
        tifffile.imwrite(path, np.moveaxis(pixels, 0, -1), photometric="minisblack")
    file = open_image(path)
    assert file.plane_shape == (80, 90, 6)
    assert ["6 of the shape" in note for note in file.notes] == ([] if stated else [True])


def test_four_dimensions_need_axes(tmp_path):
    pixels = stack(2, 3, 8, 10)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack")
    with pytest.raises(ImageReadError, match=r"4 dimensions \(2, 3, 8, 10\) have no known meaning; .*--axes"):
        open_image(tmp_path / "a.tif")
    file = open_image(tmp_path / "a.tif", axes="CTYX")
    assert (file.axes, file.stack_shape, file.plane_shape) == ("T", (3,), (8, 10, 2))
    assert np.array_equal(file.plane(2).pixels, np.moveaxis(pixels[:, 2], 0, -1))


@pytest.mark.parametrize("axes", ["YX", "TZCYX", "TTYX", "TZCX", "1ZYX", "TZCY"])
def test_axes_that_do_not_fit(tmp_path, axes):
    tifffile.imwrite(tmp_path / "a.tif", stack(2, 3, 8, 10), photometric="minisblack")
    with pytest.raises(ImageReadError, match=f"axes '{axes}'"):
        open_image(tmp_path / "a.tif", axes=axes)


def test_axes_may_name_those_of_length_one(tmp_path):
    tifffile.imwrite(tmp_path / "a.ome.tif", stack(2, 1, 8, 10), metadata={"axes": "TZYX"})
    assert open_image(tmp_path / "a.ome.tif", axes="ZTCYX").axes == "Z"
    assert open_image(tmp_path / "a.ome.tif", axes="CYX").plane_shape == (8, 10, 2)


def test_float_colours_that_tifffile_stores_as_lines(tmp_path):
    pixels = RNG.random((40, 50, 3)).astype(np.float32)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack")
    image = read_image(tmp_path / "a.tif")
    assert np.array_equal(image.pixels, pixels)


def test_volume_in_one_page(tmp_path):
    pixels = stack(4, 32, 48)
    tifffile.imwrite(
        tmp_path / "a.tif",
        pixels,
        volumetric=True,
        photometric="minisblack",
        tile=(4, 16, 16),
        metadata={"axes": "ZYX"},
    )
    file = open_image(tmp_path / "a.tif")
    assert (file.axes, file.stack_shape) == ("Z", (4,))
    assert np.array_equal(file.plane(2).pixels, pixels[2])


def test_stack_of_rgb_pages(tmp_path):
    pixels = RNG.integers(0, 256, (3, *SHAPE, 3), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", metadata=None)
    file = open_image(tmp_path / "a.tif")
    assert (file.axes, len(file), file.is_rgb) == ("I", 3, True)
    assert np.array_equal(file.plane(1).pixels, pixels[1])


def test_only_the_asked_plane_is_decoded(tmp_path, monkeypatch):
    tifffile.imwrite(tmp_path / "a.ome.tif", stack(5, 2, 8, 10), compression="zlib", metadata={"axes": "TCYX"})
    decoded = []
    original = tifffile.TiffPage.asarray
    frame = tifffile.TiffFrame.asarray
    monkeypatch.setattr(
        tifffile.TiffPage, "asarray", lambda page, **k: decoded.append(page.index) or original(page, **k)
    )
    monkeypatch.setattr(tifffile.TiffFrame, "asarray", lambda page, **k: decoded.append(page.index) or frame(page, **k))
    file = open_image(tmp_path / "a.ome.tif")
    assert decoded == []
    file.plane(3)
    assert sorted(set(decoded)) == [6, 7]


def test_nothing_stays_open(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY16)
    file = open_image(tmp_path / "a.tif")
    (tmp_path / "a.tif").rename(tmp_path / "b.tif")
    with pytest.raises(ImageReadError):
        file.plane(0)


def test_plane_out_of_range(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", stack(3, 8, 10), photometric="minisblack")
    assert read_image(tmp_path / "a.tif", plane=2).plane == {"i": 2}
    with pytest.raises(ImageReadError, match="no plane 3; give a plane from 0 to 2"):
        read_image(tmp_path / "a.tif", plane=3)


# --- damage -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.95])
@pytest.mark.parametrize(
    "options",
    [
        {}, {"compression": "zlib"}, {"compression": "lzw", "rowsperstrip": 4}, {"tile": (16, 16)}, {"ome": True},
        {"imagej": True}, {"imagej": True, "truncate": True}, {"truncate": True}, {"metadata": None},
        {"bigtiff": True}, {"byteorder": ">", "compression": "zlib"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("planes", [1, 6])
def test_truncated(tmp_path, kept, options, planes):
    noise = np.random.default_rng(1).integers(0, 65536, (planes, 64, 64), dtype=np.uint16).squeeze()
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, noise, photometric="minisblack", **options)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(ImageReadError, match=r"(truncated|damaged).*again") as caught:
        for image in open_image(path):
            assert image.pixels.shape == (64, 64)
    assert caught.value.path == path
    assert "\n" not in str(caught.value)


def test_truncated_file_of_another_writer(tmp_path):
    # libtiff puts the list of tags behind the pixels, so that a cut file has none.
    noise = np.random.default_rng(1).integers(0, 256, (64, 64), dtype=np.uint8)
    PIL.Image.fromarray(noise).save(tmp_path / "a.tif", compression="tiff_lzw")
    data = (tmp_path / "a.tif").read_bytes()
    for kept in (0.1, 0.5, 0.9):
        (tmp_path / "a.tif").write_bytes(data[: int(len(data) * kept)])
        with pytest.raises(ImageReadError, match=r"truncated|damaged"):
            read_image(tmp_path / "a.tif")


def test_truncation_says_nothing_on_the_screen(tmp_path, capfd):
    tifffile.imwrite(tmp_path / "a.tif", stack(6, 64, 64), imagej=True, truncate=True)
    data = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(data[: len(data) // 2])
    with pytest.raises(ImageReadError, match="should hold 6 planes"):
        open_image(tmp_path / "a.tif")
    assert capfd.readouterr() == ("", "")


def test_a_page_split_from_an_imagej_stack_is_whole(tmp_path):
    """Programs that split a stack keep its description; tags behind the pixels say that nothing is cut off."""
    noise = np.random.default_rng(1).integers(0, 256, (64, 48), dtype=np.uint8)
    said = {270: "ImageJ=1.43u\nimages=14\nslices=14\nunit=inch\nloop=false"}
    PIL.Image.fromarray(noise).save(tmp_path / "a.tif", compression="tiff_lzw", tiffinfo=said)
    assert np.array_equal(read_image(tmp_path / "a.tif").pixels, noise)
    # If another page is said to follow, that one is lost.
    data = bytearray((tmp_path / "a.tif").read_bytes())
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        end = tif.pages.next_page_offset
    data[end : end + 4] = struct.pack("<I", len(data) + 100)
    (tmp_path / "a.tif").write_bytes(data)
    with pytest.raises(ImageReadError, match=r"truncated|damaged"):
        read_image(tmp_path / "a.tif")


def test_damaged_compressed_data(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY16, compression="zlib")
    data = bytearray((tmp_path / "a.tif").read_bytes())
    data[-200:-100] = bytes(100)
    (tmp_path / "a.tif").write_bytes(data)
    with pytest.raises(ImageReadError, match="damaged or unusual TIFF"):
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("tail", [b"", struct.pack("<I", 0), struct.pack("<I", 8) + b"\0\0\0\0\0\0"])
def test_header_without_image(tmp_path, tail):
    (tmp_path / "a.tif").write_bytes(b"II*\x00" + tail)
    with pytest.raises(ImageReadError):
        open_image(tmp_path / "a.tif")


def test_missing_plane_of_an_ome_tiff(tmp_path):
    tifffile.imwrite(tmp_path / "a.ome.tif", stack(3, 8, 10), metadata={"axes": "ZYX"})
    xml = tifffile.tiffcomment(tmp_path / "a.ome.tif").replace('SizeZ="3"', 'SizeZ="4"')
    tifffile.tiffcomment(tmp_path / "a.ome.tif", xml.encode())
    file = open_image(tmp_path / "a.ome.tif")
    assert len(file) == 4
    assert np.array_equal(file.plane(2).pixels, stack(3, 8, 10)[2])
    with pytest.raises(ImageReadError, match="plane 3 is not in the file"):
        file.plane(3)


def test_file_of_a_multifile_ome_tiff_is_read_for_its_own_planes(tmp_path):
    tifffile.imwrite(tmp_path / "a.ome.tif", stack(2, 8, 10), metadata={"axes": "ZYX", "PhysicalSizeX": 1.0,
                                                                        "PhysicalSizeY": 1.0})  # fmt: skip
    xml = tifffile.tiffcomment(tmp_path / "a.ome.tif")
    other = '<TiffData IFD="0" PlaneCount="1"><UUID FileName="b.ome.tif">urn:uuid:0-1</UUID></TiffData>'
    tifffile.tiffcomment(tmp_path / "a.ome.tif", xml.replace("</Pixels>", f"{other}</Pixels>").encode())
    file = open_image(tmp_path / "a.ome.tif")
    assert (len(file), file.plane_shape, file.pixel_size_um) == (2, (8, 10), (1.0, 1.0))
    assert file.notes == ("a part of an image of several files, of which some are missing: b.ome.tif",)
    (tmp_path / "b.ome.tif").touch()
    assert open_image(tmp_path / "a.ome.tif").notes == ()


def write_parts(folder, pixels, files, names=("GFP", "DAPI", "Cy5")):
    """Write images (P, C, Z, T, Y, X) over several files: of each, its name and the (p, c, z, t) of its pages."""
    images, (_, c, z, t, y, x) = [], pixels.shape
    for number in range(len(pixels)):
        planes = "".join(
            f'<TiffData FirstC="{at[1]}" FirstZ="{at[2]}" FirstT="{at[3]}" IFD="{page}" PlaneCount="1">'
            f'<UUID FileName="{name}">urn:uuid:{name}</UUID></TiffData>'
            for name, pages in files.items()
            for page, at in enumerate(pages)
            if at[0] == number
        )
        channels = "".join(f'<Channel ID="Channel:{number}:{at}" Name="{names[at]}"/>' for at in range(c))
        images.append(
            f'<Image ID="Image:{number}"><Pixels ID="Pixels:{number}" DimensionOrder="XYCZT" Type="uint16" '
            f'SizeX="{x}" SizeY="{y}" SizeC="{c}" SizeZ="{z}" SizeT="{t}" PhysicalSizeX="{number + 1}" '
            f'PhysicalSizeY="{number + 1}">{channels}{planes}</Pixels></Image>'
        )
    for name, pages in files.items():
        xml = f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:{name}">'
        shown = np.stack([pixels[at] for at in pages])
        text = f"{xml}{''.join(images)}</OME>".encode()
        tifffile.imwrite(folder / name, shown, description=text, metadata=None, photometric="minisblack")


PARTS = np.random.default_rng(0).integers(0, 60000, (2, 2, 3, 2, 8, 10), dtype=np.uint16)


def test_a_position_of_several_files_has_its_channels(tmp_path):
    every = [(c, z, t) for t in range(2) for z in range(3) for c in range(2)]
    files = {f"Pos{p}.ome.tif": [(p, *at) for at in every] for p in range(2)}
    write_parts(tmp_path, PARTS, files)
    for number, name in enumerate(files):
        file = open_image(tmp_path / name)
        assert (file.axes, file.stack_shape, file.channel_names, file.notes) == ("TZ", (2, 3), ("GFP", "DAPI"), ())
        assert file.pixel_size_um == (number + 1, number + 1)
        expected = PARTS[number].transpose(2, 1, 3, 4, 0)  # T, Z, Y, X, C
        assert all(np.array_equal(image.pixels, expected[image.plane["t"], image.plane["z"]]) for image in file)
    (tmp_path / "Pos1.ome.tif").rename(tmp_path / "renamed.ome.tif")
    assert open_image(tmp_path / "renamed.ome.tif").pixel_size_um == (2, 2)


def test_a_time_or_a_channel_of_several_files_has_its_planes(tmp_path):
    whole = PARTS[:1]
    times = {f"t{t}.ome.tif": [(0, c, z, t) for z in range(3) for c in range(2)] for t in range(2)}
    write_parts(tmp_path, whole, times)
    file = open_image(tmp_path / "t1.ome.tif")
    assert (file.axes, file.stack_shape, file.channel_names, file.notes) == ("Z", (3,), ("GFP", "DAPI"), ())
    assert np.array_equal(file.plane(2).pixels, np.moveaxis(whole[0, :, 2, 1], 0, -1))
    write_parts(tmp_path, whole, {f"c{c}.ome.tif": [(0, c, z, 1) for z in (0, 2)] for c in range(2)})
    file = open_image(tmp_path / "c1.ome.tif")
    assert (file.axes, file.stack_shape, file.channel_names) == ("Z", (2,), ("DAPI",))
    assert np.array_equal(file.plane(1).pixels, whole[0, 1, 2, 1])
    assert file.notes[0].startswith("only some channels of the image: the file holds 1 of 2 ('DAPI')")
    uneven = {"u.ome.tif": [(0, 0, 0, 0), (0, 1, 1, 0), (0, 1, 2, 1)], "v.ome.tif": [(0, 0, 1, 0)]}
    write_parts(tmp_path, whole, uneven)
    assert open_image(tmp_path / "u.ome.tif").axes == "I"  # pages of which nothing is known


def test_channels_in_other_files_are_named(tmp_path):
    ome = tifffile.OmeXml()
    ome.addimage(np.uint16, (2, 8, 10), (2, 1, 1, 8, 10, 1), axes="CYX", Channel={"Name": ["GFP", "DAPI"]})
    parts = "".join(
        f'<TiffData FirstC="{channel}" PlaneCount="1"><UUID FileName="C:\\old\\a_c{channel}.ome.tif">urn:uuid:{channel}'
        "</UUID></TiffData>"
        for channel in (0, 1)
    )
    xml = ome.tostring(declaration=True).replace('<TiffData IFD="0" PlaneCount="2"/>', parts).encode()
    for channel in (0, 1):
        tifffile.imwrite(tmp_path / f"a_c{channel}.ome.tif", stack(2, 8, 10)[channel], description=xml, metadata=None)
    (note,) = open_image(tmp_path / "a_c0.ome.tif").notes
    assert note.startswith("only some channels of the image: the file holds 1 of 2 ('GFP'), the others are in a_c1.ome")
    (first,), channels = find_channels([tmp_path / f"a_c{channel}.ome.tif" for channel in (0, 1)], "_c{}")
    joined = channels.open(first)
    assert (joined.plane_shape, joined.notes) == ((8, 10, 2), ())
    (tmp_path / "a_c1.ome.tif").rename(tmp_path / "elsewhere.tif")
    assert "some are missing: a_c1.ome.tif" in open_image(tmp_path / "a_c0.ome.tif").notes[1]


def test_a_description_in_another_file_is_named(tmp_path):
    xml = """<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"
    UUID="urn:uuid:0"><BinaryOnly MetadataFile="a.companion.ome" UUID="urn:uuid:1"/></OME>"""
    tifffile.imwrite(tmp_path / "a.ome.tif", stack(2, 8, 10)[0], description=xml.encode(), metadata=None)
    file = open_image(tmp_path / "a.ome.tif")
    assert file.notes == ("channels, pixel size and axes are described in a.companion.ome, which hooke does not read",)


def test_cmyk(tmp_path):
    PIL.Image.fromarray(RGB8).convert("CMYK").save(tmp_path / "a.tif")
    with pytest.raises(ImageReadError, match="CMYK colours; save it as RGB"):
        open_image(tmp_path / "a.tif")


@pytest.mark.parametrize("shape", [(1, 50), (50, 1)])
def test_a_line_cannot_be_segmented(tmp_path, shape):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros(shape, np.uint8))
    with pytest.raises(ImageReadError, match="a line can't be segmented"):
        open_image(tmp_path / "a.tif")


def test_complex_numbers(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.ones(SHAPE, np.complex64))
    with pytest.raises(ImageReadError, match=r"complex numbers .*magnitude"):
        open_image(tmp_path / "a.tif")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_plane_without_a_number_costs_the_others_of_its_stack_nothing(tmp_path, value):
    pixels = np.full((2, *SHAPE), np.nan, np.float32)
    pixels[1, 5, 5] = 1
    pixels[0] = value
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack")
    file = open_image(tmp_path / "a.tif")
    for index, notes in ((0, ("no pixel is a finite number (all NaN or infinite)",)), (1, ())):
        assert np.array_equal(file.plane(index).pixels, pixels[index], equal_nan=True)
        assert file.plane(index).notes == notes


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_image_without_a_number_is_refused(tmp_path, value):
    tifffile.imwrite(tmp_path / "a.tif", np.full(SHAPE, value, np.float32))
    with pytest.raises(ImageReadError, match="no pixel is a finite number"):
        open_image(tmp_path / "a.tif").plane(0)
