"""Binary masks are split into their components and said to be so; label images of ids stay as they are."""

from __future__ import annotations

import cv2
import imagecodecs
import numpy as np
import PIL.Image
import pytest
import tifffile

from hooke.cli import main
from hooke.datasets import simulate
from hooke.datasets.adapters.folder import find, load
from hooke.datasets.layout import read_index
from hooke.errors import ConfigError, HookeError
from hooke.evaluation import evaluate, evaluate_points
from hooke.io.annotations.label_files import read_label_file

MASK = np.zeros((40, 60), bool)
MASK[2:10, 2:10], MASK[20:30, 20:30], MASK[30:34, 30:34] = True, True, True  # the last two touch at a corner
ONE = np.zeros((40, 60), bool)
ONE[5:15, 5:15] = True


def run(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main([*map(str, arguments)])
    return stopped.value.code


def coloured(mask, colour, alpha=None):
    pixels = np.zeros((*mask.shape, len(colour)), np.uint8)
    pixels[mask] = colour
    if alpha is not None:
        pixels[..., -1] = alpha
    return pixels


WAYS = {
    "255": lambda path, mask: PIL.Image.fromarray((mask * 255).astype(np.uint8)).save(path),
    "1": lambda path, mask: PIL.Image.fromarray(mask.astype(np.uint8)).save(path),
    "one bit": lambda path, mask: PIL.Image.fromarray(mask).save(path),
    "palette": lambda path, mask: PIL.Image.fromarray(mask).convert("P").save(path),
    "RGB": lambda path, mask: PIL.Image.fromarray(coloured(mask, (255, 255, 255))).save(path),
    "RGBA": lambda path, mask: PIL.Image.fromarray(coloured(mask, (255, 255, 255, 255), 255)).save(path),
    "green": lambda path, mask: PIL.Image.fromarray(coloured(mask, (0, 255, 0))).save(path),
    "jpeg": lambda path, mask: path.write_bytes(imagecodecs.jpeg_encode((mask * 255).astype(np.uint8), level=80)),
    "16 bit tif": lambda path, mask: tifffile.imwrite(path, mask.astype(np.uint16) * 65535),
    "float tif": lambda path, mask: tifffile.imwrite(path, mask.astype(np.float32)),
    "boolean tif": lambda path, mask: tifffile.imwrite(path, mask),
}


@pytest.fixture(params=list(WAYS))
def save(request):
    return WAYS[request.param]


def test_a_binary_mask_is_split_whatever_it_is_stored_as(tmp_path, save):
    save(tmp_path / "mask.png", MASK)
    read = read_label_file(tmp_path / "mask.png")
    assert read.labels.max() == 2
    assert (read.labels > 0).tolist() == MASK.tolist()
    assert list(read.oddities.values()) == [2]
    assert "binary masks by connected components" in next(iter(read.oddities))


def test_a_mask_of_one_component_stays_without_a_word(tmp_path, save):
    save(tmp_path / "mask.png", ONE)
    read = read_label_file(tmp_path / "mask.png")
    assert (read.labels > 0).tolist() == ONE.tolist()
    assert (len(np.unique(read.labels)), read.oddities) == (2, {})


def test_ids_stay_unless_asked(tmp_path):
    ids = np.zeros((20, 20), np.uint16)
    ids[2:5, 2:5], ids[10:12, 2:5], ids[15, 15] = 3, 3, 8
    tifffile.imwrite(tmp_path / "ids.tif", ids)
    assert read_label_file(tmp_path / "ids.tif").labels.tolist() == ids.tolist()
    assert read_label_file(tmp_path / "ids.tif").oddities == {}
    assert read_label_file(tmp_path / "ids.tif", split=True).labels.max() == 3
    np.save(tmp_path / "many.npy", np.arange(400).reshape(20, 20))
    assert read_label_file(tmp_path / "many.npy").labels.max() == 399


def test_a_mask_of_classes_is_kept_and_named(tmp_path):
    classes = simulate((200, 200), seed=1, diameter=20).labels
    np.save(tmp_path / "classes.npy", np.where(classes > 0, 1 + classes % 2, 0))
    read = read_label_file(tmp_path / "classes.npy")
    assert read.labels.max() == 2
    assert "many pieces" in next(iter(read.oddities))


@pytest.mark.parametrize("size", [(37, 53), (100, 160)])
def test_a_mask_with_blurred_edges_is_cut_at_half(tmp_path, size):
    mask = PIL.Image.fromarray((MASK * 255).astype(np.uint8)).resize(size[::-1], PIL.Image.Resampling.BILINEAR)
    mask.save(tmp_path / "mask.png")
    read = read_label_file(tmp_path / "mask.png")
    assert read.labels.max() == 2
    assert any("blurred" in oddity for oddity in read.oddities)
    fields = simulate((200, 200), seed=1, diameter=30).labels
    large = np.where(fields == fields[100, 100], 0, fields)
    large[60:190, 60:190] = 1000
    np.save(tmp_path / "ids.npy", large)
    assert read_label_file(tmp_path / "ids.npy").oddities == {}


@pytest.mark.parametrize("bits", [8, 16])
def test_an_image_of_intensities_is_named(tmp_path, bits):
    field = simulate((160, 200), seed=3, bits=bits)
    tifffile.imwrite(tmp_path / "image.tif", field.image)
    tifffile.imwrite(tmp_path / "labels.tif", field.labels.astype(np.uint16))
    (oddity,) = read_label_file(tmp_path / "image.tif").oddities
    assert "images of intensities" in oddity
    assert read_label_file(tmp_path / "labels.tif").oddities == {}


def test_a_binary_stack_is_named(tmp_path):
    tifffile.imwrite(tmp_path / "stack.tif", np.stack([MASK, ONE]).astype(np.uint8), metadata={"axes": "TYX"})
    read = read_label_file(tmp_path / "stack.tif")
    assert read.labels.shape == (2, 40, 60)
    assert "plane by plane" in next(iter(read.oddities))


def test_objects_that_cover_the_whole_image_are_ids(tmp_path):
    tiles = np.indices((40, 60))[1] // 20 + 1
    for name, labels in (("tiles", tiles), ("one", np.ones((40, 60)))):
        tifffile.imwrite(tmp_path / f"{name}.tif", labels.astype(np.uint8))
        np.testing.assert_array_equal(read_label_file(tmp_path / f"{name}.tif").labels, labels)


def test_what_is_neither_is_refused(tmp_path):
    PIL.Image.fromarray((~MASK * 255).astype(np.uint8)).save(tmp_path / "inverted.png")
    with pytest.raises(HookeError, match=r"everywhere but in 3 places.*invert"):
        read_label_file(tmp_path / "inverted.png")
    tifffile.imwrite(tmp_path / "from1.tif", np.where(MASK, 2, 1).astype(np.uint8) + ONE)
    with pytest.raises(HookeError, match=r"holds no 0, but 1 in all corners.*set 1 to 0"):
        read_label_file(tmp_path / "from1.tif", holds_ids=True)
    two = coloured(MASK, (255, 0, 0))
    two[ONE] = (0, 255, 0)
    PIL.Image.fromarray(two).save(tmp_path / "two.png")
    with pytest.raises(HookeError, match="not a label image, nor a binary mask"):
        read_label_file(tmp_path / "two.png")
    ramp = np.tile(np.arange(0, 240, 4, dtype=np.uint8), (40, 1))
    (tmp_path / "ids.jpg").write_bytes(imagecodecs.jpeg_encode(ramp, level=90))
    with pytest.raises(HookeError, match="JPEG, which changes ids"):
        read_label_file(tmp_path / "ids.jpg")


@pytest.fixture
def folders(tmp_path):
    """Two simulated fields: images, label images, and binary masks."""
    fields = [simulate((160, 200), seed=seed, diameter=20, density=0.08) for seed in (1, 2)]
    for name in ("data/images", "data/masks", "truth"):
        (tmp_path / name).mkdir(parents=True)
    for name, field in zip("ab", fields, strict=True):
        tifffile.imwrite(tmp_path / "data/images" / f"{name}.tif", field.image)
        tifffile.imwrite(tmp_path / "truth" / f"{name}.tif", field.labels.astype(np.uint16))
        PIL.Image.fromarray(((field.labels > 0) * 255).astype(np.uint8)).save(tmp_path / "data/masks" / f"{name}.png")
    return tmp_path


def test_prepare_splits_binary_masks_and_says_so(folders, capsys):
    assert run("prepare", "folder", folders / "data", folders / "out", "-q") == 0
    said = capsys.readouterr().err
    assert "binary masks by connected components" in said
    assert "in 2 images: a, b" in said
    assert all(row.nuclei > 5 for row in read_index(folders / "out"))
    assert run("prepare", "folder", folders / "data", folders / "kept", "-q", "--no-split-components") == 0
    assert "2 binary masks in several pieces, kept as one object" in capsys.readouterr().err
    assert [row.nuclei for row in read_index(folders / "kept")] == [1, 1]


def test_an_option_of_another_word_or_layout_is_refused(folders):
    with pytest.raises(ConfigError, match="components is 'yes'"):
        find(folders / "data", components="yes")
    assert run("prepare", "ctc", folders / "data", folders / "out", "--split-components") == 2
    source, _ = find(folders / "data", components="keep")
    assert load(source, "a").labels.max() == 1


def test_evaluate_takes_binary_masks_on_either_side(folders):
    for pred, truth in (("truth", "data/masks"), ("data/masks", "truth")):
        side = "truth" if pred == "truth" else "prediction"
        with pytest.warns(UserWarning, match=f"^{side}: .* binary masks by connected components.*a, b"):
            result = evaluate(folders / pred, folders / truth, resamples=0)
        assert result.overall.mean["f1_50"] > 0.8
    with pytest.warns(UserWarning, match="2 binary masks in several pieces, kept"):
        kept = evaluate(folders / "truth", folders / "data/masks", split_components=False, resamples=0)
    assert kept.overall.mean["f1_50"] == 0
    points = evaluate_points(folders / "truth", folders / "data/masks")
    assert points.overall.pooled["f1"] > 0.8
    assert points.notes[0].startswith("truth: ")


def test_one_object_in_two_pieces_of_a_prepared_set_stays(tmp_path):
    for name in ("out/images", "out/labels"):
        (tmp_path / name).mkdir(parents=True)
    PIL.Image.fromarray(MASK.astype(np.uint8)).save(tmp_path / "out/labels/a.png")
    columns = "id,split,modality,field_of_view,height,width,nuclei"
    (tmp_path / "out/index.csv").write_text(f"{columns}\na,test,fluorescence,a,40,60,1\n")
    result = evaluate(tmp_path / "out", tmp_path / "out", resamples=0)
    assert (result.per_image["n_true"].tolist(), result.notes) == ([1], ())
    with pytest.warns(UserWarning, match="2 objects made of binary masks"):
        split = evaluate(tmp_path / "out", tmp_path / "out", split_components=True, resamples=0)
    assert split.per_image["n_true"].tolist() == [2]


def test_numbers_that_two_objects_share_and_outlines_are_named(tmp_path):
    field = simulate((512, 512), seed=1, diameter=16, density=0.25).labels
    assert field.max() > 255
    tifffile.imwrite(tmp_path / "wrapped.tif", (field % 256).astype(np.uint8))
    (said,) = read_label_file(tmp_path / "wrapped.tif").oddities
    assert "share one number" in said
    assert not read_label_file(tmp_path / "wrapped.tif", split=True).oddities.keys() & {said}
    tifffile.imwrite(tmp_path / "field.tif", field.astype(np.uint16))
    assert read_label_file(tmp_path / "field.tif").oddities == {}
    ring = np.zeros((64, 64), np.uint8)
    for x in (16, 44):
        cv2.circle(ring, (x, 30), 10, 255, 1)
    PIL.Image.fromarray(ring).save(tmp_path / "rings.png")
    assert any("outlines that were not filled" in said for said in read_label_file(tmp_path / "rings.png").oddities)


def test_ids_in_three_equal_colours_are_read_and_grey_pictures_are_not(tmp_path):
    labels = np.zeros((60, 70), np.uint8)
    labels[5:25, 5:25], labels[30:50, 30:60], labels[5:20, 40:65] = 1, 2, 3
    PIL.Image.fromarray(np.stack([labels] * 3, axis=2)).save(tmp_path / "ids.png")
    assert np.array_equal(read_label_file(tmp_path / "ids.png").labels, labels)
    grey = np.random.default_rng(0).integers(0, 255, labels.shape, np.uint8)
    PIL.Image.fromarray(np.stack([grey] * 3, axis=2)).save(tmp_path / "grey.png")
    with pytest.raises(HookeError, match="is a picture in colours"):
        read_label_file(tmp_path / "grey.png")
