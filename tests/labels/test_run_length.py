"""Run lengths: there and back for any mask, the published examples, and texts that no image fits."""

from __future__ import annotations

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooke.errors import DatasetError
from hooke.labels.run_length import (
    compress_counts,
    decode_counts,
    decode_pairs,
    decompress_counts,
    encode_counts,
    encode_pairs,
)

masks = arrays.arrays(bool, arrays.array_shapes(min_dims=2, max_dims=2, max_side=12))


@given(masks, st.sampled_from("CF"))
def test_pairs_come_back(mask, order):
    np.testing.assert_array_equal(decode_pairs(encode_pairs(mask, order), mask.shape, order), mask)


@given(masks)
def test_counts_come_back_compressed_or_not(mask):
    counts = encode_counts(mask)
    assert sum(counts) == mask.size
    np.testing.assert_array_equal(decode_counts(counts, mask.shape), mask)
    np.testing.assert_array_equal(decode_counts(compress_counts(counts), mask.shape), mask)


@given(st.lists(st.integers(0, 2**31)))
def test_any_counts_survive_compression(counts):
    assert decompress_counts(compress_counts(counts)) == counts


@given(masks)
def test_counts_are_those_of_pycocotools(mask):
    oracle = pytest.importorskip("pycocotools.mask", reason="pycocotools is not installed")
    expected = oracle.encode(np.asfortranarray(mask, np.uint8))["counts"].decode()
    assert compress_counts(encode_counts(mask)) == expected


def test_pairs_count_from_1_down_the_columns_or_along_the_rows():
    mask = np.array([[0, 0, 1], [1, 0, 1]], bool)
    assert encode_pairs(mask) == "2 1 5 2"
    assert encode_pairs(mask, "C") == "3 2 6 1"
    assert decode_pairs("", (2, 3)).sum() == 0


def test_the_example_of_the_coco_documentation():
    assert compress_counts([6, 1, 40, 4, 5, 4, 5, 4, 21]) == "61X13mN000`0"
    assert decompress_counts("61X13mN000`0") == [6, 1, 40, 4, 5, 4, 5, 4, 21]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("1 7", "outside"),
        ("7 1", "outside"),
        ("0 1", "outside"),
        ("1 0", "outside"),
        ("-1 2", "outside"),
        ("1 9223372036854775807", "outside"),
        ("1 99999999999999999999999", "whole numbers"),
        ("1 2 3", "without a length"),
        ("1 x", "whole numbers"),
        ("1.5 2", "whole numbers"),
        ("1 3 2 1", "overlap"),
    ],
)
def test_pairs_that_fit_no_image_are_refused(text, word):
    with pytest.raises(DatasetError, match=word):
        decode_pairs(text, (2, 3))


@pytest.mark.parametrize(
    ("counts", "word"),
    [
        ([1, 6], "7 pixels, the image has 6"),
        ([1, 4], "5 pixels"),
        ([], "0 pixels"),
        ([-1, 7], "whole numbers"),
        ([1, 2**70], "whole numbers"),
        ([1.0, 5.0], "whole numbers"),
        (["1", "5"], "whole numbers"),
        ([None], "whole numbers"),
        ("6\x00", "compressed"),
        ("6é", "compressed"),
        ("P", "cut short"),
        ("o" * 100, "compressed"),
        ("O", "cut short, or not"),
    ],
)
def test_counts_that_fit_no_image_are_refused(counts, word):
    with pytest.raises(DatasetError, match=word):
        decode_counts(counts, (2, 3))


@pytest.mark.slow
@given(st.text(max_size=20))
def test_any_text_is_a_mask_or_refused(text):
    for decode in (decode_pairs, decode_counts):
        try:
            assert decode(text, (3, 4)).shape == (3, 4)
        except DatasetError as error:
            assert error.remedy
