"""Scores models on images of every source that is there: of their own training data's kind, and of other people's.

    python benchmarks/abroad.py --model nuclei --model runs/bundle --data ../shared/data --cache data
    python benchmarks/abroad.py --model nuclei --every 2 --scan colour.foreground=0.25,0.35,0.55 --source tnbc miccai
    python benchmarks/abroad.py --model cells --kind cells --results cells.json
    python benchmarks/abroad.py --model micronuclei --kind micronuclei  # makes data/micronucleus, to train on, too

A source is a data set's images of one modality, organ or kind of object (benchmarks/abroad_sources.py). All choices are
made on validation images; --test scores the test splits of the sources that have one. For each source: found over true
objects, recall, precision and F1 at IoU 0.5 pooled over objects; found over true diameter, as the median over matched
objects and as that of the images' typical objects; means over images of AP at 0.5 and 0.75 and of the DSB score; 95 %
intervals over images. Then every further model or setting against the first: paired differences, and one number, the
mean rank over the sources by DSB score.

--set changes settings of all models, --scan adds a variant for each value: parameters of the target scheme,
diameter_band, visible_rim, turned_pixels, smallest_share, tta, grow, with grey. or colour. before them for one of a
bundle's two networks; min_size and diameter for both. Networks are run once for all variants of an image.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hooke
from abroad_scores import SCORES, draw, interval, mean_ranks, sampled, score
from abroad_sources import DATASETS, Case, Source, cases, choose, has_seen
from abroad_variants import OF_BOTH, PARTS, ChangedModel, Memory, Variant, make_models, variants
from hooke import HookeError
from hooke.io import atomic_path, read_labels
from hooke.labels import offset_outlines

OVERALL = ("recall", "precision", "f1", "off", "ap_50", "ap_75", "dsb")  # off: mean distance of diameter from 1
DIFFERENCES = ("dsb", "ap_50", "ap_75", "recall", "precision", "diameter")
Results = dict[str, dict[str, dict[str, Any]]]  # source -> variant -> image -> scores


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse, score, print."""
    args = _parse(arguments)
    earlier = json.loads(args.beside.read_text(encoding="utf-8"))["images"] if args.beside else {}
    chosen = variants(args.model or ([] if earlier else ["nuclei"]), args.set, args.scan)
    results: Results = {}
    for source in choose(args.kind, args.source, test=args.test):
        folder = DATASETS[source.dataset].prepared(args.data, args.cache)
        if folder is None:
            print(f"{source.name}: left out, no {args.data / DATASETS[source.dataset].folder}")
            continue
        whole = any(source.name.startswith(name) for name in args.whole)
        images = cases(source, folder, every=args.every, test=args.test, whole=whole)
        if images:
            results[source.name] = score_source(source, images, chosen, args.jobs, args.threads)
    for name, kept in earlier.items():
        if name in results or not chosen:
            results[name] = kept | results.get(name, {})
    if not results:
        raise SystemExit("nothing to score: no source has this name, kind and split here")
    seen = _seen(chosen, results) if args.trained_on else {}
    report = summarise(results, seen)
    print(as_text(report))
    if args.results:
        with atomic_path(args.results) as temporary:
            temporary.write_text(json.dumps(report | {"images": results}) + "\n", encoding="utf-8")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", action="append", help="name of a model or path of a bundle; repeatable")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with the data sets")
    parser.add_argument("--cache", type=Path, default=Path("data"), help="folder to prepare data sets in")
    parser.add_argument(
        "--kind", choices=("nuclei", "cells", "micronuclei"), default="nuclei", help="sources for this kind of model"
    )
    parser.add_argument("--source", nargs="+", default=[], help="only sources whose names begin so")
    parser.add_argument("--whole", nargs="+", default=[], help="all splits but test of sources whose names begin so")
    parser.add_argument("--test", action="store_true", help="test splits, of sources that have one")
    parser.add_argument("--every", type=int, default=1, help="every Nth image of a source, but at least four")
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="settings of all models")
    parser.add_argument("--scan", nargs="+", default=[], metavar="KEY=V1,V2", help="a variant for each value")
    parser.add_argument("--grow", type=float, help="pixels that outlines move, inwards below 0: --set grow=PIXELS")
    parser.add_argument("--trained-on", action="store_true", help="show which data sets a model was trained on")
    parser.add_argument("--beside", type=Path, metavar="JSON", help="results of an earlier run, to compare with")
    parser.add_argument("--results", type=Path, metavar="JSON", help="file to write all scores to")
    parser.add_argument("--jobs", type=int, default=1, help="images in work at once")
    parser.add_argument("--threads", type=int, default=1, help="threads of each network")
    args = parser.parse_args(arguments)
    if args.grow is not None:
        args.set = [*args.set, f"grow={args.grow}"]
    return args


