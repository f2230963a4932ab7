"""New numbers for objects of any id."""

from __future__ import annotations

import numpy as np
import pytest

from hooke.labels.numbering import give_numbers


@pytest.mark.parametrize("high", [9, 2**31 - 1])
def test_ids_of_any_size_get_numbers_without_a_table_of_all(high):
    labels = np.array([[0, 3, high], [5, 3, 0]], np.int32)
    found = give_numbers(labels, np.array([high, 3]), np.array([1, 8]))
    assert found.tolist() == [[0, 8, 1], [0, 8, 0]]


def test_no_object_gets_a_number_where_none_is_named():
    labels = np.array([0, 2**31 - 1], np.int32)
    assert give_numbers(labels, np.array([7, 2**31 - 1])[1:], np.array([4])).tolist() == [0, 4]
    assert give_numbers(labels, np.array([], int), np.array([], int)).tolist() == [0, 0]
