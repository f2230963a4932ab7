"""A picture in an address comes out of it again."""

import base64

import cv2
import numpy as np
import pytest

from hooke.report.html.address import picture_address


def unpack(address):
    head, data = address.split(",", 1)
    code = np.frombuffer(base64.b64decode(data), np.uint8)
    return head, cv2.imdecode(code, cv2.IMREAD_COLOR)[..., ::-1]


def test_png_loses_nothing():
    picture = np.random.default_rng(0).integers(0, 256, (7, 11, 3), np.uint8)
    head, again = unpack(picture_address(picture))
    assert head == "data:image/png;base64"
    np.testing.assert_array_equal(again, picture)


@pytest.mark.parametrize("colour", [(200, 30, 60), (20, 90, 220)])
def test_jpeg_keeps_the_order_of_the_colours(colour):
    head, again = unpack(picture_address(np.full((16, 16, 3), colour, np.uint8), "jpeg"))
    assert head == "data:image/jpeg;base64"
    np.testing.assert_allclose(again[8, 8].astype(int), colour, atol=6)


def test_lower_quality_is_smaller():
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    assert len(picture_address(picture, "jpeg", 30)) < len(picture_address(picture, "jpeg", 90))