def score_source(
    source: Source, images: Sequence[Case], chosen: Sequence[Variant], jobs: int = 1, threads: int = 1
) -> dict[str, dict[str, Any]]:
    """Score every image with every variant: scores by variant and image."""
    work = [(source.kind, image, list(chosen), threads) for image in images]
    scores: dict[str, dict[str, Any]] = {variant.name: {} for variant in chosen}
    for image, rows in zip(images, _run(work, jobs), strict=True):
        for name, row in rows.items():
            scores[name][image.id] = row
    return scores


def _run(work: Sequence[tuple[str, Case, list[Variant], int]], jobs: int) -> Iterator[dict[str, Any]]:
    if jobs <= 1:
        yield from map(_score_case, work)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_score_case, work)


_loaded: dict[tuple[str, ...], tuple[Memory, dict[str, ChangedModel]]] = {}


def _score_case(work: tuple[str, Case, list[Variant], int]) -> dict[str, Any]:
    """Score one image with every variant; one that can't be segmented counts as empty."""
    kind, image, chosen, threads = work
    key = tuple(variant.name for variant in chosen)
    if key not in _loaded:
        memory = Memory()
        _loaded[key] = memory, make_models(chosen, memory)
    memory, models = _loaded[key]
    memory.forget()
    truth = read_labels(image.labels)
    rows: dict[str, Any] = {}
    parts: dict[str, str] = {}  # the network that a model has for this image
    known: dict[tuple[str, str], NDArray[np.int32]] = {}
    for variant in chosen:
        # What differs in the other network's settings, or in growing only, is segmented once.
        part = parts.get(variant.model)
        labels = None if part is None else known.get((variant.model, variant.decides(part)))
        if labels is None:
            try:
                labels, part = _segment(image.image, models[variant.name], variant, threads)
            except HookeError as error:
                print(f"{image.id}: {error}")
                labels, part = np.zeros_like(truth), PARTS[0]
            parts[variant.model] = part
            known[variant.model, variant.decides(part)] = labels
        reach = float(variant.of_part(part or PARTS[0]).get("grow", 0))
        rows[variant.name] = score(offset_outlines(labels, reach), truth, image.kinds, kind)
    return rows


def _segment(path: Path, model: ChangedModel, variant: Variant, threads: int) -> tuple[NDArray[np.int32], str]:
    """Objects, and the network that found them."""
    options = {key: variant.settings[key] for key in OF_BOTH if key in variant.settings}
    found = hooke.segment(path, model, threads=threads, **options)
    return found.labels, PARTS[found.normalisation.keeps_colours]


def _seen(chosen: Sequence[Variant], results: Results) -> dict[str, dict[str, bool]]:
    """By source and variant, whether the model's description names the data set."""
    dataset = {one.name: one.dataset for kind in ("nuclei", "cells") for one in choose(kind, (), test=False)}
    found: dict[str, dict[str, bool]] = {name: {} for name in results}
    for variant in chosen:
        bundle = hooke.load_model(variant.model).bundle
        parts = [bundle, *([bundle.colour] if bundle.colour else [])]
        for name in results:
            found[name][variant.name] = any(has_seen(dataset[name], one.description) for one in parts)
    return found


