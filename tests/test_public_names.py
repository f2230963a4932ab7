"""Every public name of hooke is there when it is asked for, and names of earlier versions warn."""

from __future__ import annotations

import warnings

import pytest

import hooke


def test_every_public_name_can_be_imported():
    assert all(getattr(hooke, name) is not None for name in hooke.__all__)
    assert set(dir(hooke)) == set(hooke.__all__) >= {"segment", "__version__"}
    with pytest.raises(AttributeError, match="no attribute 'sgement'"):
        hooke.sgement  # noqa: B018


def test_a_name_of_an_earlier_version_warns_and_works(monkeypatch):
    monkeypatch.setitem(hooke._deprecated, "find_cells", "segment")
    with pytest.warns(DeprecationWarning, match=r"hooke\.segment"):
        assert hooke.find_cells is hooke.segment
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert hooke.segment
