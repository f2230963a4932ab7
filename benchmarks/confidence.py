"""Tests how well the object score predicts the IoU on validation images, and fits the score's weights again.

python benchmarks/confidence.py data/dsb2018 --split val

The first table is of the scores of the unchanged model. The weights printed at the end go into the card of a model as
`parameters: score_weights` (configs/nuclei-card.yaml); their figures are cross-validated by image.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import hooke
from hooke.datasets import find_image, find_labels, read_index
from hooke.io import read_image, read_labels
from hooke.labels.overlap import count_overlap
from hooke.models import Model
from hooke.preprocess import fit_normalisation
from hooke.targets.confidence import TRAITS, fit_score, predict_score

FOLDS = 5


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--split", default="val")
    parser.add_argument("--model", default="nuclei")
    args = parser.parse_args()
    objects = collect(args.dataset, args.split, hooke.load_model(args.model))
    traits = objects[list(TRAITS)].to_numpy()
    iou = objects["iou"].to_numpy()
    report("as the model is", objects["score"].to_numpy(), objects)
    fold = objects["image"].astype("category").cat.codes.to_numpy() % FOLDS
    predicted = np.zeros(len(objects))
    for one in range(FOLDS):
        predicted[fold == one] = predict_score(traits[fold == one], fit_score(traits[fold != one], iou[fold != one]))
    report("fitted again, cross-validated", predicted, objects)
    print("score_weights:", [round(weight, 4) for weight in fit_score(traits, iou)])


def collect(dataset: Path, split: str, model: Model) -> pd.DataFrame:
    """One row per predicted object, none dropped for its score: image, modality, score, traits, IoU with the truth."""
    parts = []
    for row in read_index(dataset):
        if row.split == split:
            labels = read_labels(find_labels(dataset, row.id))
            table = objects_of(find_image(dataset, row.id), labels, model)
            parts.append(table.assign(image=row.id, modality=row.modality))
    return pd.concat(parts, ignore_index=True)


def objects_of(path: Path, truth: NDArray[np.int32], model: Model) -> pd.DataFrame:
    """Segment one image at the scale of its true median diameter, and compare each object with the truth."""
    image = read_image(path)
    area = np.bincount(truth.ravel())[1:]
    area = area[area > 0]
    normalisation = fit_normalisation(image)
    model = model.for_image(colour=normalisation.keeps_colours)
    diameter = float(np.sqrt(np.median(area) * 4 / np.pi)) if area.size else model.settings.diameter_band[0]
    decoded = model.segmenter(2).segment(image.pixels, normalisation, diameter, min_score=0).decoded
    overlap = count_overlap(decoded.labels, truth)
    iou = np.zeros(overlap.n_pred)
    np.maximum.at(iou, overlap.pair_pred, overlap.iou)
    return pd.DataFrame(decoded.traits, columns=list(TRAITS)).assign(score=decoded.scores, iou=iou)


def report(title: str, score: NDArray[np.floating], objects: pd.DataFrame) -> None:
    """Print rank correlation with the true IoU, and the mean IoU of objects in ten bins of the score."""
    print(f"{title}: {len(score)} objects; Spearman {_spearman(score, objects['iou']):.3f}", end="")
    for name, of in objects.groupby("modality").groups.items():
        print(f", {name} {_spearman(score[of], objects.loc[of, 'iou']):.3f}", end="")
    error = 0.0
    print(f"\n{'score':>12}{'objects':>9}{'mean score':>12}{'mean IoU':>10}{'IoU > 0.5':>11}")
    for low in np.arange(10) / 10:
        of = (score >= low) & (score < low + 0.1 + (low == 0.9))
        if of.any():
            iou = objects["iou"].to_numpy()[of]
            error += abs(score[of].mean() - iou.mean()) * of.mean()
            span = f"{low:.1f}-{low + 0.1:.1f}"
            print(f"{span:>12}{of.sum():9}{score[of].mean():12.2f}{iou.mean():10.2f}{(iou > 0.5).mean():11.2f}")
    print(f"mean difference of score and IoU over ten bins: {error:.3f}\n")


def _spearman(score: NDArray[np.floating], iou: pd.Series) -> float:
    return float(np.corrcoef(pd.Series(score).rank(), iou.rank())[0, 1])


if __name__ == "__main__":
    main()
