"""Recognises files that hooke and other programs write next to images: label images, outlines and plots.

Some names are certain (``A01_cp_masks.png``, ``A01_seg.npy``); others count only where the image they derive from lies
in the same folder (``A01_mask.png`` beside ``A01.tif``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from pathlib import Path

from hooke.io.channel_parts import bare_name
from hooke.io.formats import has_image_suffix, result_stem

# Endings of a stem that only the named program writes.
_CERTAIN = re.compile(
    r"""(
        _(cp|omni)_(masks|outlines|output|flows|cellprob)\w*  # Cellpose, Omnipose
        | \.stardist                                          # stardist-predict2d
        | _instanseg_prediction                               # InstanSeg
        | _(simple[ ]segmentation|object[ -](predictions|probabilities|identities)|multicut[ ]segmentation)  # ilastik
          ([ ]stage[ ]\d+)?
        | _identify(primary|secondary|tertiary)objects         # CellProfiler
    )$""",
    re.VERBOSE,
)
_ENDINGS = (
    r"masks?|(?:cell|nucle(?:i|us)|nuclear|cytoplasm|cyto)masks?|labels?|lbls?|labell?ed|label[ _-]image"
    r"|seg|segmentations?|segmented|outlines?|outlined(?:nuclei|cells|cytoplasm)|(?:nuclei|cells?|nuclear)outlines?"
    r"|overlays?|contours?|objects|(?:nuclei|cells?)objects|flows|dp|cellprob|prob|probabilities(?: stage)?"
    r"|uncertainty|annotations?|gt|ground[ _-]?truth|pred(?:iction)?s?|instances?|inst|instance[ _-]map|binary"
    r"|threshold(?:ed)?|watershed|stardist|cellpose|omnipose|instanseg|mesmer|cellsam|sam"
)
# What people put beside such an ending: a_stardist_labels.
_SOURCES = (
    r"cells?|cyto|cellpose|cellprofiler|hooke|ilastik|instanseg|mesmer|micro|nuclear|nuclei|omnipose|qupath|stardist"
)
# What is left of a stem without such words, of which one must be an ending, must be the stem of an image.
_DERIVED = re.compile(rf"(?P<base>.+)(?:[_.-]| - | )\(?(?:(?P<ending>{_ENDINGS})|{_SOURCES})\)?[ _-]?\d*$")
_PREFIXED = re.compile(
    r"(?:(?:count masks|mask|drawing|labels|lbl|overlay) of |classified |label image |"  # Fiji
    r"(?:masks?|labels?|lbl|seg|segmentation|outlines?|overlay)[_ -])(?P<base>.+)$"
)
_SPOKEN = ("mask", "label", "seg", "outline", "overlay", "contour", "flow", "prob", "output", "truth")

_BESIDE_IMAGES = {"labels", "masks", "outlines", "overlays"}
_NAMED_RESULTS = _BESIDE_IMAGES | {
    *("label", "mask", "outline", "overlay", "seg", "segmentation", "segmentations", "annotations"),
    *("gt", "ground_truth", "ground truth", "groundtruth", "prediction", "predictions", "pred", "preds"),
    *("cellpose", "cellprofiler", "ilastik", "instanseg", "mesmer", "omnipose", "stardist"),
}
_OWN = {"labels", "cytoplasm", "overlays", "replaced"}
# Cell Tracking Challenge: truth and results of a folder.
_CHALLENGE = re.compile(r"(?P<frames>\d+)_(GT|ST|RES|ERR_SEG)")
_OF_TRACKS = {"tracks.csv", "lineage.csv"}
_PREVIEW = "_thumb"
_OWN_RECORD = re.compile(rb'^\s*\{\s*"hooke"\s*:')


def holds_tracks(files: Collection[str]) -> bool:
    """Whether the files of a folder, by their names, are those that ``hooke track`` writes."""
    return _OF_TRACKS.issubset(files)


def result_folders(root: Path, folders: Collection[str], files: Collection[str]) -> set[str]:
    """Which subfolders of a folder hold results, not images.

    Those of hooke's own output folders and data sets; ``01_GT``, ``01_ST`` and ``01_RES`` beside ``01``; ``labels``,
    ``masks``, ``outlines`` and ``overlays`` beside a folder ``images``; and these and more, such as ``predictions``,
    where each file in them is named after an image beside the folder.

    Parameters
    ----------
    root : Path
        The folder.
    folders, files : collection of str
        Names of what is in it.
    """
    found: set[str] = set()
    if "images" in folders:
        found |= _BESIDE_IMAGES
    if _is_output(root, folders, files):
        found |= _OWN
    found.update(name for name in folders if name.casefold() in _NAMED_RESULTS and _is_named_after(root / name, files))
    found.update(name for name in folders if (match := _CHALLENGE.fullmatch(name)) and match["frames"] in folders)
    if {"scores.json", "detection.json"}.intersection(files):  # hooke evaluate
        found.add("classes")
    if holds_tracks(files):  # hooke track
        found.add("ctc")
    return {name for name in folders if name in found}


def derived_files(root: Path, files: Iterable[str]) -> set[str]:
    """Which image files of a folder are results.

    Parameters
    ----------
    root : Path
        The folder.
    files : iterable of str
        Names of all files in it.
    """
    names = list(files)
    known = {key for name in names for key in (_fold(name), _fold(result_stem(name)))}
    return {name for name in names if _is_derived(name, known)} | _own_files(set(names))


def previews(files: Iterable[str]) -> set[str]:
    """Which files of a folder are the small copies that MetaXpress keeps beside its images, ``NAME_thumb``.

    Examples
    --------
    >>> previews(["A01_w1.TIF", "A01_w1_thumb.TIF", "my_thumb.tif"])
    {'A01_w1_thumb.TIF'}
    """
    bare = {name: _fold(bare_name(Path(name))) for name in files if has_image_suffix(Path(name))}
    full = set(bare.values())
    return {name for name, stem in bare.items() if stem.endswith(_PREVIEW) and stem.removesuffix(_PREVIEW) in full}


def image_of_result(stem: str) -> str:
    """Leave out of a result's name what programs and people add to the name of its image; case is put aside.

    Examples
    --------
    >>> [image_of_result(name) for name in ("A01_cp_masks", "field_2_Nuclei_mask", "label_A01", "field_2")]
    ['a01', 'field_2', 'a01', 'field_2']
    """
    base = _CERTAIN.sub("", _fold(stem))
    if prefix := _PREFIXED.match(base):
        base = prefix["base"]
    while (match := _DERIVED.match(base)) and not re.search(r"\d$", base):
        base = match["base"]
    return base


def names_results(pattern: str) -> bool:
    """Whether a pattern names results, as ``*_masks.png`` does."""
    return any(word in pattern.casefold() for word in _SPOKEN)


def _is_named_after(folder: Path, images: Collection[str]) -> bool:
    """Whether every image file of a folder has the name of one of these images."""
    try:
        names = [entry.name for entry in folder.iterdir() if has_image_suffix(entry)]
    except OSError:
        return False
    known = {key for name in images if has_image_suffix(Path(name)) for key in (_fold(name), _fold(result_stem(name)))}
    return bool(names) and all(_fold(result_stem(name)) in known or _is_derived(name, known) for name in names)


def _is_derived(name: str, known: set[str]) -> bool:
    """Whether a file is a result, by its name and by the names beside it."""
    stem = _fold(result_stem(name))
    if _CERTAIN.search(stem) or _fold(name).endswith("_seg.npy"):
        return True
    prefixed = [match["base"] for text in (_fold(name), stem) if (match := _PREFIXED.match(text))]
    return _is_of_known(stem, known, ended=False) or any(_is_of_known(base, known, ended=True) for base in prefixed)


def _is_of_known(stem: str, known: set[str], *, ended: bool) -> bool:
    """Whether a stem is that of a known image, once it has lost words such as ``mask``: one at least, or it had one."""
    while not (ended and (stem in known or _fold(result_stem(stem)) in known)):
        match = _DERIVED.match(stem)
        if match is None:
            return False
        stem, ended = match["base"], ended or match["ending"] is not None
    return True


def _own_files(files: set[str]) -> set[str]:
    """Files that hooke makes of images and has no folder for: ``modality``, ``data show``, ``train`` and ``track``."""
    made: set[str] = set()
    if "modality.csv" in files:
        made.add("embedding.png")
    if "counts.csv" in files and files & {"histograms.svg", "histograms.png"}:  # png: of earlier versions
        made |= {"histograms.png", *(name for name in files if re.fullmatch(r"sheet-\d+\.png", name))}
    if "metrics.csv" in files:
        made |= {"curves.png", "pictures.png"}  # curves.png: of earlier versions
    if holds_tracks(files):
        made |= {"labels.tif", "movie.tif", "movie.gif"}
    return made & files


def _is_output(root: Path, folders: Collection[str], files: Collection[str]) -> bool:
    """Whether a folder is one that hooke wrote label images to."""
    if ".hooke" in folders or {"summary.csv", "measurements.csv"}.issubset(files):
        return True
    record = root / "run.json"
    try:
        if "run.json" not in files or not record.is_file():
            return False
        with record.open("rb") as file:
            return _OWN_RECORD.match(file.read(64)) is not None
    except OSError:
        return False


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
