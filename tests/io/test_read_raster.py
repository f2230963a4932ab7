"""PNG, JPEG, BMP, GIF, WebP, PNM: files made by Pillow or imagecodecs, read by hooke."""

import zlib

import imagecodecs
import numpy as np
import PIL.Image
import PIL.ImageOps
import PIL.PngImagePlugin
import pytest
import tifffile

from hooke.errors import ImageReadError
from hooke.io import open_image, raster, read_image
from hooke.io.arrays import image_of_array

RNG = np.random.default_rng(0)
GREY8 = RNG.integers(0, 256, (20, 30), dtype=np.uint8)
GREY16 = RNG.integers(0, 65536, (20, 30), dtype=np.uint16)
RGB8 = RNG.integers(0, 256, (20, 30, 3), dtype=np.uint8)
RGB16 = RNG.integers(0, 65536, (20, 30, 3), dtype=np.uint16)
ALPHA8 = RNG.integers(1, 256, (20, 30, 1), dtype=np.uint8)


def smooth_rgb(height=64, width=80):
    y, x = np.mgrid[:height, :width]
    return np.stack([y * 255 // height, x * 255 // width, (x + y) * 255 // (height + width)], -1).astype(np.uint8)


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".gif", ".pgm", ".webp"])
def test_grey(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    PIL.Image.fromarray(GREY8).save(path, lossless=True)
    image = read_image(path)
    if suffix == ".webp":  # knows no grey
        assert np.array_equal(image.pixels, np.stack([GREY8] * 3, -1))
        return
    assert np.array_equal(image.pixels, GREY8)
    assert image.pixels.dtype == np.uint8
    assert image.pixels.flags.writeable
    assert (image.name, image.path, image.plane, image.is_rgb, image.pixel_size_um) == ("a", path, {}, False, None)


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".ppm", ".webp"])
def test_rgb(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    PIL.Image.fromarray(RGB8).save(path, lossless=True)
    image = read_image(path)
    assert np.array_equal(image.pixels, RGB8)
    assert image.is_rgb


def test_16_bit_grey_png(tmp_path):
    PIL.Image.fromarray(GREY16).save(tmp_path / "a.png")
    image = read_image(tmp_path / "a.png")
    assert image.pixels.dtype == np.uint16
    assert np.array_equal(image.pixels, GREY16)


@pytest.mark.parametrize("bands", ["rgb", "rgba", "grey+alpha"])
def test_16_bit_colour_png_keeps_all_bits(tmp_path, bands):
    alpha = GREY16[..., None]
    stored = {"rgb": RGB16, "rgba": np.dstack([RGB16, alpha]), "grey+alpha": np.dstack([GREY16, alpha])}[bands]
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(stored))
    file = open_image(tmp_path / "a.png")
    expected = GREY16 if bands == "grey+alpha" else RGB16
    assert np.array_equal(file.plane(0).pixels, expected)
    assert file.plane_shape == expected.shape
    assert file.is_rgb == (bands != "grey+alpha")


def test_alpha_is_dropped(tmp_path):
    PIL.Image.fromarray(np.dstack([RGB8, ALPHA8])).save(tmp_path / "rgba.png")
    PIL.Image.fromarray(np.dstack([GREY8[..., None], ALPHA8]), "LA").save(tmp_path / "la.png")
    assert np.array_equal(read_image(tmp_path / "rgba.png").pixels, RGB8)
    assert np.array_equal(read_image(tmp_path / "la.png").pixels, GREY8)


def test_one_bit_png_is_bool(tmp_path):
    PIL.Image.fromarray(GREY8 > 100).save(tmp_path / "a.png")
    image = read_image(tmp_path / "a.png")
    assert image.pixels.dtype == bool
    assert np.array_equal(image.pixels, GREY8 > 100)


