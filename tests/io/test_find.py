"""`find_images` and `unique_names`."""

import os
import unicodedata

import pytest

from hooke.errors import ImageReadError
from hooke.io import find_images, open_image, readers, search_images, unique_names


@pytest.fixture
def tree(tmp_path):
    for name in [
        "img10.png", "img2.png", "IMG1.TIF", "notes.txt", ".hidden.png", "deep/x.ome.tif", "deep/er/y.npy",
        ".cache/z.png", "store.zarr/c.png", "empty/readme.md", "out/labels/img2.tif",
    ]:  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return tmp_path


def relative(paths, root):
    return [path.relative_to(root).as_posix() for path in paths]


def test_folder_is_searched_deep_naturally_and_without_hidden_files(tree):
    found = relative(find_images([tree]), tree)
    assert found == ["deep/er/y.npy", "deep/x.ome.tif", "IMG1.TIF", "img2.png", "img10.png", "out/labels/img2.tif"]


def test_excluded_folder_is_not_entered(tree):
    assert "out/labels/img2.tif" not in relative(find_images([tree], exclude=[tree / "out"]), tree)


def test_pattern_does_not_enter_an_excluded_folder(tree):
    assert relative(find_images([tree / "**" / "*.tif"], exclude=[tree / "out"]), tree) == ["deep/x.ome.tif"]


def test_file_is_taken_whatever_its_suffix_and_order_is_kept(tree):
    given = [tree / "notes.txt", str(tree / "img10.png"), tree / "img2.png"]
    assert relative(find_images(given), tree) == ["notes.txt", "img10.png", "img2.png"]


def test_an_empty_name_is_not_the_working_folder(tree, monkeypatch):
    monkeypatch.chdir(tree)
    with pytest.raises(ImageReadError, match="an empty name is not a path"):
        find_images([""])


def test_no_duplicates(tree):
    found = find_images([tree / "img2.png", tree / "*.png", tree / "deep" / ".." / "img2.png"])
    assert relative(found, tree) == ["img2.png", "img10.png"]


def test_patterns(tree):
    assert relative(find_images([tree / "img*.png"]), tree) == ["img2.png", "img10.png"]
    assert relative(find_images([tree / "deep" / "**" / "*.npy"]), tree) == ["deep/er/y.npy"]
    assert relative(find_images([tree / "de*"]), tree) == ["deep/er/y.npy", "deep/x.ome.tif"]
    assert relative(find_images([tree / "*.t[x]t"]), tree) == ["notes.txt"]


def test_file_whose_name_looks_like_a_pattern(tree):
    (tree / "a[1].png").write_bytes(b"")
    assert relative(find_images([tree / "a[1].png"]), tree) == ["a[1].png"]


def test_small_copies_beside_images_are_left_out(tmp_path):
    mark = "4A53F2C0-5F0E-4E0B-9C1D-0123456789A"
    names = ["A01_s1_w1.TIF", "A01_s1_w1_thumb.TIF", f"B01_w1{mark}1.tif", f"B01_w1_thumb{mark}2.tif", "my_thumb.tif"]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    for given in (tmp_path, tmp_path / "*"):
        found = search_images([given])
        assert relative(found.paths, tmp_path) == [names[0], names[2], names[4]]
        assert found.notes == ["left out 2 small copies (thumb) of images; give one by name to read it"]
    assert relative(find_images([tmp_path / names[1]]), tmp_path) == [names[1]]
    assert len(find_images([tmp_path / "*thumb*"])) == 3


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ("nowhere.png", "no such file or folder"),
        ("*.gif", "no image matches this pattern; .*\\.tif"),
        ("empty", "no images in this folder; .*\\.tif"),
        ("store.zarr", "zarr stores; .*metadata.*OME-TIFF"),
    ],
)
def test_nothing_found(tree, given, cause):
    with pytest.raises(ImageReadError, match=cause) as caught:
        find_images([tree / given])
    assert caught.value.path == tree / given