def summarise(results: Results, seen: dict[str, dict[str, bool]]) -> dict[str, Any]:
    """Give scores with intervals, differences from the first variant, mean ranks and means over sources.

    Of each source, the images count that all its variants were scored on; ranks and means are over the sources that all
    variants have.
    """
    names = list(dict.fromkeys(name for scores in results.values() for name in scores))
    report: dict[str, Any] = {"variants": names, "sources": {}, "differences": {}}
    drawn: dict[str, dict[str, dict[str, NDArray[np.float64]]]] = {}
    for seed, (source, scores) in enumerate(results.items()):
        common = [id_ for id_ in next(iter(scores.values())) if all(id_ in one for one in scores.values())]
        if not common:
            continue
        weights = draw(len(common), seed)
        drawn[source] = {name: sampled([rows[id_] for id_ in common], weights) for name, rows in scores.items()}
        report["sources"][source] = {
            name: {"images": len(common), "n_true": sum(scores[name][id_]["n_true"] for id_ in common)}
            | ({"seen": seen[source][name]} if name in seen.get(source, {}) else {})
            | {key: _with_interval(values[key]) for key in SCORES}
            for name, values in drawn[source].items()
        }
        if names[0] in drawn[source]:
            report["differences"][source] = _differences(drawn[source], names[0])
    complete = {source: values for source, values in drawn.items() if set(values) == set(names)}
    if complete:
        means = {
            name: {key: np.mean([values[name][key] for values in complete.values()], axis=0) for key in SCORES}
            for name in names
        }
        for name in names:
            off = np.array([np.abs(values[name]["diameter"] - 1) for values in complete.values()])
            seldom = np.isnan(off).all(axis=0)  # nothing found anywhere
            means[name]["off"] = np.where(seldom, np.nan, np.nansum(off, axis=0) / np.isfinite(off).sum(axis=0).clip(1))
        report["differences"]["mean over sources"] = _differences(means, names[0])
        ranks = mean_ranks({source: [values[name]["dsb"][0] for name in names] for source, values in complete.items()})
        report["overall"] = {
            name: {"mean_rank": round(float(rank), 3)} | {key: _with_interval(means[name][key]) for key in OVERALL}
            for name, rank in zip(names, ranks, strict=True)
        }
    return report


def _with_interval(values: NDArray[np.float64]) -> list[float | None]:
    """A score and the ends of its interval, None where there is none."""
    ends = interval(values) or (None, None)
    return [None if one is None or not np.isfinite(one) else round(float(one), 4) for one in (values[0], *ends)]


def _differences(values: dict[str, dict[str, NDArray[np.float64]]], first: str) -> dict[str, Any]:
    return {
        name: {key: _with_interval(one[key] - values[first][key]) for key in DIFFERENCES}
        for name, one in values.items()
        if name != first
    }


def as_text(report: dict[str, Any]) -> str:
    """Make three tables for people: scores, differences, mean ranks."""
    some = next(iter(next(iter(report["sources"].values())).values()))
    seen = ["seen"] if "seen" in some else []
    rows = [["source", "variant", "images", "true", *SCORES, *seen]]
    for source, by_variant in report["sources"].items():
        for name, one in by_variant.items():
            shown = [_shown(one[key], ends=key == "dsb") for key in SCORES]
            marks = [{True: "yes", False: "no"}.get(one.get("seen"), "?")] if seen else []
            rows.append([source, name, str(one["images"]), str(one["n_true"]), *shown, *marks])
    text = "Scores, with the 95 % interval of the DSB score\n\n" + _table(rows)
    if len(report["variants"]) > 1:
        rows = [["source", f"variant against {report['variants'][0]}", *DIFFERENCES]]
        for source, by_variant in report["differences"].items():
            for name, one in by_variant.items():
                if any(one[key][0] for key in DIFFERENCES):  # settings of one network change nothing elsewhere
                    rows.append([source, name, *(_shown(one[key], ends=True, sign=True) for key in DIFFERENCES)])
        text += "\n\nPaired differences, with 95 % intervals; * where it leaves out 0\n\n" + _table(rows)
    if "overall" in report:
        rows = [["variant", "mean rank", *OVERALL]]
        for name, one in sorted(report["overall"].items(), key=lambda pair: pair[1]["mean_rank"]):
            shown = [_shown(one[key], ends=key == "dsb") for key in OVERALL]
            rows.append([name, f"{one['mean_rank']:.2f}", *shown])
        text += "\n\nOver sources: mean rank by DSB score, and mean scores\n\n" + _table(rows)
    return text


def _shown(value: Sequence[float | None], *, ends: bool = False, sign: bool = False) -> str:
    middle, low, high = value
    if middle is None:
        return "-"
    form = "{:+.3f}" if sign else "{:.3f}"
    text = form.format(middle)
    if ends and low is not None and high is not None:
        text += f" [{form.format(low)}, {form.format(high)}]"
        text += "*" if sign and (low > 0 or high < 0) else ""
    return text


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in lines)


if __name__ == "__main__":
    main()
