"""Label images and pictures: what is written is read back by hooke, tifffile and Pillow."""

import re
import uuid

import numpy as np
import PIL.Image
import pytest
import tifffile

from hooke.errors import ImageReadError, OutputError
from hooke.io import labels as labels_module
from hooke.io import open_image, read_labels, write_labels, write_png


def labels(*shape, largest=300):
    plane = (np.arange(np.prod(shape)) % (largest + 1)).astype(np.int32)
    plane[-1] = largest
    return plane.reshape(shape)


@pytest.mark.parametrize(
    ("largest", "dtype"), [(0, "u2"), (300, "u2"), (65535, "u2"), (65536, "i4"), (2**31 - 1, "i4")]
)
def test_type_fits_the_ids(tmp_path, largest, dtype):
    plane = labels(40, 50, largest=largest)
    write_labels(tmp_path / "new" / "a.tif", [plane])
    stored = tifffile.imread(tmp_path / "new" / "a.tif")
    assert stored.dtype == np.dtype(dtype)
    assert np.array_equal(stored, plane)
    back = read_labels(tmp_path / "new" / "a.tif")
    assert back.dtype == np.int32
    assert np.array_equal(back, plane)


def test_file_is_compressed_ome_tiff_that_plain_readers_open(tmp_path):
    write_labels(tmp_path / "a.tif", [labels(400, 400)], pixel_size_um=(0.5, 0.25))
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        page = tif.pages[0]
        assert tif.is_ome
        assert not tif.is_bigtiff
        assert not page.is_tiled
        assert page.compression == tifffile.COMPRESSION.ADOBE_DEFLATE
        assert page.photometric == tifffile.PHOTOMETRIC.MINISBLACK
        assert page.get_resolution("CENTIMETER") == pytest.approx((40000, 20000))
    assert (tmp_path / "a.tif").stat().st_size < 400 * 400 / 2
    with PIL.Image.open(tmp_path / "a.tif") as picture:
        assert np.array_equal(np.asarray(picture), labels(400, 400))


@pytest.mark.parametrize("hint", [None, 300, 70000])
@pytest.mark.parametrize(
    ("axes", "shape", "back"),
    [("T", (3,), "T"), ("TZ", (2, 3), "TZ"), ("ZT", (2, 3), "ZT"), ("I", (4,), "T"), ("PT", (2, 3), "ZT")],
)
def test_stack_keeps_axes_and_pixel_size(tmp_path, axes, shape, back, hint):
    stack = labels(*shape, 20, 30)
    planes = (plane for plane in stack.reshape(-1, 20, 30))
    write_labels(tmp_path / "a.tif", planes, axes=axes, shape=shape, pixel_size_um=(0.65, 0.325), max_label=hint)
    file = open_image(tmp_path / "a.tif")
    assert (file.axes, file.stack_shape) == (back, shape)
    assert file.pixel_size_um == pytest.approx((0.65, 0.325))
    assert file.plane(1).pixels.dtype == (np.int32 if hint == 70000 else np.uint16)
    assert np.array_equal(read_labels(tmp_path / "a.tif"), stack)


def test_steps_along_z_and_time_are_kept(tmp_path):
    planes = [np.ones((8, 9), np.int32)] * 6
    steps = {"z_step_um": 2.0, "time_step_s": 30.0}
    write_labels(tmp_path / "a.tif", planes, axes="TZ", shape=(2, 3), pixel_size_um=(0.5, 0.5), **steps)
    file = open_image(tmp_path / "a.tif")
    assert (file.axes, file.z_step_um, file.time_step_s) == ("TZ", 2.0, 30.0)
    write_labels(tmp_path / "flat.tif", planes[:1], **steps)  # one plane has no steps
    flat = open_image(tmp_path / "flat.tif")
    assert (flat.z_step_um, flat.time_step_s) == (None, None)


def test_equal_labels_give_equal_bytes_and_others_another_identity(tmp_path):
    stack = labels(3, 20, 30)
    for name, source in (("a", list(stack)), ("b", (plane for plane in stack))):
        write_labels(tmp_path / f"{name}.tif", source, axes="T", shape=(3,), pixel_size_um=(0.5, 0.5), max_label=300)
    write_labels(tmp_path / "c.tif", [labels(20, 30), labels(20, 30), labels(20, 30)], axes="T", shape=(3,))
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()
    texts = []
    for path in tmp_path.iterdir():
        with tifffile.TiffFile(path) as file:
            texts.append(file.ome_metadata)
    marks = [re.findall(r'UUID="urn:uuid:([^"]+)"', text)[0] for text in texts]
    assert all(uuid.UUID(mark).version == 5 for mark in marks)
    assert len(set(marks)) == 2


def test_no_pixel_size_is_invented(tmp_path):
    write_labels(tmp_path / "a.tif", [labels(20, 30)])
    assert open_image(tmp_path / "a.tif").pixel_size_um is None


