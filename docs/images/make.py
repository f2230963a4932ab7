"""Makes the pictures of the README and the pages: the simulator's images and scikit-image's, outlined by hooke.

python docs/images/make.py
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import hooke
from hooke.datasets import FieldSettings, write_samples
from hooke.io import read_labels, write_png
from hooke.metrics import score_image

HERE = Path(__file__).parent
SIDE = 320
#: What the gallery shows: title, words, modality, and the settings of the simulated field.
FIELDS = {
    "fluorescence": ("Fluorescence", "Nuclei of a usual density.", "fluorescence", {}),
    "histology": ("Histology", "Nuclei in pink tissue, as in H&E.", "histology", {}),
    "brightfield": ("Brightfield", "Stained nuclei in pale cells.", "brightfield", {}),
    "crowded": (
        "Crowded",
        "Half of the area is nuclei, most of them touch.",
        "fluorescence",
        {"density": 0.5, "overlap": 0.8},
    ),
    "small": ("Small", "Nuclei of 10 pixels.", "fluorescence", {"diameter": 10.0}),
    "large": ("Large", "Nuclei of 70 pixels.", "fluorescence", {"diameter": 70.0, "density": 0.3}),
    "noisy": ("Noisy", "Noise of a fifth of the nuclei's brightness.", "fluorescence", {"noise": 0.2}),
    "blurred": ("Out of focus", "A blur of 5 pixels.", "fluorescence", {"blur": 5.0}),
    "uneven": ("Uneven light", "The darkest corner gets a fifth of the light.", "fluorescence", {"uneven_light": 0.8}),
}


def overview(folder: Path) -> NDArray[np.uint8]:
    """The samples of `hooke demo` side by side, one not to be trusted among them."""
    return np.concatenate([hooke.segment(path).overlay()[:SIDE, -SIDE:] for path in write_samples(folder)], axis=1)


def first_image(folder: Path) -> NDArray[np.uint8]:
    """What the first tutorial draws and segments, magnified."""
    image, *_ = write_samples(folder, FieldSettings(shape=(256, 256)), modalities=["fluorescence"], seed=3)
    return hooke.segment(image).overlay().repeat(2, axis=0).repeat(2, axis=1)


def corrected(folder: Path) -> NDArray[np.uint8]:
    """A part of the tutorial's crowded image before and after the correction, side by side, magnified."""
    drawn = FieldSettings(shape=(256, 256), density=0.35, overlap=0.8)
    image, *_ = write_samples(folder, drawn, modalities=["fluorescence"], seed=5)
    found = hooke.segment(image)
    labels = found.labels.copy()
    places = np.argwhere(labels == labels[125, 184])
    centres = np.array([(121, 171), (132, 178), (124, 195)])
    nearest = np.linalg.norm(places[:, None] - centres, axis=2).argmin(axis=1)
    for part in (1, 2):
        labels[tuple(places[nearest == part].T)] = labels.max() + 1
    scores = np.ones(labels.max(), np.float32)
    after = dataclasses.replace(found, labels=labels, scores=scores)
    pair = [shown.overlay()[80:170, 140:240] for shown in (found, after)]
    return np.concatenate(pair, axis=1).repeat(4, axis=0).repeat(4, axis=1)


def gallery(folder: Path) -> Iterator[tuple[str, str]]:
    """Write the gallery's pictures; give the name and the caption of each."""
    for name, (title, words, modality, settings) in FIELDS.items():
        drawn = FieldSettings(shape=(SIDE, SIDE), **settings)
        image, *_ = write_samples(folder / name, drawn, modalities=[modality], seed=7)
        found = hooke.segment(image)
        score = score_image(found.labels, read_labels(folder / name / "labels" / image.name))["f1_50"]
        write_webp(f"gallery-{name}", found.overlay())
        yield (
            name,
            f"## {title}\n\n{words} {found.count} found, F1 at 0.5 against the truth {score:.2f}. {warned(found)}",
        )
    image = write_samples(folder / "real")[-1]
    found = hooke.segment(image)
    write_webp("gallery-section", found.overlay())
    yield (
        "section",
        f"## What it is not made for\n\nImmunohistochemistry, a real section. {found.count} found. {warned(found)}",
    )


def warned(found: hooke.Segmentation) -> str:
    """What hooke says of its result."""
    return "Its warning: *" + "; ".join(found.warnings) + "*." if found.warnings else "No warning."


def gallery_page(entries: Iterator[tuple[str, str]]) -> str:
    """The page of the gallery."""
    head = """# Gallery

What hooke finds with its default settings, and what it says of its results. All images are the simulator's, except the
last one (CMMI, through scikit-image). Dashed outlines are doubtful.
`python docs/images/make.py` makes the pictures and this page.
"""
    return head + "".join(f"\n{caption}\n\n![{name}](images/gallery-{name}.webp)\n" for name, caption in entries)


def write_webp(name: str, picture: NDArray[np.uint8]) -> None:
    """Write a picture for a page: a tenth of a PNG's size."""
    Image.fromarray(picture).save(HERE / f"{name}.webp", quality=85, method=6)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        write_png(HERE / "overview.png", overview(Path(folder) / "overview"))
        write_webp("first-image", first_image(Path(folder) / "first"))
        write_webp("corrected", corrected(Path(folder) / "corrected"))
        (HERE.parent / "gallery.md").write_text(gallery_page(gallery(Path(folder))), encoding="utf-8")
