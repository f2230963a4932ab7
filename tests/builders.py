"""Builds what tests of several rooms need: data sets on disk, and commands as the command line runs them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest
import typer
from numpy.typing import NDArray
from typer.testing import CliRunner

from hooke.cli import main
from hooke.datasets.layout import IndexRow, write_index, write_sample

__all__ = ["exit_code", "need", "phase_contrast_field", "run_command", "same_partition", "write_dataset"]


def write_dataset(
    folder: Path, samples: Iterable[tuple[str, str, str, NDArray[np.generic], NDArray[np.integer]]]
) -> Path:
    """Write a hooke data set of (id, split, modality, image, labels), each a field of view of its own; return it."""
    rows = []
    for id_, split, modality, image, labels in samples:
        write_sample(folder, id_, image, labels)
        rows.append(IndexRow(id_, split, modality, id_, *labels.shape, len(np.unique(labels[labels > 0]))))
    write_index(folder, rows)
    return folder


def need(*modules: str) -> None:
    """Skip a file of tests where a module is not installed; unlike pytest.importorskip, import none of them."""
    for module in modules:
        package = module.partition(".")[0]
        if importlib.util.find_spec(package) is None or importlib.util.find_spec(module) is None:
            pytest.skip(f"needs {module}", allow_module_level=True)


def run_command(command: Callable[..., object], *args: object):
    """Run the function of a command as the command line does; give the result, and the exit status that it returns."""
    app = typer.Typer(rich_markup_mode="rich")
    app.command()(command)
    result = CliRunner().invoke(app, [str(arg) for arg in args], standalone_mode=False)
    return result, result.return_value


def exit_code(*args: object) -> object:
    """Run the whole command line; give the code that it leaves with."""
    with pytest.raises(SystemExit) as left:
        main([str(arg) for arg in args])
    return left.value.code


def same_partition(first: NDArray[np.integer], second: NDArray[np.integer]) -> bool:
    """Whether two label images have the same objects, under any numbers."""
    assert first.shape == second.shape
    pairs = np.unique(first.astype(np.int64) << 32 | second.astype(np.int64))  # far faster than unique columns
    return len(pairs) == len(np.unique(pairs >> 32)) == len(np.unique(pairs & 0xFFFFFFFF))


def phase_contrast_field(seed: int, side: int = 320) -> NDArray[np.float32]:
    """Draw spread cells as phase contrast shows them: dark, textured, with a bright halo, on grey; 0..1."""
    rng = np.random.default_rng(seed)
    cells = np.zeros((side, side), np.float32)
    for y, x in rng.uniform(30, side - 30, (7, 2)):
        axes = tuple(int(length) for length in rng.uniform(14, 34, 2))
        cv2.ellipse(cells, (int(x), int(y)), axes, float(rng.uniform(0, 180)), 0, 360, 1, -1)
    halo = cv2.GaussianBlur(cells, (0, 0), 6) * (1 - cells)
    texture = cv2.GaussianBlur(rng.normal(0, 1, cells.shape).astype(np.float32), (0, 0), 2.5)
    texture *= cv2.GaussianBlur(cells, (0, 0), 2) / texture.std()
    noise = rng.normal(0, 0.005, cells.shape)
    return np.clip(0.4 + 0.75 * halo - 0.04 * cells + 0.09 * texture + noise, 0, 1).astype(np.float32)
