"""What `hooke.segment` takes: arrays of any axes and types, Pillow's pictures, files, images."""

from types import SimpleNamespace

import numpy as np
import PIL.Image
import pytest
import tifffile

import hooke
from hooke.datasets import simulate
from hooke.errors import ConfigError, HookeError
from hooke.image import Image
from hooke.pipeline import SegmentOptions
from hooke.pipeline.source import image_of_source, stack_of_source

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 65536, (60, 80), dtype=np.uint16)
DEEP = SegmentOptions(stitch="z")
STAINS = np.stack([GREY, GREY[::-1], GREY[:, ::-1], GREY[::-1, ::-1], GREY // 2])


@pytest.fixture(scope="module")
def slide():
    """An H&E picture of 8 bits and its truth."""
    return simulate((160, 192), seed=3, diameter=26, density=0.2, modality="histology")


def opaque(pixels, white):
    return np.dstack([pixels, np.full(pixels.shape[:2], white, pixels.dtype)])


# --- axes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("array", "channels"),
    [
        (GREY, 1), (GREY[None], 1), (GREY[..., None], 1), (GREY[None, None, ..., None], 1),
        (np.dstack(STAINS[:2]), 2), (np.dstack(STAINS[:3]), 3), (np.dstack(STAINS[:4]), 4), (np.dstack(STAINS), 5),
        (np.dstack(STAINS[:2])[None], 2),
    ],
)  # fmt: skip
def test_axes_that_are_certain(array, channels):
    image = image_of_source(array)
    assert (image.height, image.width, image.channels, image.plane) == (60, 80, channels, {})
    assert np.array_equal(image.pixels.reshape(60, 80, -1)[..., 0], GREY)
    assert bool(image.notes) == (channels == 5)  # five may be planes


@pytest.mark.parametrize("count", [2, 3, 4, 5, 12, 60])
def test_a_leading_axis_is_refused_by_name_of_its_shape(count):
    array = np.zeros((count, 60, 80), np.uint16)
    with pytest.raises(HookeError, match=rf"\({count}, 60, 80\) may hold .*axes=\"CYX\" .*axes=\"ZYX\"") as caught:
        hooke.segment(array)
    assert caught.value.remedy
    with pytest.raises(HookeError, match=rf"\(1, {count}, 60, 80\) .*axes=\"TCYX\" .*axes=\"TZYX\""):
        hooke.segment(array[None])


class Named:
    """An array that names its dimensions, and perhaps what is along them, as xarray's do."""

    def __init__(self, array, dims, **coords):
        self.array, self.dims = array, dims
        self.coords = {name: SimpleNamespace(values=np.array(values)) for name, values in coords.items()}

    def __array__(self, dtype=None, copy=None):
        return self.array


def test_arrays_that_name_their_dimensions_need_no_axes():
    stains = np.stack([GREY // 2, GREY])
    image = image_of_source(Named(stains, ("channel", "y", "x"), channel=["GFP", "DAPI"]))
    assert (image.pixels.shape, image.channel_names) == ((60, 80, 2), ("GFP", "DAPI"))
    image = image_of_source(Named(stains[None, :, None], tuple("TCZYX"), C=["GFP", "DAPI"], T=[0]))
    assert (image.pixels.shape, image.channel_names) == ((60, 80, 2), ("GFP", "DAPI"))
    assert np.array_equal(image_of_source(Named(GREY.T, ("x", "y"))).pixels, GREY)
    assert image_of_source(Named(np.dstack(STAINS[:3]), ("y", "x", "band"))).channel_names == ()
    assert image_of_source(Named(stains, ("plane", "y", "x"))).plane == {"z": 0}
    with pytest.raises(HookeError, match='axes="CYX"'):  # names that say nothing
        image_of_source(Named(stains, ("dim_0", "dim_1", "dim_2")))
    stack = stack_of_source(Named(np.stack([stains] * 3), tuple("zcyx"), c=["GFP", "DAPI"]), options=DEEP)
    assert (stack.axes, stack.channel_names) == ("Z", ("GFP", "DAPI"))


@pytest.mark.parametrize("axes", [["C", "Y", "X"], ("c", "y", "x")])
def test_axes_may_be_a_list_of_letters(axes):
    assert image_of_source(STAINS, axes).pixels.shape == (60, 80, 5)


@pytest.mark.parametrize("source", [None, b"pixels", 7, object()])
def test_what_is_no_array_is_named(source):
    with pytest.raises(HookeError, match=f"^{type(source).__name__}.* is not an image; give the path"):
        image_of_source(source)


def test_more_dimensions_need_axes():
    with pytest.raises(HookeError, match=r"4 dimensions .*name them with axes"):
        image_of_source(np.zeros((2, 3, 60, 80)))


@pytest.mark.parametrize("axes", ["CYX", "cyx"])
def test_channels_first_by_axes(axes):
    image = image_of_source(STAINS[:3], axes)
    assert np.array_equal(image.pixels, np.dstack(STAINS[:3]))
    assert (image.is_rgb, image.notes) == (False, ())


@pytest.mark.parametrize(
    ("axes", "plane", "planes"),
    [("ZYX", {"z": 0}, 5), ("TYX", {"t": 0}, 5), ("IYX", {"i": 0}, 5), ("YXZ", {"z": 0}, 80)],
)
def test_a_stack_gives_its_first_plane_and_says_so(axes, plane, planes):
    image = image_of_source(STAINS, axes)
    assert image.plane == plane
    assert np.array_equal(image.pixels, STAINS[0] if axes.endswith("YX") else STAINS[..., 0])
    (note,) = image.notes
    assert f"only plane 1 of a stack of {planes}" in note


def test_time_series_of_two_channels():
    image = image_of_source(np.stack([STAINS[:2], STAINS[2:4]]), "TCYX")
    assert np.array_equal(image.pixels, np.dstack(STAINS[:2]))
    assert "stack of 2 (T 2)" in image.notes[0]


def test_axes_that_do_not_fit():
    with pytest.raises(HookeError, match="give 2 letters"):
        image_of_source(GREY, "CYX")
    with pytest.raises(ConfigError, match="axes are for arrays"):
        image_of_source(Image(GREY), "YX")


@pytest.mark.parametrize("suffix", [".tif", ".npy"])
def test_a_stack_in_a_file_says_that_it_is_one(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    if suffix == ".npy":
        np.save(path, STAINS)
    else:
        tifffile.imwrite(path, STAINS, photometric="minisblack")
    (note,) = image_of_source(path).notes
    assert "only plane 1 of a stack of 5 (I 5)" in note
    assert 'axes="CYX"' in note
    assert image_of_source(path, "CYX").channels == 5
    assert image_of_source(path, "CYX").notes == ()
    assert image_of_source(hooke.open_image(path)).notes == (note,)


def test_note_becomes_a_warning_of_the_result(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STAINS, imagej=True, metadata={"axes": "ZYX"})
    found = hooke.segment(tmp_path / "a.tif", diameter=20)
    assert any("only plane 1 of a stack of 5 (Z 5)" in warning for warning in found.warnings)
    found = hooke.segment(np.zeros((5, 60, 80)), axes="ZYX")  # also where nothing is found
    assert any("only plane 1 of a stack" in warning for warning in found.warnings)


def test_scenes_of_a_file_are_named(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as writer:
        for name, pixels in (("A1", GREY[:40]), ("A2", GREY), ("A3", GREY[:, :50])):
            writer.write(pixels, metadata={"Name": name})
    image = image_of_source(tmp_path / "a.ome.tif")
    assert np.array_equal(image.pixels, GREY)
    assert "only image 'A2' of the file, its largest, was read; it also holds 'A1', 'A3'" in image.notes[0]
    assert hooke.read_image(tmp_path / "a.ome.tif", scene="A1").notes == ()


# --- colour -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda rgb: rgb / 255,
        lambda rgb: (rgb / 255).astype(np.float32),
        lambda rgb: rgb.astype(np.float32),
        lambda rgb: rgb * 0.97 + 0.3,  # between the levels, as after a resize
        lambda rgb: rgb.astype(np.uint16) * 257,
        lambda rgb: (rgb.astype(np.uint32) * 4095 // 255).astype(np.uint16),
        lambda rgb: rgb.astype(np.uint16) * 16 + RNG.integers(0, 16, rgb.shape, dtype=np.uint16),  # 12 bits of a camera
        lambda rgb: rgb.astype(np.int64),
        lambda rgb: opaque(rgb, 255),
        lambda rgb: opaque(rgb / 255, 1.0),
        lambda rgb: opaque(rgb.astype(np.uint16) * 257, 65535),
    ],
)
def test_a_slide_is_seen_in_colour_whatever_its_type(slide, change):
    expected = hooke.segment(slide.image, diameter=26)
    assert expected.normalisation.mode == "rgb"
    found = hooke.segment(change(slide.image), diameter=26)
    assert found.image.is_rgb
    assert found.image.channels == 3
    assert (found.normalisation.mode, found.normalisation.modality) == ("rgb", "histology")
    assert found.count == pytest.approx(expected.count, abs=1)
    assert np.mean((found.labels > 0) == (expected.labels > 0)) > 0.98


def test_channels_first_slide(slide):
    planar = np.moveaxis(slide.image, -1, 0)
    for axes in ("SYX", "CYX"):
        assert hooke.segment(planar, axes=axes, diameter=26).normalisation.mode == "rgb"


@pytest.mark.parametrize("scale", [1, 1 / 65535])
def test_three_stains_stay_three_stains(scale):
    image = image_of_source(np.dstack(STAINS[:3]) * scale)
    assert not image.is_rgb
    assert image.channels == 3


def test_merge_with_alpha_is_seen_as_its_file(tmp_path):
    field = simulate((160, 192), seed=3, diameter=22, density=0.15)
    merge = np.dstack([np.zeros_like(field.image), field.image[::-1], field.image])
    PIL.Image.fromarray(opaque(merge, 255)).save(tmp_path / "merge.png")
    expected = hooke.segment(tmp_path / "merge.png", diameter=22, accurate=True)  # 8 bits would magnify roundings
    for array in (opaque(merge, 255), opaque(merge / 255, 1.0), (opaque(merge, 255) / 255).astype(np.float32)):
        found = hooke.segment(array, diameter=22, accurate=True)
        assert found.normalisation.channel == expected.normalisation.channel
        assert np.array_equal(found.labels > 0, expected.labels > 0)


def test_alpha_of_grey_is_dropped_and_a_second_stain_is_not():
    grey = (GREY // 256).astype(np.uint8)
    assert np.array_equal(image_of_source(opaque(grey[..., None], 255)).pixels, grey)
    assert image_of_source(np.dstack(STAINS[:2])).channels == 2
    assert image_of_source(np.dstack(STAINS[:4])).channels == 4
    colours = np.dstack(STAINS[:3] // 256).astype(np.uint8)
    image = image_of_source(Image(opaque(colours, 255), name="x"))
    assert np.array_equal(image.pixels, colours)
    assert (image.is_rgb, image.name) == (True, "x")
    assert image_of_source(Image(np.dstack(STAINS[:4]))).channels == 4


def test_four_stains_in_a_tiff_are_not_red_green_blue_and_alpha(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.dstack(STAINS[:4]))  # tifffile's default is RGB with alpha
    image = image_of_source(tmp_path / "a.tif")
    assert (image.channels, image.is_rgb) == (4, False)
    tifffile.imwrite(tmp_path / "b.tif", np.dstack(STAINS))  # and Y pages of X lines
    assert image_of_source(tmp_path / "b.tif").pixels.shape == (60, 80, 5)


# --- other things than arrays -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "LA", "CMYK", "I;16"])
def test_pictures_of_pillow(mode):
    colours = PIL.Image.fromarray(np.dstack(STAINS[:3] // 256).astype(np.uint8))
    if mode == "I;16":
        picture = PIL.Image.fromarray(GREY)
    else:
        picture = (colours.convert("L") if mode == "LA" else colours).convert(mode)
    image = image_of_source(picture)
    expected = picture if mode in ("L", "I;16") else picture.convert("L" if mode == "LA" else "RGB")
    assert np.array_equal(image.pixels, np.asarray(expected))
    assert image.is_rgb == (mode in ("RGB", "RGBA", "P", "CMYK"))


def test_picture_of_pillow_is_turned_as_its_file_is(tmp_path):
    exif = PIL.Image.Exif()
    exif[274] = 6
    PIL.Image.fromarray(GREY).save(tmp_path / "a.png", exif=exif)
    with PIL.Image.open(tmp_path / "a.png") as picture:
        assert np.array_equal(image_of_source(picture).pixels, image_of_source(tmp_path / "a.png").pixels)


def test_masked_pixels_are_left_out():
    mask = np.zeros(GREY.shape, bool)
    mask[:30] = True
    pixels = image_of_source(np.ma.masked_array(GREY, mask)).pixels
    assert np.isnan(pixels[:30]).all()
    assert np.array_equal(pixels[30:], GREY[30:])
    assert image_of_source(np.ma.masked_array(GREY)).pixels.dtype == np.uint16


@pytest.mark.parametrize(
    "source",
    [
        None, "nowhere.tif", ["a.png", "b.png"], [[1, 2], [3]], [Image(GREY)], GREY.astype(complex), np.zeros(5),
        np.zeros((0, 4)), np.zeros((1, 9)), np.full((9, 9), np.nan), np.array([["a", "b"], ["c", "d"]]),
        Image(STAINS[:3]), Image(np.zeros((2, 2, 2, 2))), Image(np.zeros(5)),
    ],
)  # fmt: skip
def test_what_is_not_an_image_is_refused_with_a_remedy(source):
    with pytest.raises(HookeError) as caught:
        image_of_source(source)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