def test_planes_with_a_bound_are_not_held(tmp_path):
    alive = []

    def planes():
        for number in range(5):
            alive.append(number)
            yield np.full((20, 30), number, np.int32)

    source = planes()
    held = labels_module._held(iter([next(source)]))
    assert held.max_label == 0
    write_labels(tmp_path / "a.tif", source, axes="T", shape=(4,), max_label=9)
    assert read_labels(tmp_path / "a.tif")[:, 0, 0].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("planes", "options", "message"),
    [
        ([], {}, "no plane"),
        ([(20, 30)] * 2, {}, "more than the 1 planes"),
        ([(20, 30)] * 2, {"axes": "T", "shape": (3,)}, "2 planes where"),
        ([(20, 30), (20, 31)], {"axes": "T", "shape": (2,)}, "differ in shape"),
        ([(20, 30)], {"axes": "T"}, "differ in length"),
        ([(20, 30)], {"max_label": 3}, "beyond the largest announced"),
    ],
)
def test_wrong_use_leaves_no_file(tmp_path, planes, options, message):
    with pytest.raises(ValueError, match=message):
        write_labels(tmp_path / "a.tif", [labels(*shape) for shape in planes], **options)
    assert list(tmp_path.iterdir()) == []


def test_unwritable(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="is a file, not a folder"):
        write_labels(tmp_path / "file" / "a.tif", [labels(20, 30)])
    with pytest.raises(OutputError, match="is a file, not a folder"):
        write_png(tmp_path / "file" / "a.png", np.zeros((4, 4, 3), np.uint8))


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_png_labels(tmp_path, dtype):
    plane = labels(20, 30, largest=np.iinfo(dtype).max)
    PIL.Image.fromarray(plane.astype(dtype)).save(tmp_path / "a.png")
    assert np.array_equal(read_labels(tmp_path / "a.png"), plane)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_indices_of_a_palette_are_the_ids(tmp_path, suffix):
    plane = labels(20, 30, largest=200)
    colours = np.random.default_rng(0).integers(0, 256, (256, 3), dtype=np.uint8)
    if suffix == ".png":
        picture = PIL.Image.fromarray(plane.astype(np.uint8), "P")
        picture.putpalette(colours.tobytes())
        picture.save(tmp_path / "a.png")
    else:
        tifffile.imwrite(
            tmp_path / "a.tif",
            plane.astype(np.uint8),
            photometric="palette",
            colormap=colours.T.astype(np.uint16) * 257,
        )
    assert np.array_equal(read_labels(tmp_path / f"a{suffix}"), plane)


@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "u4", "i8", "f4", "f8"])
@pytest.mark.parametrize("suffix", [".npy", ".tif"])
def test_other_types(tmp_path, dtype, suffix):
    plane = labels(20, 30, largest=100).astype(dtype)
    np.save(tmp_path / "a.npy", plane)
    tifffile.imwrite(tmp_path / "a.tif", plane)
    back = read_labels(tmp_path / f"a{suffix}")
    assert back.dtype == np.int32
    assert np.array_equal(back, plane)


def test_white_is_zero_and_bool(tmp_path):
    plane = labels(20, 30, largest=100).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", plane, photometric="miniswhite")
    np.save(tmp_path / "b.npy", plane > 50)
    assert np.array_equal(read_labels(tmp_path / "a.tif"), plane)
    assert np.array_equal(read_labels(tmp_path / "b.npy"), (plane > 50).astype(int))


def test_channels_of_labels_are_a_stack(tmp_path):
    stack = labels(2, 20, 30)
    tifffile.imwrite(tmp_path / "a.tif", stack.astype(np.uint16), imagej=True, metadata={"axes": "CYX"})
    assert np.array_equal(read_labels(tmp_path / "a.tif"), stack)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.full((4, 4), -1), "negative ids"),
        (np.full((4, 4), 0.5), "fractions"),
        (np.array([[1.0, np.nan], [1.0, 2.0]]), "fractions or NaN"),
        (np.full((4, 4), 2**31), "ids above"),
        (np.full((4, 4), 2**63, np.uint64), "ids above"),
        (np.full((4, 4), 1e30), "ids above|fractions"),
        (np.full((4, 4), 2050, np.float16), "ids above 2048 as float16, in which neighbouring ids are one"),
        (np.full((4, 4), 2**24 + 2, np.float32), "ids above 16777216 as float32"),
    ],
)
def test_no_label_image(tmp_path, array, message):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(ImageReadError, match=message) as caught:
        read_labels(tmp_path / "a.npy")
    assert caught.value.remedy


@pytest.mark.parametrize("bands", [3, 4])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_colours_are_no_labels(tmp_path, bands, suffix):
    PIL.Image.fromarray(np.zeros((20, 30, bands), np.uint8)).save(tmp_path / f"a{suffix}")
    with pytest.raises(ImageReadError, match="not a label image; save the ids as one channel"):
        read_labels(tmp_path / f"a{suffix}")


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3)])
def test_write_png(tmp_path, shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    write_png(tmp_path / "overlays" / "a.png", pixels)
    with PIL.Image.open(tmp_path / "overlays" / "a.png") as picture:
        assert np.array_equal(np.asarray(picture), pixels)
    assert [path.name for path in (tmp_path / "overlays").iterdir()] == ["a.png"]
    with pytest.raises(ValueError, match="uint8"):
        write_png(tmp_path / "b.png", pixels.astype(float))