def test_home_folder(tree, monkeypatch):
    monkeypatch.setenv("HOME", str(tree))
    monkeypatch.setenv("USERPROFILE", str(tree))
    assert relative(find_images(["~/img2.png"]), tree) == ["img2.png"]


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["in/a.png", "in/b.tif", "in/c.ome.tif", "in/d.e.png"], ["a", "b", "c", "d.e"]),
        (["in/a.png", "in/a.TIF", "in/b.png"], ["a_png", "a_tif", "b"]),
        (["in/A.png", "in/a.tif"], ["A_png", "a_tif"]),
        (["in/x.ome.tif", "in/x.png"], ["x_tif", "x_png"]),
        (["p1/a.tif", "p2/a.tif"], ["p1-a", "p2-a"]),
        (["p1/a.tif", "p1/a.png", "p2/a.tif"], ["p1-a_tif", "p1-a_png", "p2-a_tif"]),
        (["x/t/a.tif", "y/t/a.tif"], ["x-t-a", "y-t-a"]),
        (["in/a.png", "in/a.tif", "in/a_png.tif"], ["a_png", "a_tif", "a_png_2"]),
        (["in/a.png", "in/a.png"], ["a", "a_2"]),
        (["in/.ome.tif"], [".ome"]),
    ],
)
def test_unique_names(paths, names):
    assert unique_names(paths) == names


def test_unique_names_never_collide_and_do_not_depend_on_order():
    paths = [f"{folder}/{stem}{suffix}" for folder in ("p", "q", "p-q") for stem in ("a", "A", "p-a", "a_png")
             for suffix in (".png", ".tif", ".ome.tif")]  # fmt: skip
    names = unique_names(paths)
    assert len({name.casefold() for name in names}) == len(paths)
    assert not any(os.sep in name for name in names)
    assert unique_names(["p1/a.tif", "b.png", "p2/a.tif"])[::-1] == unique_names(["p2/a.tif", "b.png", "p1/a.tif"])


