"""The examples in docstrings are tests too."""

import doctest
import importlib
from pathlib import Path

import pytest

import hooke

PACKAGE = Path(hooke.__file__).parent
# Only modules that hold an example are imported.
MODULES = [
    ".".join(["hooke", *path.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(".__init__")
    for path in sorted(PACKAGE.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]

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
