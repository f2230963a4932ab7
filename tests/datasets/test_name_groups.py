"""Groups that names tell: found by the fewest parts, or none; named where a draw tore them apart."""

from __future__ import annotations

import re

import numpy as np
import PIL.Image
import pytest

from hooke.datasets.layout import read_index
from hooke.datasets.name_groups import find_name_groups
from hooke.datasets.prepare import prepare_dataset

TILES = [f"patient{patient}_tile{tile}" for patient in range(4) for tile in range(3)]


@pytest.mark.parametrize(
    ("ids", "groups"),
    [
        (TILES, {"patient0", "patient1", "patient2", "patient3"}),
        (["slideA x0 y0", "slideA x0 y9", "slideB x0 y0"], {"slideA", "slideB"}),
        (["control_m1_1", "control_m1_2", "treated_m2_1"], {"control_m1", "treated_m2"}),
        (["img0", "img0_flip", "img1", "img1_flip"], {"img0", "img1"}),
        (["img_1", "img_2", "img_3"], set()),
        (["control_1", "control_2", "treated_1"], set()),  # conditions
        (["0a1b-3", "77fc-3"], set()),
        (["_", "a"], set()),
        ([], set()),
    ],
)
def test_names_are_grouped_by_the_first_parts_that_differ(ids, groups):
    found = find_name_groups(ids)
    assert set(found.names.values()) == groups
    assert all(re.search(found.pattern, id_)[0] == group for id_, group in found.names.items())


def write_source(folder):
    rng = np.random.default_rng(0)
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
        for name in TILES:
            pixels = rng.integers(0, 255, (16, 16), dtype=np.uint8) if part == "images" else np.eye(16, dtype=np.uint8)
            PIL.Image.fromarray(pixels).save(folder / part / f"{name}.png")
    return folder


def test_groups_that_a_draw_tore_apart_are_named_with_the_pattern_that_keeps_them(tmp_path):
    source = write_source(tmp_path / "source")
    torn = prepare_dataset("folder", source, tmp_path / "torn")
    assert torn.name_groups
    assert set(torn.name_groups) <= {"patient0", "patient1", "patient2", "patient3"}
    whole = prepare_dataset("folder", source, tmp_path / "whole", group=torn.name_pattern)
    assert whole.name_groups == []
    splits = {}
    for row in read_index(tmp_path / "whole"):
        splits.setdefault(row.field_of_view, set()).add(row.split)
    assert all(len(each) == 1 for each in splits.values())
    assert set(splits) == {"patient0", "patient1", "patient2", "patient3"}


def test_splits_that_a_list_gives_are_not_doubted(tmp_path):
    source = write_source(tmp_path / "source")
    lines = [f"{name},{'test' if place % 2 else 'train'}" for place, name in enumerate(TILES)]
    (tmp_path / "splits.csv").write_text("\n".join(["id,split", *lines]))
    report = prepare_dataset("folder", source, tmp_path / "out", split_from=tmp_path / "splits.csv")
    assert report.name_groups == []