def touch(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


@pytest.mark.parametrize(
    ("names", "images"),
    [
        (["a.tif", "run1/labels/a.tif", "run1/overlays/a.png", "run1/.hooke/a.json"], ["a.tif"]),
        (["a.tif", "out/summary.csv", "out/measurements.csv", "out/labels/a.tif"], ["a.tif"]),
        (["data/index.csv", "data/images/a.png", "data/labels/a.png"], ["data/images/a.png"]),
        (["x/images/a.png", "x/masks/a.png", "x/masks/b.png", "x/notes/c.png"], ["x/images/a.png", "x/notes/c.png"]),
        (["labels/a.tif", "masks/b.tif"], ["labels/a.tif", "masks/b.tif"]),
        (["a.tif", "b.tif", "Masks/a.png", "Masks/b_mask.png", "overlay/a.tif.png"], ["a.tif", "b.tif"]),
        (["a.tif", "masks/a.tif", "masks/b.tif"], ["a.tif", "masks/a.tif", "masks/b.tif"]),
        (["a.tif", "scores.json", "classes/confusion.png"], ["a.tif"]),
        (["a.tif", "modality.csv", "embedding.png"], ["a.tif"]),
        (
            ["a.tif", "t/tracks.csv", "t/lineage.csv", "t/labels.tif", "t/movie.tif", "t/ctc/mask000.tif"],
            ["a.tif"],
        ),
        (["labels.tif", "movie.tif", "ctc/mask000.tif"], ["ctc/mask000.tif", "labels.tif", "movie.tif"]),
        (["01/t000.tif", "01_GT/SEG/x.tif", "01_ST/SEG/man_seg000.tif", "01_RES/mask000.tif"], ["01/t000.tif"]),
        (["02_RES/mask000.tif"], ["02_RES/mask000.tif"]),
        (["a.tif", "a_predictions.tif", "a_pred.png", "a_instances.tif", "a_stardist.tif", "a_binary.png"], ["a.tif"]),
        (["b_pred.png", "c_instances.tif"], ["b_pred.png", "c_instances.tif"]),
        (["a.tif", "a_cp_masks.png", "a_cp_masks_1.tif", "a_cp_outlines.txt", "a_seg.npy", "a_flows.tif"], ["a.tif"]),
        (["b_cp_masks.tif", "c_seg.npy", "d_cp_output.png", "e_outlines_cp_masks.png", "f.npy"], ["f.npy"]),
        (["a.tif", "a.stardist.tif", "a_instanseg_prediction.tiff", "a_Simple Segmentation.tif"], ["a.tif"]),
        (["a.tif", "a_dP.tif", "a_stardist_labels.tif", "a_cellpose_mask.png", "a-QuPath-labels.png"], ["a.tif"]),
        (["a.tif", "a_nuclei.tif", "b_stardist_labels.tif"], ["a.tif", "a_nuclei.tif", "b_stardist_labels.tif"]),
        (["b.tif", "b_binary_mask.png", "b_pred_mask.png", "b_lbl.tif", "b_labels_nuclei.tif"], ["b.tif"]),
        (["b.tif", "mask_b.tif", "Classified b.tif", "b_ground truth_nuclei_mask2.png", "mask_b_seg.png"], ["b.tif"]),
        (["b_mask.tif", "b_mask_seg.tif", "b_nuclei.tif", "mask_c.tif"], ["b_mask.tif", "b_nuclei.tif", "mask_c.tif"]),
        (["a.tif", "a_Object Predictions.png", "a-labelled.tif", "Mask of a.tif", "a.tif_labels.png"], ["a.tif"]),
        (["A1.ome.tif", "a1_MASK.png", "A1_overlay.jpg", "A1_probabilities.tif"], ["A1.ome.tif"]),
        (["a_mask.png", "b_labels.tif", "phase_overlay.png"], ["a_mask.png", "b_labels.tif", "phase_overlay.png"]),
        (["a.tif", "a_Simple Segmentation Stage 2.tif", "a_Probabilities_1.tif"], ["a.tif"]),
        (["a.tif", "a_IdentifyPrimaryObjects.tiff", "a_OutlinedNuclei.png", "a_NucleiObjects.tif"], ["a.tif"]),
        (["a.tif", "a_nucleiMask.tif", "a-Mask-1.tif", "a (Label).tif", "Label Image a.tif"], ["a.tif"]),
        (["a.tif", "a_Probabilities Stage 2.tif", "Overlay of a.png"], ["a.tif"]),
        (["a.tif", "a_micro_sam.tif", "a_cyto_masks.tif", "a_instance_map.png", "a_label_image.tif"], ["a.tif"]),
        (["a.tif", "GT/a.png", "ground_truth/a.png", "predictions/a.tif", "stardist/a.tif"], ["a.tif"]),
        (["a.tif", "gt/b.png", "a_nuclei_2.tif", "a-1.tif"], ["a-1.tif", "a.tif", "a_nuclei_2.tif", "gt/b.png"]),
        (["mask.tif", "seg.png", "gt_1.png", "a_2.png"], ["a_2.png", "gt_1.png", "mask.tif", "seg.png"]),
    ],
)  # fmt: skip
def test_results_of_programs_are_not_images(tmp_path, names, images):
    touch(tmp_path, *names)
    found = search_images([tmp_path])
    assert relative(found.paths, tmp_path) == images
    assert relative(find_images([tmp_path / "**" / "*"]), tmp_path) == images
    left_out = any(name.endswith((".tif", ".tiff", ".png", ".jpg", ".npy")) for name in set(names) - set(images))
    assert bool(found.notes) == left_out


def test_results_are_taken_where_they_are_asked_for(tmp_path):
    touch(tmp_path, "a.tif", "a_mask.png", "a_cp_masks.png", "out/.hooke/a.json", "out/labels/a.tif")
    assert relative(find_images([tmp_path / "a_mask.png"]), tmp_path) == ["a_mask.png"]
    assert relative(find_images([tmp_path / "*a_mask*"]), tmp_path) == ["a_mask.png"]
    assert relative(find_images([tmp_path / "out" / "labels"]), tmp_path) == ["out/labels/a.tif"]
    assert relative(find_images([tmp_path / "out" / "labels" / "*.tif"]), tmp_path) == ["out/labels/a.tif"]
    assert len(find_images([tmp_path], results=True)) == 4


def test_record_of_a_run_marks_a_folder_and_another_run_json_does_not(tmp_path):
    touch(tmp_path, "a.tif", "one/labels/x.tif", "two/labels/y.tif")
    (tmp_path / "one" / "run.json").write_text('{\n "hooke": "0.1.0"}')
    (tmp_path / "two" / "run.json").write_text('{"engine": "other"}')
    assert relative(find_images([tmp_path]), tmp_path) == ["a.tif", "two/labels/y.tif"]


def test_only_results_is_an_error_that_names_them(tmp_path):
    touch(tmp_path, "a_cp_masks.png")
    with pytest.raises(ImageReadError, match=r"no images in this folder; left out as results.*a_cp_masks\.png"):
        find_images([tmp_path])


def test_files_of_microscopes_are_named_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "_is_installed", lambda package: False)
    touch(tmp_path, "a.tif", "b.czi", "deep/c.nd2", "s.zarr/0", "notes.txt", "d.npz", ".e.lif")
    found = search_images([tmp_path])
    assert relative(found.paths, tmp_path) == ["a.tif"]
    assert sorted(relative(found.unread, tmp_path)) == ["b.czi", "deep/c.nd2", "s.zarr"]
    assert len(found.notes) == 1
    assert "b.czi" in found.notes[0]
    assert "OME-TIFF" in found.notes[0]
    (tmp_path / "a.tif").unlink()
    with pytest.raises(ImageReadError, match=r"no images.*3 \(.*c\.nd2"):
        find_images([tmp_path])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_named_pipe_is_passed_over_or_refused_but_never_opened(tmp_path):
    touch(tmp_path, "b.png")
    os.mkfifo(tmp_path / "a.png")
    found = search_images([tmp_path])
    assert relative(found.paths, tmp_path) == ["b.png"]
    assert "a.png" in found.notes[0]
    with pytest.raises(ImageReadError, match="named pipe"):
        find_images([tmp_path / "a.png"])
    with pytest.raises(ImageReadError, match="named pipe"):
        open_image(tmp_path / "a.png")


