"""`find_images` and `unique_names`."""

import os

import pytest

from hooke.errors import ImageReadError
from hooke.io import find_images, unique_names


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


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ("nowhere.png", "no such file or folder"),
        ("*.gif", "no image matches this pattern; .*\\.tif"),
        ("empty", "no images in this folder; .*\\.tif"),
        ("store.zarr", "zarr stores; .*OME-TIFF"),
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
