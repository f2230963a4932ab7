"""The examples in docstrings are tests too."""

import doctest
import importlib
import pkgutil

import pytest

import hooke

NAMES = (module.name for module in pkgutil.walk_packages(hooke.__path__, "hooke."))
MODULES = sorted(name for name in NAMES if "__main__" not in name)

WIDGETS = ("_widget", "_box", "_panel", "_form")  # modules of hooke.napari that need napari


@pytest.mark.parametrize("name", MODULES)
def test_examples_of(name):
    if name.startswith("hooke.training"):
        pytest.importorskip("torch")
    if name.startswith("hooke.serve"):
        pytest.importorskip("fastapi")
    if name.startswith("hooke.napari") and name.endswith(WIDGETS):
        pytest.importorskip("magicgui")
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert result.failed == 0