def test_name_that_no_file_system_takes_is_refused(tmp_path):
    with pytest.raises(ImageReadError, match="can't be opened"):
        find_images([tmp_path / ("x" * 300)])


def test_output_folder_that_is_the_image_folder_is_searched(tmp_path):
    touch(tmp_path, "a.tif", ".hooke/a.json", "labels/a.tif")
    assert relative(find_images([tmp_path], exclude=[tmp_path]), tmp_path) == ["a.tif"]
    assert relative(find_images([tmp_path / "*.tif"], exclude=[tmp_path]), tmp_path) == ["a.tif"]


def test_each_of_four_formats_is_named():
    files = ["in/cells.ome.tif", "in/cells.tif", "in/cells.png", "in/cells.jpg"]
    assert unique_names(files) == ["cells_ome_tif", "cells_tif", "cells_png", "cells_jpg"]
    assert unique_names(["in/A.png", "in/a.png", "in/a.tif"]) == ["A_png", "a_png_2", "a_tif"]


@pytest.mark.parametrize(
    ("paths", "taken", "names"),
    [
        (["p2/a.tif"], {"a": "p1/a.tif"}, ["p2-a"]),
        (["p1/a.tif", "p2/a.tif"], {"a": "p1/a.tif"}, ["a", "p2-a"]),
        (["p2/a.tif", "p1/a.tif"], {"a": "p1/a.tif"}, ["p2-a", "a"]),
        (["in/a.tif"], {"a": "in/a.png"}, ["a_tif"]),
        (["in/A.tif"], {"a": "in/a.png"}, ["A_tif"]),
        (["in/a_tif.png"], {"a_tif": "in/a.tif"}, ["a_tif_png"]),
        (["in/a.tif", "in/b.tif"], {"b_2": "x/b_2.tif", "b": "y/b.tif"}, ["a", "in-b"]),
    ],
)
def test_names_with_results_stay_and_are_not_given_again(paths, taken, names):
    assert unique_names(paths, taken=taken) == names


def test_names_are_text_of_a_length_that_file_systems_take():
    undecoded, long = os.fsdecode(b"in/caf\xe9.png"), "é" * 120
    assert unique_names([undecoded, "in/cafe.png"]) == ["caf%E9", "cafe"]
    first, second = unique_names([f"in/{long}1.png", f"in/{long}2.png"])
    assert first != second
    assert max(len(name.encode()) for name in (first, second)) <= 180
    assert first.startswith("é" * 80)


def test_names_that_differ_by_case_or_by_the_form_of_accents_stay_apart():
    names = unique_names(["in/\u00e9.png", "in/e\u0301.png", "in/E\u0301.png"])
    assert len({unicodedata.normalize("NFC", name).casefold() for name in names}) == 3
    assert unique_names(["in/e\u0301.png"], taken={"\u00e9": "other/\u00e9.png"}) == ["in-e\u0301"]


def test_links_to_folders_are_followed_once_and_never_in_a_circle(tmp_path):
    for name in ("data/a.png", "data/deep/b.png", "images/c.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    try:
        (tmp_path / "images" / "data").symlink_to(tmp_path / "data")
        (tmp_path / "images" / "again").symlink_to(tmp_path / "data")
        (tmp_path / "data" / "deep" / "up").symlink_to(tmp_path / "data")
        (tmp_path / "images" / "all").symlink_to(tmp_path)
    except OSError:
        pytest.skip("no links may be made here")
    found = find_images([tmp_path / "images"])
    assert sorted(path.name for path in found) == ["a.png", "b.png", "c.png"]
    assert len(find_images([tmp_path])) == 3


def test_projections_beside_their_stacks_are_named(tmp_path):
    for name in ("MAX_a.tif", "AVG_a.tif", "a.ome.tif", "MAX_b.tif", "xMAX_a.tif"):
        (tmp_path / name).write_bytes(b"")
    found = search_images([tmp_path])
    assert len(found.paths) == 5
    (note,) = found.notes
    assert note.startswith("projections of stacks that are there, too, by their names: 2 (")
    assert "AVG_a.tif" in note and "MAX_a.tif" in note