@pytest.mark.parametrize("transparency", [None, 0, bytes([0, 255, 128])])
def test_palette(tmp_path, transparency, recwarn):
    colours = np.array([[255, 0, 0], [0, 255, 0], [10, 20, 30]], np.uint8)
    indices = GREY8 % 3
    picture = PIL.Image.fromarray(indices, "P")
    picture.putpalette(colours.tobytes())
    picture.save(tmp_path / "a.png", **({} if transparency is None else {"transparency": transparency}))
    image = read_image(tmp_path / "a.png")
    assert np.array_equal(image.pixels, colours[indices])
    assert image.is_rgb
    assert not [warning for warning in recwarn if "ransparency" in str(warning.message)]


def test_grey_palette_is_grey(tmp_path):
    greys = np.array([7, 90, 200], np.uint8)
    picture = PIL.Image.fromarray(GREY8 % 3, "P")
    picture.putpalette(np.repeat(greys, 3).tobytes())
    picture.save(tmp_path / "a.png")
    image = read_image(tmp_path / "a.png")
    assert np.array_equal(image.pixels, greys[GREY8 % 3])
    assert not image.is_rgb


def test_jpeg(tmp_path):
    rgb = smooth_rgb()
    PIL.Image.fromarray(rgb).save(tmp_path / "rgb.jpg", quality=95)
    PIL.Image.fromarray(rgb[..., 0]).save(tmp_path / "grey.jpg", quality=95)
    image = read_image(tmp_path / "rgb.jpg")
    assert image.is_rgb
    assert np.abs(image.pixels.astype(int) - rgb).mean() < 3
    assert read_image(tmp_path / "grey.jpg").pixels.shape == (64, 80)


def test_cmyk_jpeg_becomes_rgb(tmp_path):
    rgb = smooth_rgb()
    PIL.Image.fromarray(rgb).convert("CMYK").save(tmp_path / "a.jpg", quality=98)
    image = read_image(tmp_path / "a.jpg")
    assert image.is_rgb
    assert np.abs(image.pixels.astype(int) - rgb).mean() < 3


@pytest.mark.parametrize("factor", [1, 2])
def test_a_jpeg_with_further_pictures_gives_the_first(tmp_path, factor):
    """Phones put a smaller one behind it for bright screens, stereo cameras the other view."""
    rgb = smooth_rgb()
    other = PIL.Image.fromarray(np.ascontiguousarray(rgb[::factor, ::factor]))
    PIL.Image.fromarray(rgb).save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[other], quality=95)
    (image,) = open_image(tmp_path / "a.jpg")
    assert np.abs(image.pixels.astype(int) - rgb).mean() < 3
    assert ["first of 2 pictures" in note for note in image.notes] == ([True] if factor == 1 else [])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize("kind", ["colour", "grey"])
def test_exif_orientation_is_obeyed(tmp_path, orientation, suffix, kind):
    picture = PIL.Image.fromarray(smooth_rgb() if kind == "colour" else smooth_rgb()[..., 0])
    exif = picture.getexif()
    exif[274] = orientation
    path = tmp_path / f"a{suffix}"
    picture.save(path, exif=exif)
    with PIL.Image.open(path) as stored:
        expected = np.asarray(PIL.ImageOps.exif_transpose(stored))  # an independent reading of the tag
    file = open_image(path)
    assert file.plane_shape == expected.shape
    assert np.array_equal(file.plane(0).pixels, expected)
    assert [f"({orientation})" in note for note in file.plane(0).notes] == ([True] if orientation > 1 else [])


def png_with_exif_behind_its_pixels(path):
    """A colour PNG of 16 bits."""
    exif = PIL.Image.Exif()
    exif[274] = 6
    chunk = exif.tobytes().removeprefix(b"Exif\x00\x00")
    data = imagecodecs.png_encode(RGB16)
    head, end = data[:-12], data[-12:]
    length, crc = len(chunk).to_bytes(4, "big"), zlib.crc32(b"eXIf" + chunk).to_bytes(4, "big")
    path.write_bytes(head + length + b"eXIf" + chunk + crc + end)


