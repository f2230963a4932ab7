"""Scores models on data sets that they were not trained on, and writes tables by data set and by modality.

python benchmarks/generalisation.py dsb2018=data/dsb2018:test tnbc=data/tnbc:val --model nuclei

A data set is NAME=FOLDER, or NAME=FOLDER:SPLIT for one of its splits alone. --results keeps every figure in a json
file and adds to what is in it, so that models and data sets can be measured one by one; --write puts the tables of all
figures between the markers in a document.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hooke
from hooke import HookeError
from hooke.datasets import find_image, read_index
from hooke.evaluation import evaluate
from hooke.io import atomic_path, write_labels
from hooke.metrics import Summary
from hooke.models import load_model

BEGIN, END = "<!-- generalisation: tables begin -->", "<!-- generalisation: tables end -->"
SCORES = {"dsb": "DSB score (95 % interval)", "ap_50": "AP 0.5", "f1_50": "F1 0.5", "pq": "PQ", "aji_plus": "AJI+"}
HEADER = ("model", "tested on", "modality", "images", "objects", *SCORES.values(), "without result")


@dataclass(frozen=True)
class Target:
    """A data set to test on."""

    name: str
    folder: Path
    split: str | None

    @classmethod
    def parse(cls, text: str) -> Target:
        """Read NAME=FOLDER or NAME=FOLDER:SPLIT."""
        name, equals, place = text.partition("=")
        folder, colon, split = place.rpartition(":")
        if not name or not equals or not place:
            raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FOLDER or NAME=FOLDER:SPLIT")
        # A colon in the folder itself, as in C:\data, does not separate a split.
        is_split = bool(colon) and "/" not in split and "\\" not in split
        return cls(name, Path(folder if is_split else place), split if is_split else None)

    @property
    def title(self) -> str:
        """Name and split."""
        return self.name if self.split is None else f"{self.name} {self.split}"


def main() -> None:
    """Parse, measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", nargs="*", type=Target.parse, metavar="NAME=FOLDER[:SPLIT]")
    parser.add_argument("--model", action="append", help="name of a model or path of a bundle; repeatable")
    parser.add_argument("--results", type=Path, help="json file to keep the figures in")
    parser.add_argument("--write", type=Path, metavar="DOCUMENT", help="rewrite the tables in this markdown file")
    parser.add_argument("--threads", type=int, default=0, help="threads of the network; 0 takes all cores")
    args = parser.parse_args()
    results = read_results(args.results)
    for model in args.model or ["nuclei"]:
        for target in args.target:
            results.update(measure(model, target, args.threads))
            if args.results:
                with atomic_path(args.results) as temporary:
                    temporary.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    tables = markdown(results.values())
    print(tables)
    if args.write:
        rewrite(args.write, tables)


def read_results(path: Path | None) -> dict[str, dict[str, Any]]:
    """Figures kept by earlier runs."""
    return json.loads(path.read_text(encoding="utf-8")) if path is not None and path.is_file() else {}


def measure(model: str, target: Target, threads: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Segment and score a data set; give the figures of all its images and of each modality, by a key of their own."""
    with tempfile.TemporaryDirectory() as folder:
        segment_all(model, target, Path(folder), threads)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # the table has a column for them
            result = evaluate(folder, target.folder, split=target.split)
    title = load_model(model).name
    without = result.per_image.loc[result.per_image["status"] != "ok"]
    groups = result.by_modality if len(result.by_modality) > 1 else {}
    only = next(iter(result.by_modality), "–") if not groups else "all"
    for modality, summary in {only: result.overall, **groups}.items():
        missing = len(without) if modality == only else int((without["modality"] == modality).sum())
        facts = {"model": title, "data": target.title, "modality": modality, "without": missing}
        yield f"{title} | {target.title} | {modality}", facts | figures(summary)


def segment_all(model: str, target: Target, out: Path, threads: int) -> None:
    """Write the label image of every image; one that can't be segmented is reported, and counts as empty."""
    for row in read_index(target.folder):
        if target.split not in (None, row.split):
            continue
        image = find_image(target.folder, row.id)
        try:
            if image is None:
                raise HookeError("no image")
            write_labels(out / f"{row.id}.tif", [hooke.segment(image, model, threads=threads).labels])
        except HookeError as error:
            print(f"{target.name}: {row.id}: {error}")


def figures(summary: Summary) -> dict[str, Any]:
    """What the table shows of a set of images."""
    scores = {score: round(summary.mean[score], 4) for score in SCORES}
    interval = [round(bound, 4) for bound in summary.mean_interval.get("dsb", ())]
    return {"images": summary.images, "objects": summary.n_true, **scores, "interval": interval}


def markdown(results: Iterable[dict[str, Any]]) -> str:
    """Make a table of all data sets and one by modality."""
    rows = list(results)
    whole = [row for row in rows if row["modality"] == "all" or not _has_whole(row, rows)]
    parts = [row for row in rows if row not in whole]
    return (
        "By data set, means over images:\n\n"
        + _table(whole)
        + ("\n\nBy modality, where a data set has several:\n\n" + _table(parts) if parts else "")
    )


def _has_whole(row: dict[str, Any], rows: Sequence[dict[str, Any]]) -> bool:
    """Whether another row holds all images of the data set."""
    same = (row["model"], row["data"])
    return any((one["model"], one["data"]) == same and one["modality"] == "all" for one in rows)


def _table(rows: Sequence[dict[str, Any]]) -> str:
    lines = [HEADER, ("---",) * 3 + ("---:",) * (len(HEADER) - 3)]
    for row in rows:
        low_high = " ({:.3f} to {:.3f})".format(*row["interval"]) if row["interval"] else ""
        scores = [f"{row[score]:.3f}" + (low_high if score == "dsb" else "") for score in SCORES]
        facts = (row["model"], row["data"], row["modality"], str(row["images"]), str(row["objects"]))
        lines.append((*facts, *scores, str(row["without"])))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def rewrite(document: Path, tables: str) -> None:
    """Put the tables between the markers."""
    text = document.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{document}: no line {BEGIN} with {END} after it")
    with atomic_path(document) as temporary:
        temporary.write_text(f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
