"""Preparing COCO: polygons and run lengths as pycocotools draws them, names of all systems, damage named."""

from __future__ import annotations

import json
import tracemalloc

import cv2
import numpy as np
import PIL.Image
import pytest

from hooke.datasets.adapter import find_source
from hooke.datasets.adapters.coco import find, load
from hooke.datasets.layout import read_index, read_sample
from hooke.datasets.prepare import prepare_dataset
from hooke.errors import ConfigError, DatasetError, HookeError, ImageReadError
from hooke.io.annotations.coco import CROWD, NO_CATEGORY, NO_OUTLINE, OF_BORDERS, SAME_ID, open_coco, read_coco
from hooke.labels.run_length import compress_counts, encode_counts

HEIGHT, WIDTH = 12, 16
SQUARE = [2, 2, 6, 2, 6, 6, 2, 6]


def mask(rows, columns):
    result = np.zeros((HEIGHT, WIDTH), bool)
    result[rows, columns] = True
    return result


def annotation(id_, segmentation, image_id=1, category_id=1, **more):
    return {"id": id_, "image_id": image_id, "category_id": category_id, "segmentation": segmentation, **more}


def run_lengths(pixels, compressed=False):
    counts = encode_counts(pixels)
    return {"size": [HEIGHT, WIDTH], "counts": compress_counts(counts) if compressed else counts}


def write(root, annotations, names=("a.png",), path="annotations.json", **more):
    """A json, and its images where they are not there yet."""
    images = [
        {"id": id_, "file_name": name, "height": HEIGHT, "width": WIDTH} for id_, name in enumerate(names, start=1)
    ]
    data = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "cell"}, {"id": 2, "name": "nucleus"}],
        **more,
    }
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(json.dumps(data))
    return root


