"""NumPy arrays, files that are not images, and the real data sets."""

import gc
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from hooke.errors import ImageReadError
from hooke.io import open_image, read_image, readers

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def save(folder, array, name="a.npy", **options):
    np.save(folder / name, array, **options)
    return folder / name


@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", "i4", "f4", ">f8", "?"])
def test_npy_types(tmp_path, dtype):
    pixels = (np.random.default_rng(0).random((6, 7)) * 100).astype(dtype)
    image = read_image(save(tmp_path, pixels))
    assert np.array_equal(image.pixels, pixels)
    assert image.pixels.dtype.isnative
    assert not isinstance(image.pixels, np.memmap)


def test_npy_in_column_order(tmp_path):
    pixels = np.asfortranarray(np.arange(42, dtype=np.uint16).reshape(6, 7))
    assert np.array_equal(read_image(save(tmp_path, pixels)).pixels, pixels)


@pytest.mark.parametrize(
    ("shape", "dtype", "axes", "stack", "plane", "is_rgb"),
    [
        ((6, 7), "u1", "", (), (6, 7), False),
        ((6, 7, 3), "u1", "", (), (6, 7, 3), True),
        ((6, 7, 3), "u2", "", (), (6, 7, 3), False),
        ((6, 7, 2), "u1", "", (), (6, 7, 2), False),
        ((6, 7, 1), "u1", "", (), (6, 7), False),
        ((5, 6, 7), "u1", "I", (5,), (6, 7), False),
        ((3, 6, 7), "u1", "I", (3,), (6, 7), False),
        ((1, 6, 7), "u1", "", (), (6, 7), False),
        ((1, 5, 6, 7), "u1", "I", (5,), (6, 7), False),
    ],
)
def test_npy_axes_by_shape(tmp_path, shape, dtype, axes, stack, plane, is_rgb):
    pixels = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    file = open_image(save(tmp_path, pixels))
    assert (file.axes, file.stack_shape, file.plane_shape, file.is_rgb) == (axes, stack, plane, is_rgb)
    assert np.array_equal(np.array([image.pixels for image in file]).ravel(), pixels.ravel())


def test_npy_given_axes(tmp_path):
    pixels = np.arange(2 * 3 * 6 * 7).reshape(2, 3, 6, 7)
    path = save(tmp_path, pixels)
    with pytest.raises(ImageReadError, match="have no known meaning; name them with axes"):
        open_image(path)
    file = open_image(path, axes="TCYX")
    assert np.array_equal(file.plane(1).pixels, np.moveaxis(pixels[1], 0, -1))
    assert file.plane(1).plane == {"t": 1}
    colours = open_image(save(tmp_path, pixels[0].astype(np.uint8)), axes="SYX")
    assert colours.is_rgb
    assert colours.plane_shape == (6, 7, 3)


@pytest.mark.parametrize(
    ("array", "cause"),
    [
        (np.array([{"a": 1}], dtype=object), "Python objects"),
        (np.ones((4, 4), complex), "complex"),
        (np.zeros((0, 5)), "no pixels"),
        (np.zeros((5, 0, 3)), "no pixels"),
        (np.zeros(5), r"1 dimension\(s\) is not an image"),
        (np.array(5), r"0 dimension\(s\) is not an image"),
        (np.zeros((1, 5)), "a line can't be segmented"),
        (np.full((4, 4), np.nan), "no pixel is a finite number"),
        (np.array([["a", "b"], ["c", "d"]]), "no pixels but <U1"),
        (np.zeros((4, 4), [("a", "f4")]), "no pixels but"),
    ],
)
def test_npy_that_is_no_image(tmp_path, array, cause):
    with pytest.raises(ImageReadError, match=cause) as caught:
        read_image(save(tmp_path, array, allow_pickle=True))
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kept", [8, 40, 1000])
def test_truncated_npy(tmp_path, kept):
    path = save(tmp_path, np.ones((30, 40)))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ImageReadError, match=r"truncated|damaged"):
        open_image(path)


