"""Writes sample images for demos, tests and benchmarks: simulated fields with truth, and a real image.

::

    FOLDER/
      index.csv, images/, labels/    the simulated fields, a hooke data set: see hooke.datasets.layout
      real/                          what was photographed, without labels
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from hooke.datasets.layout import IndexRow, find_image, write_index, write_sample
from hooke.datasets.simulation.simulator import simulate
from hooke.datasets.splits import DEFAULT, Drawn, draw_split, parse_shares
from hooke.errors import ConfigError
from hooke.io import read_image, write_png
from hooke.preprocess.modality import MODALITIES, Modality

# Its README.md says where it comes from and under which licence.
REAL = Path(__file__).parents[1] / "pictures" / "immunohistochemistry.jpg"


@dataclass(frozen=True)
class FieldSettings:
    """How simulated fields look; `hooke.datasets.simulate` says what each setting means."""

    shape: tuple[int, int] = (512, 512)
    density: float = 0.2
    diameter: float = 24.0
    overlap: float = 0.3
    blur: float = 0.8
    noise: float = 0.04
    uneven_light: float = 0.2


def write_samples(
    folder: str | Path,
    settings: FieldSettings | None = None,
    *,
    modalities: Sequence[Modality] = MODALITIES,
    count: int = 1,
    seed: int = 7,
) -> list[Path]:
    """Write simulated fields with their truth as a hooke data set, and the real sample beside them.

    Parameters
    ----------
    folder : str or Path
        Files of the same names are replaced.
    settings : FieldSettings, optional
    modalities : sequence of str
        Of the simulated fields.
    count : int
        Fields of each modality.
    seed : int
        Of the first field of each modality; the next one has the next number. It draws the split, too (70/10/20).

    Returns
    -------
    list of Path
        The images: simulated ones, then real ones.

    Raises
    ------
    ConfigError
        When a setting is out of its range.
    OutputError
        When the folder can't be written to.
    """
    if count < 1 or not modalities:
        raise ConfigError("no field to simulate", remedy="request at least one field of one modality")
    folder = Path(folder)
    seeds = {
        _field_name(modality, index, count): (modality, seed + index)
        for modality in dict.fromkeys(modalities)
        for index in range(count)
    }
    drawn = [Drawn(name, name, {f"modality {modality}": 1.0}) for name, (modality, _) in seeds.items()]
    splits = draw_split(drawn, parse_shares(DEFAULT), seed)
    rows = [
        _write_field(folder, name, splits[name], modality, own_seed, settings or FieldSettings())
        for name, (modality, own_seed) in seeds.items()
    ]
    write_index(folder, rows)
    real = folder / "real" / f"{REAL.stem}.png"
    write_png(real, np.asarray(read_image(REAL).pixels, np.uint8))
    return [path for name in seeds if (path := find_image(folder, name))] + [real]


def parse_size(text: str) -> tuple[int, int]:
    """Read a size as it is typed: one side of a square, or height and width.

    Raises
    ------
    ConfigError
        When it is neither.

    Examples
    --------
    >>> parse_size("512"), parse_size("520x696")
    ((512, 512), (520, 696))
    """
    sides = text.lower().split("x")
    if len(sides) not in (1, 2) or not all(side.strip().isdecimal() for side in sides):
        raise ConfigError(f"size {text!r} is not understood", remedy="write 512, or 520x696 for height and width")
    return int(sides[0]), int(sides[-1])


def _field_name(modality: str, index: int, count: int) -> str:
    return modality if count == 1 else f"{modality}_{index + 1:0{len(str(count))}}"


def _write_field(
    folder: Path, name: str, split: str, modality: Modality, seed: int, settings: FieldSettings
) -> IndexRow:
    made = simulate(seed=seed, modality=modality, **asdict(settings))
    write_sample(folder, name, made.image, made.labels)
    height, width = made.labels.shape
    return IndexRow(name, split, modality, name, height, width, made.count)