def save(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(np.arange(HEIGHT * WIDTH, dtype=np.uint8).reshape(HEIGHT, WIDTH)).save(path)


def first(root):
    source, entries = find(root)
    return load(source, entries[0].id)


def test_polygons_and_both_kinds_of_run_lengths_become_labels_with_classes(tmp_path):
    save(tmp_path / "a.png")
    write(
        tmp_path,
        [
            annotation(10, [SQUARE]),
            annotation(11, run_lengths(mask(slice(0, 3), slice(8, 11))), category_id=2),
            annotation(12, run_lengths(mask(slice(8, 12), slice(8, 16)), compressed=True), category_id=2),
            annotation(13, [[0, 8, 2, 8, 2, 10, 0, 10], [4, 8, 6, 8, 6, 10, 4, 10]]),
        ],
    )
    sample = first(tmp_path)
    expected = np.zeros((HEIGHT, WIDTH), int)
    expected[2:6, 2:6] = 1
    expected[0:3, 8:11] = 2
    expected[8:12, 8:16] = 3
    expected[8:10, 0:2] = expected[8:10, 4:6] = 4
    np.testing.assert_array_equal(sample.labels, expected)
    assert sample.classes == {1: "cell", 2: "nucleus", 3: "nucleus", 4: "cell"}
    assert [(conflict.kind, conflict.mask) for conflict in sample.conflicts] == [("pieces", "annotation 13")]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools with numpy 2
def test_masks_are_those_of_pycocotools(tmp_path):
    tool = pytest.importorskip("pycocotools.mask")
    rng = np.random.default_rng(0)
    for _ in range(20):
        angle = np.sort(rng.uniform(0, 2 * np.pi, 24))
        radius = rng.uniform(60, 90, 24)
        ring = np.stack([100 + radius * np.cos(angle), 100 + radius * np.sin(angle)], axis=1)
        outline = tool.merge(tool.frPyObjects([ring.ravel().tolist()], 200, 200))
        theirs = tool.decode(outline).astype(bool)
        data = {"size": [200, 200], "counts": outline["counts"].decode()}
        PIL.Image.new("L", (200, 200)).save(tmp_path / "a.png")
        content = {"images": [{"id": 1, "file_name": "a.png"}], "annotations": [annotation(1, data)]}
        (tmp_path / "a.json").write_text(json.dumps(content))
        np.testing.assert_array_equal(first(tmp_path).labels == 1, theirs)
        content["annotations"] = [annotation(1, [ring.ravel().tolist()])]
        (tmp_path / "a.json").write_text(json.dumps(content))
        ours = first(tmp_path).labels == 1
        # cocoapi draws the border on a grid five times as fine, and so misplaces some of its pixels.
        assert np.count_nonzero(ours & theirs) / np.count_nonzero(ours | theirs) > 0.98


@pytest.mark.parametrize("chain", [cv2.CHAIN_APPROX_SIMPLE, cv2.CHAIN_APPROX_NONE])
def test_outlines_through_border_pixels_are_known_by_their_area_and_lose_no_rim(tmp_path, chain):
    rng = np.random.default_rng(0)
    for _ in range(30):
        noise = cv2.GaussianBlur(rng.normal(size=(HEIGHT, WIDTH)), (0, 0), 2)
        pieces, parts = cv2.connectedComponents((noise > 0).astype(np.uint8))
        save(tmp_path / "a.png")
        truth, annotations = np.zeros((HEIGHT, WIDTH), int), []
        for piece in range(1, pieces):
            found, _ = cv2.findContours((parts == piece).astype(np.uint8), cv2.RETR_EXTERNAL, chain)
            region = np.zeros((HEIGHT, WIDTH), np.uint8)
            cv2.drawContours(region, found, 0, 1, cv2.FILLED)  # without holes
            if len(found[0]) < 3 or (region[parts != piece] > 0).any():
                continue
            truth[region > 0] = len(annotations) + 1
            annotations.append(annotation(piece, [found[0].ravel().tolist()], area=float(region.sum())))
        write(tmp_path, annotations)
        sample = first(tmp_path)
        np.testing.assert_array_equal(sample.labels, truth)
        assert sample.oddities.get(OF_BORDERS, 0) == len(annotations)
        source = open_coco(tmp_path / "annotations.json")
        np.testing.assert_array_equal(source.read("a").labels, truth)


@pytest.mark.parametrize(
    ("more", "pixels"),
    [
        ({}, 16),
        ({"area": 16}, 16),
        ({"area": 25}, 25),
        ({"area": 24.5}, 16),
        ({"area": "25"}, 16),
        ({"area": None}, 16),
    ],
)
def test_a_square_goes_along_edges_of_pixels_unless_its_area_says_otherwise(tmp_path, more, pixels):
    save(tmp_path / "a.png")
    sample = first(write(tmp_path, [annotation(1, [SQUARE], **more)]))
    assert np.count_nonzero(sample.labels) == pixels
    assert sample.labels[2:6, 2:6].all()


def test_a_point_repeated_with_the_area_of_a_pixel_is_no_outline(tmp_path):
    save(tmp_path / "a.png")
    assert not first(write(tmp_path, [annotation(1, [[2, 2] * 3], area=1)])).labels.any()


def test_crowds_boxes_unknown_categories_and_repeated_ids_are_counted(tmp_path):
    save(tmp_path / "a.png")
    write(
        tmp_path,
        [
            annotation(1, run_lengths(mask(slice(None), slice(None))), iscrowd=1),
            annotation(2, [], bbox=[0, 0, 3, 3]),
            annotation(3, [SQUARE], category_id=99),
            annotation(3, [[8, 8, 10, 8, 10, 10, 8, 10]], category_id=None),
        ],
    )
    sample = first(tmp_path)
    assert sample.labels.max() == 2
    assert sample.classes == {}
    assert sample.oddities == {SAME_ID: 2, CROWD: 1, NO_OUTLINE: 1, NO_CATEGORY: 2}


def test_crowds_and_annotations_without_an_outline_are_counted_where_masks_are_read(tmp_path):
    everything = run_lengths(mask(slice(None), slice(None)))
    write(tmp_path, [annotation(1, everything, iscrowd=1), annotation(2, []), annotation(3, [SQUARE])])
    read = open_coco(tmp_path / "annotations.json").read("a")
    assert read.labels.max() == 1
    assert read.oddities == {CROWD: 1, NO_OUTLINE: 1}


def test_an_image_without_annotations_is_an_image_without_objects(tmp_path):
    save(tmp_path / "a.png")
    assert not first(write(tmp_path, [])).labels.any()


@pytest.mark.parametrize(
    ("stored", "named"),
    [
        ("images/plate1/a.png", "plate1/a.png"),
        ("images/plate1/a.png", "plate1\\a.png"),
        ("images/a.png", "C:\\Users\\me\\Pictures\\a.png"),
        ("images/a.png", "/elsewhere/A.PNG"),
        ("deep/below/a.png", "./a.png"),
        ("images/Zellen \u00e4.png", "Zellen a\u0308.png"),
    ],
)
def test_images_are_found_by_names_of_any_system(tmp_path, stored, named):
    save(tmp_path / stored)
    assert first(write(tmp_path, [annotation(1, [SQUARE])], [named])).labels.max() == 1


def test_folders_in_a_name_tell_images_of_one_name_apart(tmp_path):
    for plate in ("plate1", "plate2"):
        save(tmp_path / "images" / plate / "a.png")
    write(tmp_path, [annotation(1, [SQUARE], image_id=2)], ["plate1/a.png", "plate2/a.png"])
    source, entries = find(tmp_path)
    assert [entry.id for entry in entries] == ["plate1-a", "plate2-a"]
    assert [int(load(source, entry.id).labels.max()) for entry in entries] == [0, 1]
    write(tmp_path, [], ["a.png"])
    with pytest.raises(DatasetError, match="here more than once"):
        first(tmp_path)


def test_splits_come_from_the_names_of_jsons_or_of_their_folders(tmp_path):
    names = {
        "annotations/instances_train2017.json": "train",
        "annotations/instances_val2017.json": "val",
        "test/_annotations.coco.json": "test",
        "more/trainval.json": None,
    }
    for place, path in enumerate(names):
        save(tmp_path / "images" / f"{place}.png")
        write(tmp_path, [], [f"{place}.png"], path)
    _, entries = find(tmp_path)
    assert {entry.id: entry.split for entry in entries} == {str(i): split for i, split in enumerate(names.values())}


def test_options_name_one_json_and_another_folder_of_images(tmp_path):
    save(tmp_path / "elsewhere" / "a.png")
    write(tmp_path / "given", [], path="captions.json")
    write(tmp_path / "given", [annotation(1, [SQUARE])], path="instances.json")
    options = {"images": str(tmp_path / "elsewhere"), "annotations": "instances.json"}
    import hooke.datasets.adapters.coco as adapter

    source, (entry,) = find_source(adapter, tmp_path / "given", options)
    assert load(source, entry.id).labels.max() == 1
    with pytest.raises(ConfigError, match="no option 'image'"):
        find_source(adapter, tmp_path / "given", {"image": "x"})


def test_one_bad_image_is_reported_and_the_rest_are_prepared(tmp_path):
    root = tmp_path / "in"
    for name in ("good.png", "small.png", "cut.png", "long.png"):
        save(root / "images" / name)
    PIL.Image.new("L", (4, 4)).save(root / "images" / "small.png")
    cut = root / "images" / "cut.png"
    cut.write_bytes(cut.read_bytes()[:45])  # ends within the pixels, however well they were compressed
    too_long = {"size": [HEIGHT, WIDTH], "counts": [10, HEIGHT * WIDTH]}
    write(
        root,
        [annotation(1, [SQUARE]), annotation(2, too_long, image_id=4), annotation(3, [SQUARE], image_id=77)],
        ["good.png", "small.png", "cut.png", "long.png", "absent.png"],
    )
    report = prepare_dataset("coco", root, tmp_path / "out")
    assert [row.id for row in read_index(tmp_path / "out")] == ["good"]
    assert read_sample(tmp_path / "out", "good")[1].max() == 1
    problems = {id_: str(error) for id_, error in report.failed.items()}
    assert "json says (12, 16)" in problems["small"]
    assert isinstance(report.failed["cut"], ImageReadError)
    assert "annotations.json: annotation 2: counts add up to 202 pixels, the image has 192" in problems["long"]
    assert "'absent.png' is not here" in problems["absent"]
    assert "annotations of image 77, which is not listed" in problems["unlisted image 77"]
    assert all(error.remedy for error in report.failed.values())


def test_an_image_id_for_two_images_and_an_image_in_two_jsons_are_refused(tmp_path):
    save(tmp_path / "a.png")
    images = [{"id": 1, "file_name": "a.png"}, {"id": 1, "file_name": "b.png"}]
    write(tmp_path, [], images=images)
    with pytest.raises(DatasetError, match=r"image id 1 stands for 'a\.png' and 'b\.png'"):
        first(tmp_path)
    write(tmp_path, [], path="one.json")
    write(tmp_path, [], path="annotations.json")
    with pytest.raises(DatasetError, match="listed twice"):
        first(tmp_path)


@pytest.mark.parametrize(
    ("segmentation", "said"),
    [
        ([[1, 2, 3]], "pairs of x and y"),
        ([["a", "b", "c", "d", "e", "f"]], "not finite numbers"),
        ({"counts": [192]}, "'size' is missing"),
        ({"size": [HEIGHT, WIDTH]}, "'counts' is missing"),
        ({"size": [WIDTH, HEIGHT], "counts": [192]}, "mask of 16 x 12 for an image of 12 x 16 pixels"),
        ({"size": [HEIGHT, WIDTH], "counts": [-1, 193]}, "counts"),
        ({"size": [HEIGHT, WIDTH], "counts": "\u00e4"}, "compressed run lengths"),
        ("SQUARE", "not a list of polygons"),
    ],
)
def test_a_damaged_annotation_is_named(tmp_path, segmentation, said):
    save(tmp_path / "a.png")
    write(tmp_path, [annotation(5, segmentation)])
    with pytest.raises(DatasetError, match=said) as caught:
        first(tmp_path)
    assert caught.value.path == tmp_path / "annotations.json"
    assert "annotation 5" in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON, or cut short"),
        (b'{"images": [', "not JSON, or cut short"),
        (b'{"images": [], "annotations": 3}', "'annotations' is 3, not a list"),
        (b'{"images": []}', "key 'annotations' is missing"),
        (b"[]", "where an object with 'images' should be"),
        (b'{"images": [{"id": 1}], "annotations": []}', "key 'file_name' is missing"),
        (b'{"images": "\xff"}', "UTF-8"),
        (b"[" * 100_000, "not annotations"),
        (b'{"images": [], "annotations": [{"id": 1, "segmentation": []}]}', "key 'image_id' is missing"),
    ],
)
def test_a_damaged_json_is_named(tmp_path, content, said):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(HookeError, match=said) as caught:
        find(tmp_path)
    assert caught.value.path == path
    assert caught.value.remedy


def test_a_source_without_json_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"no \*\.json files here"):
        find(tmp_path)


def test_polygons_are_packed_as_they_are_read(tmp_path):
    many = [annotation(id_, [[0.5 + id_ % 7] * 200], bbox=[0, 0, 1, 1]) for id_ in range(500)]
    write(tmp_path, many)
    tracemalloc.start()
    file = read_coco(tmp_path / "annotations.json")
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(file.images[0].annotations) == 500
    assert held < 500 * 200 * 8 * 1.7  # as Python's floats in lists: four times 8 bytes a number


def test_numbers_with_a_point_and_ids_as_text_are_those_of_the_images(tmp_path):
    save(tmp_path / "a.png")
    root = write(tmp_path, [annotation(1, [SQUARE], image_id="1", category_id="2")])
    data = json.loads((root / "annotations.json").read_text())
    data["images"][0] |= {"height": float(HEIGHT), "width": float(WIDTH)}
    (root / "annotations.json").write_text(json.dumps(data))
    source = open_coco(root / "annotations.json")
    assert source.names == ["a"]
    read = source.read("a")
    assert read.classes == {1: "nucleus"}
    assert np.count_nonzero(read.labels) == 16
