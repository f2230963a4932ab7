"""Any data set of images and label images, paired by name.

::

    images/<id>.<tif, png, jpg...>   grey, RGB or stains in channels, any type that hooke reads
    labels/<id>.<tif, png, npy>      whole numbers of any type: 0 background, one id per nucleus; also <id>_mask.*
                                     and the like (StarDist calls this folder masks/; also img/ and mask/, or
                                     nnU-Net's imagesTr/ and labelsTr/)
or
    <id>.<tif, png, jpg...>          Cellpose: also <id>_img.*
    <id>_masks.<tif, png>            also <id>_cp_masks.*, <id>_mask.*, <id>_labels.*, <id>_label.*

Either may be divided into folders ``train``, ``val`` and ``test``, which are the splits, and so may ``images`` and
``labels``. Binary masks are split into their connected components: `hooke.io.annotations.label_files`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hooke.datasets.adapter import Sample
from hooke.datasets.adapters.annotated_image import Orientation, parse_orientation, read_annotated
from hooke.datasets.layout import Entry
from hooke.datasets.splits import LISTS
from hooke.errors import ConfigError, DatasetError
from hooke.io.annotations.label_files import read_label_file
from hooke.io.annotations.unread_files import lacks_labels
from hooke.io.formats import has_image_suffix, result_stem
from hooke.io.name_match import pair_names
from hooke.io.naming import files_below, id_below
from hooke.labels.numbering import number_from_one

TAKES = (
    "images/ and labels/ (StarDist: masks/) of equal names, or x.png and x_masks.png (Cellpose) or x_mask.png; in "
    "train/, test/...; "
    "--option components=auto|split|keep"
)

IMAGE_FOLDERS = ("images", "image", "imgs", "img", "imagesTr")
LABEL_FOLDERS = ("labels", "masks", "label", "mask", "labelsTr")
MASK_ENDINGS = ("_cp_masks", "_masks", "_mask", "_labels", "_label")
IMAGE_ENDING = "_img"
ONLY_CHANNEL = "_0000"  # nnU-Net's, of images of one channel
OTHER_ENDINGS = ("_flows", "_outlines", "_cp_output")
PICKLE = "_seg.npy"
WHY_NOT_PICKLE = "is a Python pickle, which can run any code when it is read"
COMPONENTS = {"auto": None, "split": True, "keep": False}
SAVE_MASKS = "save the masks as PNG or TIFF: File > Save masks as PNG/tif in Cellpose, or --save_png, --save_tif"


@dataclass
class Pair:
    """The files of an image and of its labels; there should be one of each.

    Attributes
    ----------
    image_place, labels_place : Path
        Where they should be, without a suffix; for error messages.
    images, labels : list of Path
        What is there.
    pickles : list of Path
        Cellpose's file of its own, which is not read.
    """

    image_place: Path
    labels_place: Path
    images: list[Path] = field(default_factory=list)
    labels: list[Path] = field(default_factory=list)
    pickles: list[Path] = field(default_factory=list)


@dataclass(frozen=True)
class FolderSource:
    """The pair of files of each id, and how they are read.

    Attributes
    ----------
    pairs : dict of str to Pair
    split_components : bool, optional
        Whether each connected component is an object; None: of binary masks.
    orientation : {"shown", "stored"}, optional
        Whether label images fit images with an orientation tag as they are shown.
    """

    pairs: dict[str, Pair]
    split_components: bool | None = None
    orientation: Orientation | None = None


def find(src: str | Path, *, components: str = "auto", orientation: str = "") -> tuple[FolderSource, list[Entry]]:
    """Find all pairs, also those that lack the image or the labels: `load` says which.

    Parameters
    ----------
    src : str or Path
        The folder.
    components : {"auto", "split", "keep"}
        Option: whether each connected component becomes an object; by default it does in binary masks.
    orientation : {"", "shown", "stored"}
        Option: how images with an orientation tag were annotated (`hooke.datasets.adapters.annotated_image`).

    Returns
    -------
    source : FolderSource
        By id; where two splits have the same names, the split is put before them.
    entries : list of Entry
        Sorted; the split is known where there is a folder for it, modality and field of view are not.

    Raises
    ------
    DatasetError
        If there are no such files, or an ``images`` folder lacks its labels, or the reverse.
    ConfigError
        If `components` or `orientation` is something else.
    """
    if components not in COMPONENTS:
        raise ConfigError(f"components is {components!r}", remedy=f"use {', '.join(COMPONENTS)}")
    pairs, entries = _find_pairs(Path(src))
    return FolderSource(pairs, COMPONENTS[components], parse_orientation(orientation)), entries


def _find_pairs(root: Path) -> tuple[dict[str, Pair], list[Entry]]:
    """Find the pairs of a folder, or of its folders of splits."""
    pairs = _pairs(root)
    if pairs:
        return pairs, [Entry(id_) for id_ in sorted(pairs)]
    parts = [(split, _pairs_of_split(root, name)) for name, split in LISTS.items()]
    counts = Counter(id_ for _, pairs in parts for id_ in pairs)
    if not counts:
        raise _no_images(root / "images")
    entries = []
    for split, found in parts:
        for name, pair in found.items():
            id_ = f"{split}_{name}" if counts[name] > 1 else name
            pairs[id_] = pair
            entries.append(Entry(id_, split))
    return pairs, sorted(entries, key=lambda entry: entry.id)


def _pairs(root: Path) -> dict[str, Pair]:
    """Find the pairs of one folder, by whichever way of naming them it follows; none where its folders are divided."""
    images, labels = _folder(root, IMAGE_FOLDERS), _folder(root, LABEL_FOLDERS)
    if any((images / name).is_dir() and (labels / name).is_dir() for name in LISTS):
        return {}
    if images.is_dir() or labels.is_dir():
        return _pairs_of_folders(images, labels)
    return _pairs_of_suffixes(root)


def _pairs_of_split(root: Path, name: str) -> dict[str, Pair]:
    """Find the pairs of a folder of a split, above images and labels or in both."""
    if (root / name).is_dir():
        return _pairs(root / name)
    images, labels = _folder(root, IMAGE_FOLDERS) / name, _folder(root, LABEL_FOLDERS) / name
    return _pairs_of_folders(images, labels) if images.is_dir() and labels.is_dir() else {}


def _folder(root: Path, names: Sequence[str]) -> Path:
    """The first of these folders that is there, else the first."""
    return next((root / name for name in names if (root / name).is_dir()), root / names[0])


def _pairs_of_folders(images: Path, labels: Path) -> dict[str, Pair]:
    """Pair two folders whose files have the same stems, or such as ``A01`` and ``A01_mask``."""
    image_files = _by_stem(images)
    if not image_files:
        raise _no_images(images)
    label_files = _by_stem(labels)
    if not label_files:
        raise lacks_labels(labels) if labels.is_dir() else _no_images(labels)
    if all(stem.endswith(ONLY_CHANNEL) for stem in image_files) and not any(
        stem.endswith(ONLY_CHANNEL) for stem in label_files
    ):
        image_files = {stem.removesuffix(ONLY_CHANNEL): files for stem, files in image_files.items()}
    called = {name: stem for stem, name in pair_names(label_files, image_files, path=labels).items()}
    pairs = {stem: Pair(images / stem, labels / called.get(stem, stem), found) for stem, found in image_files.items()}
    for stem, pair in pairs.items():
        pair.labels = label_files.pop(called.get(stem, stem), [])
    return pairs | {stem: Pair(images / stem, labels / stem, labels=found) for stem, found in label_files.items()}


def _no_images(folder: Path) -> DatasetError:
    return DatasetError("no image files here", path=folder, remedy="give the folder above images and labels")


def _by_stem(folder: Path) -> dict[str, list[Path]]:
    """List the files of a folder by their stem, or else those in folders below, whose names these begin."""
    found = [path for path in sorted(folder.glob("*")) if has_image_suffix(path)]
    files: dict[str, list[Path]] = {}
    for path in found or filter(has_image_suffix, files_below(folder)):
        files.setdefault(id_below(path, folder), []).append(path)
    return files


def _pairs_of_suffixes(root: Path) -> dict[str, Pair]:
    """Pair files of one folder by Cellpose's suffixes; nothing where no file has one."""
    pairs: dict[str, Pair] = {}
    images = []
    for path in sorted(root.glob("*")):
        kind, stem = _cellpose_kind(path)
        if kind == "image":
            images.append((stem, path))
        elif kind is not None:
            pair = pairs.setdefault(stem, Pair(root / stem, root / f"{stem}_masks"))
            (pair.labels if kind == "labels" else pair.pickles).append(path)
    for stem, path in images if pairs else ():
        short = stem.removesuffix(IMAGE_ENDING)
        id_ = short if short in pairs else stem
        pairs.setdefault(id_, Pair(root / id_, root / f"{id_}_masks")).images.append(path)
    return pairs


