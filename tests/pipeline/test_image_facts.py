"""Images of one run whose measurements can't be compared are named: pixel sizes, types of pixels, channels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tifffile

from hooke.cli.measure import measure
from hooke.cli.segment import segment
from hooke.image import Image
from hooke.io.warning_cell import part_warnings
from hooke.pipeline import SegmentOptions, merge_results, segment_folder
from hooke.pipeline.image_facts import differing_channel, differing_images, image_facts
from tests.builders import run_command

HALF = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}


def write(path, pixels, axes="YX", **stated):
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, pixels, metadata={"axes": axes, **stated}, ome=True, photometric="minisblack")


def rows(**images):
    return [{"image": name, **image_facts(image)} for name, image in images.items()]


def image(dtype=np.uint8, channels=(), size=None):
    shape = (2, 2, len(channels)) if channels else (2, 2)
    return Image(np.zeros(shape, dtype), channel_names=tuple(channels), pixel_size_um=size)


@pytest.mark.parametrize(
    "images",
    [
        {},
        {"a": image(), "b": image()},
        {"a": image(size=(0.5, 0.5)), "b": image(size=(0.50001, 0.5))},
        {"a": image(np.float32), "b": image(np.float64)},
        {"a": image(channels=("x", "y")), "b": image(channels=("y", "x"))},
    ],
)
def test_images_that_are_alike_are_not_mentioned(images):
    assert differing_images(rows(**images)) == []
    assert differing_images([*rows(**images), {"image": "failed"}, {"image": "older", "count": 3}]) == []


def test_each_difference_is_named_with_its_images():
    found = differing_images(
        rows(a=image(size=(0.5, 0.5)), b=image(size=(0.25, 0.5)), c=image(size=(0.5, 0.5)), d=image())
    )
    assert len(found) == 1
    assert "not the same in all images: 0.5 um (2: a, c), 0.25 x 0.5 um (1: b), unknown (1: d)" in found[0]
    (found,) = differing_images(rows(a=image(), b=image(np.uint16)))
    assert "uint8 (1: a), uint16 (1: b): intensities" in found
    (found,) = differing_images(rows(a=image(channels=("DAPI", "FITC")), b=image(channels=("DAPI", "Cy5")), c=image()))
    assert "DAPI, FITC (1: a), Cy5, DAPI (1: b), 1 without a name (1: c)" in found


def test_a_choice_that_differs_between_images_of_the_same_channels_is_named():
    two = rows(a=image(channels=("DAPI", "FITC")), b=image(channels=("DAPI", "FITC")), c=image(channels=("FITC",)))
    for row, channel in zip(two, (0, 1, 0), strict=True):
        row["channel"] = channel
    (found,) = differing_channel(two, None)
    assert "different channels, though these images have the same ones: DAPI (1: a), FITC (1: b): choose" in found
    assert differing_channel([two[0], two[2]], None) == []
    assert differing_channel(two, "DAPI") == []
    assert differing_channel([{**row, "channel": "colour"} for row in two], None) == []


def test_planes_of_a_stack_count_once():
    stack = [{"image": "a", **image_facts(image())} for _ in range(5)]
    assert (
        "uint16 (2: b, c), uint8 (1: a)" in differing_images([*stack, *rows(b=image(np.uint16), c=image(np.uint16))])[0]
    )


def test_the_commands_say_it_and_the_tables_hold_it(tmp_path, field):
    write(tmp_path / "in" / "a.ome.tif", field.image, **HALF)
    write(tmp_path / "in" / "b.ome.tif", np.stack([field.image.astype(np.uint16) * 200] * 2), "CYX")
    for name in "ab":
        write(tmp_path / "labels" / f"{name}.tif", field.labels.astype(np.uint16))
    measured, _ = run_command(measure, tmp_path / "in", "--labels", tmp_path / "labels", "-o", tmp_path / "m")
    segmented, _ = run_command(segment, tmp_path / "in", "-o", tmp_path / "s", "--diameter", "22", "--threads", "1")
    for result, out in ((measured, tmp_path / "m"), (segmented, tmp_path / "s")):
        said = " ".join(result.output.split())
        for text in (
            "0.5 um (1: a), unknown (1: b)",
            "uint8 (1: a), uint16 (1: b)",
            "1 without a name (1: a), 2 without",
        ):
            assert text in said
        table = pd.read_csv(out / "summary.csv", dtype=str, keep_default_na=False)
        assert table["pixel_height_um"].tolist() == table["pixel_width_um"].tolist() == ["0.5", ""]
        assert table["pixel_type"].tolist() == ["uint8", "uint16"]
        assert table["channels"].tolist() == ["1", "2"]
    assert "unknown (1: b)" in (tmp_path / "s" / "results.html").read_text(encoding="utf-8")
    merged = merge_results([tmp_path / "s"], tmp_path / "both")
    assert any("unknown (1: b)" in note for note in merged.notes)


@pytest.mark.slow
def test_an_image_in_blocks_states_the_same(tmp_path, field):
    write(tmp_path / "a.ome.tif", np.pad(field.image, ((0, 512), (0, 512))), **HALF)
    segment_folder([tmp_path / "a.ome.tif"], tmp_path / "out", SegmentOptions(diameter=22, threads=1), block=512)
    (row,) = pd.read_csv(tmp_path / "out" / "summary.csv").to_dict("records")
    assert (row["pixel_height_um"], row["pixel_type"], row["channels"]) == (0.5, "uint8", 1)


@pytest.mark.slow
def test_a_channel_chosen_by_its_number_is_to_be_the_same_stain_in_all_images(tmp_path, field):
    stains = np.stack([field.image, field.image // 2])
    for name, names in (("a", ["DAPI", "GFP"]), ("b", ["GFP", "DAPI"])):
        write(tmp_path / "in" / f"{name}.ome.tif", stains, "CYX", Channel={"Name": names})
    notes = segment_folder([tmp_path / "in"], tmp_path / "o", SegmentOptions(channel=1, diameter=22, threads=1)).notes
    assert any("channel 1 is not the same stain in all images: GFP (1: a), DAPI (1: b)" in note for note in notes)
    for channel in ("DAPI", None):
        options = SegmentOptions(channel=channel, diameter=22, threads=1)
        assert segment_folder([tmp_path / "in"], tmp_path / str(channel), options).notes == ()


@pytest.mark.slow
@pytest.mark.parametrize(("given", "says"), [("0.5", []), ("0.25", ["the file states 0.5 x 0.5 um a pixel"])])
def test_sizes_that_contradict_the_file_are_said(tmp_path, field, given, says):
    write(tmp_path / "in" / "a.ome.tif", np.stack([field.image] * 2), "ZYX", PhysicalSizeZ=2.0, **HALF)
    write(tmp_path / "labels" / "a.tif", np.stack([field.labels.astype(np.uint16)] * 2), "ZYX")
    size = ("--pixel-size", given)
    run_command(measure, tmp_path / "in", "--labels", tmp_path / "labels", "-o", tmp_path / "m", *size)
    run_command(segment, tmp_path / "in", "-o", tmp_path / "s", "--diameter", "22", "--z-step", "2", *size)
    for out in ("m", "s"):
        table = pd.read_csv(tmp_path / out / "summary.csv", keep_default_na=False)
        assert set(table["pixel_height_um"]) == {float(given)}
        assert [part for part in part_warnings(table["warning"][0]) if "the file states" in part] == [
            f"{text}, and --pixel-size (pixel_size) 0.25 x 0.25, which was taken" for text in says
        ]
    run_command(segment, tmp_path / "in", "-o", tmp_path / "z", "--diameter", "22", "--z-step", "3")
    said = pd.read_csv(tmp_path / "z" / "summary.csv")["warning"][0]
    assert "the file states 2 um between planes, and --z-step (z_step) 3 was taken" in said
