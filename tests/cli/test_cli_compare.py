"""`hooke evaluate -o`, `hooke compare` and `hooke submit` as typed, one after the other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile

from hooke.cli.compare import compare
from hooke.cli.evaluate import evaluate
from hooke.cli.submit import submit
from hooke.errors import DatasetError
from tests.builders import run_command

LABELS = np.array([[1, 1, 0, 0], [1, 1, 0, 2], [0, 0, 0, 2]], np.uint16)


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Eight images; the first method finds one object of each, the second all."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    for folder, labels in (("truth", LABELS), ("one", np.where(LABELS == 1, 1, 0)), ("all", LABELS)):
        (tmp_path / folder).mkdir()
        for index in range(8):
            tifffile.imwrite(tmp_path / folder / f"im{index}.tif", labels.astype(np.uint16))
    return tmp_path


@pytest.mark.slow
def test_evaluate_then_compare(folders):
    assert run_command(evaluate, "one", "truth", "-o", "scores/one")[1] == 0
    result, status = run_command(evaluate, "all", "truth", "-o", "scores/all", "--against", "scores/one")
    assert status == 0
    assert "report.html" in result.stdout
    assert "this run" in (folders / "scores/all/report.html").read_text(encoding="utf-8")
    result, status = run_command(compare, "scores/one", "scores/all", "-o", "comparison")
    assert status == 0
    assert "all: means over 8 images in 8 groups" in result.stdout
    assert "+0.500 (+0.500 to +0.500)" in result.stdout
    table = pd.read_csv(folders / "comparison" / "differences.csv")
    assert table.loc[table["score"] == "dsb", "difference"].tolist() == [0.5]
    assert "all minus one" in (folders / "comparison" / "compare.html").read_text(encoding="utf-8")


def test_images_that_one_run_lacks_are_told(folders):
    run_command(evaluate, "one", "truth", "-o", "scores/one")
    (folders / "truth" / "im7.tif").unlink()
    run_command(evaluate, "all", "truth", "-o", "scores/all")
    result, status = run_command(compare, "scores/one", "scores/all")
    assert status == 0
    assert "1 of one left out, not every run scored them: im7" in result.stderr


def test_images_without_a_prediction_are_named(folders):
    run_command(evaluate, "one", "truth", "-o", "scores/one")
    (folders / "all" / "im3.tif").unlink()
    run_command(evaluate, "all", "truth", "-o", "scores/all")
    result, status = run_command(compare, "scores/one", "scores/all")
    assert status == 0
    assert "1 of all scored as empty, no prediction or a bad one: im3" in result.stderr
    assert "of one scored as empty" not in result.stderr


def test_compare_of_no_run_is_left_to_the_frame(folders):
    assert isinstance(run_command(compare, "truth", "all")[0].exception, DatasetError)


def test_submit_and_score(folders):
    result, status = run_command(submit, "one", "-o", "s.csv", "--truth", "truth")
    assert status == 0
    assert "8 objects in 8 image(s); read back without a difference: s.csv" in result.stdout
    assert "DSB score 0.500 (95 % interval 0.500 to 0.500), mean over 8 image(s)" in result.stdout


def test_submit_tells_of_missing_and_bad_images(folders):
    (folders / "one" / "im0.tif").unlink()
    (folders / "one" / "im1.tif").write_bytes(b"")
    result, status = run_command(submit, "one", "-o", "s.csv", "--truth", "truth")
    assert status == 1
    assert result.stderr.count("im1.tif") == 1
    assert "1 image(s) without a prediction, 1 that could not be used" in result.stderr


def test_submit_scores_no_image_of_another_size(folders):
    """Run lengths of a smaller image lie within a larger one, at other places."""
    labels = tifffile.imread(folders / "truth" / "im0.tif")
    tifffile.imwrite(folders / "truth" / "im0.tif", np.pad(labels, ((0, 3), (0, 0))))
    result, status = run_command(submit, "all", "-o", "s.csv", "--truth", "truth")
    assert status == 1
    assert "1 that could not be used" in result.stderr
    assert "predict on the image at its own size" in result.stderr