def test_orientation_of_16_bit_colour_png_and_behind_the_pixels(tmp_path):
    png_with_exif_behind_its_pixels(tmp_path / "a.png")
    file = open_image(tmp_path / "a.png")
    assert file.plane_shape == (30, 20, 3)
    assert np.array_equal(file.plane(0).pixels, np.rot90(RGB16, -1))


@pytest.mark.parametrize("orientation", [0, 9])
def test_a_wrong_orientation_leaves_the_picture_as_stored(tmp_path, orientation):
    exif = PIL.Image.Exif()
    exif[274] = orientation
    PIL.Image.fromarray(smooth_rgb()).save(tmp_path / "a.jpg", exif=exif)
    assert read_image(tmp_path / "a.jpg").pixels.shape == (64, 80, 3)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")  # Pillow's own note
def test_a_damaged_exif_costs_no_image(tmp_path):
    exif = b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x05" + bytes(range(9))
    PIL.Image.fromarray(smooth_rgb()).save(tmp_path / "a.jpg", exif=exif)
    PIL.Image.fromarray(smooth_rgb()).save(tmp_path / "b.jpg", exif=b"Exif\x00\x00nonsense")
    for name in ("a.jpg", "b.jpg"):
        assert read_image(tmp_path / name).pixels.shape == (64, 80, 3)


def test_png_is_not_decoded_to_learn_its_orientation(tmp_path, monkeypatch):
    PIL.Image.fromarray(RGB8).save(tmp_path / "bare.png")
    png_with_exif_behind_its_pixels(tmp_path / "exif.png")
    monkeypatch.setattr(PIL.PngImagePlugin.PngImageFile, "load", lambda _self: pytest.fail("decoded"))
    assert open_image(tmp_path / "bare.png").plane_shape == (20, 30, 3)
    assert open_image(tmp_path / "exif.png").plane_shape == (30, 20, 3)


@pytest.mark.parametrize(
    ("dpi", "expected"),
    [
        ((78740, 39370), (0.6452, 0.3226)),  # a microscope's
        *(((dots, dots), None) for dots in (1, 72, 96, 150, 300, 600, 1200, 2400, 4800)),
    ],
)
@pytest.mark.parametrize("orientation", [1, 6])
def test_dots_per_inch_are_a_pixel_size_where_they_are_a_microscopes(tmp_path, dpi, expected, orientation):
    exif = PIL.Image.Exif()
    exif[274] = orientation
    PIL.Image.fromarray(smooth_rgb()).save(tmp_path / "a.png", dpi=dpi, exif=exif)
    size = read_image(tmp_path / "a.png").pixel_size_um
    if expected is None:
        assert size is None
    else:
        assert size == pytest.approx(expected[::-1] if orientation == 6 else expected, rel=1e-3)


