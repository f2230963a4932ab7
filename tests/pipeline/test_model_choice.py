import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pandas as pd
import pytest
import tifffile

import hooke
from hooke.datasets import simulate
from hooke.pipeline import SegmentOptions, image_segmentation, segment_folder
from hooke.pipeline.examination import NOTHING
from hooke.pipeline.model_choice import PHASE_CONTRAST, shows_nuclei_after_all, wants_cells
from hooke.pipeline.record import read_replay
from hooke.pipeline.trust import UNFAMILIAR
from hooke.preprocess import fit_normalisation
from tests.builders import phase_contrast_field

DATA = Path(__file__).parents[3] / "shared" / "data"
FRAMES = DATA / "ctc_phc_c2dh_u373"
SLIDES = DATA / "miccai16_he"


def as_bytes(field):
    return np.round(field * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def cells():
    return as_bytes(phase_contrast_field(0))


def test_cells_in_phase_contrast_go_to_the_model_for_cells(cells):
    found = hooke.segment(cells)
    assert (found.model.name, found.normalisation.modality) == ("cells", "phase contrast")
    assert PHASE_CONTRAST in found.warnings
    by_name = hooke.segment(cells, "cells")
    assert np.array_equal(found.labels, by_name.labels)
    assert PHASE_CONTRAST not in by_name.warnings


def test_a_named_model_is_kept(cells):
    assert hooke.segment(cells, "nuclei").model.name == "nuclei"
    assert hooke.segment(cells, hooke.load_model()).model.name == "nuclei"


@pytest.mark.parametrize("modality", ["fluorescence", "histology", "brightfield"])
def test_nuclei_stay_with_the_model_of_nuclei(modality):
    pixels = simulate((256, 256), seed=3, modality=modality).image
    found, named = hooke.segment(pixels), hooke.segment(pixels, "nuclei")
    assert np.array_equal(found.labels, named.labels)
    assert found.warnings == named.warnings


@pytest.mark.parametrize(
    ("nuclei", "cells", "kept"),
    [
        (81.1, 0.0, True),
        (11.2, 0.7, True),
        (72.5, 2.1, True),
        (3.5, 0.0, False),
        (22.2, 59.9, False),
        (8.6, 3.8, False),
        (24.0, 10.4, False),
        (1.5, 5.2, False),
    ],
)
def test_what_both_models_find_tells_sections_in_grey_from_phase_contrast(nuclei, cells, kept):
    assert shows_nuclei_after_all(nuclei, cells) == kept


@pytest.mark.parametrize(("covered", "kept"), [(0.03, False), (0.1, False), (0.5, True), (np.inf, True)])
def test_granules_within_cells_are_not_nuclei(covered, kept):
    assert shows_nuclei_after_all(70.0, 7.0, covered) == kept


@pytest.mark.parametrize(
    ("nuclei", "cells", "kept"),
    [
        (17.8, 64.9, False),
        (53.4, 45.3, False),
        (0.0, 12.0, False),
        (127.7, 7.9, True),
        (2.6, 3.3, True),
        (13.1, 1.8, True),
    ],
)
def test_cells_have_to_be_clearly_there_where_an_image_has_some_marks_of_phase_contrast(nuclei, cells, kept):
    assert shows_nuclei_after_all(nuclei, cells, typical=False) == kept


def in_16_bits(seeds):
    """Phase contrast as a camera of 16 bits stores it, four fields in one: taken for fluorescence."""
    fields = np.block([[phase_contrast_field(seed, side=240) for seed in row] for row in seeds])
    return np.round(12_000 + 9_000 * fields).astype(np.uint16)


def test_cells_are_searched_for_in_phase_contrast_of_16_bits():
    image = hooke.Image(in_16_bits([[0]]))
    normalisation = fit_normalisation(image)
    assert normalisation.modality == "fluorescence"
    assert wants_cells(hooke.load_model("auto"), SegmentOptions(), normalisation, (UNFAMILIAR,), image.pixels)
    dark = hooke.Image(simulate((256, 256), seed=3).image)
    assert not wants_cells(
        hooke.load_model("auto"), SegmentOptions(), fit_normalisation(dark), (UNFAMILIAR,), dark.pixels
    )


@pytest.mark.slow
@pytest.mark.parametrize("planes", [1, 2])
def test_phase_contrast_of_16_bits_goes_to_the_model_for_cells(tmp_path, planes):
    path = tmp_path / "phase.tif"
    tifffile.imwrite(
        path,
        np.stack([in_16_bits([[0, 1], [2, 3]])] * planes).squeeze(),
        metadata={"axes": "YX" if planes == 1 else "TYX"},
    )
    segment_folder([path], tmp_path / "out")
    summary = pd.read_csv(tmp_path / "out" / "summary.csv")
    assert set(summary["model"]) == {"cells"}
    assert (summary["count"] > 10).all()


def test_cells_are_searched_for_where_no_nucleus_is_found(cells, monkeypatch):
    segment_as = image_segmentation._segment_as

    def nothing_by_nuclei(image, model, *more):
        blank = model.for_cells is not None
        found = segment_as(replace(image, pixels=np.full_like(image.pixels, 7)) if blank else image, model, *more)
        return (
            replace(found, image=image, normalisation=fit_normalisation(image), warnings=(NOTHING,)) if blank else found
        )

    monkeypatch.setattr(image_segmentation, "_segment_as", nothing_by_nuclei)
    found = hooke.segment(cells)
    assert found.model.name == "cells"
    assert np.array_equal(found.labels, hooke.segment(cells, "cells").labels)


@pytest.mark.parametrize("block", [None, 512])
def test_where_neither_nuclei_nor_cells_are_found_nothing_is_said_of_phase_contrast(tmp_path, block):
    rng = np.random.default_rng(4)
    empty = np.clip(rng.normal(120, 4, (300, 300)), 0, 255).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "empty.png"), empty)
    segment_folder([tmp_path / "empty.png"], tmp_path / "out", block=block)
    (row,) = pd.read_csv(tmp_path / "out" / "summary.csv").to_dict("records")
    assert (row["count"], row["model"], row["modality"]) == (0, "nuclei", "brightfield")
    assert row["warning"] == NOTHING


