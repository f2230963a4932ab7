"""Images of one file per channel are read whole by what follows a run: classes, corrections, suggestions, tracks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile

from hooke.classify import classify_folder, examples_of_table, learn_features
from hooke.cli import main
from hooke.corrections import open_corrected, suggest
from hooke.datasets import simulate
from hooke.io import read_labels, write_labels
from hooke.pipeline import SegmentOptions, segment_folder
from hooke.report.html.images import ImageFinder


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Two fields of nuclei in one file each, beside files of another channel whose right half is bright."""
    root = tmp_path_factory.mktemp("files")
    (root / "images").mkdir()
    for number in (1, 2):
        field = simulate((160, 160), seed=number, diameter=22, density=0.2, overlap=0)
        grain = np.random.default_rng(number).normal(0, 1500, field.labels.shape)
        other = (((np.indices(field.labels.shape)[1] > 80) * 20000 + 9000) + grain).astype(np.uint16)
        tifffile.imwrite(root / "images" / f"f{number}_Cy5.tif", other)
        tifffile.imwrite(root / "images" / f"f{number}_DAPI.tif", field.image)
    found = segment_folder([root / "images"], root / "out", SegmentOptions(diameter=22, threads=1), page=False)
    assert [image.name for image in found.images] == ["f1_Cy5", "f2_Cy5"]
    return root


def test_classes_are_learnt_and_given_by_all_channels(run, tmp_path):
    table = pd.read_csv(run / "out" / "measurements.csv")
    table["class"] = np.where(table["intensity_mean_Cy5"] > 19000, "bright", "dim")
    table[["image", "label", "class"]].to_csv(tmp_path / "classes.csv", index=False)
    examples = list(examples_of_table(tmp_path / "classes.csv", [run / "images"], run / "out"))
    assert [example.image.channel_names for example in examples] == [("Cy5", "DAPI")] * 2
    learn_features(examples, intensity="channels").classifier.save(tmp_path / "mine")
    done = classify_folder([run / "images"], run / "out", tmp_path / "mine", tmp_path / "classes")
    assert done.failed == 0
    assert any("joined to 2 image(s)" in note for note in done.notes)
    classified = pd.read_csv(tmp_path / "classes" / "measurements.csv")
    assert classified["class"].tolist() == table["class"].tolist()
    train = ["classify", "train", "--features", tmp_path / "classes.csv", "--images", run / "images", "--labels"]
    given = [*train, run / "out", "--channels-from", "_{}", "--intensity", "channels", "-o", tmp_path / "again"]
    with pytest.raises(SystemExit, match="0"):
        main([str(argument) for argument in given])


def test_corrections_and_evaluations_of_a_run_see_all_channels(run):
    label_image = run / "out" / "labels" / "f1_Cy5.tif"
    kept = label_image.read_bytes()
    labels = read_labels(label_image)
    write_labels(label_image, [np.where(labels == 1, 0, labels)])
    try:
        corrected = open_corrected(run / "out").read("f1_Cy5")
        named = open_corrected(run / "out" / "labels", run / "images").read("f1_Cy5")
    finally:
        label_image.write_bytes(kept)
    for image in (corrected.image, named.image):
        assert image.channel_names == ("Cy5", "DAPI")
        assert np.array_equal(image.pixels[..., 1], tifffile.imread(run / "images" / "f1_DAPI.tif"))
    pixels = ImageFinder(run / "nowhere", run / "out").read("f1_Cy5", (160, 160))
    assert pixels is not None and pixels.shape == (160, 160, 2)


@pytest.mark.parametrize("ending", ["_Cy5", "_DAPI", "_DAPI_mask", ""])
def test_labels_are_named_after_any_of_the_channels_or_none(run, tmp_path, ending):
    for number in (1, 2):
        labels = read_labels(run / "out" / "labels" / f"f{number}_Cy5.tif")
        write_labels(tmp_path / f"f{number}{ending}.tif", [labels])
    corrected = open_corrected(tmp_path, run / "images")
    assert [image.image.channel_names for image in corrected.read_all()] == [("Cy5", "DAPI")] * 2


def test_what_is_suggested_was_seen_in_all_channels(run, tmp_path):
    assert {made.file for made in suggest(run / "out", out=tmp_path, threads=1)} == {
        str(run / "images" / f"f{number}_Cy5.tif") for number in (1, 2)
    }
    table = pd.read_csv(tmp_path / "suggestions.csv")
    assert (table["disagreement"] < 0.2).all()
