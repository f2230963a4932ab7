"""The images of a run are ranked by what their correction would teach, and shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from PIL import Image as Picture

from hooke.cli.suggest import suggest as command
from hooke.corrections import suggest
from hooke.errors import ConfigError, DatasetError
from hooke.io import write_png
from hooke.pipeline import SegmentOptions, segment_folder
from tests.builders import run_command


@pytest.fixture
def mixed(tmp_path, fields):
    """A run over two clear images that look the same, and a noisy one."""
    rng = np.random.default_rng(0)
    clear = fields["a"].image
    write_png(tmp_path / "images" / "clear.png", clear)
    write_png(tmp_path / "images" / "copy.png", clear)
    noisy = clear * 0.25 + rng.normal(40, 18, clear.shape)
    write_png(tmp_path / "images" / "noisy.png", np.clip(noisy, 0, 255).astype(np.uint8))
    segment_folder([tmp_path / "images"], tmp_path / "out", SegmentOptions(threads=1))
    return tmp_path / "out"


def test_what_is_unsure_goes_first_and_one_of_two_that_look_the_same_is_enough(mixed, tmp_path):
    found = suggest(mixed, 2, threads=1)
    assert found[0].image == "noisy" and found[1].image in ("clear", "copy")
    assert found[0].score < found[1].score and found[0].teaches > found[1].teaches
    table = pd.read_csv(mixed / "suggestions.csv")
    assert list(table["image"]) == [said.image for said in found]
    with Picture.open(mixed / "suggestions.png") as sheet:
        assert sheet.width > 800 and sheet.height > 400


def test_the_command_says_why(mixed, tmp_path):
    result, status = run_command(command, mixed, "-n", 1, "-o", tmp_path / "sheet", "--threads", 1)
    assert status == 0 and "1  noisy: nothing was found" in result.output
    assert (tmp_path / "sheet" / "suggestions.png").is_file() and not (mixed / "suggestions.png").exists()


def test_of_a_large_image_the_region_with_most_doubts_is_named(tmp_path, fields):
    rng = np.random.default_rng(0)
    image = np.tile(fields["a"].image, (4, 4))[:640, :704]
    image[:320, :352] = np.clip(image[:320, :352] * 0.3 + rng.normal(40, 15, (320, 352)), 0, 255)
    write_png(tmp_path / "images" / "large.png", image)
    segment_folder([tmp_path / "images"], tmp_path / "out", SegmentOptions(threads=1, diameter=22))
    (said,) = suggest(tmp_path / "out", 1, threads=1)
    assert (said.height, said.width) == (512, 512) and said.top + said.height <= 640
    assert f"correct rows {said.top} to {said.top + 512}, columns {said.left} to {said.left + 512}" in said.why
    table = pd.read_csv(tmp_path / "out" / "measurements.csv")
    y, x = table["centroid_y"], table["centroid_x"]

    def doubts(top, left):
        inside = y.between(top, top + 512, "left") & x.between(left, left + 512, "left")
        return (1 - table["score"])[inside].sum()

    places = [(top, left) for top in (0, 128) for left in (0, 192)]
    assert doubts(said.top, said.left) == pytest.approx(max(doubts(*place) for place in places), abs=1e-3)


def test_what_can_not_be_ranked_is_refused(tmp_path, mixed):
    with pytest.raises(ConfigError, match="count is 0"):
        suggest(mixed, 0)
    with pytest.raises(ConfigError, match="is not the record of a run"):
        suggest(tmp_path, 1)
    for image in (tmp_path / "images").iterdir():
        image.unlink()
    with pytest.raises(DatasetError, match="none of its images can be read"):
        suggest(mixed, 1, threads=1)
