"""Sources and readers of what comes out of hooke and goes back in: exchanged files, plates, corrections, tracks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import PIL.Image
import tifffile

from fuzzing.readers import tried
from fuzzing.source import Source
from fuzzing.tiny_bundle import write_tiny_bundle
from hooke.datasets import simulate

__all__ = ["MAKERS", "READERS"]


def _field(seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    scene = simulate((64, 72), seed=seed)
    return scene.image, scene.labels


def _files(folder: Path) -> tuple[Path, ...]:
    return tuple(path for path in sorted(folder.rglob("*")) if path.is_file())


def _exchanged(folder: Path, data: Path | None) -> Iterator[Source]:
    """Every format that hooke writes and reads again, a folder each."""
    from hooke import convert
    from hooke.io.annotations import WRITERS

    start = folder / "start"
    start.mkdir(parents=True)
    tifffile.imwrite(start / "a.tif", _field()[1])
    for name, writer in WRITERS.items():
        if writer.is_table:
            continue
        home = folder / name
        home.mkdir()
        tifffile.imwrite(home / "image.tif", _field()[0])
        made = convert(start / "a.tif", home / f"a{writer.suffix}", to=name).paths[0]
        yield Source(home, _files(made) if made.is_dir() else (made,))


def _convert(folder: Path, target: Path) -> None:
    from hooke import convert

    given = next(path for path in sorted(folder.iterdir()) if path.name != "image.tif")
    for name, out in (("labels", "out.tif"), ("geojson", "out.geojson")):
        with tried():
            convert(given, folder / out, to=name, images=folder / "image.tif")


def _windowed(folder: Path, data: Path | None) -> Iterator[Source]:
    """Images that are read in windows: tiles, pyramids, arrays, OME-Zarr."""
    grey, _ = _field()
    deep = np.tile(grey.astype(np.uint16) * 200, (2, 2))
    home = folder / "files"
    home.mkdir(parents=True)
    tifffile.imwrite(home / "tiles.tif", deep, tile=(32, 32), compression="zlib")
    tifffile.imwrite(home / "strips.tif", deep, rowsperstrip=16, compression="lzw")
    tifffile.imwrite(home / "plain.tif", deep)
    np.save(home / "array.npy", deep)
    with tifffile.TiffWriter(home / "pyramid.ome.tif") as tif:
        tif.write(deep, subifds=1, tile=(32, 32), compression="zlib")
        tif.write(deep[::2, ::2], subfiletype=1, tile=(32, 32), compression="zlib")
    for path in _files(home):
        yield Source(home, (path,))
    with contextlib.suppress(ImportError):
        import zarr

        for version in (2, 3):
            place = folder / f"zarr{version}"
            group = zarr.open_group(str(place / "a.zarr"), mode="w", zarr_format=version)
            group.create_array("0", data=deep, chunks=(32, 32))
            group.create_array("1", data=deep[::2, ::2], chunks=(32, 32))
            scale = [{"type": "scale", "scale": [0.5, 0.5]}], [{"type": "scale", "scale": [1.0, 1.0]}]
            levels = [{"path": str(level), "coordinateTransformations": change} for level, change in enumerate(scale)]
            axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "yx"]
            attributes = {"multiscales": [{"version": "0.4", "axes": axes, "datasets": levels}]}
            group.attrs.update(attributes if version == 2 else {"ome": {"version": "0.5", **attributes}})
            yield Source(place, _files(place))


def _windows(folder: Path, target: Path) -> None:
    from hooke.io import LazyPlane, open_image

    path = folder / "a.zarr" if (folder / "a.zarr").exists() else target
    for level in range(min(2, max(1, len(open_image(path).levels)))):
        with tried():
            plane = LazyPlane(open_image(path, level=level))
            for rows, columns in ((slice(0, 20), slice(5, 40)), (slice(30, 64), slice(0, 72))):
                window = plane[rows, columns]
                if window.shape[:2] != plane[rows].shape[:1] + window.shape[1:2]:
                    raise AssertionError("a window of another height than its rows")


def _plates(folder: Path, data: Path | None) -> Iterator[Source]:
    home = folder / "plate"
    home.mkdir(parents=True)
    rows = ["well,condition,replicate,dose", "A01,control,1,0", "A02,drug,1,2.5", "B01,control,2,0", "B02,drug,2,2.5"]
    (home / "layout.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    grid = [";1;2;3", "A;control;drug;", "B;control;drug;"]
    (home / "grid.csv").write_text("\n".join(grid) + "\n", encoding="utf-8")
    yield Source(home, (home / "layout.csv", home / "grid.csv"))


def _layout(folder: Path, target: Path) -> None:
    from hooke.plates import assign_images, read_layout

    layout = read_layout(target)
    assign_images([Path(f"x_{well}_s1.tif") for well in ("A01", "A02", "B01")], layout, None)


def _corrections(folder: Path, data: Path | None) -> Iterator[Source]:
    home = folder / "corrected"
    for name in ("images", "labels"):
        (home / name).mkdir(parents=True)
    for seed, name in enumerate("ab"):
        grey, labels = _field(seed)
        PIL.Image.fromarray(grey).save(home / "images" / f"{name}.png")
        tifffile.imwrite(home / "labels" / f"{name}.tif", labels.astype(np.uint16))
    regions = '{"a": [{"top": 0, "left": 0, "height": 40, "width": 40}]}'
    (home / "regions.json").write_text(regions, encoding="utf-8")
    yield Source(home, (home / "regions.json", home / "regions.json", home / "labels" / "a.tif"))


def _corrected(folder: Path, target: Path) -> None:
    from hooke.corrections import open_corrected

    opened = open_corrected(folder)
    for one in opened:
        _ = one.labels.max(), one.known


def _tuned_bundles(folder: Path, data: Path | None) -> Iterator[Source]:
    from hooke.models import TunedSettings, known_models, load_model, write_tuned

    home = folder / "tuned"
    home.mkdir(parents=True)
    parent = load_model(write_tiny_bundle(home / "parent"))
    made = write_tuned(home / "mine", parent, TunedSettings.of(parent), {"images": 3}, known=known_models())
    yield Source(home, (made / "rdf.yaml",))


def _tuned(folder: Path, target: Path) -> None:
    from hooke.models import load_model

    load_model(folder / "mine")


def _tracks(folder: Path, data: Path | None) -> Iterator[Source]:
    from hooke.datasets import SequenceSettings, simulate_sequence

    made = simulate_sequence(SequenceSettings(frames=4, shape=(64, 64)), seed=1)
    home = folder / "film"
    home.mkdir(parents=True)
    rows = []
    for number in np.unique(made.truth[made.truth > 0]):
        seen = np.flatnonzero((made.truth == number).any(axis=(1, 2)))
        rows.append(f"{number} {seen[0]} {seen[-1]} 0")
    (home / "man_track.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    for frame, labels in enumerate(made.truth):
        tifffile.imwrite(home / f"man_track{frame:03}.tif", labels.astype(np.uint16))
    yield Source(home, (home / "man_track.txt", home / "man_track.txt", home / "man_track002.tif"))


def _tracked(folder: Path, target: Path) -> None:
    from hooke.tracking import evaluate_tracks, read_track_file, track_folder

    with tried():
        read_track_file(folder / "man_track.txt")
    with tried(), contextlib.suppress(ImportError):
        evaluate_tracks(folder, folder)
    if target.suffix == ".tif":
        with tried(), contextlib.suppress(ImportError):
            track_folder([folder], folder / "out", movie=False)


def _result_folders(folder: Path, data: Path | None) -> Iterator[Source]:
    from hooke.pipeline import SegmentOptions, segment_folder

    home = folder / "results"
    (home / "in").mkdir(parents=True)
    for seed, name in enumerate("ab"):
        PIL.Image.fromarray(_field(seed)[0]).save(home / "in" / f"{name}.png")
    bundle = write_tiny_bundle(home / "tiny")
    segment_folder([home / "in"], home / "out", SegmentOptions(str(bundle), threads=1))
    tables = [path for path in _files(home / "out") if path.suffix in (".csv", ".json", ".tif")]
    yield Source(home, tuple(tables))


def _results(folder: Path, target: Path) -> None:
    from hooke.pipeline import measure_folder, report_results

    with tried():
        report_results(folder / "out")
    if target.suffix == ".tif":
        measure_folder([folder / "in"], folder / "out" / "labels", folder / "measured", threads=1)


#: By format: what writes its sources.
MAKERS: dict[str, Callable[[Path, Path | None], Iterator[Source]]] = {
    "exchange": _exchanged,
    "windows": _windowed,
    "plate": _plates,
    "corrected": _corrections,
    "tuned": _tuned_bundles,
    "tracks": _tracks,
    "results": _result_folders,
}

#: By format: what reads a source, given its folder and the file that was mutated.
READERS: dict[str, Callable[[Path, Path], None]] = {
    "exchange": _convert,
    "windows": _windows,
    "plate": _layout,
    "corrected": _corrected,
    "tuned": _tuned,
    "tracks": _tracked,
    "results": _results,
}
