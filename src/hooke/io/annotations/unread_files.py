"""Names files that hold outlines or labels in ways that hooke doesn't read, and what to do about them."""

from __future__ import annotations

from pathlib import Path

from hooke.errors import DatasetError
from hooke.io.annotations.annotation_files import LABEL_SUFFIXES

_ENDINGS = ", ".join(sorted(LABEL_SUFFIXES))
_ELSEWHERE = f"name a label image ({_ENDINGS}), a folder of them, or a file of annotations"
_PROGRAM = ("outlines of another program", "export them as COCO there")
_TABLE = ("a table without outlines", f"{_ELSEWHERE}, such as the folder that the table is in")
_ARRAYS = ("arrays of Python", "save the label image in it as .npy or TIFF")
_CONTAINER = ("an HDF5 container", "save the label image inside as TIFF or .npy with h5py; ilastik exports TIFF, too")
_MATLAB = ("MATLAB's arrays", "save the label image in it, such as scipy.io.loadmat(file)['inst_map'], by numpy.save")
_YOLO = ("YOLO's outlines or boxes, as shares of the image", "export outlines as COCO there, or draw label images")
_JSON = ("outlines in json", "name the file itself if it is COCO's, else export COCO, GeoJSON or label images")
_UNREAD = {
    **dict.fromkeys([".xml", ".svg"], _PROGRAM),  # CVAT, Aperio, ASAP; Inkscape
    **dict.fromkeys([".parquet", ".feather", ".xlsx", ".xls", ".ods", ".h5ad"], _TABLE),
    **dict.fromkeys([".npz", ".pkl", ".pickle", ".pt"], _ARRAYS),
    **dict.fromkeys([".h5", ".hdf5", ".hdf"], _CONTAINER),
    ".mat": _MATLAB,
}
_HEAD = 1 << 16


def lacks_labels(path: Path) -> DatasetError:
    """Error for a file or folder without labels that hooke reads: it names what is there instead.

    Parameters
    ----------
    path : Path
        A file, or a folder whose files none is a label image.
    """
    if path.is_file():
        unread = what_is_unread(path)
        if unread is None:
            return DatasetError("holds no outlines that hooke reads", path=path, remedy=_ELSEWHERE)
        return DatasetError(f"holds {unread[0]}, which hooke doesn't read", path=path, remedy=unread[1])
    for file in sorted(path.iterdir()):
        if not file.name.startswith(".") and file.is_file() and (found := what_is_unread(file, beside=True)):
            cause = f"holds no label image, but {found[0]} ({file.name}), which hooke doesn't read here"
            return DatasetError(cause, path=path, remedy=found[1])
    return DatasetError("holds no label image", path=path, remedy=f"label images end in {_ENDINGS}")


def what_is_unread(path: Path, *, beside: bool = False) -> tuple[str, str] | None:
    """Say what a file holds that hooke doesn't read, and the remedy; None for a file of any other kind.

    Parameters
    ----------
    path : Path
        The file.
    beside : bool
        Whether it is one of a folder, of which a json may be any.
    """
    suffix = path.suffix.lower()
    if suffix == ".txt" and _is_yolo(path):
        return _YOLO
    if suffix == ".json" and beside:
        return _JSON
    return _UNREAD.get(suffix)


def _is_yolo(path: Path) -> bool:
    """Whether a text begins with a class and four or more numbers up to 1."""
    try:
        with path.open("rb") as file:
            first, *shares = file.readline(_HEAD).split()
            return first.isdigit() and len(shares) >= 4 and all(0 <= float(share) <= 1 for share in shares)
    except (OSError, ValueError):  # ValueError where the line is empty, or has other words
        return False