def test_many_nuclei_that_look_like_phase_contrast_stay_nuclei(monkeypatch):
    asked = []
    monkeypatch.setattr(image_segmentation, "wants_cells", lambda *_: asked.append(1) or True)
    pixels = simulate((256, 256), seed=3, modality="brightfield").image
    monkeypatch.setattr(image_segmentation, "shows_nuclei_after_all", lambda nuclei, *_, **__: nuclei > 10)
    found = hooke.segment(pixels)
    assert asked
    assert found.model.name == "nuclei"
    assert PHASE_CONTRAST not in found.warnings


@pytest.mark.slow
@pytest.mark.skipif(not SLIDES.exists(), reason="needs the stained sections")
@pytest.mark.parametrize("block", [None, 512])
def test_a_stained_section_in_grey_stays_with_the_model_of_nuclei(tmp_path, block):
    slide = hooke.read_image(SLIDES / "images" / "hnsc06.png").pixels
    cv2.imwrite(str(tmp_path / "grey.png"), cv2.cvtColor(slide[..., :3], cv2.COLOR_RGB2GRAY))
    segment_folder([tmp_path / "grey.png"], tmp_path / "out", block=block)
    (row,) = pd.read_csv(tmp_path / "out" / "summary.csv").to_dict("records")
    assert row["model"] == "nuclei"
    assert row["count"] > 50
    assert "unlike the training images" in row["warning"]


def test_objects_of_a_classifier_stay_those_that_it_was_trained_on(cells):
    found = hooke.segment(cells, "nuclei")
    model = hooke.load_model("auto")
    seen = (found.normalisation, found.warnings, found.image.pixels)
    assert wants_cells(model, SegmentOptions(), *seen)
    assert not wants_cells(model, SegmentOptions(classify=SimpleNamespace(classes=())), *seen)


@pytest.mark.slow
def test_a_stack_has_one_model_and_a_run_can_be_repeated(tmp_path):
    cells = as_bytes(phase_contrast_field(0, side=224))
    other = np.full_like(cells, 120)  # alone, it would stay with the model of nuclei
    other[100:140, 100:140] = 60
    assert hooke.segment(other).model.name == "nuclei"
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, np.stack([other, cells, cells]), metadata={"axes": "TYX"}, ome=True)
    segment_folder([path], tmp_path / "out")
    summary = pd.read_csv(tmp_path / "out" / "summary.csv")
    assert set(summary["model"]) == {"cells"}
    assert json.loads((tmp_path / "out" / "run.json").read_text())["model"]["cells"]["name"] == "cells"

    again = read_replay(tmp_path / "out" / "run.json")
    assert again.options.model == "auto"
    segment_folder(again.inputs, tmp_path / "again", again.options, axes=again.axes)
    table = (tmp_path / "out" / "measurements.csv").read_bytes()
    assert (tmp_path / "again" / "measurements.csv").read_bytes() == table


@pytest.mark.slow  # fast tests draw such cells
@pytest.mark.skipif(not FRAMES.exists(), reason="needs the phase-contrast frames")
def test_cells_of_another_laboratory_go_to_the_model_for_cells():
    frames = sorted((FRAMES / "images").iterdir())[::40]
    assert {hooke.segment(frame).model.name for frame in frames} == {"cells"}