def test_damaged_npy_header(tmp_path):
    path = save(tmp_path, np.ones((30, 40)))
    data = bytearray(path.read_bytes())
    data[60:70] = b"(" * 10
    path.write_bytes(data)
    with pytest.raises(ImageReadError, match=r"damaged \.npy file .*; save") as caught:
        open_image(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.png", b"", "the file is empty; copy"),
        ("a.png", b"hello, I am text", "not an image.*formats hooke reads: TIFF"),
        ("a.png", bytes(500), "zeros only"),
        ("a.txt", b"\x89PNG\r\n\x1a\n", "truncated|damaged"),
        ("a.jpg", b"\xff\xd8\xff", "truncated|damaged"),
        ("a.bmp", b"BMxx", "truncated|damaged"),
        ("a.czi", b"ZISRAWFILE....", ".czi files; install pylibCZIrw .* or convert it to OME-TIFF with Bio-Formats"),
        ("a.czi", b"ZISRAWFILE....", r"img\.data, not img\.save .* blue first"),
        ("a", b"ZISRAWFILE....", "a Zeiss .czi file"),
        ("a.nd2", b"\xda\xce\xbe\x0a", "Bio-Formats"),
        ("a.lif", b"p\x00\x00\x00", "Bio-Formats .* or bioio"),
        ("a.mrxs", b"\xff\xd8\xff", "whole slide"),
        ("a.h5", b"\x89HDF\r\n\x1a\n", "h5py"),
        ("a.mp4", b"\x00\x00\x00\x18ftypmp42", "video"),
        ("a.npz", b"PK\x03\x04", "save the one array"),
        ("a.zip", b"PK\x03\x04", "zip archive"),
        ("a.dcm", bytes(128) + b"DICM", "medical volume"),
        ("a.heic", b"\x00\x00\x00\x18ftypheic", "save it as PNG or TIFF"),
    ],
)
def test_no_image(tmp_path, monkeypatch, name, content, message):
    monkeypatch.setattr(readers, "_is_installed", lambda package: False)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImageReadError, match=message) as caught:
        read_image(tmp_path / name)
    assert caught.value.path == tmp_path / name
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_missing_file_and_folders(tmp_path):
    with pytest.raises(ImageReadError, match="no such file; check"):
        open_image(tmp_path / "a.png")
    with pytest.raises(ImageReadError, match="is a folder"):
        open_image(tmp_path)
    (tmp_path / "a.zarr").mkdir()
    with pytest.raises(ImageReadError, match="zarr store"):
        open_image(tmp_path / "a.zarr")


def test_permission_denied(tmp_path, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.png").write_bytes(b"x")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ImageReadError, match="no permission to read it; ask"):
        open_image(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("folder", "pattern", "shape", "is_rgb"),
    [
        ("bbbc039/images", "*.tif", (520, 696), False),
        ("ctc_phc_c2dh_u373/images", "*", (520, 696), False),
        ("dsb2018/images", "*.png", None, None),
        ("dsb2018_original_layout/stage1_train", "*/images/*.png", None, True),
        ("tnbc/images", "*.png", (512, 512, 3), True),
    ],
)
def test_real_images(folder, pattern, shape, is_rgb):
    paths = sorted((DATA / folder).glob(pattern))[:12]
    if not paths:
        pytest.skip(f"no data in {folder}")
    for path in paths:
        image = read_image(path)
        assert image.pixels.dtype in (np.uint8, np.uint16)
        assert image.pixels.max() > image.pixels.min()
        assert image.channels in (1, 3)
        assert shape is None or image.pixels.shape == shape
        assert is_rgb is None or image.is_rgb == is_rgb
        with PIL.Image.open(path) as picture:  # an independent reader
            expected = np.asarray(picture)
        assert np.array_equal(image.pixels, expected[..., :3] if expected.ndim == 3 else expected)


def test_reading_leaves_no_file_handle(tmp_path):
    if not Path("/proc/self/fd").exists():
        pytest.skip("no list of open files on this system")
    path = save(tmp_path, np.ones((9, 9)))
    PIL.Image.fromarray(np.ones((9, 9), np.uint8)).save(tmp_path / "a.tif")
    gc.collect()  # what earlier tests left open is closed here, not while this one counts
    before = len(list(Path("/proc/self/fd").iterdir()))
    files = [open_image(path), open_image(tmp_path / "a.tif")]
    images = [file.plane(0) for file in files]
    assert len(images) == 2
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("name", ["a" * 300, "a\0b"])
def test_names_that_no_file_can_have(tmp_path, name):
    with pytest.raises(ImageReadError, match="can't be opened"):
        read_image(tmp_path / f"{name}.png")


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (
            "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n",
            "a pointer of Git LFS .*; fetch the file itself",
        ),
        (
            "<!DOCTYPE html><html><title>Sign in</title>",
            "a web page, which hooke doesn't read; download the file again",
        ),
    ],
)
def test_what_came_in_the_place_of_a_file_is_named(start, said, tmp_path):
    (tmp_path / "a.tif").write_text(start)
    with pytest.raises(ImageReadError, match=said):
        open_image(tmp_path / "a.tif")
