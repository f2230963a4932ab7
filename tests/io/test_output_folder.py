"""Where results of a run may go: never over its images, nor over images that a search would then leave out."""

import json

import pytest

from hooke.errors import OutputError
from hooke.io.output_folder import search_inputs


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def names(found):
    return sorted(path.name for path in found.paths)


@pytest.fixture
def images(tmp_path):
    touch(tmp_path, "images/a.tif", "images/b.png")
    return tmp_path / "images"


def test_a_folder_beside_the_images_is_taken_without_a_word(images):
    found = search_inputs([images], images.parent / "results")
    assert (names(found), found.notes) == (["a.tif", "b.png"], [])


@pytest.mark.parametrize(
    "there",
    [
        (),
        ("notes.txt",),
        (".hooke/a.json", "labels/a.tif", "overlays/a.png", "replaced/a.tif"),
        ("labels/a.tif", "overlays/other.png"),  # of a run that was killed before its tables
        ("modality.csv", "embedding.png"),
    ],
)
def test_a_new_or_own_folder_inside_is_taken_without_a_word(images, there):
    touch(images, *(f"results/{name}" for name in there))
    for inputs in ([images], [images / "**" / "*"]):
        found = search_inputs(inputs, images / "results")
        assert (names(found), found.notes) == (["a.tif", "b.png"], [])


@pytest.mark.parametrize("there", [("plate1/x.tif",), (".hooke/a.json", "labels/a.tif", "x.tif")])
@pytest.mark.parametrize("pattern", ["", "**/*.tif"])
def test_a_folder_inside_that_holds_images_is_refused(images, there, pattern):
    touch(images, *(f"day2/{name}" for name in there))
    with pytest.raises(OutputError, match="holds images that this run would leave out"):
        search_inputs([images / pattern if pattern else images], images / "day2")
    assert names(search_inputs([images / "b.png"], images / "day2")) == ["b.png"]  # nothing of it was asked for


def test_results_among_the_images_are_reported(images):
    for inputs in ([images], [images / "*.tif"], [images / "a.tif"]):
        found = search_inputs(inputs, images)
        assert [note for note in found.notes if "among the images" in note]
    (images / "run.json").write_text(json.dumps({"hooke": "1"}))
    touch(images, "labels/a.tif", "overlays/a.png")
    assert names(search_inputs([images], images)) == ["a.tif", "b.png"]  # never its own results


@pytest.mark.parametrize("folder", ["labels", "overlays", "replaced"])
def test_images_that_results_would_replace_are_refused(tmp_path, folder):
    touch(tmp_path, f"data/{folder}/a.tif")
    for given in (tmp_path / "data" / folder, tmp_path / "data" / folder / "a.tif"):
        with pytest.raises(OutputError, match="would replace"):
            search_inputs([given], tmp_path / "data")
