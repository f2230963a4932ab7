import json

import cv2
import numpy as np
import pandas as pd
import pytest
import tifffile

from hooke.classify import sort_by_modality
from hooke.datasets import simulate
from hooke.errors import OutputError
from hooke.io import write_png
from hooke.io.lock import only_run
from hooke.preprocess.modality import MODALITIES
from tests.builders import exit_code


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Nine images, three of each modality."""
    folder = tmp_path_factory.mktemp("images")
    for modality in MODALITIES:
        for seed in range(3):
            write_png(folder / f"{modality}_{seed}.png", simulate((96, 96), seed=seed, modality=modality).image)
    return folder


def test_images_are_sorted_and_mapped(folder, tmp_path, capsys):
    assert exit_code("modality", folder, "-o", tmp_path / "out", "--clusters", 3) == 0
    said = capsys.readouterr().out
    assert "histology          3" in said
    table = pd.read_csv(tmp_path / "out" / "modality.csv")
    assert list(table["modality"]) == [name.rsplit("_", 1)[0] for name in table["image"]]
    assert table.groupby("modality")["cluster"].nunique().tolist() == [1, 1, 1]
    assert table["probability"].between(0, 1).all()
    assert (table["distance"] >= 0).all()
    assert not table["inverted"].any()
    assert cv2.imread(str(tmp_path / "out" / "embedding.png")).shape == (1000, 1500, 3)


def test_few_images_are_left_to_the_classifier_and_it_is_said(folder, tmp_path, capsys):
    assert exit_code("modality", folder / "fluorescence_0.png", folder / "histology_0.png", "-o", tmp_path / "out") == 0
    assert "classifier decided" in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "out" / "modality.csv")
    assert list(table["modality"]) == ["fluorescence", "histology"]
    assert table["cluster"].isna().all()


def test_how_an_image_is_stored_is_told(tmp_path):
    grey = simulate((128, 128), seed=5).image
    blank = np.zeros_like(grey)
    write_png(tmp_path / "blue.png", np.stack([blank, blank, grey], axis=-1))
    write_png(tmp_path / "grey.png", np.stack([grey] * 3, axis=-1))
    dark = np.clip(grey.astype(int) - int(np.percentile(grey, 20)), 0, 255).astype(np.uint8)
    write_png(tmp_path / "inverted.png", 255 - dark)
    tifffile.imwrite(tmp_path / "deep.tif", grey.astype(np.uint16) * 16)
    stains = np.stack([grey, grey[::-1]]).astype(np.uint16)
    tifffile.imwrite(tmp_path / "stains.ome.tif", stains, metadata={"axes": "CYX"}, photometric="minisblack")
    assert exit_code("modality", tmp_path, "-o", tmp_path / "out") == 0
    table = pd.read_csv(tmp_path / "out" / "modality.csv").set_index("image")
    assert set(table["modality"]) == {"fluorescence"}
    assert list(table.index[table["inverted"]]) == ["inverted"]
    assert table.loc["blue", "stored"] == "fluorescence in blue"
    assert table.loc["grey", "stored"] == "grey stored as colour"
    assert table.loc["deep", ["channels", "bits"]].tolist() == [1, 16]
    assert table.loc["stains", ["channels", "bits"]].tolist() == [2, 16]


def test_a_bad_file_is_named_and_the_rest_go_on(folder, tmp_path, capsys):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\nxxxx")
    assert exit_code("modality", bad, folder / "histology_0.png", "-o", tmp_path / "out") == 1
    assert "bad.png" in capsys.readouterr().err
    table = pd.read_csv(tmp_path / "out" / "modality.csv").set_index("image")
    assert "bad.png" in table.loc["bad", "error"]
    assert table.loc["histology_0", "modality"] == "histology"
    assert exit_code("modality", bad, "-o", tmp_path / "none") == 2


def test_json_alone_on_standard_output_and_quiet(folder, tmp_path, capsys):
    assert exit_code("modality", folder, "-o", tmp_path / "out", "--json", "--clusters", 4) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["clustered"] is True
    assert len(printed["images"]) == 9
    assert exit_code("modality", folder / "histology_0.png", "-o", tmp_path / "out", "-q") == 0
    assert capsys.readouterr().out == ""


def test_no_such_file_is_2(tmp_path, capsys):
    assert exit_code("modality", tmp_path / "nowhere.png", "-o", tmp_path / "out") == 2
    assert "nowhere.png" in capsys.readouterr().err


def test_a_folder_that_another_run_writes_to_is_refused(folder, tmp_path):
    with only_run(tmp_path / "out"), pytest.raises(OutputError, match="another run writes"):
        sort_by_modality([folder], tmp_path / "out")