def _cellpose_kind(path: Path) -> tuple[str | None, str]:
    """Tell image, labels and pickle by the name; return the kind, and the name without its suffix."""
    if path.name.endswith(PICKLE) and not path.name.startswith("."):
        return "pickle", path.name.removesuffix(PICKLE)
    stem = result_stem(path)
    if not has_image_suffix(path) or stem.endswith(OTHER_ENDINGS):
        return None, stem
    ending = next((ending for ending in MASK_ENDINGS if stem.endswith(ending)), None)
    return ("image", stem) if ending is None else ("labels", stem.removesuffix(ending))


def load(source: FolderSource, id_: str) -> Sample:
    """Read one pair; ids are made to count from 1 without gaps, in their order.

    Raises
    ------
    DatasetError
        If one of the pair is missing or there are two of it, it is a stack, or their sizes differ.
    ImageReadError
        If a file is damaged, or the label image holds no whole numbers.
    """
    pair = source.pairs[id_]
    image_path = _only(pair.images, pair.image_place)
    if pair.pickles and not pair.labels:
        raise DatasetError(WHY_NOT_PICKLE, path=pair.pickles[0], remedy=SAVE_MASKS)
    path = _only(pair.labels, pair.labels_place)
    read = read_label_file(path, source.split_components)
    labels = read.labels
    image = read_annotated(image_path, labels.shape, source.orientation, stains=True)
    if labels.shape != image.shape[:2]:
        raise DatasetError(
            f"labels {labels.shape} for an image {image.shape[:2]}", path=path, remedy="give the labels of this image"
        )
    return Sample(image, number_from_one(labels)[0], read.oddities)


def _only(paths: list[Path], place: Path) -> Path:
    """Return the one file that there should be."""
    if not paths:
        raise DatasetError("no file of this name", path=place, remedy="give every image its label image")
    if len(paths) > 1:
        names = ", ".join(path.name for path in paths)
        raise DatasetError(f"more than one file of this name: {names}", path=place, remedy="leave one")
    return paths[0]
