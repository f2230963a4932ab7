"""Which files are channels of one image, by the names that microscopes and people give them."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import tifffile

from hooke.errors import ConfigError, ImageReadError
from hooke.io.channel_files import find_channels

# MetaXpress makes one for each file.
GUIDS = (f"{number:08X}-AC92-4844-8462-8617222D33EE" for number in itertools.count(1, 0x1234567))
# Names of the files of two images, channel by channel, and the channels.
NAMES = {
    "MetaXpress": ([f"x_B02_s{s}_w{w}{next(GUIDS)}.tif" for s in (1, 2) for w in (1, 2)], ("w1", "w2")),
    "MetaMorph": ([f"x_w{w}_s{s}.TIF" for s in (1, 2) for w in ("1DAPI", "2FITC")], ("w1DAPI", "w2FITC")),
    "MetaMorph, wavelengths": ([f"x_w{w}_s{s}.TIF" for s in (1, 2) for w in (1405, 2561)], ("w1405", "w2561")),
    "CellVoyager": ([f"P_A01_T0001F00{s}L01A0{c}Z01C0{c}.tif" for s in (1, 2) for c in (1, 2)], ("C01", "C02")),
    "IN Cell": ([f"A - 01(fld {s} wv {c}).tif" for s in (1, 2) for c in ("UV - DAPI", "Blue - FITC")],
                ("Blue - FITC", "UV - DAPI")),
    "ArrayScan": ([f"M_140101_A01f0{s}d{c}.TIF" for s in (0, 1) for c in (0, 1)], ("d0", "d1")),
    "Columbus": ([f"001002-{s}-00100100{c}.tif" for s in (1, 12) for c in (1, 2)], ("ch001", "ch002")),
    "Gen5": ([f"A1_02_{c}_{s}_{name}_001.tif" for s in (1, 2) for c, name in ((1, "DAPI"), (2, "GFP"))],
             ("DAPI", "GFP")),
    "ScanR": ([f"x--W00001--P0000{s}--Z00000--T00000--{c}.tif" for s in (1, 2) for c in ("Cy3", "Hoechst")],
              ("Cy3", "Hoechst")),
    "NIS-Elements": ([f"WellA01_PointA01_000{s}_Channel{c}_Seq000{s}.tif" for s in (1, 2) for c in ("DAPI", "GFP")],
                     ("ChannelDAPI", "ChannelGFP")),
    "Micro-Manager": ([f"Pos{s}/img_000000000_{c}_000.tif" for s in (1, 2) for c in ("DAPI", "GFP")], ("DAPI", "GFP")),
    "ZEN": ([f"x_s{s}_c{c}_ORG.tif" for s in (1, 2) for c in (1, 2)], ("c1", "c2")),
    "stains": ([f"A01_0{s}_{c}.tif" for s in (1, 2) for c in ("DAPI", "GFP")], ("DAPI", "GFP")),
    "stains alone": ([f"field{s}/{c}.png" for s in (1, 2) for c in ("Hoechst 33342", "Texas Red")],
                     ("Hoechst 33342", "Texas Red")),
}  # fmt: skip


@pytest.mark.parametrize("case", NAMES)
def test_channels_in_names_as_microscopes_write_them(case):
    names, channels = NAMES[case]
    paths = [Path(name) for name in names]
    first, joined = find_channels(paths)
    assert joined.channels == channels
    assert [set(joined.files(path)) for path in first] == [set(paths[:2]), set(paths[2:])]
    lone, apart = find_channels(paths[::2])
    assert lone == paths[::2]
    assert apart.channels == ()


@pytest.mark.parametrize(
    ("names", "option"),
    [
        (["C1-a.tif", "C2-a.tif", "C1-b.tif", "C2-b.tif"], "C{}-"),  # or wells
        (["a_c1.tif", "a_c2.tif"], "_c{}"),  # or clones
        (["1_GFP.tif", "1_RFP.tif", "2_GFP.tif", "2_RFP.tif"], "auto"),  # or reporters
        (["1_DAPI.tif", "1_GFP.tif", "overview.tif"], "auto"),
        (["1_ch1.tif", "1_ch2.tif", "2_ch1.tif", "2_ch2.tif", "1_merge.tif", "2_merge.tif"], "_ch{}"),
    ],
)
def test_names_that_may_be_of_channels_are_left_apart_and_said(names, option):
    paths = [Path(name) for name in names]
    first, channels = find_channels(paths)
    assert first == paths
    (note,) = channels.notes
    assert note.endswith(f"--channels-from {option} joins them")
    joined, channels = find_channels(paths, option)
    assert len(channels.channels) == 2
    assert len(joined) < len(paths)


@pytest.mark.parametrize(
    "names",
    [
        ["actin_1.tif", "tubulin_2.tif"],
        ["a_w1s1.tif", "a_w1s2.tif", "a_w2s1.tif"],
        ["DAPI_1.tif", "DAPI_2.tif"],
        ["img1.tif", "img2.tif"],
    ],
)
def test_names_that_are_of_no_channels(names):
    paths = [Path(name) for name in names]
    assert find_channels(paths)[0] == paths
    assert find_channels(paths)[1].notes == ()


def test_two_files_of_one_channel_are_refused_by_name():
    paths = [Path(f"x_s1_w{channel}{next(GUIDS)}.tif") for channel in (1, 1, 2)]
    with pytest.raises(ConfigError, match="are the same channel of one image"):
        find_channels(paths, "_w{}")
    assert find_channels(paths)[0] == paths


def test_a_channel_shown_in_a_colour_is_taken_by_its_brightness(tmp_path):
    grey = np.random.default_rng(0).integers(0, 200, (30, 40), dtype=np.uint8)
    dark = np.zeros_like(grey)
    PIL.Image.fromarray(np.dstack([dark, dark, grey])).save(tmp_path / "1_DAPI.png")
    PIL.Image.fromarray(np.dstack([grey // 2, grey, dark])).save(tmp_path / "1_GFP.png")
    (first,), channels = find_channels(sorted(tmp_path.iterdir()))
    image = channels.open(first).plane(0)
    assert np.array_equal(image.pixels, np.dstack([grey, grey]))
    assert image.channel_names == ("DAPI", "GFP")
    assert "1_GFP.png shows its channel in a colour, of which the brightness is taken" in image.notes


def test_a_picture_of_several_stains_is_no_channel(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 200, (30, 40, 3), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "1_DAPI.tif", pixels[..., 0])
    tifffile.imwrite(tmp_path / "1_GFP.tif", pixels, photometric="rgb")
    (first,), channels = find_channels(sorted(tmp_path.iterdir()))
    with pytest.raises(ImageReadError, match=r"holds 3 channels.*none"):
        channels.open(first).plane(0)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["DAPI/a.tif", "GFP/a.tif", "DAPI/b.tif", "GFP/b.tif"], "DAPI/a.tif and GFP/a.tif look like channels"),
        (["ch1/a.tif", "ch2/a.tif"], "ch1/a.tif and ch2/a.tif look like channels"),
        (["monday/a.tif", "tuesday/a.tif"], ""),
        (["DAPI/a.tif", "GFP/b.tif"], ""),
        (["a_z01.tif", "a_z02.tif", "b_z01.tif"], "a_z01.tif and a_z02.tif look like planes in depth"),
        (["a_z1_DAPI.tif", "a_z2_DAPI.tif"], "a_z1_DAPI.tif and a_z2_DAPI.tif look like planes"),
        (["z1.tif", "z2.tif"], "z1.tif and z2.tif look like planes"),
        (["a_z1.tif", "b_z2.tif"], ""),
        (["buzz1.tif", "buzz2.tif"], ""),
    ],
)
def test_parts_of_images_that_are_not_joined_are_named(names, says):
    paths, channels = find_channels([Path(name) for name in names])
    assert paths == [Path(name) for name in names]
    assert len(channels.notes) == bool(says)
    assert "".join(channels.notes).startswith(says)
