"""The notebooks: stored without outputs, open with what the reader will have, and run from top to bottom."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 5


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_stored_without_outputs(path):
    for cell in read(path)["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_opens_with_what_the_reader_will_have(path):
    opening = "".join(read(path)["cells"][0]["source"])
    assert opening.startswith("# ")
    assert "**At the end you will have**" in opening


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebooks_that_it_names_are_there(path):
    text = path.read_text(encoding="utf-8")
    for name in (word.strip("`.,;:") for word in text.split() if ".ipynb" in word):
        assert (FOLDER / name.partition("`")[0]).is_file(), name


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(path, tmp_path, monkeypatch):
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("IPython")
    if "train" in path.stem:
        pytest.importorskip("torch")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    monkeypatch.chdir(tmp_path)
    cells = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    run_cells(cells, path.name)


def run_cells(cells, name):
    """Run cells one after the other, as a kernel does, and show the value that each ends with."""
    names = {"__name__": "__main__", "display": show}
    for number, source in enumerate(cells, 1):
        tree = ast.parse(source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        place = f"{name}, code cell {number}"
        exec(compile(tree, place, "exec"), names)
        if last is not None:
            show(eval(compile(ast.Expression(last.value), place, "eval"), names))


def show(value):
    """Make what a notebook shows of a value; errors of it are raised, which IPython prints and hides."""
    repr(value)
    for kind in ("html", "svg", "png", "jpeg"):
        if hasattr(value, f"_repr_{kind}_"):
            getattr(value, f"_repr_{kind}_")()


def test_a_cell_that_fails_and_a_value_that_can_not_be_shown_are_seen():
    class Broken:
        def _repr_html_(self):
            raise ValueError("no table")

    with pytest.raises(ZeroDivisionError):
        run_cells(["one = 1", "one / 0"], "a")
    with pytest.raises(ValueError, match="no table"):
        show(Broken())
