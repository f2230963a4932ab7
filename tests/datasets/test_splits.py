"""Splits: groups stay whole, amounts are shared out, lists of any writing are read; seeds and orders."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooke.datasets.layout import Entry
from hooke.datasets.splits import (
    Drawn,
    dkfz_split,
    draw_split,
    grouped,
    parse_shares,
    read_split,
    straddling,
)
from hooke.errors import ConfigError, DatasetError

SHARES = (0.7, 0.1, 0.2)


def test_single_images_are_shared_out_exactly_whatever_their_order():
    images = [Drawn(f"{number:03}", f"{number:03}") for number in range(200)]
    split = draw_split(images, SHARES, seed=1)
    assert Counter(split.values()) == {"train": 140, "val": 20, "test": 40}
    assert draw_split(images[::-1], SHARES, seed=1) == split
    assert draw_split(images, SHARES, seed=2) != split


@given(st.lists(st.integers(0, 6), max_size=40), st.integers(0, 5))
def test_no_group_is_torn_apart(groups, seed):
    images = [Drawn(str(place), str(group)) for place, group in enumerate(groups)]
    split = draw_split(images, SHARES, seed)
    assert set(split) == {image.id for image in images}
    assert not straddling((image.group, split[image.id]) for image in images)


def test_a_rare_modality_and_a_rare_class_are_shared_out_too():
    images = [Drawn(f"f{n}", f"f{n}", {"modality fluorescence": 1, "class common": 10}) for n in range(180)]
    images += [Drawn(f"h{n}", f"h{n}", {"modality histology": 1, "class common": 10}) for n in range(10)]
    images += [Drawn(f"m{n}", f"m{n}", {"modality fluorescence": 1, "class mitotic": 2}) for n in range(10)]
    split = draw_split(images, SHARES, seed=0)
    for kind in "hm":
        assert Counter(split[f"{kind}{n}"] for n in range(10)) == {"train": 7, "val": 1, "test": 2}
    assert Counter(split.values()) == {"train": 140, "val": 20, "test": 40}


def test_what_is_known_stays_and_its_group_follows():
    images = [Drawn("a1", "a", split="test"), Drawn("a2", "a"), *(Drawn(f"b{n}", f"b{n}") for n in range(8))]
    split = draw_split(images, SHARES, seed=0)
    assert split["a1"] == split["a2"] == "test"
    # The two that were known fill test: the others get train and val.
    assert Counter(split.values()) == {"train": 7, "val": 1, "test": 2}


def test_a_share_of_nothing_gets_nothing():
    images = [Drawn(str(n), str(n)) for n in range(10)]
    assert Counter(draw_split(images, (0.8, 0.0, 0.2), 0).values()) == {"train": 8, "test": 2}
    assert draw_split([], SHARES, 0) == {}


@pytest.mark.parametrize("text", ["70/10", "70/10/30", "a/b/c", "", "110/-10/0", "nan/0/100", "70/10/20/0"])
def test_shares_that_do_not_add_up_are_refused(text):
    with pytest.raises(ConfigError, match="70/10/20"):
        parse_shares(text)


def test_the_dkfz_split_is_pythons_shuffle_of_the_sorted_files():
    names = [f"{n:04}" for n in range(250)]
    split = dkfz_split(reversed(names))
    order = sorted(names)
    random.Random(0).shuffle(order)
    assert [split[name] for name in order] == ["test"] * 50 + ["val"] * 25 + ["train"] * 175
    # int(0.2 n) and int(0.1 n), as the authors' script rounds.
    assert Counter(dkfz_split(names[:19]).values()) == {"test": 3, "val": 1, "train": 15}


def test_groups_are_found_in_names():
    entries = [Entry("p1_a"), Entry("p1_b"), Entry("other", field_of_view="x")]
    assert [entry.field_of_view for entry in grouped(entries, "^(p[0-9])_")] == ["p1", "p1", "x"]
    assert [entry.field_of_view for entry in grouped(entries, "^[^_]+")] == ["p1", "p1", "other"]
    assert grouped(entries, None) == entries
    for pattern in ("(", "zzz"):
        with pytest.raises(ConfigError, match="group"):
            grouped(entries, pattern)


def test_lists_may_have_paths_of_any_system_and_line_ends(tmp_path):
    (tmp_path / "training.txt").write_bytes(b"C:\\data\\images\\a.1.tif\r\n\r\nimages/b.png\r\n")
    (tmp_path / "val.txt").write_text("c\n")
    (tmp_path / "notes.txt").write_text("d\n")
    assert read_split(tmp_path) == {"a.1": Entry("a.1", "train"), "b": Entry("b", "train"), "c": Entry("c", "val")}


def test_a_csv_needs_no_more_than_id_and_split(tmp_path):
    path = tmp_path / "given.csv"
    path.write_text("id,split\na,test\n")
    assert read_split(path) == {"a": Entry("a", "test")}


def test_bad_lists_are_refused(tmp_path):
    (tmp_path / "train.txt").write_text("a\nb\n")
    (tmp_path / "test.txt").write_text("b\n")
    with pytest.raises(DatasetError, match="b is listed twice"):
        read_split(tmp_path)
    (tmp_path / "test.txt").write_bytes(b"\xff\xfe\n")
    with pytest.raises(DatasetError, match="UTF-8"):
        read_split(tmp_path)
    with pytest.raises(DatasetError, match="can't be read"):
        read_split(tmp_path / "absent.csv")