def test_animation_is_a_time_stack(tmp_path):
    frames = [PIL.Image.fromarray(np.full((8, 9), value, np.uint8)) for value in (10, 80, 200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    file = open_image(tmp_path / "a.gif")
    assert (file.axes, file.stack_shape, len(file)) == ("T", (3,), 3)
    assert [(int(image.pixels.max()), image.plane) for image in file] == [
        (10, {"t": 0}), (80, {"t": 1}), (200, {"t": 2}),
    ]  # fmt: skip


@pytest.mark.parametrize(("real", "name"), [("PNG", "a.tif"), ("TIFF", "a.png"), ("JPEG", "a.czi"), ("BMP", "a")])
def test_content_counts_and_not_the_suffix(tmp_path, real, name):
    PIL.Image.fromarray(GREY8).save(tmp_path / name, format=real)
    assert read_image(tmp_path / name).pixels.shape == GREY8.shape


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".gif", ".webp", ".pgm", ".jp2"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_truncated(tmp_path, suffix, kept):
    noise = np.random.default_rng(1).integers(0, 256, (200, 200), dtype=np.uint8)
    path = tmp_path / f"a{suffix}"
    PIL.Image.fromarray(noise).save(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(ImageReadError, match=r"(truncated|damaged).*again") as caught:
        read_image(path)
    assert caught.value.path == path
    assert "\n" not in str(caught.value)


def test_truncated_16_bit_colour_png(tmp_path):
    data = imagecodecs.png_encode(np.random.default_rng(1).integers(0, 65536, (100, 100, 3), dtype=np.uint16))
    (tmp_path / "a.png").write_bytes(data[: len(data) // 2])
    with pytest.raises(ImageReadError, match=r"truncated|damaged"):
        read_image(tmp_path / "a.png")


def test_flipped_bytes_in_png(tmp_path):
    PIL.Image.fromarray(GREY8).save(tmp_path / "a.png")
    data = bytearray((tmp_path / "a.png").read_bytes())
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(ImageReadError, match=r"damaged|truncated"):
        read_image(tmp_path / "a.png")


def test_large_picture_is_no_bomb(tmp_path, monkeypatch, recwarn):
    monkeypatch.setattr(PIL.Image, "MAX_IMAGE_PIXELS", 100)
    PIL.Image.fromarray(GREY8).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png").pixels.shape == (20, 30)
    assert PIL.Image.MAX_IMAGE_PIXELS == 100
    assert not recwarn.list


def test_too_large_picture(tmp_path, monkeypatch):
    monkeypatch.setattr(raster, "MAX_PIXELS", 599)
    PIL.Image.fromarray(GREY8).save(tmp_path / "a.png")
    with pytest.raises(ImageReadError, match=r"20 x 30 pixels, more than .*tiled OME-TIFF"):
        open_image(tmp_path / "a.png")


def test_axes_are_checked(tmp_path):
    PIL.Image.fromarray(RGB8).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png", axes="YXS").is_rgb
    with pytest.raises(ImageReadError, match="'TZYX' don't fit"):
        open_image(tmp_path / "a.png", axes="TZYX")


@pytest.mark.parametrize("shape", [(1, 30), (30, 1), (1, 1)])
def test_a_line_cannot_be_segmented(tmp_path, shape):
    PIL.Image.fromarray(np.zeros(shape, np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(ImageReadError, match=f"{shape[0]} x {shape[1]} pixels: a line"):
        open_image(tmp_path / "a.png")


@pytest.mark.parametrize("suffix", ["png", "webp", "tif"])
@pytest.mark.parametrize("bands", [2, 4])
def test_what_is_transparent_is_no_image(tmp_path, suffix, bands):
    pixels = np.full((8, 9, bands), 90, np.uint8)
    pixels[..., -1] = 255
    pixels[:, :4, -1] = 0
    path = tmp_path / f"a.{suffix}"
    if suffix == "tif":
        kind = "rgb" if bands == 4 else "minisblack"
        tifffile.imwrite(path, pixels, photometric=kind, extrasamples=["unassalpha"], planarconfig="contig")
    elif suffix == "webp" and bands == 2:
        pytest.skip("WebP has colours only")
    else:
        kept = {"exact": True, "lossless": True} if suffix == "webp" else {}
        PIL.Image.fromarray(pixels).save(path, **kept)
    read = read_image(path).pixels
    assert read.shape == ((8, 9) if bands == 2 else (8, 9, 3))
    assert (read[:, :4].max(), read[:, 4:].min()) == (0, 90)
    if bands == 4:
        assert np.array_equal(image_of_array(pixels)[0].pixels, read)
    pixels[..., -1] = 0  # says nothing where it is 0 everywhere
    PIL.Image.fromarray(pixels).save(tmp_path / "b.png")
    assert read_image(tmp_path / "b.png").pixels.min() == 90
